//! Announced maintenance, from a CSV or a TOML file.

use anyhow::{Context as _, anyhow, bail};
use camino::Utf8Path;
use domain::{Minute, Window};
use serde::Deserialize;
use sla::ExcludedSpan;
use sla::terms::EXCLUSIONS_MAX;

use super::{spans, table};

const COLUMNS: [&str; 5] = ["start", "end", "kind", "announced_at", "reason"];

/// Kind of spans that name none.
const KIND: &str = "maintenance";

/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 1_000;

/// The spans of a file: TOML by its name, else CSV.
pub(super) fn read(path: &Utf8Path) -> anyhow::Result<Vec<ExcludedSpan>> {
    let spans = if path.extension() == Some("toml") {
        from_toml(path)?
    } else {
        from_csv(path)?
    };
    if spans.len() > EXCLUSIONS_MAX {
        bail!("`{path}` has more than {EXCLUSIONS_MAX} exclusions");
    }
    Ok(spans)
}

/// A span as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    start: toml::Spanned<Time>,
    end: Time,
    kind: Option<String>,
    announced_at: Option<Time>,
    reason: Option<String>,
}

/// A time, in quotes or not.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Time {
    Bare(toml::value::Datetime),
    Quoted(String),
}

impl Time {
    fn text(&self) -> String {
        match self {
            Self::Bare(at) => at.to_string(),
            Self::Quoted(text) => text.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    exclusion: Vec<Written>,
}

fn from_toml(path: &Utf8Path) -> anyhow::Result<Vec<ExcludedSpan>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{path}`"))?;
    let file: File = toml::from_str(&text)
        .map_err(|error| anyhow!("`{path}`, {}", error.to_string().trim_end()))?;
    let span = |written: &Written| {
        let before = text.get(..written.start.span().start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        span(&Parts {
            start: &written.start.get_ref().text(),
            end: &written.end.text(),
            kind: written.kind.as_deref().unwrap_or_default(),
            announced: &written
                .announced_at
                .as_ref()
                .map(Time::text)
                .unwrap_or_default(),
            reason: written.reason.as_deref().unwrap_or_default(),
        })
        .with_context(|| format!("`{path}`, line {line}"))
    };
    file.exclusion.iter().map(span).collect()
}

fn from_csv(path: &Utf8Path) -> anyhow::Result<Vec<ExcludedSpan>> {
    let rows = table::read(path, &COLUMNS, &COLUMNS[..2])?;
    let span = |row: &table::Row| {
        span(&Parts {
            start: row.get("start"),
            end: row.get("end"),
            kind: row.get("kind"),
            announced: row.get("announced_at"),
            reason: row.get("reason"),
        })
        .with_context(|| format!("`{path}`, line {}", row.line))
    };
    rows.iter().map(span).collect()
}

/// The texts of one span; empty where one is left out.
struct Parts<'a> {
    start: &'a str,
    end: &'a str,
    kind: &'a str,
    announced: &'a str,
    reason: &'a str,
}

fn span(parts: &Parts<'_>) -> anyhow::Result<ExcludedSpan> {
    let start = spans::instant(parts.start).context("`start` cannot be used")?;
    let end = spans::instant_up(parts.end).context("`end` cannot be used")?;
    let window = Window::new(start, end).map_err(|_| anyhow!("`end` must lie after `start`"))?;
    let announced: Option<Minute> = match parts.announced {
        "" => None,
        text => Some(spans::instant_up(text).context("`announced_at` cannot be used")?),
    };
    let is_plain = |text: &str| !text.chars().any(char::is_control);
    if !is_plain(parts.kind) || !is_plain(parts.reason) {
        bail!("`kind` and `reason` must be plain text on one line");
    }
    Ok(ExcludedSpan {
        window,
        kind: if parts.kind.is_empty() {
            KIND.to_owned()
        } else {
            parts.kind.to_owned()
        },
        reason: if parts.reason.is_empty() {
            "announced".to_owned()
        } else {
            parts.reason.chars().take(REASON_CHARS_MAX).collect()
        },
        announced,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exclusions(name: &str, text: &str) -> Result<Vec<ExcludedSpan>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(dir.path().join(name)).unwrap();
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|e| format!("{e:#}").replace(dir.path().to_str().unwrap(), ""))
    }

    #[test]
    fn both_forms_say_the_same() {
        let csv = exclusions(
            "m.csv",
            "start,end,kind,announced_at,reason\n\
             2026-10-04T02:00:00Z,2026-10-04T04:00:00+00:00,,2026-10-01T09:00:00Z,\"new racks, hall 2\"\n",
        );
        let toml = exclusions(
            "m.toml",
            "[[exclusion]]\nstart = 2026-10-04T02:00:00Z\nend = \"2026-10-04T04:00:00Z\"\n\
             announced_at = 2026-10-01T09:00:00Z\nreason = \"new racks, hall 2\"\n",
        );
        assert_eq!(csv, toml);
        let span = &csv.unwrap()[0];
        assert_eq!(
            (span.kind.as_str(), span.window.minutes()),
            ("maintenance", 120)
        );
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let check = |name: &str, text: &str, message: &str| {
            let error = exclusions(name, text).unwrap_err();
            assert!(error.contains(message), "{error}");
        };
        let csv = "start,end\n2026-10-04T02:00:00Z,2026-10-04T04:00:00Z\n";
        check(
            "m.csv",
            &format!("{csv}soon,later\n"),
            "line 3: `start` cannot be used: `soon` is not a time",
        );
        check(
            "m.csv",
            &format!("{csv}2026-10-04T02:00:00Z,2026-10-04T02:00:00Z\n"),
            "line 3: `end` must lie after `start`",
        );
        check(
            "m.csv",
            "from,to\n",
            "line 1: column `from` is not known; columns are start, end",
        );
        check("m.csv", "start\n", "line 1: there is no column `end`");
        check(
            "m.toml",
            "# plan\n[[exclusion]]\nstart = 2026-10-04\nend = 2026-10-05T00:00:00Z\n",
            "line 3: `start` cannot be used: `2026-10-04` is not a time",
        );
        check(
            "m.toml",
            "[[exclusion]]\nfrom = 1\n",
            "unknown field `from`",
        );
    }
}

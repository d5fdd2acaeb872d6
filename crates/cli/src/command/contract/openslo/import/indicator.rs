//! What an SLI counts, as far as it says: the metric itself lies in a source that is not asked.

use anyhow::bail;

use super::super::Warnings;
use super::super::document::File;
use super::super::yaml::{At, cut};
use super::unread;

/// The indicators of an SLO.
#[derive(Debug)]
pub(super) struct Indicators {
    /// What they are, for a note.
    pub(super) said: String,
    /// Whether an objective compares a metric with a value of its own.
    pub(super) threshold: bool,
}

/// Reads the indicator of the whole SLO, or those of its objectives, and warns of every source.
pub(super) fn read(
    file: &File<'_>,
    spec: &At<'_>,
    warnings: &mut Warnings,
) -> anyhow::Result<Indicators> {
    let mut owners = vec![spec.clone()];
    owners.extend(spec.get("objectives")?.items()?);
    let mut all = Indicators {
        said: String::new(),
        threshold: false,
    };
    for owner in &owners {
        if let Some(one) = of(file, owner, warnings)? {
            if !all.said.contains(&one.said) {
                let and = if all.said.is_empty() { "" } else { " and " };
                all.said.push_str(and);
                all.said.push_str(&one.said);
            }
            all.threshold |= one.threshold;
        }
    }
    if all.said.is_empty() {
        bail!("{}", spec.say("lacks `indicator` or `indicatorRef`"));
    }
    Ok(all)
}

fn of(
    file: &File<'_>,
    owner: &At<'_>,
    warnings: &mut Warnings,
) -> anyhow::Result<Option<Indicators>> {
    let (inline, named) = (owner.find("indicator")?, owner.find("indicatorRef")?);
    match (inline, named) {
        (None, None) => Ok(None),
        (Some(_), Some(named)) => Err(named.fault("give either this or `indicator`")),
        (Some(inline), None) => sli(file, &inline.get("spec")?, warnings).map(Some),
        (None, Some(named)) => {
            let name = named.text()?;
            if let Some(object) = file.find("SLI", name) {
                return sli(file, &object.at.get("spec")?, warnings).map(Some);
            }
            warnings.push(named.say(format_args!(
                "the file has no SLI `{}`: what it counts is not known",
                cut(name)
            )));
            Ok(Some(Indicators {
                said: format!("SLI `{}`", cut(name)),
                threshold: false,
            }))
        }
    }
}

/// The `spec` of an SLI.
fn sli(file: &File<'_>, spec: &At<'_>, warnings: &mut Warnings) -> anyhow::Result<Indicators> {
    unread(
        spec,
        &["description", "ratioMetric", "thresholdMetric"],
        warnings,
    )?;
    let (ratio, threshold) = (spec.find("ratioMetric")?, spec.find("thresholdMetric")?);
    match (ratio, threshold) {
        (Some(ratio), None) => self::ratio(file, &ratio, warnings),
        (None, Some(threshold)) => {
            source(file, &threshold, warnings)?;
            warnings.push(threshold.say(
                "compares a metric that OpenSLO does not name with a value: here a request is good when it succeeds, however long it took; where the metric is a latency, write `family = \"latency_attainment\"` instead",
            ));
            Ok(Indicators {
                said: "threshold of a metric".to_owned(),
                threshold: true,
            })
        }
        (Some(_), Some(both)) => Err(both.fault("give either this or `ratioMetric`")),
        (None, None) => Err(spec.fault("lacks `ratioMetric` or `thresholdMetric`")),
    }
}

fn ratio(file: &File<'_>, ratio: &At<'_>, warnings: &mut Warnings) -> anyhow::Result<Indicators> {
    let keys = ["counter", "good", "bad", "total", "rawType", "raw"];
    unread(ratio, &keys, warnings)?;
    let [good, bad, total, raw] = [
        ratio.find("good")?,
        ratio.find("bad")?,
        ratio.find("total")?,
        ratio.find("raw")?,
    ];
    let said = match (&good, &bad, &total, &raw) {
        (Some(_), None, Some(_), None) => "good / total",
        (None, Some(_), Some(_), None) => "1 - bad / total",
        (None, None, None, Some(_)) => match ratio.get("rawType")? {
            word if word.text()? == "success" => "a ready-made ratio of successes",
            word if word.text()? == "failure" => "1 - a ready-made ratio of failures",
            word => return Err(word.fault("must be `success` or `failure`")),
        },
        _ => {
            return Err(ratio.fault("must have `good` and `total`, or `bad` and `total`, or `raw`"));
        }
    };
    for metric in [good, bad, total, raw].into_iter().flatten() {
        source(file, &metric, warnings)?;
    }
    Ok(Indicators {
        said: said.to_owned(),
        threshold: false,
    })
}

/// Warns of a metric source.
fn source(file: &File<'_>, metric: &At<'_>, warnings: &mut Warnings) -> anyhow::Result<()> {
    let source = metric.get("metricSource")?;
    unread(&source, &["metricSourceRef", "type", "spec"], warnings)?;
    let mut kind = source.find("type")?;
    let mut name = String::new();
    if let Some(named) = source.find("metricSourceRef")? {
        name = format!(" `{}`", cut(named.text()?));
        if let (None, Some(object)) = (&kind, file.find("DataSource", named.text()?)) {
            kind = object.at.get("spec")?.find("type")?;
        }
    }
    let kind = match kind {
        Some(kind) => format!(" of type `{}`", cut(kind.text()?)),
        None => String::new(),
    };
    warnings.push(source.say(format_args!(
        "the metric source{name}{kind} is not asked: the samples of Nines are counted instead"
    )));
    Ok(())
}

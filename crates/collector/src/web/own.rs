//! What an agent says about itself, as cells of the fleet's table.

use maud::{Markup, html};

use super::view::AgentOwn;

/// Characters of a program's hash that are shown; the whole stands in its title.
const BUILD_CHARS: usize = 12;

pub(super) fn headings() -> Markup {
    html! {
        th.num scope="col" { "Clock" }
        th.num scope="col" { "Controls" }
        th.num scope="col" { "Lag" }
        th.num scope="col" { "Plan" }
        th scope="col" { "Build" }
    }
}

pub(super) fn cells(own: &AgentOwn) -> Markup {
    html! {
        td.num { (clock(own)) }
        td.num {
            @match own.controls {
                Some((_, 0)) => span.muted { "none set" },
                Some((ok, of)) => { (ok) "/" (of) },
                None => span.muted { "unknown" },
            }
        }
        td.num {
            @match own.lag_us_max {
                Some(lag) => { (millis(lag)) " ms" },
                None => span.muted { "unknown" },
            }
        }
        td.num {
            @match own.plan {
                Some(plan) => (plan),
                None => span.muted { "unknown" },
            }
        }
        td { (build(own)) }
    }
}

fn clock(own: &AgentOwn) -> Markup {
    html! {
        @match (own.clock, own.clock_synced) {
            (Some((offset, bound)), _) => { (millis(offset)) " ± " (millis(bound)) " ms" },
            (None, Some(true)) => "synchronised",
            (None, Some(false)) => "not synchronised",
            (None, None) => span.muted { "unknown" },
        }
        @if let Some(source) = &own.clock_source {
            @if source != "none" { span.sub { "by " (source) } }
        }
    }
}

fn build(own: &AgentOwn) -> Markup {
    html! {
        @match &own.build {
            Some(hash) => code title=(hash) { (hash.chars().take(BUILD_CHARS).collect::<String>()) },
            None => span.muted { "unknown" },
        }
        @if let Some(version) = &own.version { span.sub { (version) } }
    }
}

/// Microseconds in milliseconds with one decimal, rounded towards zero.
fn millis(us: i64) -> String {
    let sign = if us <= -100 { "-" } else { "" };
    let tenths = us.unsigned_abs() / 100;
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_called_so() {
        let text = cells(&AgentOwn::default()).into_string();
        assert_eq!(text.matches("unknown").count(), 5, "{text}");
    }

    #[test]
    fn what_is_known_is_shown_with_its_bound_and_source() {
        let own = AgentOwn {
            clock: Some((-1_549, 2_000)),
            clock_source: Some("ntp".to_owned()),
            clock_synced: Some(true),
            controls: Some((2, 3)),
            lag_us_max: Some(950),
            plan: Some(7),
            build: Some("ab".repeat(32)),
            version: Some("0.1.0".to_owned()),
        };
        let text = cells(&own).into_string();
        for part in ["-1.5 ± 2.0 ms", "by ntp", "2/3", "0.9 ms", ">abababababab<"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn an_agent_without_controls_is_not_shown_as_cut_off() {
        let own = AgentOwn {
            controls: Some((0, 0)),
            ..AgentOwn::default()
        };
        assert!(cells(&own).into_string().contains("none set"));
    }
}

//! Clauses of contracts in plain words, for every command that speaks of them.

mod claim;
mod credit;
mod events;
mod formula;
mod sure;

pub(crate) use claim::{anchor, purpose, until};
pub(crate) use credit::{credits_in_short, range, schedule};
pub(crate) use events::{class, condition};
pub(crate) use formula::{formula, formula_in_short, noun, rounding};
pub(crate) use sure::{basis, provenance};

use sla::contract::{RunAcrossEdge, WindowKind, WindowRule};
pub(crate) use verify::words::promise::promised;

/// What a window is: `each calendar month`.
pub(crate) fn window(rule: &WindowRule) -> String {
    match rule.kind {
        WindowKind::CalendarMonth => "each calendar month".to_owned(),
        WindowKind::CalendarQuarter => "each calendar quarter".to_owned(),
        WindowKind::BillingMonth { anchor_day } if anchor_day.get() == 1 => {
            "each billing month, which begins on the 1st".to_owned()
        }
        WindowKind::BillingMonth { anchor_day } => {
            format!(
                "each billing month, which begins on day {}",
                anchor_day.get()
            )
        }
        WindowKind::FixedDays { days, .. } if days.get() == 1 => "each day".to_owned(),
        WindowKind::FixedDays { days, .. } => format!("every {} days", days.get()),
        WindowKind::TrailingDays { days } => {
            format!("the last {} days, at the end of every day", days.get())
        }
    }
}

/// What becomes of a run of bad minutes at the edge of a window.
pub(crate) const fn edge(edge: RunAcrossEdge) -> &'static str {
    match edge {
        RunAcrossEdge::Cut => {
            "a run that crosses the edge of a window counts in each with its own part, which must be long enough by itself"
        }
        RunAcrossEdge::Span => {
            "a run that crosses the edge of a window must be long enough as a whole; each window counts its own part"
        }
        RunAcrossEdge::Unknown => {
            "the text does not say what becomes of a run that crosses the edge of a window; it is cut, and otherwise as a reading"
        }
    }
}

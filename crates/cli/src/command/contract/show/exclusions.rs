//! What time is not judged like all other.

use sla::contract::{Exclusion, SpanSide};
use sla::{Basis, Contract};
use verify::words::terms;

use crate::command::contract::phrase;
use crate::page::{Page, counted, listed};

pub(super) fn section(page: &mut Page, contract: &Contract) {
    if contract.commitments.is_empty() {
        return;
    }
    page.section("What it excludes");
    if contract.exclusions.is_empty() {
        page.paragraph(2, "No time at all.");
    }
    for exclusion in &contract.exclusions {
        page.bullet(2, &words(exclusion));
    }
}

fn words(exclusion: &Exclusion) -> String {
    let kind = exclusion.kind.as_str();
    let mut parts = vec![format!("{kind}: {}", terms::effect(exclusion.effect))];
    if let Some(recurs) = &exclusion.recurs {
        let side = match exclusion.span {
            SpanSide::Inside => "recurs by",
            SpanSide::Outside => "is all time but that of",
        };
        let rule = sla::contract::recurrence::RecurrenceText::from(recurs.clone());
        parts.push(format!(
            "; {side} {} from {} for {} in {}",
            rule.rrule,
            rule.from,
            counted(rule.minutes.get().into(), "minute"),
            rule.timezone
        ));
    }
    if let Some(hours) = exclusion.notice_hours {
        parts.push(format!(
            "; announced at least {} before",
            counted(hours.into(), "hour")
        ));
    }
    if let Some(minutes) = exclusion.minutes_max {
        parts.push(format!(
            "; at most {} a window",
            counted(minutes.into(), "minute")
        ));
    }
    if let Some(regions) = &exclusion.regions {
        let regions: Vec<&str> = regions.iter().collect();
        parts.push(format!("; in {} only", listed(&regions)));
    }
    if exclusion.basis != Basis::Stated {
        parts.push(format!(
            " ({}: the other effects are readings)",
            phrase::basis(exclusion.basis)
        ));
    }
    parts.push(".".to_owned());
    if let Some(note) = &exclusion.note {
        parts.push(format!(" {}", note.as_str()));
    }
    parts.concat()
}

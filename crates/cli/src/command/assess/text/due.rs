//! Until when something has to be sent, and whether the result can stand behind a claim.

use sla::{Claimability, CommitmentAssessment, Reservation, TargetScope};

use super::COLUMN;
use crate::command::assess::report::Part;
use crate::command::contract::phrase;
use crate::page::{Page, listed, plain};

pub(super) fn section(page: &mut Page, part: &Part, result: &CommitmentAssessment) {
    page.gap();
    for deadline in &result.deadlines {
        page.labelled(
            phrase::purpose(deadline.purpose),
            COLUMN,
            &phrase::until(deadline),
        );
    }
    page.labelled("evidence", COLUMN, &claimable(result, &part.targets));
}

fn claimable(result: &CommitmentAssessment, targets: &[TargetScope]) -> String {
    match &result.claim {
        Claimability::Claimable => {
            "claimable: all samples lie in one known part of what the contract judges apart. \
             Whether they were made with the covered account is for you to know."
                .to_owned()
        }
        Claimability::Indicative { reasons } => {
            let reasons: Vec<String> = reasons.iter().map(|one| reason(one, targets)).collect();
            format!("indicative only: {}.", reasons.join("; "))
        }
    }
}

fn reason(reason: &Reservation, targets: &[TargetScope]) -> String {
    match reason {
        Reservation::NoRemedy => "there is nothing to claim".to_owned(),
        Reservation::NotKnown { dimension, target } => {
            let of = if targets.len() > 1 {
                format!(" of {target}")
            } else {
                String::new()
            };
            format!("the {dimension}{of} is not known; say it with --scope {dimension}=VALUE")
        }
        Reservation::SeveralParts { dimension, values } => {
            let values: Vec<String> = values.iter().map(|value| plain(value)).collect();
            format!(
                "the samples lie in several of {dimension}: {}",
                listed(&values)
            )
        }
        Reservation::NoTarget => "nothing was judged".to_owned(),
    }
}

//! What there is to claim by a final assessment.

use domain::Minute;
use serde_json::Value;
use sla::contract::Purpose;
use sla::{Assessment, Change, Claimability, CommitmentAssessment, Currency, Money, Verdict};

/// What a claim asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The results that it stands on; none where there is nothing to claim.
    pub(crate) results: Vec<String>,
    /// Absent where it hangs on fees that are not known.
    pub(crate) amount: Option<Money>,
    /// First minute that is too late, by the strictest reading.
    pub(crate) due_safe: Option<Minute>,
    /// First minute that is too late, by the last literal deadline.
    pub(crate) due_literal: Option<Minute>,
}

/// Whether a result can be claimed on: breached for certain, about a known part of the contract,
/// and worth something.
pub(crate) fn is_claimable(part: &CommitmentAssessment) -> bool {
    part.verdict == Verdict::Breached
        && part.claim == Claimability::Claimable
        && part.credit.is_some()
}

/// What an assessment gives to claim.
pub(crate) fn asked(assessment: &Assessment, currency: Currency) -> Asked {
    let parts = || assessment.commitments.iter().filter(|p| is_claimable(p));
    let claims = || parts().flat_map(|part| &part.deadlines);
    let claims = || claims().filter(|deadline| deadline.purpose == Purpose::Claim);
    Asked {
        results: parts().map(|part| part.id.clone()).collect(),
        amount: amount(assessment, currency),
        due_safe: claims().map(sla::Deadline::safe_before).min(),
        due_literal: claims().map(sla::Deadline::literal_before).max(),
    }
}

/// What the claimable results are worth together: the total, less what only indicative results
/// give; never more than the total, which the contract's caps hold.
fn amount(assessment: &Assessment, currency: Currency) -> Option<Money> {
    let none = Money::from_minor(0, currency).ok();
    let Some(total) = &assessment.credit else {
        return none;
    };
    let parts = assessment.commitments.iter();
    let credited: Vec<_> = parts.filter(|part| part.credit.is_some()).collect();
    let counted = total.counted.iter().filter_map(|at| credited.get(*at));
    let mut minor = 0_u64;
    let mut claims_all = true;
    for part in counted {
        if !is_claimable(part) {
            claims_all = false;
            continue;
        }
        let amount = part.credit.as_ref().and_then(|credit| credit.amount)?;
        minor = minor.saturating_add(amount.minor());
    }
    let cap = total.amount?;
    if claims_all {
        return Some(cap);
    }
    Money::from_minor(minor.min(cap.minor()), currency).ok()
}

/// A change in a sentence: what, from what, to what.
pub(crate) fn described(change: &Change) -> String {
    let about = change.commitment.as_deref().unwrap_or("the whole");
    let Ok(Value::Object(what)) = serde_json::to_value(&change.what) else {
        return format!("{about}: changed");
    };
    let field = what.get("field").and_then(Value::as_str).unwrap_or("field");
    match (what.get("from"), what.get("to")) {
        (Some(from), Some(to)) => {
            format!("{about}: {field} from {} to {}", plain(from), plain(to))
        }
        _ => format!("{about}: {field}"),
    }
}

/// JSON on one line, words without quotes, fractions as such.
fn plain(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Null => "none".to_owned(),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(num), Value::String(den)] => format!("{num}/{den}"),
            _ => value.to_string(),
        },
        _ => value.to_string(),
    }
}

//! The result as CSV: a row for each result of each part.

use csv::Writer;
use sla::contract::Purpose;
use sla::{Claimability, CommitmentAssessment, Fraction};

use super::report::{Part, Report};

const HEADER: [&str; 34] = [
    "contract",
    "contract_sha256",
    "period",
    "partition",
    "result",
    "commitment",
    "family",
    "window_start",
    "window_end",
    "as_of",
    "target_percent",
    "verdict",
    "observed_num",
    "observed_den",
    "observed_percent",
    "high_num",
    "high_den",
    "high_percent",
    "low_num",
    "low_den",
    "low_percent",
    "reading_dependent",
    "claimable",
    "credit_percent",
    "credit_amount",
    "currency",
    "claim_until",
    "claim_until_safe",
    "minutes_window",
    "minutes_down",
    "minutes_unmeasured",
    "minutes_excluded",
    "budget_remaining",
    "budget_unit",
];

/// Decimals of percentages, rounded half-up.
const DIGITS: u8 = 6;

/// All rows under a header.
pub(super) fn csv(report: &Report) -> anyhow::Result<String> {
    let mut csv = Writer::from_writer(Vec::new());
    csv.write_record(HEADER)?;
    for part in &report.parts {
        for result in &part.assessment.commitments {
            csv.write_record(row(report, part, result))?;
        }
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}

fn row(report: &Report, part: &Part, result: &CommitmentAssessment) -> Vec<String> {
    let partition: Vec<String> = part
        .partition
        .iter()
        .map(|(dimension, value)| format!("{dimension}={value}"))
        .collect();
    let assessment = &part.assessment;
    let mut row = vec![
        report.contract.id().to_string(),
        assessment.contract_sha256.as_str().to_owned(),
        report.period.clone(),
        partition.join(";"),
        result.id.clone(),
        result.commitment.clone(),
        result.family.as_str().to_owned(),
        assessment.window.start().start().to_string(),
        assessment.window.end().start().to_string(),
        assessment.as_of.start().to_string(),
        result.target.percent_string(DIGITS),
        result.verdict.as_str().to_owned(),
    ];
    row.extend(fraction(result.observed.as_ref()));
    row.extend(fraction(Some(&result.high)));
    row.extend(fraction(Some(&result.low)));
    row.push(result.reading_dependent.to_string());
    row.push((result.claim == Claimability::Claimable).to_string());
    let credit = result.credit.as_ref();
    let share = credit.and_then(|credit| credit.share.as_ref());
    row.push(
        share
            .map(|share| share.percent_string(DIGITS))
            .unwrap_or_default(),
    );
    let amount = credit
        .and_then(|credit| credit.amount)
        .map(|amount| amount.to_string());
    // Money prints its currency behind it, which has a column of its own.
    let digits = amount.as_deref().and_then(|text| text.split(' ').next());
    row.push(digits.unwrap_or_default().to_owned());
    row.push(report.contract.currency.to_string());
    let claim = result
        .deadlines
        .iter()
        .find(|due| due.purpose == Purpose::Claim);
    row.push(claim.map(|due| due.literal.to_string()).unwrap_or_default());
    row.push(claim.map(|due| due.safe.to_string()).unwrap_or_default());
    let minutes = result.minutes;
    let minutes = [
        minutes.window,
        minutes.down,
        minutes.unmeasured,
        minutes.excluded,
    ];
    row.extend(minutes.map(|minutes| minutes.to_string()));
    row.push(result.budget.remaining.decimal_string(DIGITS));
    row.push(unit(result));
    row
}

fn fraction(value: Option<&Fraction>) -> [String; 3] {
    let print = |print: fn(&Fraction) -> String| value.map(print).unwrap_or_default();
    [
        print(|value| value.num().to_string()),
        print(|value| value.den().to_string()),
        print(|value| value.percent_string(DIGITS)),
    ]
}

/// The word that JSON has for the unit of a budget.
fn unit(result: &CommitmentAssessment) -> String {
    let word = serde_json::to_value(result.budget.unit).ok();
    word.and_then(|word| word.as_str().map(ToOwned::to_owned))
        .unwrap_or_default()
}

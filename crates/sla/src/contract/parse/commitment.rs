//! Contract text to [`Commitment`]s, with the rules that credit bands obey.

use std::num::NonZeroU32;

use super::super::text::{Node, Table};
use super::super::{
    Align, BadMinute, Band, Commitment, Compare, ContractError, CreditBase, CreditSchedule,
    DowntimeMinutes, EmptyInterval, Family, IntervalMean, Metric, Rounding, RoundingMode,
};
use super::basis;
use crate::fraction::Fraction;
use crate::money::{Currency, Money};

/// Most decimals that a contract's rounding may keep; texts use one or two.
const ROUNDING_DIGITS_MAX: u32 = 6;

pub(super) fn commitments(
    node: Node<'_>,
    currency: Currency,
) -> Result<Vec<Commitment>, ContractError> {
    let mut found: Vec<Commitment> = Vec::new();
    for node in node.items()? {
        let table = node.table("[[commitment]]")?.only(&[
            "id", "target", "compare", "rounding", "basis", "metric", "credit",
        ])?;
        let commitment = commitment(table, currency)?;
        if found.iter().any(|other| other.id == commitment.id) {
            return Err(table.get("id")?.refuse("another commitment has this id"));
        }
        found.push(commitment);
    }
    Ok(found)
}

fn commitment(table: Table<'_>, currency: Currency) -> Result<Commitment, ContractError> {
    let id = table.get("id")?;
    let target = table.get("target")?;
    let ratio = target.percent()?;
    if ratio == Fraction::zero() || ratio > Fraction::one() {
        return Err(target.refuse("must be above 0 and at most 100 percent"));
    }
    if let Some(node) = table.find("compare") {
        node.word(&[("ge", Compare::Ge)])?;
    }
    let credit = table
        .find("credit")
        .map(|node| credit(node.table("[commitment.credit]")?, currency, &ratio))
        .transpose()?;
    Ok(Commitment {
        // Ids stand in paths and URLs of evidence, like every other name.
        id: id
            .parsed::<domain::ContractId>()
            .map(String::from)
            .map_err(|_| {
                id.refuse("use 1 to 64 of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit")
            })?,
        target: ratio,
        compare: Compare::Ge,
        rounding: table
            .find("rounding")
            .map_or(Ok(Rounding::default()), rounding)?,
        metric: metric(table.get("metric")?.table("[commitment.metric]")?)?,
        credit,
        basis: basis(table, "basis")?,
    })
}

fn rounding(node: Node<'_>) -> Result<Rounding, ContractError> {
    let table = node.table("`rounding`")?;
    let mode = table.get("mode")?;
    let make: fn(u8) -> RoundingMode = match mode.text()? {
        "none" => {
            let table = table.only(&["mode", "basis"])?;
            return Ok(Rounding {
                mode: RoundingMode::None,
                basis: basis(table, "basis")?,
            });
        }
        "half_up" => |digits| RoundingMode::HalfUp { digits },
        "floor" => |digits| RoundingMode::Floor { digits },
        other => {
            let words = ["none", "half_up", "floor"];
            return Err(mode.unknown_word(other, words.into_iter()));
        }
    };
    let table = table.only(&["mode", "digits", "basis"])?;
    let node = table.get("digits")?;
    let digits = u8::try_from(node.whole(0..=ROUNDING_DIGITS_MAX)?)
        .map_err(|_| node.refuse("is too large"))?;
    Ok(Rounding {
        mode: make(digits),
        basis: basis(table, "basis")?,
    })
}

fn metric(table: Table<'_>) -> Result<Metric, ContractError> {
    match table.get("family")?.word(&[
        ("downtime_minutes", Family::DowntimeMinutes),
        ("interval_mean", Family::IntervalMean),
    ])? {
        Family::DowntimeMinutes => downtime_minutes(table).map(Metric::DowntimeMinutes),
        Family::IntervalMean => interval_mean(table).map(Metric::IntervalMean),
    }
}

fn downtime_minutes(table: Table<'_>) -> Result<DowntimeMinutes, ContractError> {
    let rate = table
        .get("rule")?
        .word(&[("rate_gt", true), ("all_fail", false)])?;
    let mut known = vec!["family", "rule", "min_run_minutes", "min_valid_per_minute"];
    let rule = if rate {
        known.push("threshold");
        table.only(&known)?;
        let node = table.get("threshold")?;
        let threshold = node.decimal()?;
        if threshold >= Fraction::one() {
            return Err(node.refuse(
                "must be a ratio below 1: five percent is \"0.05\"; use rule = \"all_fail\" for 100 percent",
            ));
        }
        BadMinute::RateGt { threshold }
    } else {
        table.only(&known)?;
        BadMinute::AllFail
    };
    let volume = table.find("min_valid_per_minute");
    Ok(DowntimeMinutes {
        rule,
        min_run_minutes: at_least_one(table.get("min_run_minutes")?, 24 * 60)?,
        min_valid_per_minute: volume
            .map_or(Ok(0), |node| node.whole(0..=1_000_000_000))?
            .into(),
    })
}

fn at_least_one(node: Node<'_>, max: u32) -> Result<NonZeroU32, ContractError> {
    NonZeroU32::new(node.whole(1..=max)?).ok_or_else(|| node.refuse("must be at least 1"))
}

fn interval_mean(table: Table<'_>) -> Result<IntervalMean, ContractError> {
    let table = table.only(&["family", "interval_s", "align", "empty"])?;
    let node = table.get("interval_s")?;
    let seconds = node.whole(60..=86_400)?;
    let interval_minutes = NonZeroU32::new(seconds / 60)
        .filter(|_| seconds.is_multiple_of(60))
        .ok_or_else(|| node.refuse("must be a multiple of 60"))?;
    let align = table.find("align").map_or(Ok(Align::Epoch), |node| {
        node.word(&[
            ("epoch", Align::Epoch),
            ("window_start", Align::WindowStart),
        ])
    })?;
    Ok(IntervalMean {
        interval_minutes,
        align,
        empty: table
            .get("empty")?
            .word(&[("up", EmptyInterval::Up), ("skip", EmptyInterval::Skip)])?,
    })
}

fn credit(
    table: Table<'_>,
    currency: Currency,
    target: &Fraction,
) -> Result<CreditSchedule, ContractError> {
    let table = table.only(&["kind", "basis", "cap_percent", "bands", "min_amount"])?;
    table.get("kind")?.word(&[("bands", ())])?;
    Ok(CreditSchedule {
        base: table.get("basis")?.word(&[
            ("month_fees_in_scope", CreditBase::MonthFeesInScope),
            ("invoice", CreditBase::Invoice),
        ])?,
        bands: bands(table.get("bands")?, target)?,
        cap: table.find("cap_percent").map(share).transpose()?,
        min_amount: table
            .find("min_amount")
            .map(|node| min_amount(node, currency))
            .transpose()?,
    })
}

fn min_amount(node: Node<'_>, currency: Currency) -> Result<Money, ContractError> {
    let table = node.table("`min_amount`")?.only(&["gt", "currency"])?;
    if let Some(node) = table.find("currency")
        && node.parsed::<Currency>()? != currency
    {
        return Err(node.refuse(format!("must be the contract's own, {currency}")));
    }
    let amount = table.get("gt")?;
    Money::parse(amount.number_text()?, currency).map_err(|error| amount.refuse(error.to_string()))
}

/// A percentage above 0 and up to 100.
fn share(node: Node<'_>) -> Result<Fraction, ContractError> {
    let share = node.percent()?;
    if share == Fraction::zero() || share > Fraction::one() {
        return Err(node.refuse("must be above 0 and at most 100 percent"));
    }
    Ok(share)
}

/// Bands run from the target down to zero: each begins where the one above it ends.
fn bands(node: Node<'_>, target: &Fraction) -> Result<Vec<Band>, ContractError> {
    let percent = |value: &Fraction| {
        let text = value.percent_string(9);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        text.to_owned()
    };
    let mut found: Vec<Band> = Vec::new();
    let mut floor = Some(target.clone());
    for item in node.items()? {
        let table = item.table("`bands`")?.only(&["ge", "lt", "percent"])?;
        let lt_node = table.get("lt")?;
        let lt = lt_node.percent()?;
        let Some(expected) = floor.take() else {
            return Err(lt_node.refuse("the band above is open to zero already: it must be last"));
        };
        if lt != expected {
            let (given, expected) = (percent(&lt), percent(&expected));
            return Err(lt_node.refuse(if found.is_empty() {
                format!("the first band must end at the target, {expected}, not at {given}")
            } else if found.last().is_some_and(|above| lt < above.lt) {
                format!(
                    "leaves a hole or an overlap: the band above begins at {expected}, so this one must end there, not at {given}"
                )
            } else {
                format!("bands must be sorted from the top down: {given} is not below the band above")
            }));
        }
        let ge = table.find("ge").map(Node::percent).transpose()?;
        if let (Some(low), Some(node)) = (&ge, table.find("ge"))
            && *low >= lt
        {
            return Err(node.refuse("must be below `lt` of the same band"));
        }
        floor = ge.clone().filter(|low| *low > Fraction::zero());
        found.push(Band {
            ge,
            lt,
            percent: share(table.get("percent")?)?,
        });
    }
    match floor {
        None => Ok(found),
        Some(low) => Err(node.refuse(format!(
            "nothing is said below {}: leave `ge` out of the last band",
            percent(&low)
        ))),
    }
}

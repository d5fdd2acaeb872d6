//! Credits in words.

use sla::contract::Decimal;
use sla::contract::credit::{
    BandRange, Bands, CreditBase, CreditRule, CreditSchedule, DowntimeBand, FlatCredit, Least,
    RangeTop, StepClause, Top, TwelveMonthCap, UptimeBand,
};
use sla::credit::Limit;
use sla::{Currency, Fraction};

use crate::page::{TIE, exact_percent, quantity};

/// A schedule: its rows of range and worth, and what limits it.
pub(crate) struct Schedule {
    /// When, and how much.
    pub(crate) rows: Vec<(String, String)>,
    /// Caps, minimum and rounding, each in a sentence.
    pub(crate) notes: Vec<String>,
}

/// What percentages are of.
const fn base(base: CreditBase) -> &'static str {
    match base {
        CreditBase::MonthFeesInScope => "the window's fees for what the contract covers",
        CreditBase::Invoice => "the window's whole invoice",
        CreditBase::FixedFees => "the window's fixed fees",
    }
}

/// Credits in a few words: `10/25/50 %`.
pub(crate) fn credits_in_short(schedule: &CreditSchedule) -> String {
    match &schedule.rule {
        CreditRule::Bands(bands) => {
            let worths = each(bands, |percent| bare(percent.fraction()));
            format!("{}{TIE}%", worths.join("/"))
        }
        CreditRule::DailyMultiple(bands) => {
            let worths = each(bands, |days| quantity(days.fraction()));
            format!("{}{TIE}days' fees", worths.join("/"))
        }
        CreditRule::Flat(FlatCredit::Percent(percent)) => exact_percent(percent.fraction()),
        CreditRule::Flat(FlatCredit::Amount(amount)) => quantity(amount.fraction()),
        CreditRule::PerStep(step) => format!(
            "{} for each {} below",
            exact_percent(step.percent.fraction()),
            exact_percent(step.step.fraction())
        ),
        CreditRule::Proportional { .. } => "in proportion to what was lost".to_owned(),
    }
}

/// A schedule in full.
pub(crate) fn schedule(schedule: &CreditSchedule, currency: Currency) -> Schedule {
    let of = base(schedule.base);
    let share = |percent: &Fraction| exact_percent(percent);
    let rows = match &schedule.rule {
        CreditRule::Bands(bands) => rows(bands, |worth| share(worth.fraction())),
        CreditRule::DailyMultiple(bands) => rows(bands, |days| {
            format!("the fees of {} days", quantity(days.fraction()))
        }),
        CreditRule::Flat(FlatCredit::Percent(percent)) => {
            vec![("any breach".to_owned(), share(percent.fraction()))]
        }
        CreditRule::Flat(FlatCredit::Amount(amount)) => {
            vec![("any breach".to_owned(), money(amount, currency))]
        }
        CreditRule::PerStep(step) => {
            let begun = match step.steps {
                StepClause::Floor => "full",
                StepClause::Ceil => "begun",
                StepClause::Unknown => "full (or begun: the text does not say)",
            };
            let row = format!(
                "for each {begun} {} below",
                exact_percent(step.step.fraction())
            );
            vec![(row, share(step.percent.fraction()))]
        }
        CreditRule::Proportional { multiplier } => {
            let times = multiplier.as_ref().map(|times| quantity(times.fraction()));
            let worth = match times.as_deref() {
                None | Some("1") => "the share of the window that was lost".to_owned(),
                Some(times) => format!("the share of the window that was lost, times {times}"),
            };
            vec![("any breach".to_owned(), worth)]
        }
    };
    Schedule {
        rows,
        notes: notes(schedule, currency, of),
    }
}

fn notes(schedule: &CreditSchedule, currency: Currency, of: &str) -> Vec<String> {
    let mut notes = vec![format!(
        "Percentages are of {of}; given as {}.",
        schedule.form.words()
    )];
    if let Some(percent) = &schedule.caps.percent {
        notes.push(format!(
            "At most {} of them.",
            exact_percent(percent.fraction())
        ));
    }
    if let Some(amount) = &schedule.caps.amount {
        notes.push(format!("At most {}.", money(amount, currency)));
    }
    if let Some(cap) = &schedule.caps.twelve_months {
        let most = match cap {
            TwelveMonthCap::Percent(percent) => {
                format!("{} of the fees", exact_percent(percent.fraction()))
            }
            TwelveMonthCap::Amount(amount) => money(amount, currency),
        };
        notes.push(format!("At most {most} of any twelve months."));
    }
    if let Some(min) = &schedule.min_amount {
        let amount = money(min.least.amount(), currency);
        notes.push(match min.least {
            Least::MoreThan(_) => format!("Only credits of more than {amount} are given."),
            Least::AtLeast(_) => format!("Only credits of {amount} or more are given."),
        });
    }
    if schedule.one_level_per_incident {
        notes.push(
            "Of several promises missed by one downtime, only the dearest is credited.".into(),
        );
    }
    notes
}

fn money(amount: &Decimal, currency: Currency) -> String {
    format!(
        "{}{TIE}{currency}",
        amount.fraction().decimal_string(currency.digits())
    )
}

fn bare(percent: &Fraction) -> String {
    exact_percent(percent).replace(&format!("{TIE}%"), "")
}

fn each<W>(bands: &Bands<W>, words: impl Fn(&W) -> String) -> Vec<String> {
    match bands {
        Bands::Uptime(bands) => bands.iter().map(|band| words(&band.worth)).collect(),
        Bands::Downtime(bands) => bands.iter().map(|band| words(&band.worth)).collect(),
    }
}

fn rows<W>(bands: &Bands<W>, worth: impl Fn(&W) -> String) -> Vec<(String, String)> {
    match bands {
        Bands::Uptime(bands) => {
            let row = |band: &UptimeBand<W>| (uptime_band(band), worth(&band.worth));
            bands.iter().map(row).collect()
        }
        Bands::Downtime(bands) => {
            let row = |band: &DowntimeBand<W>| {
                let (gt, le) = (band.gt_minutes.as_ref(), band.le_minutes.as_ref());
                let exact = |minutes: &Decimal| minutes.fraction().clone();
                (
                    minutes(gt.map(exact).as_ref(), le.map(exact).as_ref()),
                    worth(&band.worth),
                )
            };
            bands.iter().map(row).collect()
        }
    }
}

fn uptime_band<W>(band: &UptimeBand<W>) -> String {
    let (top, below) = match &band.top {
        Top::Below(percent) => (percent, true),
        Top::UpTo(percent) => (percent, false),
    };
    let word = if below { "below" } else { "up to" };
    let top = exact_percent(top.fraction());
    match &band.ge {
        Some(ge) => format!("from {} {word} {top}", exact_percent(ge.fraction())),
        None => format!("{word} {top}"),
    }
}

fn minutes(gt: Option<&Fraction>, le: Option<&Fraction>) -> String {
    match (gt, le) {
        (None, None) => "any downtime".to_owned(),
        (Some(gt), None) => format!("more than {} minutes", quantity(gt)),
        (None, Some(le)) => format!("up to {} minutes", quantity(le)),
        (Some(gt), Some(le)) => {
            format!("more than {} up to {} minutes", quantity(gt), quantity(le))
        }
    }
}

/// The range of a band that was found.
pub(crate) fn range(range: &BandRange) -> String {
    match range {
        BandRange::Uptime { ge, top } => {
            let top = match top {
                RangeTop::Lt(top) => format!("below {}", exact_percent(top)),
                RangeTop::Le(top) => format!("up to {}", exact_percent(top)),
            };
            match ge {
                Some(ge) => format!("from {} {top}", exact_percent(ge)),
                None => top,
            }
        }
        BandRange::Downtime {
            gt_minutes,
            le_minutes,
        } => minutes(gt_minutes.as_ref(), le_minutes.as_ref()),
    }
}

/// What limits a credit.
pub(crate) const fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Fees => "the fees themselves",
        Limit::CapPercent => "the cap in percent",
        Limit::CapAmount => "the cap in money",
        Limit::CapTwelveMonths => "the cap on twelve months",
        Limit::MinAmount => "the smallest credit given",
    }
}

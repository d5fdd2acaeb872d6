//! Credits in words.

use sla::contract::Decimal;
use sla::contract::credit::{
    BandRange, Bands, CreditRule, CreditSchedule, FlatCredit, Least, RangeTop, StepClause,
    TwelveMonthCap,
};
use sla::{Currency, Fraction};
use verify::words::credit::base;

use crate::page::{TIE, bare_percent, exact_percent, quantity};

/// A schedule: its rows of range and worth, and what limits it.
pub(crate) struct Schedule {
    /// When, and how much.
    pub(crate) rows: Vec<(String, String)>,
    /// Caps, minimum and rounding, each in a sentence.
    pub(crate) notes: Vec<String>,
}

/// Credits in a few words: `10/25/50 %`.
pub(crate) fn credits_in_short(schedule: &CreditSchedule) -> String {
    match &schedule.rule {
        CreditRule::Bands(bands) => {
            let worths = each(bands, |percent| bare_percent(percent.fraction()));
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
    let rows = match &schedule.rule {
        CreditRule::Bands(bands) => rows(bands, |worth| exact_percent(worth.fraction())),
        CreditRule::DailyMultiple(bands) => rows(bands, |days| {
            format!("the fees of {} days", quantity(days.fraction()))
        }),
        CreditRule::Flat(FlatCredit::Percent(percent)) => {
            vec![("any breach".to_owned(), exact_percent(percent.fraction()))]
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
            vec![(row, exact_percent(step.percent.fraction()))]
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
        notes: notes(schedule, currency),
    }
}

fn notes(schedule: &CreditSchedule, currency: Currency) -> Vec<String> {
    let mut notes = vec![format!(
        "Percentages are of {}; given as {}.",
        base(schedule.base),
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

fn each<W>(bands: &Bands<W>, words: impl Fn(&W) -> String) -> Vec<String> {
    match bands {
        Bands::Uptime(bands) => bands.iter().map(|band| words(&band.worth)).collect(),
        Bands::Downtime(bands) => bands.iter().map(|band| words(&band.worth)).collect(),
    }
}

fn rows<W>(bands: &Bands<W>, worth: impl Fn(&W) -> String) -> Vec<(String, String)> {
    let row = |band: BandRange, of: &W| (range(&band), worth(of));
    match bands {
        Bands::Uptime(bands) => {
            let rows = bands.iter().map(|band| row(band.range(), &band.worth));
            rows.collect()
        }
        Bands::Downtime(bands) => {
            let rows = bands.iter().map(|band| row(band.range(), &band.worth));
            rows.collect()
        }
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

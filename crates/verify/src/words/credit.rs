//! What a miss is worth, and what a credit was computed from.

use sla::contract::credit::{
    BandRange, Bands, CreditForm, FlatCredit, Least, PerStep, RangeTop, StepClause, StepReading,
    TwelveMonthCap,
};
use sla::contract::{CreditBase, CreditRule, CreditSchedule};
use sla::credit::{CreditSource, Limit};
use sla::{Basis, Contract, Credit, Fraction, NoCredit};

use super::number::{count, counted, exact_percent, quantity};

/// A schedule of credits in sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How it is computed; ends with a colon where bands follow.
    pub rule: String,
    /// The bands, from the target down; empty where there are none.
    pub bands: Vec<String>,
    /// Caps, the least that is given, and what else limits or changes it.
    pub limits: Vec<String>,
}

/// What a miss is worth.
#[must_use]
pub fn schedule(contract: &Contract, schedule: &CreditSchedule) -> Schedule {
    let base = base(schedule.base);
    let (rule, bands) = match &schedule.rule {
        CreditRule::Bands(bands) => (
            format!("Credits are a share of {base}:"),
            band_lines(bands, |percent| exact_percent(percent.fraction())),
        ),
        CreditRule::DailyMultiple(bands) => (
            format!("Credits are days of {base}, of which the window has as many as days:"),
            band_lines(bands, |days| format!("{days} days")),
        ),
        CreditRule::Flat(FlatCredit::Percent(percent)) => (
            format!(
                "Every miss is worth {} of {base}.",
                exact_percent(percent.fraction())
            ),
            Vec::new(),
        ),
        CreditRule::Flat(FlatCredit::Amount(amount)) => (
            format!("Every miss is worth {amount} {}.", contract.currency),
            Vec::new(),
        ),
        CreditRule::PerStep(rule) => (per_step(rule, base), Vec::new()),
        CreditRule::Proportional { multiplier } => {
            let times = multiplier.as_ref().map(|times| format!(", times {times},"));
            let times = times.unwrap_or_default();
            let rule =
                format!("Credited is the share of the window that was lost{times} of {base}.");
            (rule, Vec::new())
        }
    };
    Schedule {
        rule,
        bands,
        limits: limits(contract, schedule),
    }
}

/// What shares are of.
#[must_use]
pub const fn base(base: CreditBase) -> &'static str {
    match base {
        CreditBase::MonthFeesInScope => "the window's fees for what the contract covers",
        CreditBase::Invoice => "the window's whole invoice",
        CreditBase::FixedFees => "the window's fixed fees",
    }
}

fn per_step(rule: &PerStep, base: &str) -> String {
    let (which, unsure) = match rule.steps {
        StepClause::Floor => ("full step", ""),
        StepClause::Ceil => ("step begun", ""),
        StepClause::Unknown => (
            "full step",
            " The text does not say whether a step begun counts: that is another reading.",
        ),
    };
    format!(
        "Every {which} of {} below the target is worth {} of {base}.{unsure}",
        exact_percent(rule.step.fraction()),
        exact_percent(rule.percent.fraction())
    )
}

fn band_lines<W>(bands: &Bands<W>, worth: impl Fn(&W) -> String) -> Vec<String> {
    let line = |band: BandRange, of: &W| format!("{}: {}", range(&band), worth(of));
    match bands {
        Bands::Uptime(bands) => {
            let lines = bands.iter().map(|band| line(band.range(), &band.worth));
            lines.collect()
        }
        Bands::Downtime(bands) => {
            let lines = bands.iter().map(|band| line(band.range(), &band.worth));
            lines.collect()
        }
    }
}

/// `99 % up to below 99.9 %`, `more than 30 minutes of downtime`.
#[must_use]
pub fn range(range: &BandRange) -> String {
    match range {
        BandRange::Uptime { ge, top } => {
            let top = match top {
                RangeTop::Lt(lt) => format!("below {}", exact_percent(lt)),
                RangeTop::Le(le) => exact_percent(le),
            };
            match ge.as_ref().filter(|ge| **ge > Fraction::zero()) {
                Some(ge) => format!("{} up to {top}", exact_percent(ge)),
                None if top.starts_with("below") => top,
                None => format!("up to {top}"),
            }
        }
        BandRange::Downtime {
            gt_minutes,
            le_minutes,
        } => {
            let gt = gt_minutes
                .as_ref()
                .map(|gt| format!("more than {}", quantity(gt)));
            let le = le_minutes
                .as_ref()
                .map(|le| format!("up to {}", quantity(le)));
            let both: Vec<String> = gt.into_iter().chain(le).collect();
            if both.is_empty() {
                "any downtime".to_owned()
            } else {
                format!("{} minutes of downtime", both.join(" "))
            }
        }
    }
}

fn limits(contract: &Contract, schedule: &CreditSchedule) -> Vec<String> {
    let currency = contract.currency;
    let mut found = Vec::new();
    if let Some(cap) = &schedule.caps.percent {
        found.push(format!(
            "At most {} of them.",
            exact_percent(cap.fraction())
        ));
    }
    if let Some(cap) = &schedule.caps.amount {
        found.push(format!("At most {cap} {currency}."));
    }
    if let Some(cap) = &schedule.caps.twelve_months {
        let cap = match cap {
            TwelveMonthCap::Percent(percent) => {
                format!(
                    "{} of twelve months' fees",
                    exact_percent(percent.fraction())
                )
            }
            TwelveMonthCap::Amount(amount) => format!("{amount} {currency}"),
        };
        found.push(format!(
            "At most {cap} in the twelve months that end with the window, its own credit included."
        ));
    }
    if let Some(min) = &schedule.min_amount {
        let amount = min.least.amount();
        found.push(match &min.least {
            Least::MoreThan(_) => format!("Only where it is more than {amount} {currency}."),
            Least::AtLeast(_) => format!("Only where it is {amount} {currency} or more."),
        });
    }
    if schedule.one_level_per_incident {
        found.push(
            "Of several commitments missed by the same downtime, only the dearest is credited."
                .to_owned(),
        );
    }
    if schedule.form != CreditForm::Credit {
        found.push(format!("Given as {}.", schedule.form.words()));
    }
    if schedule.schedule_basis != Basis::Stated {
        found.push("The text does not state the schedule outright.".to_owned());
    }
    found
}

/// What in the schedule a credit comes from.
#[must_use]
pub fn source(source: &CreditSource) -> String {
    match source {
        CreditSource::Bands { range, percent, .. } => {
            format!("band {}: {}", self::range(range), exact_percent(percent))
        }
        CreditSource::Flat => "the same for every miss".to_owned(),
        CreditSource::PerStep {
            steps,
            reading,
            percent,
        } => {
            let which = match reading {
                StepReading::Floor => "full step",
                StepReading::Ceil => "step",
            };
            let each = exact_percent(percent);
            format!("{} below the target, {each} each", counted(*steps, which))
        }
        CreditSource::Proportional { lost, multiplier } => {
            let lost = lost.percent_string(4);
            format!(
                "{lost}\u{a0}% of the window lost, times {}",
                quantity(multiplier)
            )
        }
        CreditSource::DailyMultiple {
            range,
            days,
            window_days,
            ..
        } => format!(
            "band {}: {} of {} days' fees",
            self::range(range),
            quantity(days),
            count(window_days.get().into())
        ),
    }
}

/// The limits that a credit met and those that could not be applied, each as a sentence.
#[must_use]
pub fn limited(credit: &Credit) -> Vec<String> {
    let cut = credit
        .cuts
        .iter()
        .map(|l| format!("Cut down to {}.", limit(*l)));
    let open = credit.unchecked.iter().map(|l| {
        let limit = limit(*l);
        format!("Not applied, because fees or earlier credits are not known here: {limit}.")
    });
    cut.chain(open).collect()
}

/// What a limit is.
#[must_use]
pub const fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Fees => "the fees themselves",
        Limit::CapPercent => "the cap in percent",
        Limit::CapAmount => "the cap as an amount",
        Limit::CapTwelveMonths => "the cap on twelve months",
        Limit::MinAmount => "the smallest credit that is given",
    }
}

/// Why a miss is worth nothing, after `because`.
#[must_use]
pub const fn no_credit(reason: &NoCredit) -> &'static str {
    match reason {
        NoCredit::TargetKept => "rounded as the contract says, the target was kept after all",
        NoCredit::InNoBand => "no band of the contract lists this uptime",
        NoCredit::BelowOneStep => "it is less than one full step below the target",
        NoCredit::CapUsedUp => "earlier credits used up the cap on twelve months",
        NoCredit::BelowMinimum { .. } => {
            "it would be below the smallest credit that the contract gives"
        }
    }
}

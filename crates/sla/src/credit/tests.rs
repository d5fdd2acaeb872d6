use super::*;

mod combining;
mod limits;
mod schedules;

/// A schedule from a contract, in the way contracts are written.
#[track_caller]
pub(super) fn schedule(toml: &str) -> CreditSchedule {
    toml::from_str(toml).unwrap()
}

pub(super) fn usd(text: &str) -> Money {
    Money::parse(text, "USD".parse().unwrap()).unwrap()
}

pub(super) fn fraction(text: &str) -> Fraction {
    text.parse().unwrap()
}

/// One missed commitment in a window of thirty days.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) target: Fraction,
    pub(super) uptime: Fraction,
    pub(super) downtime_minutes: Fraction,
    pub(super) fees: Option<Money>,
    pub(super) twelve_months: Option<TwelveMonths>,
    pub(super) steps: StepReading,
}

impl Case {
    /// Target in percent, uptime as a fraction, fees in dollars.
    #[track_caller]
    pub(super) fn new(target: &str, uptime: &str, fees: &str) -> Self {
        let uptime = fraction(uptime);
        let lost = Fraction::one().ratio() - uptime.ratio();
        Self {
            target: Fraction::from_percent(target).unwrap(),
            uptime,
            downtime_minutes: Fraction::from_ratio(lost * num_bigint::BigInt::from(43_200)),
            fees: Some(usd(fees)),
            twelve_months: None,
            steps: StepReading::Floor,
        }
    }

    pub(super) fn inputs(&self) -> CreditInputs<'_> {
        CreditInputs {
            target: &self.target,
            uptime: &self.uptime,
            downtime_minutes: &self.downtime_minutes,
            window_days: NonZeroU32::new(30).unwrap(),
            currency: "USD".parse().unwrap(),
            fees: self.fees,
            twelve_months: self.twelve_months,
            steps: self.steps,
        }
    }

    pub(super) fn credit(&self, schedule: &CreditSchedule) -> Result<Credit, NoCredit> {
        credit(schedule, &self.inputs())
    }
}

/// Bands of a large cloud's table: 10, 25 and 100 percent.
pub(super) const BANDS: &str = r#"
kind = "bands"
basis = "month_fees_in_scope"
bands = [
  { ge = "99.0", lt = "99.9", percent = "10" },
  { ge = "95.0", lt = "99.0", percent = "25" },
  { lt = "95.0", percent = "100" },
]
"#;

/// The exact amount in minor units, and the rounded amount.
#[track_caller]
pub(super) fn check(schedule: &CreditSchedule, case: &Case, exact: &str, amount: &str) {
    let credit = case.credit(schedule).unwrap();
    assert_eq!(credit.exact_minor, Some(fraction(exact)));
    assert_eq!(credit.amount, Some(usd(amount)));
}

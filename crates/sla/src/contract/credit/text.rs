//! The table `[commitment.credit]` as it stands in a contract, and which keys belong together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::exact::{self, Decimal, Percent};
use super::super::is_default;
use super::bands::{self, BandText};
use super::check::{positive, share};
use super::{
    Basis, Caps, CreditBase, CreditForm, CreditKind, CreditRule, CreditSchedule, FlatCredit,
    MinAmount, PerStep, Provenance, StepClause, TwelveMonthCap,
};
use crate::money::{AmountRounding, AmountUnit};

/// What missing the commitment is worth. A credit is never more than the fees, and only due when
/// the target is missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CreditSchedule")]
pub(super) struct CreditText {
    /// Which schedule the text has; decides which of the keys below there are.
    kind: CreditKind,
    /// What percentages are percentages of.
    basis: CreditBase,
    /// From the target down: `{ ge = "99.0", lt = "99.9", percent = "10" }` is uptime of at least
    /// 99.0 and below 99.9. Required by `bands` and `daily_multiple`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bands: Option<Vec<BandText>>,
    /// Percentage of the fees, above 0 and up to 100. With `flat`: for every breach. With
    /// `per_step`: for each step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<Percent>,
    /// Amount for every breach, in the contract's currency; with `flat`, in place of `percent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<Decimal>,
    /// Length of a step in percentage points of uptime, such as `"0.1"`; with `per_step`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<Percent>,
    /// What a step begun is worth; with `per_step`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<StepClause>,
    /// What the share of the window that was lost is multiplied by, above 0; with `proportional`.
    /// Default: `"1"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    multiplier: Option<Decimal>,
    /// Highest percentage of the same fees that is credited, above 0 and up to 100. Also limits the
    /// sum with the contract's other commitments: there the highest cap stated holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap_percent: Option<Percent>,
    /// Highest amount that is credited, in the contract's currency. Limits sums as `cap_percent`
    /// does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap_amount: Option<Decimal>,
    /// Highest percentage of the fees of the twelve months that end with the window that is
    /// credited in them, this credit included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap_12_months_percent: Option<Percent>,
    /// Highest amount that is credited in the twelve months that end with the window, this credit
    /// included; in the contract's currency, in place of `cap_12_months_percent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap_12_months_amount: Option<Decimal>,
    /// Smallest credit that is given at all: `{ gt = "1.00" }` or `{ ge = "1.00" }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_amount: Option<MinAmount>,
    /// How the amount is rounded. Default: `"half_up"`.
    #[serde(default, skip_serializing_if = "is_default")]
    rounding: AmountRounding,
    /// What the amount is rounded to. Default: `"minor"`.
    #[serde(default, skip_serializing_if = "is_default")]
    amount_unit: AmountUnit,
    /// What the credit is given as; changes words only. Default: `"credit"`.
    #[serde(default, skip_serializing_if = "is_default")]
    form: CreditForm,
    /// Whether, where several commitments are missed by the same downtime, only the dearest is
    /// credited. Otherwise they add up, to the caps. Default: `false`.
    #[serde(default, skip_serializing_if = "is_default")]
    one_level_per_incident: bool,
    /// How sure this table is.
    #[serde(default, skip_serializing_if = "is_default")]
    schedule_basis: Basis,
    /// Where the table was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provenance: Option<Provenance>,
    /// What else there is to say, in your words.
    #[serde(
        default,
        deserialize_with = "exact::line_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<exact::Text>")]
    note: Option<String>,
}

impl CreditText {
    /// Refuses keys that belong to another kind.
    fn only_keys_of_kind(&self) -> Result<(), String> {
        use CreditKind::{Bands, DailyMultiple, Flat, PerStep, Proportional};
        let keys: [(&str, bool, &[CreditKind]); 6] = [
            ("bands", self.bands.is_some(), &[Bands, DailyMultiple]),
            ("percent", self.percent.is_some(), &[Flat, PerStep]),
            ("amount", self.amount.is_some(), &[Flat]),
            ("step", self.step.is_some(), &[PerStep]),
            ("steps", self.steps.is_some(), &[PerStep]),
            ("multiplier", self.multiplier.is_some(), &[Proportional]),
        ];
        let kind = self.kind.as_str();
        match keys
            .into_iter()
            .find(|(_, given, kinds)| *given && !kinds.contains(&self.kind))
        {
            Some((key, _, _)) => Err(format!("`{key}`: does not belong to kind = \"{kind}\"")),
            None => Ok(()),
        }
    }

    fn take_bands(&mut self) -> Result<Vec<BandText>, String> {
        required("bands", self.bands.take(), self.kind)
    }

    fn take_rule(&mut self) -> Result<CreditRule, String> {
        match self.kind {
            CreditKind::Bands => Ok(CreditRule::Bands(bands::read(self.take_bands()?)?)),
            CreditKind::DailyMultiple => {
                Ok(CreditRule::DailyMultiple(bands::read(self.take_bands()?)?))
            }
            CreditKind::Flat => match (self.percent.take(), self.amount.take()) {
                (Some(percent), None) => {
                    at("percent", share(&percent))?;
                    Ok(CreditRule::Flat(FlatCredit::Percent(percent)))
                }
                (None, Some(amount)) => {
                    at("amount", positive(&amount))?;
                    Ok(CreditRule::Flat(FlatCredit::Amount(amount)))
                }
                (Some(_), Some(_)) | (None, None) => {
                    Err("`percent`: give exactly one of `percent`, `amount`".to_owned())
                }
            },
            CreditKind::PerStep => {
                let rule = PerStep {
                    step: required("step", self.step.take(), self.kind)?,
                    percent: required("percent", self.percent.take(), self.kind)?,
                    steps: required("steps", self.steps.take(), self.kind)?,
                };
                at("step", share(&rule.step))?;
                at("percent", share(&rule.percent))?;
                Ok(CreditRule::PerStep(rule))
            }
            CreditKind::Proportional => {
                let multiplier = self.multiplier.take();
                if let Some(multiplier) = &multiplier {
                    at("multiplier", positive(multiplier))?;
                }
                Ok(CreditRule::Proportional { multiplier })
            }
        }
    }

    fn take_caps(&mut self) -> Result<Caps, String> {
        let percent = self.cap_percent.take();
        let amount = self.cap_amount.take();
        if let Some(percent) = &percent {
            at("cap_percent", share(percent))?;
        }
        if let Some(amount) = &amount {
            at("cap_amount", positive(amount))?;
        }
        let twelve_months = match (
            self.cap_12_months_percent.take(),
            self.cap_12_months_amount.take(),
        ) {
            (None, None) => None,
            (Some(percent), None) => {
                at("cap_12_months_percent", share(&percent))?;
                Some(TwelveMonthCap::Percent(percent))
            }
            (None, Some(amount)) => {
                at("cap_12_months_amount", positive(&amount))?;
                Some(TwelveMonthCap::Amount(amount))
            }
            (Some(_), Some(_)) => {
                return Err(
                    "`cap_12_months_amount`: give only one of `cap_12_months_percent`, `cap_12_months_amount`"
                        .to_owned(),
                );
            }
        };
        Ok(Caps {
            percent,
            amount,
            twelve_months,
        })
    }
}

fn at(key: &str, checked: Result<(), String>) -> Result<(), String> {
    checked.map_err(|why| format!("`{key}`: {why}"))
}

fn required<T>(key: &str, value: Option<T>, kind: CreditKind) -> Result<T, String> {
    value.ok_or_else(|| format!("`{key}`: is required by kind = \"{}\"", kind.as_str()))
}

impl TryFrom<CreditText> for CreditSchedule {
    type Error = String;

    fn try_from(mut text: CreditText) -> Result<Self, String> {
        text.only_keys_of_kind()?;
        Ok(Self {
            rule: text.take_rule()?,
            base: text.basis,
            caps: text.take_caps()?,
            min_amount: text.min_amount,
            rounding: text.rounding,
            amount_unit: text.amount_unit,
            form: text.form,
            one_level_per_incident: text.one_level_per_incident,
            schedule_basis: text.schedule_basis,
            provenance: text.provenance,
            note: text.note,
        })
    }
}

impl From<CreditSchedule> for CreditText {
    fn from(schedule: CreditSchedule) -> Self {
        let (cap_12_months_percent, cap_12_months_amount) = match schedule.caps.twelve_months {
            None => (None, None),
            Some(TwelveMonthCap::Percent(percent)) => (Some(percent), None),
            Some(TwelveMonthCap::Amount(amount)) => (None, Some(amount)),
        };
        let mut text = Self {
            kind: schedule.rule.kind(),
            basis: schedule.base,
            bands: None,
            percent: None,
            amount: None,
            step: None,
            steps: None,
            multiplier: None,
            cap_percent: schedule.caps.percent,
            cap_amount: schedule.caps.amount,
            cap_12_months_percent,
            cap_12_months_amount,
            min_amount: schedule.min_amount,
            rounding: schedule.rounding,
            amount_unit: schedule.amount_unit,
            form: schedule.form,
            one_level_per_incident: schedule.one_level_per_incident,
            schedule_basis: schedule.schedule_basis,
            provenance: schedule.provenance,
            note: schedule.note,
        };
        match schedule.rule {
            CreditRule::Bands(bands) => text.bands = Some(bands::write(bands)),
            CreditRule::DailyMultiple(bands) => text.bands = Some(bands::write(bands)),
            CreditRule::Flat(FlatCredit::Percent(percent)) => text.percent = Some(percent),
            CreditRule::Flat(FlatCredit::Amount(amount)) => text.amount = Some(amount),
            CreditRule::PerStep(rule) => {
                text.step = Some(rule.step);
                text.percent = Some(rule.percent);
                text.steps = Some(rule.steps);
            }
            CreditRule::Proportional { multiplier } => text.multiplier = multiplier,
        }
        text
    }
}

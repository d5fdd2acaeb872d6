//! What a contract does to uptime, as a percentage, before it is compared and looked up in bands.
//!
//! Some texts only make sense after rounding: a table that lists 99.4 and 99.5 says nothing about
//! 99.45. Where the text does not say how it rounds, the other ways are readings of it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::whole::Whole;
use super::{Basis, Provenance, exact, is_default};
use crate::fraction::Fraction;

#[cfg(test)]
mod tests;

/// Most decimals that a contract's rounding may keep; texts use one or two.
pub const ROUNDING_DIGITS_MAX: u8 = 6;

/// A contract's clause on rounding; without one, uptime is compared exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RoundingText", into = "RoundingText")]
#[schemars(with = "RoundingText")]
pub struct Rounding {
    /// How.
    pub clause: RoundingClause,
    /// How sure that is.
    pub basis: Basis,
    /// Where the clause was read.
    pub provenance: Option<Provenance>,
    /// What else there is to say.
    pub note: Option<String>,
}

/// What a contract says about rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundingClause {
    /// One way of rounding.
    Known(RoundingMode),
    /// Only that there must be rounding; how is open.
    Unknown {
        /// Decimals of the percentage that would stay.
        digits: u8,
    },
}

/// How an uptime is rounded, as a percentage. In JSON `{"mode":"half_up","digits":1}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum RoundingMode {
    /// Not at all: compared exactly.
    #[default]
    None,
    /// To the nearest, halves up.
    HalfUp {
        /// Decimals of the percentage that stay.
        digits: u8,
    },
    /// Cut off.
    Floor {
        /// Decimals of the percentage that stay.
        digits: u8,
    },
}

/// What is done to uptime, as a percentage, before it is compared with the target and looked up in
/// the credit bands. Left out, uptime is compared exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rounding")]
struct RoundingText {
    /// How uptime is rounded.
    mode: ModeWord,
    /// Decimals of the percentage that stay, 0 to 6. Required by every mode but `none`, which has
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digits: Option<Digits>,
    /// How sure this is. Unless it is `stated`, the other ways of rounding are judged as well, and
    /// a verdict that hangs on them says so.
    #[serde(default, skip_serializing_if = "is_default")]
    basis: Basis,
    /// Where the clause was read.
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

/// Decimals that a rounding may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "i64")]
#[schemars(with = "Whole<0, 6>", inline)]
struct Digits(u8);

impl TryFrom<i64> for Digits {
    type Error = String;

    fn try_from(digits: i64) -> Result<Self, String> {
        u8::try_from(digits)
            .ok()
            .filter(|digits| *digits <= ROUNDING_DIGITS_MAX)
            .map(Self)
            .ok_or_else(|| format!("must be a whole number from 0 to {ROUNDING_DIGITS_MAX}"))
    }
}

/// A way of rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ModeWord {
    /// Not at all: uptime is compared exactly.
    None,
    /// To the nearest, halves up: 99.45 with one digit is 99.5.
    HalfUp,
    /// Cut off: 99.49 with one digit is 99.4.
    Floor,
    /// The text rounds (its bands have holes) but does not say how: judged exactly, and half-up and
    /// cut off as readings.
    Unknown,
}

impl Rounding {
    /// The rounding that the verdict goes by: what the text says, and nothing where it says nothing.
    #[must_use]
    pub const fn literal(&self) -> RoundingMode {
        match self.clause {
            RoundingClause::Known(mode) => mode,
            RoundingClause::Unknown { .. } => RoundingMode::None,
        }
    }

    /// Every way of rounding that the text may mean, each once, the literal one first. More than
    /// one unless the clause is stated.
    #[must_use]
    pub fn readings(&self) -> Vec<RoundingMode> {
        let literal = self.literal();
        let mut readings = vec![literal];
        let open = match self.clause {
            RoundingClause::Known(_) => self.basis != Basis::Stated,
            RoundingClause::Unknown { .. } => true,
        };
        if let Some(digits) = self.digits().filter(|_| open) {
            let all = [
                RoundingMode::None,
                RoundingMode::HalfUp { digits },
                RoundingMode::Floor { digits },
            ];
            readings.extend(all.into_iter().filter(|mode| *mode != literal));
        }
        readings
    }

    /// Decimals that rounding leaves; `None` where nothing is rounded in any reading.
    #[must_use]
    pub const fn digits(&self) -> Option<u8> {
        match self.clause {
            RoundingClause::Known(RoundingMode::None) => None,
            RoundingClause::Known(
                RoundingMode::HalfUp { digits } | RoundingMode::Floor { digits },
            )
            | RoundingClause::Unknown { digits } => Some(digits),
        }
    }
}

impl RoundingMode {
    /// Applies it to an uptime.
    pub(crate) fn apply(self, uptime: &Fraction) -> Fraction {
        match self {
            Self::None => uptime.clone(),
            Self::HalfUp { digits } => uptime.percent_half_up(digits),
            Self::Floor { digits } => uptime.percent_floor(digits),
        }
    }
}

impl Default for RoundingClause {
    fn default() -> Self {
        Self::Known(RoundingMode::None)
    }
}

impl fmt::Display for RoundingMode {
    /// Words to stand beside a percentage: `rounded half-up to 1 decimal`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (how, digits) = match self {
            Self::None => return f.write_str("not rounded"),
            Self::HalfUp { digits } => ("rounded half-up to", digits),
            Self::Floor { digits } => ("cut off after", digits),
        };
        let plural = if *digits == 1 { "" } else { "s" };
        write!(f, "{how} {digits} decimal{plural}")
    }
}

impl TryFrom<RoundingText> for Rounding {
    type Error = String;

    fn try_from(text: RoundingText) -> Result<Self, String> {
        let clause = match (text.mode, text.digits) {
            (ModeWord::None, None) => RoundingClause::Known(RoundingMode::None),
            (ModeWord::None, Some(_)) => {
                return Err(
                    "`digits`: mode = \"none\" keeps every digit; where it is open whether the text rounds, use mode = \"unknown\""
                        .to_owned(),
                );
            }
            (_, None) => {
                return Err("`digits`: say how many decimals of the percentage stay".to_owned());
            }
            (ModeWord::HalfUp, Some(Digits(digits))) => {
                RoundingClause::Known(RoundingMode::HalfUp { digits })
            }
            (ModeWord::Floor, Some(Digits(digits))) => {
                RoundingClause::Known(RoundingMode::Floor { digits })
            }
            (ModeWord::Unknown, Some(Digits(digits))) => RoundingClause::Unknown { digits },
        };
        Ok(Self {
            clause,
            basis: text.basis,
            provenance: text.provenance,
            note: text.note,
        })
    }
}

impl From<Rounding> for RoundingText {
    fn from(rounding: Rounding) -> Self {
        Self {
            mode: match rounding.clause {
                RoundingClause::Known(RoundingMode::None) => ModeWord::None,
                RoundingClause::Known(RoundingMode::HalfUp { .. }) => ModeWord::HalfUp,
                RoundingClause::Known(RoundingMode::Floor { .. }) => ModeWord::Floor,
                RoundingClause::Unknown { .. } => ModeWord::Unknown,
            },
            digits: rounding.digits().map(Digits),
            basis: rounding.basis,
            provenance: rounding.provenance,
            note: rounding.note,
        }
    }
}

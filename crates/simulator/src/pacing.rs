//! How fast answers come: distributions of waits and rates, for all models or by model.
//!
//! Draws are integer arithmetic only, so that equal seeds give equal waits on every machine.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::Serialize;

use crate::config::Pacing;
use crate::document::{DocumentError, Node, Reader, Value, whole};
use crate::plan::Pace;
use crate::random::Random;

/// Largest value of any distribution: ten minutes of milliseconds, or a million tokens.
const VALUE_MAX: u32 = 1_000_000;
/// Most points in a table of percentiles.
const POINTS_MAX: usize = 100;

/// Integers by chance. Written as a number, `{ uniform = [100, 300] }`,
/// `{ log_normal = { p50 = 400, p95 = 1200 } }` or `{ percentiles = [[0, 90], [50, 300], [100, 900]] }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Every integer from the first to the second, alike.
    Uniform(u32, u32),
    /// Long to the right, as response times are; never above a million.
    LogNormal {
        /// The value that half of the draws stay below.
        p50: u32,
        /// The value that 95 % of the draws stay below.
        p95: u32,
    },
    /// Linear between given points `(percent, value)`, from 0 to 100 percent.
    Percentiles(Vec<(u32, u32)>),
    /// Always the same.
    #[serde(untagged)]
    Constant(u32),
}

impl Distribution {
    fn read(node: &Node) -> Result<Self, String> {
        let distribution = match &node.value {
            Value::Integer(_) => Self::Constant(whole(node)?),
            Value::Table(keys) => match keys.iter().collect::<Vec<_>>().as_slice() {
                [(key, (_, node))] => Self::shaped(key, node)?,
                _ => return Err(FORMS.to_owned()),
            },
            _ => return Err(FORMS.to_owned()),
        };
        distribution.checked()
    }

    fn shaped(key: &str, node: &Node) -> Result<Self, String> {
        match (key, &node.value) {
            ("uniform", _) => pair(node).map(|(low, high)| Self::Uniform(low, high)),
            ("percentiles", Value::List(points)) => points
                .iter()
                .map(pair)
                .collect::<Result<_, _>>()
                .map(Self::Percentiles),
            ("log_normal", Value::Table(keys)) => match (keys.get("p50"), keys.get("p95")) {
                (Some((_, p50)), Some((_, p95))) if keys.len() == 2 => Ok(Self::LogNormal {
                    p50: whole(p50)?,
                    p95: whole(p95)?,
                }),
                _ => Err("log_normal has the keys `p50` and `p95`".to_owned()),
            },
            _ => Err(format!("`{key}` is not known here: {FORMS}")),
        }
    }

    fn checked(self) -> Result<Self, String> {
        let fault = match &self {
            Self::Constant(_) => None,
            Self::Uniform(low, high) => {
                (low > high).then_some("its first value is above its second")
            }
            Self::LogNormal { p50, p95 } => {
                (*p50 == 0 || p50 > p95).then_some("p50 must be above 0 and at most p95")
            }
            Self::Percentiles(points) => percentile_fault(points),
        };
        match fault {
            Some(fault) => Err(fault.to_owned()),
            None if self.max() > VALUE_MAX => Err(format!("values are at most {VALUE_MAX}")),
            None => Ok(self),
        }
    }

    fn max(&self) -> u32 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform(_, high) => *high,
            Self::LogNormal { p95, .. } => *p95,
            Self::Percentiles(points) => points.iter().map(|point| point.1).max().unwrap_or(0),
        }
    }

    pub(crate) fn draw(&self, random: &mut Random) -> u32 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform(low, high) => low + random.below(high - low + 1),
            Self::LogNormal { p50, p95 } => log_normal(*p50, *p95, random),
            Self::Percentiles(points) => {
                // In millionths of a percent: finer than any table.
                interpolate(points, random.below(100_000_001))
            }
        }
    }
}

const FORMS: &str = "a number, or one of `{ uniform = [100, 300] }`, \
    `{ log_normal = { p50 = 400, p95 = 1200 } }`, `{ percentiles = [[0, 90], [50, 300], [100, 900]] }` \
    is needed here";

fn pair(node: &Node) -> Result<(u32, u32), String> {
    match &node.value {
        Value::List(items) => match items.as_slice() {
            [first, second] => Ok((whole(first)?, whole(second)?)),
            _ => Err("two numbers are needed here".to_owned()),
        },
        _ => Err("two numbers in brackets are needed here".to_owned()),
    }
}

fn percentile_fault(points: &[(u32, u32)]) -> Option<&'static str> {
    let rising = |pair: &[(u32, u32)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
    match points {
        [(0, _), .., (100, _)] if points.len() > POINTS_MAX => Some("at most 100 points"),
        [(0, _), .., (100, _)] if points.windows(2).all(rising) => None,
        [(0, _), .., (100, _)] => Some("percentiles must rise, and their values must not fall"),
        _ => Some("percentiles begin at 0 and end at 100"),
    }
}

/// The value at a percentile given in millionths of a percent.
fn interpolate(points: &[(u32, u32)], at: u32) -> u32 {
    let scaled = |percent: u32| u64::from(percent) * 1_000_000;
    let at = u64::from(at);
    let segment = points.windows(2).find(|pair| at <= scaled(pair[1].0));
    let Some([low, high]) = segment else {
        return points.last().map_or(0, |point| point.1);
    };
    let (width, rise) = (scaled(high.0 - low.0), u64::from(high.1 - low.1));
    let risen = (at - scaled(low.0)) * rise / width.max(1);
    low.1 + u32::try_from(risen).unwrap_or(u32::MAX)
}

/// `p50 * (p95 / p50)^(z / 1.645)` for a normal `z`, in fixed point: the sum of twelve uniform
/// draws stands for the normal one, and powers of two for the others.
fn log_normal(p50: u32, p95: u32, random: &mut Random) -> u32 {
    const UNITS: i64 = 1 << 16;
    const Z95_THOUSANDTHS: i64 = 1_645;
    let sum: i64 = (0..12).map(|_| i64::from(random.below(1 << 16))).sum();
    let z = sum - 6 * UNITS; // In 1/65536.
    let log_ratio = log2(p95) - log2(p50); // In 1/65536.
    let exponent = z * log_ratio / UNITS * 1_000 / Z95_THOUSANDTHS;
    exp2(log2(p50) + exponent).min(VALUE_MAX)
}

/// The logarithm of a positive number to base 2, in 1/65536, by repeated squaring.
fn log2(value: u32) -> i64 {
    let value = value.max(1);
    let whole = value.ilog2();
    let mut mantissa = (u64::from(value) << 31) >> whole; // In 1/2^31, from 1 to below 2.
    let mut bits = 0;
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 31;
        let bit = mantissa >> 32;
        mantissa >>= bit;
        bits = bits * 2 + i64::from(bit == 1);
    }
    i64::from(whole) * 65_536 + bits
}

/// Two to the power of an exponent in 1/65536, rounded; at least 0 and at most 2^30.
fn exp2(exponent: i64) -> u32 {
    let exponent = exponent.clamp(-1 << 20, 30 << 16);
    let (whole, fraction) = (exponent.div_euclid(65_536), exponent.rem_euclid(65_536));
    let mut root: u64 = 1 << 32; // Two, in 1/2^31; halved in logarithm at each step.
    let mut product: u64 = 1 << 31;
    for bit in (0..16).rev() {
        root = (root << 31).isqrt();
        if fraction >> bit & 1 == 1 {
            product = (product * root) >> 31;
        }
    }
    let shift = u32::try_from(31 - whole).unwrap_or(0);
    let rounded = (u128::from(product) + (1_u128 << shift >> 1)) >> shift.min(127);
    u32::try_from(rounded).unwrap_or(u32::MAX)
}

/// How fast one model answers; what is not given is as for all models.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelPace {
    /// From the response head to the first token, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttft_ms: Option<Distribution>,
    /// Tokens a second after the first; drawn once an answer, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<Distribution>,
    /// Tokens of reasoning before the first one of content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<Distribution>,
}

impl ModelPace {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DocumentError> {
        Ok(Self {
            ttft_ms: reader.optional("ttft_ms", Distribution::read)?,
            tokens_per_second: reader.optional("tokens_per_second", Distribution::read)?,
            reasoning_tokens: reader.optional("reasoning_tokens", Distribution::read)?,
        })
    }
}

/// The `[pacing]` of a scenario: for all models, and what differs by model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Paces {
    /// For models without their own.
    #[serde(flatten)]
    pub all: ModelPace,
    /// By the model that answers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, ModelPace>,
}

impl Paces {
    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, DocumentError> {
        let all = ModelPace::read(&mut reader)?;
        let mut models = BTreeMap::new();
        for (name, mut model) in reader.named("models")? {
            models.insert(name, ModelPace::read(&mut model)?);
            model.finish()?;
        }
        reader.finish()?;
        Ok(Self { all, models })
    }

    /// Draws the pace of one answer; what no distribution says is as `base` has it.
    pub(crate) fn draw(&self, base: Pacing, model: &str, random: &mut Random) -> Pace {
        let own = self.models.get(model);
        let pick = |part: fn(&ModelPace) -> Option<&Distribution>| {
            own.and_then(part).or_else(|| part(&self.all))
        };
        // Each is drawn in any case, so that one does not move the others.
        let [ttft, rate, reasoning] = [
            pick(|pace| pace.ttft_ms.as_ref()),
            pick(|pace| pace.tokens_per_second.as_ref()),
            pick(|pace| pace.reasoning_tokens.as_ref()),
        ]
        .map(|distribution| {
            let mut own = Random::for_parts(&[random.next_u64()]);
            distribution.map(|distribution| distribution.draw(&mut own))
        });
        let rate = rate.map_or(base.tokens_per_second, |rate| {
            NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN)
        });
        Pace {
            ttft: ttft.map_or(base.ttft_ms.duration(), |ms| {
                Duration::from_millis(ms.into())
            }),
            gap: gap(rate),
            reasoning_tokens: reasoning.unwrap_or(0),
        }
    }
}

/// Time from token to token at a rate.
pub(crate) fn gap(tokens_per_second: NonZeroU32) -> Duration {
    Duration::from_secs(1) / tokens_per_second.get()
}

#[cfg(test)]
mod tests;

//! Credit bands: how low uptime fell, or how long it was down, and what that is worth.
//!
//! `W` is what a band is worth: a percentage of the fees, or a number of days' fees. Bands are kept
//! in the order of the text, which is from the target down.

mod text;

use serde::{Deserialize, Serialize};

use super::super::exact::{Decimal, Percent};
use crate::fraction::Fraction;

pub(super) use text::{BandText, read, write};

/// Bands, never empty; the last is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bands<W> {
    /// By uptime, from the target down to zero.
    Uptime(Vec<UptimeBand<W>>),
    /// By minutes of downtime, from the shortest up.
    Downtime(Vec<DowntimeBand<W>>),
}

/// A range of uptime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UptimeBand<W> {
    /// Lowest uptime inside; absent in the last band.
    pub ge: Option<Percent>,
    /// Where it ends.
    pub top: Top,
    /// What it is worth.
    pub worth: W,
}

/// The upper end of a range of uptime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Top {
    /// The lowest uptime above it.
    Below(Percent),
    /// The highest uptime inside: texts that list rounded percentages.
    UpTo(Percent),
}

/// A range of downtime: more than `gt_minutes`, at most `le_minutes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DowntimeBand<W> {
    /// Longest downtime below it, in minutes; absent, there is no lower limit.
    pub gt_minutes: Option<Decimal>,
    /// Longest downtime inside, in minutes; absent in the last band.
    pub le_minutes: Option<Decimal>,
    /// What it is worth.
    pub worth: W,
}

/// The range of a band in exact numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BandRange {
    /// Of uptime, as a ratio, rounded as the contract says.
    Uptime {
        /// Lowest inside; absent in the last band.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ge: Option<Fraction>,
        /// Upper end.
        top: RangeTop,
    },
    /// Of minutes of downtime.
    Downtime {
        /// Longest below it; absent, there is no lower limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gt_minutes: Option<Fraction>,
        /// Longest inside; absent in the last band.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        le_minutes: Option<Fraction>,
    },
}

/// The upper end of a range of uptime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeTop {
    /// Not inside itself.
    Lt(Fraction),
    /// Inside itself.
    Le(Fraction),
}

/// A band that was looked up.
pub(crate) struct Found<'a, W> {
    /// How many stand above it.
    pub(crate) position: usize,
    /// Its range.
    pub(crate) range: BandRange,
    /// What it is worth.
    pub(crate) worth: &'a W,
}

impl<W> Bands<W> {
    /// The band that an uptime below the target, or its minutes of downtime, lies in.
    pub(crate) fn find(
        &self,
        uptime: &Fraction,
        downtime_minutes: &Fraction,
    ) -> Option<Found<'_, W>> {
        match self {
            Self::Uptime(bands) => {
                let inside = |band: &UptimeBand<W>| band.contains(uptime);
                let position = bands.iter().position(inside)?;
                let band = bands.get(position)?;
                Some(Found {
                    position,
                    range: band.range(),
                    worth: &band.worth,
                })
            }
            Self::Downtime(bands) => {
                let inside = |band: &DowntimeBand<W>| band.contains(downtime_minutes);
                let position = bands.iter().position(inside)?;
                let band = bands.get(position)?;
                Some(Found {
                    position,
                    range: band.range(),
                    worth: &band.worth,
                })
            }
        }
    }
}

impl<W> UptimeBand<W> {
    /// Whether an uptime, rounded as the contract says, lies inside.
    #[must_use]
    pub fn contains(&self, uptime: &Fraction) -> bool {
        self.ge.as_ref().is_none_or(|ge| uptime >= ge.fraction())
            && match &self.top {
                Top::Below(lt) => uptime < lt.fraction(),
                Top::UpTo(le) => uptime <= le.fraction(),
            }
    }

    /// Where it begins and ends.
    #[must_use]
    pub fn range(&self) -> BandRange {
        BandRange::Uptime {
            ge: self.ge.as_ref().map(|ge| ge.fraction().clone()),
            top: match &self.top {
                Top::Below(lt) => RangeTop::Lt(lt.fraction().clone()),
                Top::UpTo(le) => RangeTop::Le(le.fraction().clone()),
            },
        }
    }
}

impl<W> DowntimeBand<W> {
    /// Whether so many minutes of downtime lie inside.
    #[must_use]
    pub fn contains(&self, minutes: &Fraction) -> bool {
        let inside = |gt: &Decimal| minutes > gt.fraction();
        self.gt_minutes.as_ref().is_none_or(inside)
            && self
                .le_minutes
                .as_ref()
                .is_none_or(|le| minutes <= le.fraction())
    }

    /// Where it begins and ends.
    #[must_use]
    pub fn range(&self) -> BandRange {
        let exact = |minutes: &Decimal| minutes.fraction().clone();
        BandRange::Downtime {
            gt_minutes: self.gt_minutes.as_ref().map(exact),
            le_minutes: self.le_minutes.as_ref().map(exact),
        }
    }
}

impl Top {
    /// The percentage that it names.
    #[must_use]
    pub const fn percent(&self) -> &Percent {
        match self {
            Self::Below(percent) | Self::UpTo(percent) => percent,
        }
    }

    /// The key that it stands under.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::Below(_) => "lt",
            Self::UpTo(_) => "le",
        }
    }
}

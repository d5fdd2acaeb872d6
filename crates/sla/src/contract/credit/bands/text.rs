//! Bands as they stand in a contract, and the rules of a list of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::super::exact::{Decimal, Percent};
use super::super::check::{days, decimal_text, hole_or_overlap, percent_text, share};
use super::{Bands, DowntimeBand, Top, UptimeBand};
use crate::fraction::Fraction;

/// One band. By uptime: at least `ge` and below `lt` (or at most `le`), in percent. By downtime:
/// more than `gt_minutes` and at most `le_minutes`. All bands of a list are of one sort, from the
/// target down; each begins where the one above ends, and the last is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Band")]
pub(in super::super) struct BandText {
    /// Lowest uptime inside, in percent. The last band has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ge: Option<Percent>,
    /// Lowest uptime above, in percent: that of the first band is the target, that of each other
    /// one the `ge` of the band above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lt: Option<Percent>,
    /// Highest uptime inside, in percent, in place of `lt`, for texts that list rounded
    /// percentages: one unit of the last digit that the contract's `rounding` keeps below where
    /// the band above begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    le: Option<Percent>,
    /// Longest downtime that is not inside yet, in minutes. May be left out in the first band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gt_minutes: Option<Decimal>,
    /// Longest downtime inside, in minutes. The last band has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    le_minutes: Option<Decimal>,
    /// What it is worth, in percent of the fees, above 0 and up to 100; with `kind = "bands"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<Percent>,
    /// What it is worth, in days' fees, above 0 and up to 366; with `kind = "daily_multiple"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    days: Option<Decimal>,
}

/// What a band may be worth. In texts it stands under a key of its own.
pub(in super::super) trait Worth: Sized {
    /// The key.
    const KEY: &'static str;
    /// The key of the other sort, which must not be there.
    const OTHER: &'static str;
    /// What stands under the two keys.
    fn take(text: &mut BandText) -> (Option<Self>, bool);
    /// Writes it under its key.
    fn put(self, text: &mut BandText);
    /// The number itself.
    fn number(&self) -> &Fraction;
    /// Why it cannot be one, if it cannot.
    fn check(&self) -> Result<(), String>;
}

impl Worth for Percent {
    const KEY: &'static str = "percent";
    const OTHER: &'static str = "days";

    fn take(text: &mut BandText) -> (Option<Self>, bool) {
        (text.percent.take(), text.days.is_some())
    }

    fn put(self, text: &mut BandText) {
        text.percent = Some(self);
    }

    fn number(&self) -> &Fraction {
        self.fraction()
    }

    fn check(&self) -> Result<(), String> {
        share(self)
    }
}

impl Worth for Decimal {
    const KEY: &'static str = "days";
    const OTHER: &'static str = "percent";

    fn take(text: &mut BandText) -> (Option<Self>, bool) {
        (text.days.take(), text.percent.is_some())
    }

    fn put(self, text: &mut BandText) {
        text.days = Some(self);
    }

    fn number(&self) -> &Fraction {
        self.fraction()
    }

    fn check(&self) -> Result<(), String> {
        days(self)
    }
}

/// Reads a list of bands; errors begin with the path from the credit table.
pub(in super::super) fn read<W: Worth>(texts: Vec<BandText>) -> Result<Bands<W>, String> {
    let Some(first) = texts.first() else {
        return Err("`bands`: must have at least one band".to_owned());
    };
    let by_downtime = first.gt_minutes.is_some() || first.le_minutes.is_some();
    from_the_target_down(&texts)?;
    let mut worths: Vec<W> = Vec::with_capacity(texts.len());
    let mut texts = texts;
    for (at, text) in texts.iter_mut().enumerate() {
        let path = format!("bands.{at}");
        worths.push(worth(&path, text, worths.last())?);
    }
    if by_downtime {
        let bands = texts.into_iter().zip(worths).enumerate();
        let bands: Vec<_> = bands
            .map(|(at, (text, worth))| downtime_band(at, text, worth))
            .collect::<Result<_, _>>()?;
        downtime_in_order(&bands).map(|()| Bands::Downtime(bands))
    } else {
        let bands = texts.into_iter().zip(worths).enumerate();
        let bands: Vec<_> = bands
            .map(|(at, (text, worth))| uptime_band(at, text, worth))
            .collect::<Result<_, _>>()?;
        uptime_in_order(&bands).map(|()| Bands::Uptime(bands))
    }
}

/// Refuses bands in the wrong order as such, before their ends are found not to fit.
fn from_the_target_down(texts: &[BandText]) -> Result<(), String> {
    for (at, pair) in texts.windows(2).enumerate() {
        let [above, below] = pair else {
            continue;
        };
        let next = at + 1;
        let top = |text: &BandText| text.lt.clone().or_else(|| text.le.clone());
        if let (Some(above), Some(below)) = (top(above), top(below))
            && above < below
        {
            return Err(format!("`bands.{next}`: bands stand from the target down"));
        }
        if let (Some(above), Some(below)) = (&above.gt_minutes, &below.gt_minutes)
            && above > below
        {
            return Err(format!(
                "`bands.{next}`: bands stand from the shortest downtime up"
            ));
        }
    }
    Ok(())
}

/// A longer downtime must never be worth less.
fn worth<W: Worth>(path: &str, text: &mut BandText, above: Option<&W>) -> Result<W, String> {
    let (worth, other) = W::take(text);
    let (key, wrong) = (W::KEY, W::OTHER);
    if other {
        return Err(format!(
            "`{path}.{wrong}`: belongs to the other kind of bands; here it is `{key}`"
        ));
    }
    let worth = worth.ok_or_else(|| format!("`{path}.{key}`: say what the band is worth"))?;
    worth
        .check()
        .map_err(|why| format!("`{path}.{key}`: {why}"))?;
    if above.is_some_and(|above| above.number() > worth.number()) {
        return Err(format!("`{path}.{key}`: is less than the band above gives"));
    }
    Ok(worth)
}

fn uptime_band<W>(at: usize, text: BandText, worth: W) -> Result<UptimeBand<W>, String> {
    for (key, found) in [
        ("gt_minutes", &text.gt_minutes),
        ("le_minutes", &text.le_minutes),
    ] {
        if found.is_some() {
            return Err(format!(
                "`bands.{at}.{key}`: the bands above are of uptime; keep to one sort"
            ));
        }
    }
    let top = match (text.lt, text.le) {
        (Some(lt), None) => Top::Below(lt),
        (None, Some(le)) => Top::UpTo(le),
        (Some(_), Some(_)) | (None, None) => {
            return Err(format!("`bands.{at}.lt`: give exactly one of `lt`, `le`"));
        }
    };
    Ok(UptimeBand {
        ge: text.ge,
        top,
        worth,
    })
}

fn downtime_band<W>(at: usize, text: BandText, worth: W) -> Result<DowntimeBand<W>, String> {
    for (key, found) in [("ge", &text.ge), ("lt", &text.lt), ("le", &text.le)] {
        if found.is_some() {
            return Err(format!(
                "`bands.{at}.{key}`: the bands are in minutes of downtime; keep to one sort"
            ));
        }
    }
    Ok(DowntimeBand {
        gt_minutes: text.gt_minutes,
        le_minutes: text.le_minutes,
        worth,
    })
}

/// Sorted from the top down, disjoint, the last open. A gap above an inclusive end is left to
/// [`super::super::CreditSchedule::check`], which knows the rounding.
fn uptime_in_order<W>(bands: &[UptimeBand<W>]) -> Result<(), String> {
    for (at, band) in bands.iter().enumerate() {
        let (top, key) = (band.top.percent().fraction(), band.top.key());
        if *top > Fraction::one() {
            return Err(format!("`bands.{at}.{key}`: must be at most 100 percent"));
        }
        if let Some(ge) = &band.ge
            && (ge.fraction() > top || (ge.fraction() == top && key == "lt"))
        {
            let top = percent_text(top);
            return Err(format!("`bands.{at}.ge`: must be below `{key}`, {top}"));
        }
        let Some(above) = at.checked_sub(1).and_then(|above| bands.get(above)) else {
            continue;
        };
        let Some(end) = &above.ge else {
            return Err(format!(
                "`bands.{at}.{key}`: the band above is open to zero already: it must be last"
            ));
        };
        let (end, fits) = match &band.top {
            Top::Below(lt) => (end, lt.fraction() == end.fraction()),
            Top::UpTo(le) => (end, le.fraction() < end.fraction()),
        };
        if !fits {
            let why = hole_or_overlap(top, end.fraction());
            let end = percent_text(end.fraction());
            return Err(match band.top {
                Top::Below(_) => {
                    format!("`bands.{at}.lt`: must be {end}, where the band above begins{why}")
                }
                Top::UpTo(_) => {
                    format!("`bands.{at}.le`: must be below {end}, where the band above begins")
                }
            });
        }
    }
    match bands.last() {
        Some(UptimeBand { ge: Some(ge), .. }) if *ge.fraction() > Fraction::zero() => Err(format!(
            "`bands.{}.ge`: nothing is said below it: leave `ge` out of the last band",
            bands.len().saturating_sub(1)
        )),
        _ => Ok(()),
    }
}

/// Sorted from the shortest up, without holes, the last open.
fn downtime_in_order<W>(bands: &[DowntimeBand<W>]) -> Result<(), String> {
    for (at, band) in bands.iter().enumerate() {
        if let Some(above) = at.checked_sub(1).and_then(|above| bands.get(above)) {
            let Some(end) = &above.le_minutes else {
                return Err(format!(
                    "`bands.{at}.gt_minutes`: the band above is open already: it must be last"
                ));
            };
            if band.gt_minutes.as_ref().map(Decimal::fraction) != Some(end.fraction()) {
                let end = decimal_text(end.fraction());
                return Err(format!(
                    "`bands.{at}.gt_minutes`: must be {end}, where the band above ends"
                ));
            }
        }
        let least = Fraction::zero();
        let from = band.gt_minutes.as_ref().map_or(&least, Decimal::fraction);
        if band
            .le_minutes
            .as_ref()
            .is_some_and(|le| le.fraction() <= from)
        {
            return Err(format!(
                "`bands.{at}.le_minutes`: must be above `gt_minutes`"
            ));
        }
    }
    match bands.last() {
        Some(band) if band.le_minutes.is_some() => Err(format!(
            "`bands.{}.le_minutes`: nothing is said above it: leave it out of the last band",
            bands.len().saturating_sub(1)
        )),
        _ => Ok(()),
    }
}

/// The list as it stands in a contract.
pub(in super::super) fn write<W: Worth>(bands: Bands<W>) -> Vec<BandText> {
    match bands {
        Bands::Uptime(bands) => bands.into_iter().map(BandText::from).collect(),
        Bands::Downtime(bands) => bands.into_iter().map(BandText::from).collect(),
    }
}

impl<W: Worth> From<UptimeBand<W>> for BandText {
    fn from(band: UptimeBand<W>) -> Self {
        let (lt, le) = match band.top {
            Top::Below(lt) => (Some(lt), None),
            Top::UpTo(le) => (None, Some(le)),
        };
        let mut text = Self {
            ge: band.ge,
            lt,
            le,
            ..Self::default()
        };
        band.worth.put(&mut text);
        text
    }
}

impl<W: Worth> From<DowntimeBand<W>> for BandText {
    fn from(band: DowntimeBand<W>) -> Self {
        let mut text = Self {
            gt_minutes: band.gt_minutes,
            le_minutes: band.le_minutes,
            ..Self::default()
        };
        band.worth.put(&mut text);
        text
    }
}

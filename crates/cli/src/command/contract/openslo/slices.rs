//! Where the slices of time begin that OpenSLO divides a window into, and shares of them.

use std::num::NonZeroU32;

use sla::Fraction;
use sla::contract::metric::Align;
use sla::contract::{Decimal, TimeZone, WindowKind, WindowRule};

/// Minutes that the offset of every zone has been a multiple of since 1972, when the last zone
/// gave up its odd one.
const OFFSET_STEP: u32 = 15;

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// How a contract says that intervals begin with the window: by its default where that is the
/// same.
pub(super) fn window_start(interval: NonZeroU32, window: &WindowRule) -> Align {
    if epoch_is_window_start(interval, window) {
        Align::Epoch
    } else {
        Align::WindowStart
    }
}

/// Whether intervals that begin on multiples of their length since 1970 also begin with every
/// window.
pub(super) fn epoch_is_window_start(interval: NonZeroU32, window: &WindowRule) -> bool {
    let divides = |minutes: u32| minutes.is_multiple_of(interval.get());
    match window.kind {
        WindowKind::FixedDays { days, anchor } => {
            divides(days.get() * DAY) && anchor.get().rem_euclid(interval.get().into()) == 0
        }
        _ if window.timezone == TimeZone::UTC => divides(DAY),
        _ => divides(OFFSET_STEP),
    }
}

/// What is left of 1, exactly; `None` where it is more or has more than nine decimals.
pub(super) fn complement(ratio: &Fraction) -> Option<Decimal> {
    const ONE: u64 = 1_000_000_000;
    let text = ratio.decimal_string(9);
    if text.parse::<Fraction>().ok()? != *ratio {
        return None;
    }
    let billionths: u64 = text.replace('.', "").parse().ok()?;
    let left = ONE.checked_sub(billionths)?;
    format!("{}.{:09}", left / ONE, left % ONE).parse().ok()
}

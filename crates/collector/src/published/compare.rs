//! What was verified beside what was published, minute by minute. Whole minutes, counted.
//!
//! Invariants: the verdicts know nothing of this, and this computes none; every minute of the
//! window is counted once per table; what is unknown on either side is counted as unknown.
//!
//! A minute in which a page admitted trouble at any moment is an admitted one: whatever rounding
//! there is favours the provider.

use domain::{Minute, Window};

use super::Level;

/// The longest window that is compared, minutes: a leap year.
const WINDOW_MINUTES_MAX: u64 = 366 * 1_440;
/// How long after the start of an outage a first notice still belongs to it, minutes.
const NOTICE_WITHIN: usize = 1_440;

/// Consecutive minutes `[start, end)` of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch<T> {
    pub(crate) start: Minute,
    pub(crate) end: Minute,
    pub(crate) value: T,
}

/// What was verified of a minute. In this order the later wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
    /// Not known.
    Unmeasured,
    /// Measured, and not counted as down.
    Up,
    /// Counted as down.
    Down,
}

impl Seen {
    /// Every value, from the least to the worst.
    pub(crate) const ALL: [Self; 3] = [Self::Unmeasured, Self::Up, Self::Down];
}

/// When a page first admitted that something was wrong, seen from the start of an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// So many minutes after it began; 0 where it was admitted already.
    After(u64),
    /// At most so many: the page could not be read all the time before.
    Within(u64),
    /// Not within a day, or not yet.
    None,
    /// Not as far as the page could be read.
    Unknown,
}

/// A run of minutes that were verified as down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) start: Minute,
    pub(crate) end: Minute,
    pub(crate) notice: Notice,
}

/// One window, both sides. Minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Verified as down; the next four are what was published of these.
    pub(crate) down: u64,
    pub(crate) admitted: u64,
    pub(crate) maintenance: u64,
    pub(crate) denied: u64,
    pub(crate) unknown: u64,
    /// Admitted, and measured as not down.
    pub(crate) unseen: u64,
    /// Admitted, and not measured.
    pub(crate) unmeasured: u64,
    pub(crate) outages: Vec<Outage>,
}

impl Difference {
    /// Minutes from the start of outages to the first notice, all that are known together, and
    /// how many these are.
    pub(crate) fn lag(&self) -> (u64, u64) {
        let known = self.outages.iter().filter_map(|one| match one.notice {
            Notice::After(lag) | Notice::Within(lag) => Some(lag),
            Notice::None | Notice::Unknown => None,
        });
        known.fold((0, 0), |(sum, count), lag| (sum + lag, count + 1))
    }
}

/// Compares a window. Minutes that no stretch covers are unknown; where stretches overlap, what is
/// worse counts. Windows longer than a leap year are compared as far as that.
pub(crate) fn compare(
    window: Window,
    verified: &[Stretch<Seen>],
    said: &[Stretch<Level>],
) -> Difference {
    let seen = lay(window, verified, Seen::Unmeasured, |one| one as u8);
    let said_levels = lay(window, said, Level::Unknown, weight);
    let mut found = Difference::default();
    for (seen, said) in seen.iter().zip(&said_levels) {
        match (seen, said.admits()) {
            (Seen::Down, _) => {
                found.down += 1;
                *match said {
                    Level::Operational => &mut found.denied,
                    Level::Unknown => &mut found.unknown,
                    Level::Maintenance => &mut found.maintenance,
                    Level::Degraded | Level::PartialOutage | Level::MajorOutage => {
                        &mut found.admitted
                    }
                } += 1;
            }
            (Seen::Up, true) => found.unseen += 1,
            (Seen::Unmeasured, true) => found.unmeasured += 1,
            (Seen::Up | Seen::Unmeasured, false) => {}
        }
    }
    let read_to = said.iter().map(|one| one.end).max();
    let read_to = read_to.map_or(0, |end| offset(window, end, seen.len()));
    found.outages = outages(window, &seen)
        .map(|(start, end)| Outage {
            start: window.start().plus(signed(start)),
            end: window.start().plus(signed(end)),
            notice: notice(
                said_levels
                    .get(start..read_to.max(start))
                    .unwrap_or_default(),
            ),
        })
        .collect();
    found
}

/// The first notice in what was said from the start of an outage on.
fn notice(said: &[Level]) -> Notice {
    let said = &said[..said.len().min(NOTICE_WITHIN)];
    let first = said.iter().position(|level| level.admits());
    let before = &said[..first.unwrap_or(said.len())];
    let is_gapless = !said.is_empty() && !before.contains(&Level::Unknown);
    match first.map(|lag| u64::try_from(lag).unwrap_or(u64::MAX)) {
        Some(lag) if is_gapless => Notice::After(lag),
        Some(lag) => Notice::Within(lag),
        None if is_gapless => Notice::None,
        None => Notice::Unknown,
    }
}

/// Runs of minutes that are down, by their offsets.
fn outages(window: Window, seen: &[Seen]) -> impl Iterator<Item = (usize, usize)> {
    debug_assert!(u64::try_from(seen.len()).unwrap_or(u64::MAX) <= window.minutes());
    let is_down = |at: usize| seen.get(at) == Some(&Seen::Down);
    let starts = (0..seen.len()).filter(move |at| is_down(*at) && (*at == 0 || !is_down(at - 1)));
    starts.map(move |start| {
        let end = (start..seen.len()).find(|at| !is_down(*at));
        (start, end.unwrap_or(seen.len()))
    })
}

/// Which level counts where several hold within a minute.
const fn weight(level: Level) -> u8 {
    match level {
        Level::Unknown => 0,
        Level::Operational => 1,
        Level::Maintenance => 2,
        Level::Degraded => 3,
        Level::PartialOutage => 4,
        Level::MajorOutage => 5,
    }
}

/// A value per minute of a window.
fn lay<T: Copy>(
    window: Window,
    stretches: &[Stretch<T>],
    absent: T,
    weight: fn(T) -> u8,
) -> Vec<T> {
    let minutes = usize::try_from(window.minutes().min(WINDOW_MINUTES_MAX)).unwrap_or(0);
    let mut laid = vec![absent; minutes];
    for stretch in stretches {
        let from = offset(window, stretch.start, minutes);
        let to = offset(window, stretch.end, minutes);
        for slot in laid.get_mut(from..to).into_iter().flatten() {
            if weight(stretch.value) > weight(*slot) {
                *slot = stretch.value;
            }
        }
    }
    laid
}

/// Minutes from the start of a window, within it.
fn offset(window: Window, at: Minute, minutes: usize) -> usize {
    let from = at.get().saturating_sub(window.start().get()).max(0);
    usize::try_from(from).unwrap_or(minutes).min(minutes)
}

/// Offsets are below [`WINDOW_MINUTES_MAX`].
fn signed(offset: usize) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;

//! Silence between pieces of visible output.

use domain::detail::Gaps;

use super::tap::Read;
use super::trail::micros;

/// Most gaps that are kept for the median, 4 bytes each. Later ones still count and still make
/// the longest; the median is then that of the first so many.
pub(super) const KEPT_MAX: usize = 65_536;

/// The pieces so far.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    last: Option<Read>,
    count: u64,
    max_us: u64,
    kept_us: Vec<u32>,
}

impl Pieces {
    /// Visible output was read; output of one delivery is one piece, however many events it held.
    pub(super) fn read(&mut self, read: Read) {
        let Some(last) = self.last.replace(read) else {
            return;
        };
        if last.delivery == read.delivery {
            return;
        }
        let gap_us = micros(read.at.saturating_duration_since(last.at));
        self.count += 1;
        self.max_us = self.max_us.max(gap_us);
        if self.kept_us.len() < KEPT_MAX {
            self.kept_us.push(u32::try_from(gap_us).unwrap_or(u32::MAX));
        }
    }

    /// What there was between them; `None` of fewer than two.
    pub(super) fn gaps(mut self) -> Option<Gaps> {
        let lower_middle = self.kept_us.len().checked_sub(1)? / 2;
        let (_, p50_us, _) = self.kept_us.select_nth_unstable(lower_middle);
        Some(Gaps {
            count: self.count,
            max_us: self.max_us,
            p50_us: u64::from(*p50_us),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    fn gaps(reads: &[(u64, u64)]) -> Option<Gaps> {
        let start = Instant::now();
        let mut pieces = Pieces::default();
        for (at_us, delivery) in reads {
            pieces.read(Read {
                at: start + Duration::from_micros(*at_us),
                delivery: *delivery,
            });
        }
        pieces.gaps()
    }

    #[test]
    fn one_piece_has_no_gaps() {
        assert_eq!(gaps(&[]), None);
        assert_eq!(gaps(&[(5, 1)]), None);
        assert_eq!(gaps(&[(5, 1), (6, 1), (9, 1)]), None);
    }

    #[test]
    fn events_of_one_delivery_are_one_piece_that_ends_with_the_last_of_them() {
        let expected = Gaps {
            count: 2,
            max_us: 90,
            p50_us: 10,
        };
        assert_eq!(
            gaps(&[(0, 1), (100, 2), (110, 2), (200, 7), (210, 8)]),
            Some(Gaps {
                count: 3,
                max_us: 100,
                p50_us: 90,
            })
        );
        assert_eq!(gaps(&[(0, 1), (90, 2), (100, 3)]), Some(expected));
    }

    #[test]
    fn beyond_the_limit_gaps_are_counted_only() {
        let more = u64::try_from(KEPT_MAX).unwrap() + 1_000;
        let mut reads: Vec<(u64, u64)> = (0..=more).map(|n| (n * 7, n)).collect();
        reads.push((more * 7 + 5_000, more + 1));
        assert_eq!(
            gaps(&reads),
            Some(Gaps {
                count: more + 1,
                max_us: 5_000,
                p50_us: 7,
            })
        );
    }
}

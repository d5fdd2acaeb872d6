//! Wakes the runner within a fraction of a millisecond: the runtime's own timer counts in whole
//! ones, rounded up, and slots begin on the millisecond.
//!
//! A thread of its own waits on the system's timer. Invariants: an alarm only ever wakes early or
//! in vain, and the runner looks at the clock again; the runtime's timer is set beside it, so that
//! time which is paused, or a machine without room for a thread, only loses the last millisecond.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tracing::warn;

/// What the thread needs of stack, with room to spare.
const STACK_BYTES: usize = 64 * 1024;
/// A moment that is moved by less is not worth waking the thread for.
const SAME_WITHIN: Duration = Duration::from_micros(50);

/// One moment to be woken at; a new one takes the place of the last.
#[derive(Debug)]
pub(super) struct Alarm(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    wish: Mutex<Wish>,
    changed: Condvar,
    rang: Notify,
}

#[derive(Clone, Copy, Debug)]
enum Wish {
    Nothing,
    At(Instant),
    End,
}

impl Default for Alarm {
    fn default() -> Self {
        let shared = Arc::new(Shared {
            wish: Mutex::new(Wish::Nothing),
            changed: Condvar::new(),
            rang: Notify::new(),
        });
        let ringing = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("slot-alarm".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || ringing.ring());
        if let Err(failed) = thread {
            warn!(
                error = &failed as &dyn std::error::Error,
                "no thread for the alarm: attempts begin up to two milliseconds late"
            );
        }
        Self(shared)
    }
}

impl Alarm {
    /// Waits until so much later, or less.
    pub(super) async fn after(&mut self, time: Duration) {
        self.0.set(Instant::now() + time);
        self.0.rang.notified().await;
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        *self.0.wish() = Wish::End;
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn wish(&self) -> MutexGuard<'_, Wish> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, at: Instant) {
        let mut wish = self.wish();
        // Asked again for the same moment: to the thread it is news only if it comes sooner.
        let sooner = match *wish {
            Wish::At(known) if at.max(known) - at.min(known) <= SAME_WITHIN => return,
            Wish::At(known) => at < known,
            Wish::Nothing | Wish::End => true,
        };
        *wish = Wish::At(at);
        drop(wish);
        if sooner {
            self.changed.notify_one();
        }
    }

    fn ring(&self) {
        let mut wish = self.wish();
        loop {
            let wait = match *wish {
                Wish::End => return,
                Wish::Nothing => None,
                Wish::At(at) => Some(at.saturating_duration_since(Instant::now())),
            };
            wish = match wait {
                None => self
                    .changed
                    .wait(wish)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    *wish = Wish::Nothing;
                    self.rang.notify_one();
                    wish
                }
                Some(left) => {
                    let waited = self.changed.wait_timeout(wish, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_alarm_rings_at_its_moment_and_can_be_set_again() {
        let mut alarm = Alarm::default();
        for ms in [3, 1, 0] {
            let (set, wait) = (Instant::now(), Duration::from_millis(ms));
            alarm.after(wait).await;
            assert!(set.elapsed() >= wait);
        }
    }

    #[tokio::test]
    async fn a_sooner_moment_takes_the_place_of_a_later_one() {
        let mut alarm = Alarm::default();
        let later = alarm.after(Duration::from_hours(1));
        assert!(still_waits(later).await);
        alarm.after(Duration::from_millis(1)).await;
    }

    #[tokio::test]
    async fn a_dropped_alarm_ends_its_thread() {
        let alarm = Alarm::default();
        let shared = Arc::downgrade(&alarm.0);
        drop(alarm);
        while shared.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Whether a future still waits after it was asked once.
    async fn still_waits(future: impl Future<Output = ()>) -> bool {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending()))
            .await
    }
}

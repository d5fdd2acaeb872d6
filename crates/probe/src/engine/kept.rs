//! Connections that earlier attempts left open, for attempts that ask for one.
//!
//! One for each endpoint, bounded in number, idle time and age. A connection found closed is no
//! observation: it is dropped, and the attempt makes a fresh one.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::link::Link;
use crate::endpoint::Endpoint;

/// Most connections that are kept.
const LINKS_MAX: usize = 256;
/// Longest idle time: above the minute in which most plans ask again. Servers that hang up earlier
/// are noticed.
const IDLE_MAX: Duration = Duration::from_secs(90);
/// Longest life: names, addresses and certificates change, and kept connections do not notice.
const LIFE_MAX: Duration = Duration::from_mins(10);

/// The connections, the longest idle first.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<VecDeque<Idle>>);

#[derive(Debug)]
struct Idle {
    endpoint: Endpoint,
    since: Instant,
    link: Link,
}

impl Idle {
    fn leads_to(&self, endpoint: &Endpoint) -> bool {
        let own = &self.endpoint;
        (own.transport, &own.host, own.port) == (endpoint.transport, &endpoint.host, endpoint.port)
    }

    fn is_fresh_enough(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) <= IDLE_MAX
            && now.saturating_duration_since(self.link.opened_at) <= LIFE_MAX
    }
}

impl Kept {
    /// A connection to `endpoint` that stands as far as this machine has heard.
    pub(super) async fn take(&self, endpoint: &Endpoint) -> Option<Link> {
        let mut link = {
            let mut idle = self.idle();
            let now = Instant::now();
            idle.retain(|idle| idle.is_fresh_enough(now));
            let at = idle.iter().position(|idle| idle.leads_to(endpoint))?;
            idle.remove(at)?.link
        };
        // The runtime looks at its sockets before it comes back here: a close that this machine
        // has received is found below.
        tokio::task::yield_now().await;
        link.stands().await.then_some(link)
    }

    /// Keeps a connection with nothing under way, in place of an older one to the same endpoint.
    pub(super) async fn put(&self, endpoint: &Endpoint, mut link: Link) {
        if !link.stands().await {
            return;
        }
        let now = Instant::now();
        let mut idle = self.idle();
        idle.retain(|idle| idle.is_fresh_enough(now) && !idle.leads_to(endpoint));
        if idle.len() == LINKS_MAX {
            idle.pop_front();
        }
        idle.push_back(Idle {
            endpoint: endpoint.clone(),
            since: now,
            link,
        });
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Idle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

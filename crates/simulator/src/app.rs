//! What all requests of one simulator share.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use tokio::time::Instant;

use crate::config::Config;
use crate::error_body::ProviderError;
use crate::fault::Fault;
use crate::grammar::Stamp;
use crate::headers::{Envelope, Ids, Used};
use crate::journal::{Entry, Journal};
use crate::lock;
use crate::random::Random;
use crate::reply::{Exchange, Reply};
use crate::script::{Occasion, Route, Script};

/// Outages in force at once; the oldest gives way.
const OUTAGES_MAX: usize = 64;

/// Third part of a request's id stream, apart from every rule's draw.
const IDS_PART: u64 = u64::MAX;

/// A fault for every chat request until an offset.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outage {
    fault: Fault,
    /// Milliseconds from the simulator's start to the outage's end.
    until_ms: u64,
}

/// Faults in force, as the admin API shows them. Outages come before rules, the latest first.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Faults {
    outages: Vec<Outage>,
    #[serde(flatten)]
    script: Script,
}

#[derive(Debug, Default)]
struct Meter {
    minute: u64,
    used: Used,
}

/// A request's place in the order of requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    pub(crate) route: Route,
    number: u64,
    offset: Duration,
}

#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    started: Instant,
    faults: Mutex<Faults>,
    journal: Mutex<Journal>,
    meter: Mutex<Meter>,
    requests: AtomicU64,
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl App {
    pub(crate) fn new(config: Config) -> Self {
        let faults = Faults {
            outages: Vec::new(),
            script: config.script.clone(),
        };
        Self {
            config,
            started: Instant::now(),
            faults: Mutex::new(faults),
            journal: Mutex::default(),
            meter: Mutex::default(),
            requests: AtomicU64::new(0),
        }
    }

    pub(crate) fn ticket(&self, route: Route) -> Ticket {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        Ticket {
            route,
            number,
            offset: self.started.elapsed(),
        }
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Unix time at the ticket, by the clock the simulator was given.
    pub(crate) fn unix_s(&self, ticket: Ticket) -> u64 {
        self.config
            .started_unix_s
            .saturating_add(ticket.offset.as_secs())
    }

    /// The fault that strikes, if any.
    pub(crate) fn fault(&self, ticket: Ticket, model: Option<&str>) -> Option<Fault> {
        let faults = lock(&self.faults);
        let now_ms = whole_ms(ticket.offset);
        let mut outages = faults.outages.iter().rev();
        let outage = outages.find(|outage| ticket.route == Route::Chat && now_ms < outage.until_ms);
        let Ticket {
            route,
            number: request,
            offset,
        } = ticket;
        let occasion = Occasion {
            route,
            model,
            offset,
            request,
        };
        outage
            .map(|outage| &outage.fault)
            .or_else(|| faults.script.fault(self.config.seed, occasion))
            .cloned()
    }

    pub(crate) fn exchange<'a>(
        &self,
        ticket: Ticket,
        prompt_tokens: u64,
        fault: Option<&'a Fault>,
    ) -> Exchange<'a> {
        let mut random = Random::for_parts(&[self.config.seed, ticket.number, IDS_PART]);
        let ids = Ids::draw(&mut random);
        let persona = self.config.persona;
        let stamp = Stamp {
            persona,
            completion_id: ids.completion.clone(),
            created_unix_s: self.unix_s(ticket),
            padding: random,
        };
        let used = self.meter(ticket, prompt_tokens);
        let envelope = Envelope { persona, ids, used };
        Exchange {
            envelope,
            stamp,
            pacing: self.config.pacing,
            fault,
        }
    }

    /// Counts a request into its minute.
    fn meter(&self, ticket: Ticket, prompt_tokens: u64) -> Used {
        let mut meter = lock(&self.meter);
        let minute = ticket.offset.as_secs() / 60;
        if meter.minute < minute {
            *meter = Meter {
                minute,
                used: Used::default(),
            };
        }
        meter.used.requests += 1;
        meter.used.tokens += prompt_tokens;
        meter.used
    }

    /// Checks the bearer key, where keys are configured.
    pub(crate) fn authorise(&self, headers: &HeaderMap) -> Result<(), ProviderError> {
        let persona = self.config.persona;
        if self.config.keys.is_empty() {
            return Ok(());
        }
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .ok_or_else(|| ProviderError::missing_key(persona))?;
        let known = self
            .config
            .keys
            .iter()
            .any(|key| key.expose_secret() == given);
        if known {
            Ok(())
        } else {
            Err(ProviderError::wrong_key(persona))
        }
    }

    /// `model` must be one of the configured names: other text is the caller's and is not kept.
    pub(crate) fn record(
        &self,
        ticket: Ticket,
        model: Option<&str>,
        fault: Option<&Fault>,
        reply: &Reply,
    ) {
        lock(&self.journal).push(Entry {
            request: ticket.number,
            offset_ms: whole_ms(ticket.offset),
            route: ticket.route,
            model: model.map(str::to_owned),
            status: reply.status_seen(),
            fault: fault.map(Fault::kind),
        });
    }

    pub(crate) fn journal(&self) -> Vec<Entry> {
        lock(&self.journal).entries()
    }

    pub(crate) fn faults(&self) -> Faults {
        lock(&self.faults).clone()
    }

    pub(crate) fn set_rules(&self, script: Script) {
        lock(&self.faults).script = script;
    }

    pub(crate) fn inject(&self, fault: Fault, duration: Duration) {
        let now = self.started.elapsed();
        let outage = Outage {
            fault,
            until_ms: whole_ms(now.saturating_add(duration)),
        };
        let outages = &mut lock(&self.faults).outages;
        outages.retain(|outage| whole_ms(now) < outage.until_ms);
        if outages.len() == OUTAGES_MAX {
            outages.remove(0);
        }
        outages.push(outage);
    }

    pub(crate) fn clear(&self) {
        *lock(&self.faults) = Faults::default();
    }
}

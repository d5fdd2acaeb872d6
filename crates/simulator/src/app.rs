//! What all requests of one simulator share.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::config::Config;
use crate::director::{Director, whole_ms};
use crate::failure::Class;
use crate::headers::{Envelope, Ids, Used};
use crate::journal::{Entry, Journal};
use crate::limit::{KeyTag, KeyTagger};
use crate::lock;
use crate::plan::{Call, Plan};
use crate::playback::Reply;
use crate::random::Random;
use crate::reply::Exchange;
use crate::script::Route;
use crate::status::StatusDocuments;
use crate::wire::{Endpoint, Routed, Stamp};

/// Third part of a request's id stream, apart from every rule's draw.
const IDS_PART: u64 = u64::MAX;

/// In place of a request's number, for the id of answers out of a cache.
const CACHE_PART: u64 = u64::MAX - 3;

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
    pub(crate) director: Director,
    pub(crate) tagger: KeyTagger,
    journal: Mutex<Journal>,
    meter: Mutex<Meter>,
    requests: AtomicU64,
}

impl App {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            director: Director::new(&config),
            config,
            tagger: KeyTagger::default(),
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
            offset: self.director.now(),
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

    /// What the provider's own status page says now.
    pub(crate) fn status(&self, ticket: Ticket) -> StatusDocuments {
        let troubles = self.director.troubles();
        let config = &self.config;
        let told = config.status.incidents(&troubles, config.started_unix_s);
        StatusDocuments::at(&config.name, &told, self.unix_s(ticket))
    }

    /// Decides what happens to the request of a ticket.
    pub(crate) fn plan(&self, ticket: Ticket, call: &Call<'_>) -> Plan {
        self.director.plan(call, ticket.offset)
    }

    pub(crate) fn exchange<'a>(
        &self,
        ticket: Ticket,
        endpoint: &Endpoint,
        prompt_tokens: u64,
        plan: &'a Plan,
    ) -> Exchange<'a> {
        let mut random = Random::for_parts(&[self.config.seed, ticket.number, IDS_PART]);
        let ids = Ids::draw(&mut random);
        let mut answer_ids = ids.clone();
        let persona = plan.persona(self.config.persona);
        let now_unix_s = self.unix_s(ticket);
        let mut created_unix_s = now_unix_s;
        if let Some(age_s) = plan.shape().and_then(|shape| shape.cached_s) {
            // Every answer out of the cache is the same earlier one; requests stay apart.
            let mut cache = Random::for_parts(&[self.config.seed, CACHE_PART, IDS_PART]);
            answer_ids = Ids {
                request: answer_ids.request,
                ..Ids::draw(&mut cache)
            };
            created_unix_s = created_unix_s.saturating_sub(u64::from(age_s));
        }
        let endpoint = endpoint.clone().heard_through(plan.gateway);
        let envelope = Envelope {
            wire: endpoint.wire,
            persona,
            ids,
            used: self.meter(ticket, prompt_tokens),
            gauges: plan.gauges,
            now_unix_s,
            generation: answer_ids.generation(created_unix_s),
        };
        let stamp = Stamp {
            persona,
            ids: answer_ids,
            created_unix_s,
            latency_ms: 0,
            failure: Class::Internal.into(),
            failure_after: 0,
            padding: random,
            tier: plan.shape().and_then(|shape| shape.tier.clone()),
            route: Routed {
                attempts: plan.attempts.clone(),
                wanted_for: None,
            },
        };
        Exchange {
            endpoint,
            envelope,
            stamp,
            plan,
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

    /// The tag of a key, by which limits count.
    pub(crate) fn key_tag(&self, key: &str) -> KeyTag {
        self.tagger.tag(key)
    }

    pub(crate) fn record(&self, ticket: Ticket, call: &Call<'_>, plan: &Plan, reply: &Reply) {
        // Other names than the configured ones are the caller's text, which is not kept.
        let model = call.model.filter(|model| self.knows(model));
        lock(&self.journal).push(Entry {
            request: ticket.number,
            offset_ms: whole_ms(ticket.offset),
            route: ticket.route,
            wire: call.wire,
            model: model.map(str::to_owned),
            status: reply.status_seen(),
            fault: plan.struck.first().map(|strike| strike.fault),
            rules: plan
                .struck
                .iter()
                .map(|strike| strike.rule.clone())
                .collect(),
        });
    }

    /// Whether `model` is one of the configured names.
    pub(crate) fn knows(&self, model: &str) -> bool {
        self.config.models.iter().any(|known| known == model)
    }

    pub(crate) fn journal(&self) -> Vec<Entry> {
        lock(&self.journal).entries()
    }
}

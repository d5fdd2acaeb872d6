//! Follows the collector's plan: asks for it over a long poll, believes it only under the
//! operator's key, keeps it on disk, and passes it on together with the open orders.
//!
//! Invariants: a plan is durable before anything acts on it; a revision never goes back, and never
//! changes under its number; without the collector the agent goes on with what it has.
//!
//! Non-goals: when a plan takes over (the lifecycle knows), what orders mean (the runner does).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8PathBuf;
use evidence::note::{self, VerifierKey};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, error, info, warn};
use wire::nonce::NonceRoot;
use wire::plan::Plan;
use wire::protocol::{PlanAnswer, plan_proof_text};

use crate::client::{Client, PlanQuestion, Polled, Refusal};
use crate::health::{Health, PlanOrigin};
use crate::identity::Identity;
use crate::nonces::Nonces;
use crate::stamp::Timebase;
use crate::uplink::Backoff;

pub mod believe;
pub mod cache;
#[cfg(test)]
pub(crate) mod tests;

pub use believe::{Disbelief, believe};
pub use cache::Cached;

/// For how long the collector is asked to hold a question, seconds: below the idle limits of
/// usual proxies.
const WAIT_S: u64 = 50;
/// Wait after an answer that came at once and brought nothing new: a proxy, or a collector, that
/// does not hold questions must not be asked in a circle.
const PAUSE: Duration = Duration::from_secs(5);
/// Longest wait that a collector can ask for: an agent must not be deaf for long.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(5);
/// Most orders that are passed on.
const ORDERS_MAX: usize = 256;

/// What a follower takes from the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// Plans and orders.
    Plans,
    /// Orders only: the plan is a file's.
    Orders,
}

/// What a follower works with.
#[derive(Debug)]
pub struct FollowSettings {
    /// Who asks, of which installation.
    pub identity: Arc<Identity>,
    /// What nonces are made from; the collector tells it.
    pub nonces: Nonces,
    /// Who signs plans.
    pub operator: VerifierKey,
    /// Whom to ask.
    pub client: Client,
    /// State directory, for the newest plan.
    pub dir: Utf8PathBuf,
    /// Both clocks.
    pub timebase: Timebase,
    /// The agent's picture of itself.
    pub health: Health,
    /// Seed of the spread between agents.
    pub seed: u64,
    /// What is taken.
    pub follow: Follow,
}

/// Where a follower passes on what it hears.
#[derive(Debug)]
pub struct Told {
    /// The newest plan known; none before the first.
    pub plans: watch::Sender<Option<Arc<Plan>>>,
    /// The open orders, not verified.
    pub orders: watch::Sender<Vec<String>>,
}

/// An answer that could not be used.
#[derive(Debug, thiserror::Error)]
enum Unused {
    #[error(transparent)]
    Disbelief(#[from] Disbelief),
    #[error("failed to keep the plan in the state directory")]
    Keep(#[source] io::Error),
    #[error("failed to keep the root of nonces in the state directory")]
    KeepNonces(#[source] io::Error),
    #[error("the plan commits to nonces whose root the collector did not tell")]
    Nonces,
}

/// Asks again and again.
#[derive(Debug)]
pub struct Follower {
    settings: FollowSettings,
    told: Told,
    tag: Option<String>,
    backoff: Backoff,
}

impl Follower {
    /// A follower that tells only what is newer than what `told` holds.
    #[must_use]
    pub fn new(settings: FollowSettings, told: Told) -> Self {
        Self {
            backoff: Backoff::new(settings.seed),
            settings,
            told,
            tag: None,
        }
    }

    /// Follows until asked to stop.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            let wait = tokio::select! {
                wait = self.step() => wait,
                changed = stop.changed() => if changed.is_err() { return } else { continue },
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                changed = stop.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Asks once; gives the wait before the next question.
    async fn step(&mut self) -> Duration {
        let asked = Instant::now();
        let question = PlanQuestion {
            proof: self.proof(),
            tag: self.tag.clone(),
            wait_s: WAIT_S,
        };
        let (client, agent) = (&self.settings.client, &self.settings.identity.agent);
        match client.plan(agent, &question).await {
            Ok(Polled::Unchanged) => {
                self.heard();
                PAUSE.saturating_sub(asked.elapsed())
            }
            Ok(Polled::Answer { answer, tag }) => match self.take(answer).await {
                Ok(has_news) => {
                    self.heard();
                    self.tag = tag;
                    if has_news { Duration::ZERO } else { PAUSE }
                }
                Err(unused) => {
                    self.refuse(&unused);
                    self.backoff.next()
                }
            },
            Err(refusal) => self.wait_out(&refusal),
        }
    }

    /// What shows the collector that it is this agent who asks.
    fn proof(&self) -> Option<String> {
        let FollowSettings {
            identity, timebase, ..
        } = &self.settings;
        let text = plan_proof_text(&identity.agent, timebase.now().wall.to_millis());
        let signed = note::sign(&text, &[&identity.key]);
        signed.ok().map(|note| STANDARD.encode(note.to_bytes()))
    }

    /// Takes an answer; whether it brought anything new.
    async fn take(&mut self, answer: PlanAnswer) -> Result<bool, Unused> {
        let PlanAnswer {
            note,
            body,
            orders,
            nonces,
        } = answer;
        let cached = Cached { note, body };
        let mut has_news = match self.settings.follow {
            Follow::Plans => self.take_plan(cached, nonces).await?,
            Follow::Orders => {
                if let Ok(plan) = self.believe(&cached) {
                    self.take_nonces(&plan, nonces).await?;
                }
                false
            }
        };
        if orders.len() > ORDERS_MAX {
            warn!(
                orders = orders.len(),
                "only {ORDERS_MAX} of the open orders are heard"
            );
        }
        has_news |= self.told.orders.send_if_modified(|open| {
            let orders: Vec<String> = orders.into_iter().take(ORDERS_MAX).collect();
            let is_new = *open != orders;
            *open = orders;
            is_new
        });
        Ok(has_news)
    }

    fn believe(&self, cached: &Cached) -> Result<Plan, Disbelief> {
        let FollowSettings {
            identity, operator, ..
        } = &self.settings;
        believe((&cached.note, &cached.body), &identity.origin, operator)
    }

    /// Takes the root of nonces that a plan commits to, where it was told.
    async fn take_nonces(&self, plan: &Plan, told: Option<NonceRoot>) -> Result<(), Unused> {
        let Some(told) = told else {
            return Ok(());
        };
        let (nonces, plan) = (self.settings.nonces.clone(), plan.clone());
        let taken = tokio::task::spawn_blocking(move || nonces.take(&plan, &told)).await;
        taken
            .unwrap_or_else(|lost| Err(io::Error::other(lost)))
            .map_err(Unused::KeepNonces)
    }

    async fn take_plan(&mut self, cached: Cached, told: Option<NonceRoot>) -> Result<bool, Unused> {
        let FollowSettings {
            dir,
            health,
            nonces,
            ..
        } = &self.settings;
        let plan = self.believe(&cached)?;
        let known = self.told.plans.borrow().clone();
        if let Some(known) = &known
            && !believe::is_news(&plan, known)?
        {
            return Ok(false);
        }
        self.take_nonces(&plan, told).await?;
        if !nonces.fit(&plan) {
            return Err(Unused::Nonces);
        }
        let dir = dir.clone();
        let kept = tokio::task::spawn_blocking(move || cache::store(&dir, &cached)).await;
        kept.unwrap_or_else(|lost| Err(io::Error::other(lost)))
            .map_err(Unused::Keep)?;
        let (revision, from) = (plan.revision, plan.effective_from_ms);
        info!(
            plan.revision = revision,
            "the collector has revision {revision} of the plan, in force from {from}"
        );
        health.update(|health| health.plan.origin = PlanOrigin::Collector);
        self.told.plans.send_replace(Some(Arc::new(plan)));
        Ok(true)
    }

    fn heard(&mut self) {
        self.backoff.reset();
        let now = self.settings.timebase.now().wall;
        self.settings.health.update(|health| {
            health.plan.contact_at = Some(now);
            health.plan.trouble = None;
            health.plan.refused = None;
        });
    }

    fn refuse(&self, unused: &Unused) {
        let agent = &self.settings.identity.agent;
        error!(agent.id = %agent, error = unused as &dyn std::error::Error,
            "agent {agent} does not use the plan that the collector sent");
        let reason = unused.to_string();
        self.settings
            .health
            .update(|health| health.plan.refused = Some(reason));
    }

    fn wait_out(&mut self, refusal: &Refusal) -> Duration {
        debug!(
            error = refusal as &dyn std::error::Error,
            "no answer about the plan"
        );
        let reason = refusal.to_string();
        self.settings
            .health
            .update(|health| health.plan.trouble = Some(reason));
        match refusal {
            Refusal::Problem {
                retry_after: Some(wait),
                ..
            } => (*wait).min(RETRY_AFTER_MAX),
            _ => self.backoff.next(),
        }
    }
}

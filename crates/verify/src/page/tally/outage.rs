//! What was seen in one stretch of time.

use domain::{Detail, Outcome, Sample, TargetId, UnixMicros, detail::Text};

use super::revealed::Revealed;
use super::{Counts, Seen};

/// Most samples to look up in one stretch, and of one agent in it.
const LOOKUPS_MAX: usize = 8;
const LOOKUPS_OF_AGENT_MAX: usize = 2;

/// What was seen, by every agent and whatever the contract makes of it.
#[derive(Debug, Default)]
pub(in super::super) struct OutageTally {
    pub(in super::super) samples: u64,
    pub(in super::super) kinds: Counts<Seen>,
    /// Samples by position of the agent in the inputs.
    pub(in super::super) asked: Counts<usize>,
    /// Those of them that are not `ok`.
    pub(in super::super) failed: Counts<usize>,
    /// Minutes of agents in which controls were asked, and in which one answered.
    pub(in super::super) controlled: u64,
    pub(in super::super) connected: u64,
    /// Some failures for the provider to look up, in order of time.
    pub(in super::super) lookups: Vec<Lookup>,
}

/// What else there is about a sample.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    /// Its detail line, where that is disclosed.
    pub(super) detail: Option<&'a [u8]>,
    pub(super) revealed: Option<Revealed<'a>>,
}

/// A failure that the provider can find in its own logs.
#[derive(Debug)]
pub(in super::super) struct Lookup {
    pub(in super::super) at: UnixMicros,
    /// Position in the inputs.
    pub(in super::super) agent: usize,
    pub(in super::super) target: TargetId,
    pub(in super::super) seen: Seen,
    pub(in super::super) request: Option<String>,
    /// What it named itself, where that is revealed.
    pub(in super::super) client: Option<String>,
    pub(in super::super) error: Option<String>,
}

impl OutageTally {
    /// Counts a sample with what else there is about it.
    pub(super) fn sample(
        &mut self,
        (agent, target): (usize, &TargetId),
        sample: &Sample,
        told: Told<'_>,
    ) {
        let seen = Seen {
            outcome: sample.outcome,
            status: sample.status,
        };
        self.samples += 1;
        self.kinds.add(seen);
        self.asked.add(agent);
        if sample.outcome == Outcome::Ok {
            return;
        }
        self.failed.add(agent);
        let of_agent = self.lookups.iter().filter(|kept| kept.agent == agent);
        if self.lookups.len() >= LOOKUPS_MAX || of_agent.count() >= LOOKUPS_OF_AGENT_MAX {
            return;
        }
        let client = told
            .revealed
            .and_then(|revealed| revealed.client_id(target, sample));
        let detail = told
            .detail
            .and_then(|line| serde_json::from_slice::<Detail>(line).ok());
        let detail = detail.unwrap_or_default();
        self.lookups.push(Lookup {
            at: sample.wall_us,
            agent,
            target: target.clone(),
            seen,
            request: detail.req.map(plain),
            client,
            error: detail.error_type.map(plain),
        });
        self.lookups.sort_by_key(|lookup| (lookup.at, lookup.agent));
    }

    /// Counts a minute of an agent in which controls were asked.
    pub(super) fn controls(&mut self, is_connected: bool) {
        self.controlled += 1;
        self.connected += u64::from(is_connected);
    }
}

fn plain(text: Text) -> String {
    match text {
        Text::Plain(text) => text,
        Text::Hex { hex } => format!("bytes {hex}"),
    }
}

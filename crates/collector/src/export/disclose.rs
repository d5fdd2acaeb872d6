//! The disclosed streams: what the contract's targets look like in the agents' batches.

use std::collections::BTreeMap;

use domain::{AgentId, CellHour, Line, Minute, Outcome, TargetId, UnixMicros, Window};
use sqlx::PgConnection;
use verify::assemble::{DisclosedReserved, DisclosedStream};
use verify::cells::{CellsBuilder, timeliness};
use verify::layout::paths::StreamPath;
use wire::batch::{self, Batch};
use wire::stream::Reserved;

use super::{Anchored, ExportError};
use crate::known::Known;
use crate::store::{self, agent::Agent, batch::Stored};

/// What a bundle discloses, and what follows from it.
#[derive(Debug, Default)]
pub(super) struct Disclosure {
    pub(super) streams: Vec<DisclosedStream>,
    pub(super) reserved: Vec<DisclosedReserved>,
    pub(super) cells: Vec<CellHour>,
    /// Log index of the first batch disclosed.
    pub(super) first_index: Option<u64>,
    /// Until when every agent's samples are in.
    pub(super) complete_until: Option<Minute>,
}

/// What is to be disclosed.
pub(super) struct Scope<'a> {
    pub(super) targets: &'a [TargetId],
    pub(super) window: Window,
    pub(super) anchored: &'a Anchored,
    pub(super) known: &'a Known,
}

/// Reads the batches of every agent that touch the window and stand below the last anchor.
pub(super) async fn disclose(
    conn: &mut PgConnection,
    scope: &Scope<'_>,
) -> Result<Disclosure, ExportError> {
    let mut disclosure = Disclosure::default();
    let utc = |minute: Minute| minute.start().to_micros().to_utc();
    let window = (utc(scope.window.start()), utc(scope.window.end()));
    let size = scope.anchored.last_size();
    let mut of_the_lost = None;
    for agent in store::agent::list(conn).await? {
        let batches = store::batch::list_covering(conn, agent.key, window, size).await?;
        let until = disclosure.add_agent(&agent, &batches, scope)?;
        // Nobody waits for an agent that delivers no more.
        if scope.known.ended(&agent.id).is_some() {
            of_the_lost = of_the_lost.max(until);
        } else if let Some(until) = until {
            let known = disclosure.complete_until;
            disclosure.complete_until = Some(known.map_or(until, |known| known.min(until)));
        }
    }
    disclosure.complete_until = disclosure.complete_until.or(of_the_lost);
    Ok(disclosure)
}

/// Log index with which the segment begins: that of the first batch disclosed, or before. Of an agent
/// that delivers no more it reaches back to its last batch, so that everybody sees that none is left
/// out.
pub(super) async fn segment_start(
    conn: &mut PgConnection,
    first_index: u64,
    known: &Known,
    agents: &[AgentId],
) -> Result<u64, ExportError> {
    let mut start = first_index;
    for id in agents {
        let Some(ended) = known.ended(id) else {
            continue;
        };
        let last = match ended.from_batch.checked_sub(1) {
            None => ended.enrolled,
            Some(seq) => match store::agent::find(conn, id).await? {
                Some(agent) => store::log::batch_index(conn, agent.key, seq).await?,
                None => None,
            },
        };
        start = start.min(last.unwrap_or(start));
    }
    Ok(start)
}

impl Disclosure {
    /// Adds what an agent measured; gives until when.
    fn add_agent(
        &mut self,
        agent: &Agent,
        batches: &[Stored],
        scope: &Scope<'_>,
    ) -> Result<Option<Minute>, ExportError> {
        let mut open: BTreeMap<&TargetId, OpenStream> = scope
            .targets
            .iter()
            .map(|target| (target, OpenStream::new(&agent.id, target, scope.window)))
            .collect();
        let mut own = Reserved::ALL.map(|stream| open_own(&agent.id, stream));
        for stored in batches {
            let text = batch::decompress(&stored.body).map_err(ExportError::Batch)?;
            let batch = batch::parse(&text).map_err(ExportError::Batch)?;
            let anchored_s = scope.anchored.time_of(stored.log_index).unwrap_or(i64::MIN);
            for (target, stream) in &mut open {
                stream.add(&batch, target, anchored_s);
            }
            for stream in &mut own {
                add_own(stream, &batch);
            }
        }
        // An agent of an older version has none of them; a newer one discloses all.
        if own.iter().any(|stream| !stream.lines.is_empty()) {
            self.reserved.extend(own);
        }
        if let Some(first) = batches.first() {
            let index = first.log_index;
            self.first_index = Some(self.first_index.map_or(index, |known| known.min(index)));
        }
        for (_, stream) in open {
            self.cells.extend(stream.cells.build());
            if !stream.disclosed.cores.is_empty() {
                self.streams.push(stream.disclosed);
            }
        }
        let until = |last: &Stored| UnixMicros::from(last.wall_last_at).to_millis().minute();
        Ok(batches.last().map(until))
    }
}

fn open_own(agent: &AgentId, stream: Reserved) -> DisclosedReserved {
    DisclosedReserved {
        agent: agent.clone(),
        stream,
        lines: Vec::new(),
        paths: Vec::new(),
    }
}

fn add_own(own: &mut DisclosedReserved, batch: &Batch<'_>) {
    let held = batch.reserved.iter().find(|held| held.id == own.stream);
    let path = StreamPath::of(batch, own.stream.as_str());
    if let (Some(held), Some(path)) = (held, path) {
        own.paths.push(path);
        let lines = held.lines.iter().map(|(line, _)| (*line).to_owned());
        own.lines.extend(lines);
    }
}

/// One stream in the making.
struct OpenStream {
    disclosed: DisclosedStream,
    cells: CellsBuilder,
}

impl OpenStream {
    fn new(agent: &AgentId, target: &TargetId, window: Window) -> Self {
        let disclosed = DisclosedStream {
            agent: agent.clone(),
            target: target.clone(),
            cores: Vec::new(),
            details: Vec::new(),
            paths: Vec::new(),
        };
        Self {
            disclosed,
            cells: CellsBuilder::new(agent.clone(), target.clone(), window),
        }
    }

    fn add(&mut self, batch: &Batch<'_>, target: &TargetId, anchored_s: i64) {
        let Some(stream) = batch.streams.iter().find(|stream| stream.id == *target) else {
            return;
        };
        let Some(path) = StreamPath::of(batch, target.as_str()) else {
            return;
        };
        self.disclosed.paths.push(path);
        for line in &stream.lines {
            self.disclosed.cores.push(line.core.to_owned());
            let wall = match &line.value {
                Line::Sample(sample) => sample.wall_us,
                Line::Gap(gap) => gap.first_ms.to_micros(),
            };
            self.cells.add(&line.value, timeliness(anchored_s, wall));
            let failed = matches!(&line.value, Line::Sample(s) if s.outcome != Outcome::Ok);
            if let (true, Some(detail)) = (failed, line.detail) {
                self.disclosed.details.push(detail.to_owned());
            }
        }
    }
}

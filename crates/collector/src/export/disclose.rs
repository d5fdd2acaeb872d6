//! The disclosed streams: what the contract's targets look like in the agents' batches.

use std::collections::BTreeMap;
use std::pin::pin;

use chrono::{DateTime, Utc};
use domain::{AgentId, CellHour, Line, Minute, Outcome, TargetId, UnixMicros, Window};
use evidence::bundle::Packed;
use futures_util::stream::TryStreamExt as _;
use sqlx::PgConnection;
use verify::assemble::{AssembleError, ReservedPacker, StreamPacker};
use verify::cells::{CellsBuilder, timeliness};
use verify::layout::paths::StreamPath;
use wire::batch::{self, Batch};
use wire::stream::Reserved;

use super::{Anchored, ExportError};
use crate::known::Known;
use crate::store::{self, agent::Agent};

/// What a bundle discloses, and what follows from it.
#[derive(Debug, Default)]
pub(super) struct Disclosure {
    /// Lines and paths, packed as they were read.
    pub(super) packed: Packed,
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
    let mut of_the_lost = None;
    for agent in store::agent::list(conn).await? {
        let until = disclosure.add_agent(conn, &agent, (scope, window)).await?;
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
    async fn add_agent(
        &mut self,
        conn: &mut PgConnection,
        agent: &Agent,
        (scope, window): (&Scope<'_>, (DateTime<Utc>, DateTime<Utc>)),
    ) -> Result<Option<Minute>, ExportError> {
        let mut open: BTreeMap<&TargetId, OpenStream> = scope
            .targets
            .iter()
            .map(|target| (target, OpenStream::new(&agent.id, target, scope.window)))
            .collect();
        let mut own = Reserved::ALL.map(|stream| (stream, ReservedPacker::new(&agent.id, stream)));
        let mut until = None;
        let size = store::to_i64("log size", scope.anchored.last_size())?;
        let mut batches = pin!(store::batch::covering(conn, agent.key, window, size));
        while let Some(stored) = batches.try_next().await? {
            let text = batch::decompress(&stored.body).map_err(ExportError::Batch)?;
            let batch = batch::parse(&text).map_err(ExportError::Batch)?;
            let anchored_s = scope.anchored.time_of(stored.log_index).unwrap_or(i64::MIN);
            for (target, stream) in &mut open {
                let added = stream.add(&batch, target, anchored_s);
                added.map_err(ExportError::Assemble)?;
            }
            for (stream, packer) in &mut own {
                add_own(*stream, packer, &batch).map_err(ExportError::Assemble)?;
            }
            if until.is_none() {
                let first = self.first_index.unwrap_or(u64::MAX);
                self.first_index = Some(first.min(stored.log_index));
            }
            until = Some(UnixMicros::from(stored.wall_last_at).to_millis().minute());
        }
        self.close(open, own).map_err(ExportError::Assemble)?;
        Ok(until)
    }

    /// Takes the streams of an agent, whose last batch was read.
    fn close(
        &mut self,
        open: BTreeMap<&TargetId, OpenStream>,
        own: [(Reserved, ReservedPacker); 3],
    ) -> Result<(), AssembleError> {
        // An agent of an older version has none of them; a newer one discloses all.
        if own.iter().any(|(_, packer)| !packer.is_empty()) {
            for (_, packer) in own {
                packer.finish(&mut self.packed)?;
            }
        }
        for (_, stream) in open {
            self.cells.extend(stream.cells.build());
            if !stream.lines.is_empty() {
                stream.lines.finish(&mut self.packed)?;
            }
        }
        Ok(())
    }
}

fn add_own(
    stream: Reserved,
    packer: &mut ReservedPacker,
    batch: &Batch<'_>,
) -> Result<(), AssembleError> {
    let held = batch.reserved.iter().find(|held| held.id == stream);
    let path = StreamPath::of(batch, stream.as_str());
    let (Some(held), Some(path)) = (held, path) else {
        return Ok(());
    };
    packer.path(&path)?;
    let mut lines = held.lines.iter();
    lines.try_for_each(|(line, _)| packer.line(line))
}

/// One stream in the making.
struct OpenStream {
    lines: StreamPacker,
    cells: CellsBuilder,
}

impl OpenStream {
    fn new(agent: &AgentId, target: &TargetId, window: Window) -> Self {
        Self {
            lines: StreamPacker::new(agent, target),
            cells: CellsBuilder::new(agent.clone(), target.clone(), window),
        }
    }

    fn add(
        &mut self,
        batch: &Batch<'_>,
        target: &TargetId,
        anchored_s: i64,
    ) -> Result<(), AssembleError> {
        let Some(stream) = batch.streams.iter().find(|stream| stream.id == *target) else {
            return Ok(());
        };
        let Some(path) = StreamPath::of(batch, target.as_str()) else {
            return Ok(());
        };
        self.lines.path(&path)?;
        for line in &stream.lines {
            self.lines.core(line.core)?;
            let wall = match &line.value {
                Line::Sample(sample) => sample.wall_us,
                Line::Gap(gap) => gap.first_ms.to_micros(),
            };
            self.cells.add(&line.value, timeliness(anchored_s, wall));
            let failed = matches!(&line.value, Line::Sample(s) if s.outcome != Outcome::Ok);
            if let (true, Some(detail)) = (failed, line.detail) {
                self.lines.detail(detail)?;
            }
        }
        Ok(())
    }
}

//! Rows from raw batches, by the code that admitted them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::UnixMicros;
use sqlx::PgConnection;
use wire::limits::{FUTURE_SKEW_MS_MAX, SAMPLE_AGE_MS_MAX};
use wire::names::Origin;

use super::Day;
use super::report::{Difference, What};
use crate::ingest::{self, Admission, IngestError};
use crate::store::agent::Agent;
use crate::store::agent_minute::{self, AgentMinute};
use crate::store::batch::Raw;
use crate::store::sample::{GapRow, SampleRow};
use crate::store::{self, StoreError};

/// Raw batches in memory at a time.
const BATCHES_AT_ONCE: usize = 32;
/// Rows gathered before they are staged.
const STAGE_ROWS: usize = 10_000;
/// Unreadable batches that are named for one day.
const UNREADABLE_MAX: usize = 100;

/// Agent and sequence number.
type Key = (i32, i64);

/// Which batches hold lines of which day, learned once for each batch. Batches never change, so
/// what was learned stays true.
pub(super) struct Index {
    origin: Origin,
    agents: BTreeMap<i32, Agent>,
    seen: BTreeSet<Key>,
    days: BTreeMap<NaiveDate, Vec<Key>>,
    unreadable: BTreeMap<NaiveDate, Vec<Difference>>,
}

/// What was staged for one day.
#[derive(Clone, Debug, Default)]
pub(super) struct Staged {
    pub(super) batches: u64,
    /// Minutes of agents: too few to be staged in the database.
    pub(super) minutes: BTreeMap<agent_minute::Key, AgentMinute>,
}

impl Index {
    pub(super) async fn load(origin: &Origin, conn: &mut PgConnection) -> Result<Self, StoreError> {
        let agents = store::agent::list(conn).await?;
        // What a revoked agent had delivered before stays evidence.
        let agents = agents.into_iter().map(|agent| {
            let revoked = false;
            (agent.key, Agent { revoked, ..agent })
        });
        Ok(Self {
            origin: origin.clone(),
            agents: agents.collect(),
            seen: BTreeSet::new(),
            days: BTreeMap::new(),
            unreadable: BTreeMap::new(),
        })
    }

    /// Learns of every batch that can hold a line of a day and is not known yet. Ingest refuses
    /// slots beyond these limits, so no other batch can.
    pub(super) async fn follow(
        &mut self,
        conn: &mut PgConnection,
        day: Day,
    ) -> Result<(), StoreError> {
        let from = day.start - TimeDelta::milliseconds(FUTURE_SKEW_MS_MAX);
        let to = day.end + TimeDelta::milliseconds(SAMPLE_AGE_MS_MAX);
        let mut keys = store::batch::received(conn, from, to).await?;
        keys.retain(|key| !self.seen.contains(key));
        for keys in keys.chunks(BATCHES_AT_ONCE) {
            for raw in store::batch::raw(conn, keys).await? {
                self.learn(&raw);
            }
            self.seen.extend(keys);
        }
        Ok(())
    }

    fn learn(&mut self, raw: &Raw) {
        match self.admit(raw) {
            Ok(admission) => {
                for day in days(&admission) {
                    self.days.entry(day).or_default().push((raw.agent, raw.seq));
                }
            }
            Err(failure) => {
                let day = raw.received_at.date_naive();
                let named = self.unreadable.entry(day).or_default();
                if named.len() < UNREADABLE_MAX {
                    named.push(unreadable(raw, self.agents.get(&raw.agent), &failure));
                }
            }
        }
    }

    fn admit(&self, raw: &Raw) -> Result<Admission, Unreadable> {
        let agent = self.agents.get(&raw.agent).ok_or(Unreadable::Agent)?;
        let text = wire::batch::decompress(&raw.body).map_err(IngestError::Batch)?;
        let batch = ingest::read(&text)?;
        ingest::claimed_agent(&batch, &self.origin)?;
        let received = UnixMicros::from(raw.received_at);
        let admission = ingest::admit(batch, raw.body.clone(), agent, received)?;
        let ledger = (raw.seq, raw.hash, raw.note.as_slice());
        let batch = &admission.batch;
        if (batch.seq, batch.hash, batch.note.as_slice()) != ledger {
            return Err(Unreadable::Ledger);
        }
        Ok(admission)
    }

    /// Whether a batch holds a line of the day.
    pub(super) fn touches(&self, day: NaiveDate) -> bool {
        self.days.contains_key(&day)
    }

    /// Batches received on the day that cannot be read.
    pub(super) fn unreadable(&self, day: NaiveDate) -> &[Difference] {
        self.unreadable.get(&day).map_or(&[], Vec::as_slice)
    }

    /// Stages what the batches say about a day.
    pub(super) async fn stage(
        &self,
        conn: &mut PgConnection,
        day: Day,
    ) -> Result<Staged, StoreError> {
        let keys = self.days.get(&day.date).map_or(&[][..], Vec::as_slice);
        let (mut samples, mut gaps) = (Vec::new(), Vec::new());
        let mut minutes = Vec::new();
        for keys in keys.chunks(BATCHES_AT_ONCE) {
            for raw in store::batch::raw(conn, keys).await? {
                let Ok(admission) = self.admit(&raw) else {
                    continue; // It could be read when it was learned of: nothing changes it.
                };
                let of_day = |row: &SampleRow| day.holds(slot_at(row));
                samples.extend(admission.samples.into_iter().filter(of_day));
                let of_day = |row: &GapRow| day.holds(last_at(row));
                gaps.extend(admission.gaps.into_iter().filter(of_day));
                let of_day = |row: &AgentMinute| day.holds(minute_at(row));
                minutes.extend(admission.minutes.into_iter().filter(of_day));
                if samples.len() + gaps.len() >= STAGE_ROWS {
                    flush(conn, &mut samples, &mut gaps).await?;
                }
            }
        }
        flush(conn, &mut samples, &mut gaps).await?;
        Ok(Staged {
            batches: keys.len() as u64,
            minutes: agent_minute::newest(&minutes),
        })
    }
}

async fn flush(
    conn: &mut PgConnection,
    samples: &mut Vec<SampleRow>,
    gaps: &mut Vec<GapRow>,
) -> Result<(), StoreError> {
    let names = samples.iter().map(|row| row.target.as_ref());
    let names: BTreeSet<_> = names.chain(gaps.iter().map(|row| &row.target)).collect();
    let names: Vec<String> = names.into_iter().map(ToString::to_string).collect();
    let targets = store::sample::target_ids(conn, &names).await?;
    if !samples.is_empty() {
        let classes = samples.iter().map(|row| row.class.clone()).collect();
        let classes = store::sample::class::ids(conn, classes).await?;
        let stream = store::sample::encode(&*samples, &targets, &classes)?;
        store::sample::stage(conn, &stream).await?;
    }
    store::rebuild::stage_gaps(conn, gaps, &targets).await?;
    samples.clear();
    gaps.clear();
    Ok(())
}

/// Why a stored batch says nothing any more.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("its agent is unknown")]
    Agent,
    #[error("its ledger entry says otherwise")]
    Ledger,
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

fn unreadable(raw: &Raw, agent: Option<&Agent>, failure: &Unreadable) -> Difference {
    let name = |agent: &Agent| agent.id.to_string();
    Difference {
        table: "batch",
        what: What::Unreadable,
        target: String::new(),
        agent: agent.map_or_else(|| raw.agent.to_string(), name),
        slot: raw.received_at,
        note: format!("batch {}: {failure}", raw.seq),
    }
}

fn days(admission: &Admission) -> BTreeSet<NaiveDate> {
    let samples = admission.samples.iter().map(slot_at);
    let gaps = admission.gaps.iter().map(last_at);
    let minutes = admission.minutes.iter().map(minute_at);
    let all = samples.chain(gaps).chain(minutes);
    all.map(|at| at.date_naive()).collect()
}

fn slot_at(row: &SampleRow) -> DateTime<Utc> {
    row.slot.to_micros().to_utc()
}

/// A gap belongs to the day of its last slot, which is bounded by when it was received.
fn last_at(row: &GapRow) -> DateTime<Utc> {
    row.gap.last_ms.to_micros().to_utc()
}

fn minute_at(row: &AgentMinute) -> DateTime<Utc> {
    row.minute.start().to_micros().to_utc()
}

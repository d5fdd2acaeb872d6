//! Cells of an hour from its samples and gaps.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::cell::CellHourBuilder;
use domain::{AgentId, CellHour, Class, Hour, TargetId, UnixMicros, UnixMillis};
use sqlx::PgConnection;

use super::agent_names;
use crate::store::cell::TargetHour;
use crate::store::sample::class::Dictionary;
use crate::store::sample::{GapRange, Run};
use crate::store::{self, StoreError};

/// What numbers stand for, read once for many hours.
pub(crate) struct Names {
    agents: BTreeMap<i32, AgentId>,
    pub(crate) classes: Dictionary,
}

impl Names {
    pub(crate) async fn load(conn: &mut PgConnection) -> Result<Self, StoreError> {
        Ok(Self {
            agents: agent_names(conn).await?,
            classes: Dictionary::default(),
        })
    }

    pub(super) async fn learn(
        &mut self,
        conn: &mut PgConnection,
        hour: &ObservedHour,
    ) -> Result<(), StoreError> {
        let classes = hour.runs.iter().map(|run| run.class);
        self.classes.learn(conn, classes).await
    }

    /// The samples of an hour, whose classes are known from now on.
    pub(crate) async fn read(
        &mut self,
        conn: &mut PgConnection,
        at: TargetHour,
    ) -> Result<Vec<Run>, StoreError> {
        let end = at.hour_at + TimeDelta::hours(1);
        let runs = store::sample::started_in(conn, at.target, at.hour_at, end).await?;
        let runs = runs.into_values().flatten().collect::<Vec<_>>();
        self.classes
            .learn(conn, runs.iter().map(|run| run.class))
            .await?;
        Ok(runs)
    }
}

/// What was seen of one target in a stretch of hours.
pub(super) struct Observed {
    runs: BTreeMap<Hour, Vec<Run>>,
    gaps: Vec<GapRange>,
}

/// What was seen of one target in one hour.
pub(super) struct ObservedHour {
    hour: Hour,
    pub(super) runs: Vec<Run>,
    gaps: Vec<GapRange>,
}

impl Observed {
    pub(super) async fn read(
        conn: &mut PgConnection,
        target: i32,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Self, StoreError> {
        Ok(Self {
            runs: store::sample::started_in(conn, target, from, to).await?,
            gaps: store::sample::gaps(conn, target, from, to).await?,
        })
    }

    /// One of the hours, which is gone afterwards.
    pub(super) fn take(&mut self, at: TargetHour) -> ObservedHour {
        let hour = UnixMicros::from(at.hour_at).to_millis().minute().hour();
        let (start, end) = bounds(hour);
        let overlaps = |gap: &&GapRange| gap.last >= start && gap.first < end;
        ObservedHour {
            hour,
            runs: self.runs.remove(&hour).unwrap_or_default(),
            gaps: self.gaps.iter().filter(overlaps).copied().collect(),
        }
    }
}

impl ObservedHour {
    /// Cells, one per agent that has samples or gaps in the hour. Its classes are known.
    pub(super) fn count(
        &self,
        names: &Names,
        target: &TargetId,
    ) -> Result<Vec<(i32, CellHour)>, StoreError> {
        let hour = self.hour;
        let mut builders: BTreeMap<i32, CellHourBuilder> = BTreeMap::new();
        for ((agent, class, late), minutes) in tally(&self.runs, hour) {
            let cell = open(&mut builders, &names.agents, agent, (target, hour))?;
            let class = names.classes.get(class)?;
            for (offset, samples) in (0..).zip(minutes).filter(|(_, samples)| *samples > 0) {
                let class = Class {
                    late,
                    ..class.clone()
                };
                cell.add(hour.first_minute().plus(offset), class, samples);
            }
        }
        for gap in &self.gaps {
            let cell = open(&mut builders, &names.agents, gap.agent, (target, hour))?;
            for slot in slots(gap, hour) {
                cell.miss(slot.minute(), gap.reason);
            }
        }
        Ok(builders
            .into_iter()
            .map(|(key, builder)| (key, builder.build()))
            .collect())
    }
}

/// Cells of one target and hour, one per agent that has samples or gaps in it.
pub(crate) async fn compute(
    conn: &mut PgConnection,
    names: &mut Names,
    at: TargetHour,
    target: &TargetId,
) -> Result<Vec<(i32, CellHour)>, StoreError> {
    let span = (at.hour_at, at.hour_at + TimeDelta::hours(1));
    let hour = Observed::read(conn, at.target, span).await?.take(at);
    names.learn(conn, &hour).await?;
    hour.count(names, target)
}

fn bounds(hour: Hour) -> (UnixMillis, UnixMillis) {
    let first = hour.first_minute();
    (first.start(), first.plus(60).start())
}

/// Samples of each minute of an hour, by agent, class and whether they are late.
fn tally(runs: &[Run], hour: Hour) -> BTreeMap<(i32, i32, bool), [u32; 60]> {
    let mut tally = BTreeMap::new();
    for run in runs {
        for started_at in &run.started_at {
            let minute = UnixMicros::from(*started_at).to_millis().minute();
            let key = (run.agent, run.class, run.is_late(*started_at));
            let minutes = tally.entry(key).or_insert([0; 60]);
            let offset = minute.get() - hour.first_minute().get();
            let count = usize::try_from(offset).ok();
            if let Some(count) = count.and_then(|n| minutes.get_mut(n)) {
                *count = u32::saturating_add(*count, 1);
            }
        }
    }
    tally
}

/// The builder of one agent's cells, made where it is the first mention.
fn open<'a>(
    builders: &'a mut BTreeMap<i32, CellHourBuilder>,
    agents: &BTreeMap<i32, AgentId>,
    key: i32,
    (target, hour): (&TargetId, Hour),
) -> Result<&'a mut CellHourBuilder, StoreError> {
    let name = agents
        .get(&key)
        .ok_or_else(|| StoreError::inconsistent("agent.id", key))?;
    let empty = || CellHourBuilder::new(name.clone(), target.clone(), hour);
    Ok(builders.entry(key).or_insert_with(empty))
}

/// The slots of a gap range that lie in an hour: evenly spaced from first to last.
fn slots(gap: &GapRange, hour: Hour) -> impl Iterator<Item = UnixMillis> + use<> {
    let spacing = ((gap.last.get() - gap.first.get()) / (gap.slots - 1).max(1)).max(1);
    let (start, end) = bounds(hour);
    let before = (start.get() - gap.first.get()).max(0);
    let skipped = before / spacing + i64::from(before % spacing != 0);
    let first = gap.first;
    (skipped..gap.slots)
        .map(move |n| first.plus_ms(n * spacing))
        .take_while(move |slot| *slot < end)
}

#[cfg(test)]
mod tests {
    use domain::GapReason;

    use super::*;

    #[test]
    fn the_hours_of_a_gap_hold_each_of_its_slots_once() {
        let gap = GapRange {
            agent: 1,
            first: UnixMillis::new(1_800_000 + 12_000),
            last: UnixMillis::new(1_800_000 + 12_000 + 299 * 60_000),
            slots: 300,
            reason: GapReason::AgentDown,
        };
        let all: Vec<_> = (0..8)
            .flat_map(|hour| slots(&gap, Hour::new(hour)))
            .collect();
        assert_eq!((all.len(), all[0], all[299]), (300, gap.first, gap.last));
        assert_eq!(slots(&gap, Hour::new(1)).count(), 60);
        let one = GapRange {
            last: gap.first,
            slots: 1,
            ..gap
        };
        assert_eq!(slots(&one, Hour::new(0)).count(), 1);
    }
}

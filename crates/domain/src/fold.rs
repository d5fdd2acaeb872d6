//! Counting many samples of many streams into [`CellHour`]s, in any order.
//!
//! The result is what a [`CellHourBuilder`](crate::cell::CellHourBuilder) per stream and hour
//! gives, which a property test holds it to. It is reached without a copy of any text per sample:
//! streams and classes are numbered where they first occur, and what recurs is found in small
//! tables of what was seen last, by comparison. Memory grows with distinct streams, hours and
//! classes, never with samples, and has a limit.

use std::collections::{BTreeMap, HashMap};

use crate::cell::{CellHour, Class, Count, Missed, Timeliness};
use crate::ids::{AgentId, TargetId};
use crate::outcome::GapReason;
use crate::time::{Hour, Minute};
use crate::view::SampleView;
use recent::{Recent, mix, text};

mod recent;

#[cfg(test)]
mod tests;

/// Classes of all cell hours together, a quarter of a kilobyte each: half a gigabyte. A month of
/// 30 agents and 10 targets with 8 classes in every hour stays below it.
pub const ROWS_MAX: usize = 2_000_000;

/// Cell hours, where all that is known of most are slots that were not run.
pub const CELLS_MAX: usize = 1_000_000;

/// Minutes of an hour.
const MINUTES: usize = 60;

/// More than can be counted at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Too many classes, over all cell hours.
    #[error(
        "more than {max} combinations of agent, target, hour and class of sample: assess fewer agents or a shorter time at once"
    )]
    Rows {
        /// How many are counted at most.
        max: usize,
    },
    /// Too many cell hours.
    #[error(
        "more than {max} combinations of agent, target and hour: assess fewer agents or a shorter time at once"
    )]
    Cells {
        /// How many are counted at most.
        max: usize,
    },
}

/// The stream a sample belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream<'a> {
    /// Where it was taken.
    pub agent: &'a AgentId,
    /// What was probed.
    pub target: &'a TargetId,
}

/// Counts under construction.
#[derive(Debug)]
pub struct Fold {
    streams: Vec<Known>,
    stream_numbers: HashMap<(AgentId, TargetId), u32>,
    streams_seen: Recent,
    classes: Vec<Class>,
    class_numbers: HashMap<Class, u32>,
    classes_seen: Recent,
    cells: Vec<Cell>,
    cell_numbers: HashMap<(u32, Hour), u32>,
    rows: Vec<Row>,
    row_numbers: HashMap<(u32, u32), u32>,
    rows_seen: Recent,
    limits: Limits,
}

/// What may be held at once.
#[derive(Clone, Copy, Debug)]
struct Limits {
    rows: usize,
    cells: usize,
}

/// A stream, and the cell it was last seen in: logs are mostly in order of time.
#[derive(Debug)]
struct Known {
    agent: AgentId,
    target: TargetId,
    last: Option<(Hour, u32)>,
}

/// One stream and hour.
#[derive(Debug)]
struct Cell {
    stream: u32,
    hour: Hour,
    missed: BTreeMap<(u8, GapReason), u32>,
}

/// One class in one cell.
#[derive(Debug)]
struct Row {
    cell: u32,
    class: u32,
    minutes: [u32; MINUTES],
}

impl Default for Fold {
    fn default() -> Self {
        Self::new()
    }
}

impl Fold {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::within(Limits {
            rows: ROWS_MAX,
            cells: CELLS_MAX,
        })
    }

    fn within(limits: Limits) -> Self {
        Self {
            streams: Vec::new(),
            stream_numbers: HashMap::new(),
            streams_seen: Recent::new(64),
            classes: Vec::new(),
            class_numbers: HashMap::new(),
            classes_seen: Recent::new(256),
            cells: Vec::new(),
            cell_numbers: HashMap::new(),
            rows: Vec::new(),
            row_numbers: HashMap::new(),
            rows_seen: Recent::new(1024),
            limits,
        }
    }

    /// Counts one sample in the minute it started in. After an error nothing was counted.
    pub fn add(
        &mut self,
        stream: Stream<'_>,
        sample: &SampleView<'_>,
        timeliness: Timeliness,
    ) -> Result<(), FoldError> {
        let minute = sample.minute();
        let cell = self.cell(stream, minute.hour())?;
        let class = self.class(sample, timeliness);
        let row = self.row(cell, class)?;
        let count = &mut self.rows[row].minutes[usize::from(minute_of_hour(minute))];
        *count = count.saturating_add(1);
        Ok(())
    }

    /// Counts planned slots of one minute that were not run.
    pub fn miss(
        &mut self,
        stream: Stream<'_>,
        minute: Minute,
        missed: (GapReason, u32),
    ) -> Result<(), FoldError> {
        let (reason, slots) = missed;
        if slots == 0 {
            return Ok(());
        }
        let cell = self.cell(stream, minute.hour())?;
        let count = self.cells[index(cell)]
            .missed
            .entry((minute_of_hour(minute), reason))
            .or_default();
        *count = count.saturating_add(slots);
        Ok(())
    }

    /// The finished hours, sorted by agent, target and hour.
    #[must_use]
    pub fn build(mut self) -> Vec<CellHour> {
        let ranks = ranks(&self.classes);
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_unstable_by_key(|row| (row.cell, ranks[index(row.class)]));
        let mut cells = std::mem::take(&mut self.cells);
        let mut hours = Vec::with_capacity(cells.len());
        // From the last to the first, so that rows give way to the hours made of them.
        while let Some(cell) = cells.pop() {
            let first = rows.partition_point(|row| index(row.cell) < cells.len());
            hours.push(self.hour(cell, &rows[first..]));
            rows.truncate(first);
            if rows.len() < rows.capacity() / 2 {
                rows.shrink_to_fit();
            }
        }
        hours.sort_unstable_by(|a, b| {
            (&a.agent, &a.target, a.hour).cmp(&(&b.agent, &b.target, b.hour))
        });
        hours
    }

    fn hour(&self, cell: Cell, rows: &[Row]) -> CellHour {
        let Known { agent, target, .. } = &self.streams[index(cell.stream)];
        let class = |row: &Row| self.classes[index(row.class)].clone();
        let used = |row: &Row| row.minutes.iter().filter(|count| **count > 0).count();
        let mut counts = Vec::with_capacity(rows.iter().map(used).sum());
        for (minute, at) in (0..).zip(0..MINUTES) {
            let counted = (0..).zip(rows).filter(|(_, row)| row.minutes[at] > 0);
            counts.extend(counted.map(|(class, row)| Count {
                minute,
                class,
                count: row.minutes[at],
            }));
        }
        let missed = cell.missed.into_iter();
        CellHour {
            agent: agent.clone(),
            target: target.clone(),
            hour: cell.hour,
            classes: rows.iter().map(class).collect(),
            counts,
            missed: missed
                .map(|((minute, reason), count)| Missed {
                    minute,
                    reason,
                    count,
                })
                .collect(),
        }
    }

    fn stream(&mut self, stream: Stream<'_>) -> u32 {
        let (agent, target) = (stream.agent.as_str(), stream.target.as_str());
        let place = self.streams_seen.place(mix(text(agent), text(target)));
        let is_it =
            |known: &Known| known.agent.as_str() == agent && known.target.as_str() == target;
        if let Some(number) = *place
            && is_it(&self.streams[index(number)])
        {
            return number;
        }
        let key = (stream.agent.clone(), stream.target.clone());
        let number = *self.stream_numbers.entry(key).or_insert_with_key(|key| {
            self.streams.push(Known {
                agent: key.0.clone(),
                target: key.1.clone(),
                last: None,
            });
            number(self.streams.len() - 1)
        });
        *place = Some(number);
        number
    }

    fn cell(&mut self, stream: Stream<'_>, hour: Hour) -> Result<u32, FoldError> {
        let stream = self.stream(stream);
        match self.streams[index(stream)].last {
            Some((last, cell)) if last == hour => return Ok(cell),
            _ => {}
        }
        let found = self.cell_numbers.get(&(stream, hour)).copied();
        let cell = match found {
            Some(cell) => cell,
            None if self.cells.len() >= self.limits.cells => {
                let max = self.limits.cells;
                return Err(FoldError::Cells { max });
            }
            None => {
                self.cells.push(Cell {
                    stream,
                    hour,
                    missed: BTreeMap::new(),
                });
                let cell = number(self.cells.len() - 1);
                self.cell_numbers.insert((stream, hour), cell);
                cell
            }
        };
        self.streams[index(stream)].last = Some((hour, cell));
        Ok(cell)
    }

    fn class(&mut self, sample: &SampleView<'_>, timeliness: Timeliness) -> u32 {
        let place = self
            .classes_seen
            .place(recent::of_class(sample, timeliness));
        if let Some(number) = *place
            && self.classes[index(number)].describes(sample, timeliness)
        {
            return number;
        }
        let class = Class::of_view(sample, timeliness);
        let number = *self.class_numbers.entry(class).or_insert_with_key(|class| {
            self.classes.push(class.clone());
            number(self.classes.len() - 1)
        });
        *place = Some(number);
        number
    }

    fn row(&mut self, cell: u32, class: u32) -> Result<usize, FoldError> {
        let place = self.rows_seen.place(mix(cell.into(), class.into()));
        if let Some(row) = *place {
            let row = index(row);
            if self.rows[row].cell == cell && self.rows[row].class == class {
                return Ok(row);
            }
        }
        let found = self.row_numbers.get(&(cell, class)).copied();
        let row = match found {
            Some(row) => row,
            None if self.rows.len() >= self.limits.rows => {
                let max = self.limits.rows;
                return Err(FoldError::Rows { max });
            }
            None => {
                self.rows.push(Row {
                    cell,
                    class,
                    minutes: [0; MINUTES],
                });
                let row = number(self.rows.len() - 1);
                self.row_numbers.insert((cell, class), row);
                row
            }
        };
        *place = Some(row);
        Ok(index(row))
    }
}

fn minute_of_hour(minute: Minute) -> u8 {
    u8::try_from(minute.get().rem_euclid(60)).expect("a remainder of 60 is below 60")
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("limits keep every table below 2^32 entries")
}

fn index(number: u32) -> usize {
    usize::try_from(number).expect("a table with this entry fits the address space")
}

/// The position of each class in their order.
fn ranks(classes: &[Class]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_unstable_by(|a, b| classes[*a].cmp(&classes[*b]));
    let mut ranks = vec![0; classes.len()];
    for (rank, class) in (0..).zip(order) {
        ranks[class] = rank;
    }
    ranks
}

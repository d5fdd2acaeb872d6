//! What a rebuild found.

use std::fmt;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A row that the batches call for is not stored.
    Missing,
    /// A stored row that no batch calls for.
    Extra,
    /// A row is stored with another content.
    Changed,
    /// A raw batch that its own ledger entry contradicts or that cannot be read any more, or an
    /// assessment that rests on what cannot be read.
    Unreadable,
}

impl What {
    fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Changed => "changed",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One place where what is stored is not what the batches say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: `sample`, `gap`, `cell`, `latency_hour`, `latency_day`, `agent_minute`, `assessment` or
    /// `batch`, or what pages show: `agent_delivered`, `stream_latest`.
    pub table: &'static str,
    /// In which way.
    pub what: What,
    /// The target, or the contract of an assessment; empty for a batch and a minute of an agent.
    pub target: String,
    /// The agent; empty for an assessment.
    pub agent: String,
    /// The slot, the last slot of a gap, the hour of a cell, the hour or day of a sketch, the minute
    /// of an agent, the start of an assessment's window,
    /// or when a batch was received.
    pub slot: DateTime<Utc>,
    /// What more there is to say; may be empty.
    pub note: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, what, .. } = self;
        write!(f, "{table} {}", what.as_str())?;
        for word in [&self.target, &self.agent] {
            if !word.is_empty() {
                write!(f, " {word}")?;
            }
        }
        write!(
            f,
            " {}",
            self.slot.to_rfc3339_opts(SecondsFormat::AutoSi, true)
        )?;
        if !self.note.is_empty() {
            write!(f, " ({})", self.note)?;
        }
        Ok(())
    }
}

/// What one day came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayReport {
    /// Which, in UTC.
    pub day: NaiveDate,
    /// Batches with a line of the day.
    pub batches: u64,
    /// Sample rows that they call for.
    pub samples: u64,
    /// Gap rows that they call for.
    pub gaps: u64,
    /// Hours of targets whose cells were counted again.
    pub cells: u64,
    /// Rows whose raw batch is no longer here: neither confirmed nor contradicted.
    pub unverifiable: u64,
    /// Whether the samples of the day were dropped when their time was up: then there is nothing to
    /// compare.
    pub dropped: bool,
    /// Every difference, counted.
    pub differing: u64,
    /// The first of them of each table.
    pub differences: Vec<Difference>,
    /// Whether the day was rewritten.
    pub rewritten: bool,
}

impl DayReport {
    pub(crate) fn of(day: NaiveDate) -> Self {
        Self {
            day,
            batches: 0,
            samples: 0,
            gaps: 0,
            cells: 0,
            unverifiable: 0,
            dropped: false,
            differing: 0,
            differences: Vec::new(),
            rewritten: false,
        }
    }
}

/// What a rebuild says while it works.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Something differs.
    Difference(&'a Difference),
    /// A day is done; where it was rewritten, that is committed.
    Day(&'a DayReport),
}

/// What a whole rebuild came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Days looked at.
    pub days: u64,
    /// Days rewritten.
    pub days_rewritten: u64,
    /// Days whose samples had been dropped.
    pub days_dropped: u64,
    /// Sample rows derived.
    pub samples: u64,
    /// Gap rows derived.
    pub gaps: u64,
    /// Hours of targets whose cells were counted again.
    pub cells: u64,
    /// Rows whose raw batch is no longer here.
    pub unverifiable: u64,
    /// Final assessments judged again.
    pub assessments: u64,
    /// Of these, those that differ by evidence that arrived after they were final, and that wait
    /// for the job that makes their revision.
    pub assessments_pending: u64,
    /// Assessments whose window reaches into days that were dropped: they stay as they are.
    pub assessments_kept: u64,
    /// Differences of every kind.
    pub differing: u64,
    /// Of these, those that a rewrite cannot heal: what cannot be read.
    pub unhealed: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, day: &DayReport) {
        self.days += 1;
        self.days_rewritten += u64::from(day.rewritten);
        self.days_dropped += u64::from(day.dropped);
        self.samples += day.samples;
        self.gaps += day.gaps;
        self.cells += day.cells;
        self.unverifiable += day.unverifiable;
        self.differing += day.differing;
        self.unhealed += unreadable(&day.differences);
    }

    pub(crate) fn judge(&mut self, judged: &super::verdicts::Judged) {
        self.assessments += judged.assessments;
        self.assessments_pending += judged.pending;
        self.assessments_kept += judged.kept;
        self.differing += judged.differences.len() as u64;
        self.unhealed += unreadable(&judged.differences);
    }
}

fn unreadable(differences: &[Difference]) -> u64 {
    let unreadable = differences.iter();
    unreadable
        .filter(|one| one.what == What::Unreadable)
        .count() as u64
}

//! Which plan an agent runs, and how it hears of the next.

use std::fmt;

use domain::{UnixMicros, UnixMillis};

/// Where the newest known revision came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanOrigin {
    /// A file that the configuration names.
    #[default]
    File,
    /// What the collector told a former run.
    Cache,
    /// The collector, since the start.
    Collector,
}

/// A picture of the plan's standing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanState {
    /// The revision in force here; none before the first.
    pub revision: Option<u64>,
    /// Where the newest known revision came from.
    pub origin: PlanOrigin,
    /// The revision that takes over next, and when.
    pub next: Option<(u64, UnixMillis)>,
    /// Whether there is no plan yet.
    pub is_awaited: bool,
    /// Whether the plan in force does not name this agent.
    pub is_left_out: bool,
    /// Why the plan in force cannot be run here.
    pub fault: Option<String>,
    /// Why what the collector sent as plan was not believed.
    pub refused: Option<String>,
    /// Why the last question to the collector had no answer.
    pub trouble: Option<String>,
    /// When the collector last answered.
    pub contact_at: Option<UnixMicros>,
}

impl PlanState {
    /// What a human has to look at.
    pub(super) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.is_awaited {
            complaints.push("waiting for a plan".to_owned());
        }
        if self.is_left_out {
            complaints.push("the plan does not name this agent; nothing is probed".to_owned());
        }
        if let Some(fault) = &self.fault {
            complaints.push(format!("the plan cannot be run: {fault}"));
        }
        if let Some(refused) = &self.refused {
            complaints.push(format!("a plan was refused: {refused}"));
        }
        complaints
    }
}

impl fmt::Display for PlanOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Cache => "cache",
            Self::Collector => "collector",
        })
    }
}

impl fmt::Display for PlanState {
    /// Like `revision 3 from the collector, revision 4 from 2027-01-01T00:00:00Z, heard of at ..`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.revision {
            Some(revision) => write!(f, "revision {revision}, source {}", self.origin)?,
            None => write!(f, "none yet")?,
        }
        if let Some((revision, at)) = self.next {
            write!(f, "; revision {revision} takes over at {at}")?;
        }
        if let Some(at) = self.contact_at {
            write!(f, "; last contact {}", at.to_millis())?;
        }
        if let Some(trouble) = &self.trouble {
            write!(f, "; trying again: {trouble}")?;
        }
        Ok(())
    }
}

//! Conditions laid one after the other.

use domain::Minute;
use sla::Condition;

use super::Run;

/// Runs that follow one another without gaps: what nobody said is unmeasured, and neighbours
/// differ.
#[derive(Debug)]
pub(super) struct Timeline {
    start: Minute,
    runs: Vec<Run>,
}

impl Timeline {
    /// Nothing yet, from a minute on.
    pub(super) const fn new(start: Minute) -> Self {
        Self {
            start,
            runs: Vec::new(),
        }
    }

    /// The first minute of which nothing is said.
    fn end(&self) -> Minute {
        self.runs.last().map_or(self.start, |run| run.end)
    }

    /// Goes on with `[start, end)`, of which what lies before the end so far is left out.
    pub(super) fn push(&mut self, start: Minute, end: Minute, condition: Condition) {
        self.extend(start, Condition::Unmeasured);
        self.extend(end, condition);
    }

    fn extend(&mut self, end: Minute, condition: Condition) {
        let start = self.end();
        if end <= start {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if last.condition == condition => last.end = end,
            _ => self.runs.push(Run {
                start,
                end,
                condition,
            }),
        }
    }

    /// The runs so far.
    pub(super) fn into_runs(self) -> Vec<Run> {
        self.runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_unmeasured_and_equal_neighbours_are_one() {
        let mut line = Timeline::new(Minute::new(10));
        for (start, end, condition) in [
            (0, 12, Condition::Up),
            (12, 15, Condition::Up),
            (13, 14, Condition::Regional),
            (20, 21, Condition::Unmeasured),
            (21, 22, Condition::Up),
        ] {
            line.push(Minute::new(start), Minute::new(end), condition);
        }
        let runs = line.into_runs().into_iter();
        let runs = runs.map(|run| (run.start.get(), run.end.get(), run.condition));
        assert_eq!(
            runs.collect::<Vec<_>>(),
            [
                (10, 15, Condition::Up),
                (15, 21, Condition::Unmeasured),
                (21, 22, Condition::Up)
            ]
        );
    }
}

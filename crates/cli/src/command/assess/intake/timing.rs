//! Times of single requests, for the formulas that need them: one collection for each part.

use anyhow::anyhow;
use domain::cell::Timeliness;
use domain::fold::Stream;
use domain::{Class, Minute, SampleView};
use sla::timed::{TimedError, TimedSample};
use sla::{Contract, EventClass, Terms, Timed, TimedFold};

/// Minutes behind the newest sample for which late ones are still taken.
const OPEN_MINUTES: i64 = 60;

/// Classes whose meaning is remembered.
const CLASSES_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Timing<'a> {
    contract: &'a Contract,
    terms: &'a Terms,
    is_needed: bool,
    parts: Vec<Part>,
    /// What classes seen lately are to the contract.
    classes: Vec<(Class, EventClass)>,
}

#[derive(Debug)]
struct Part {
    fold: TimedFold,
    newest: Minute,
}

impl<'a> Timing<'a> {
    pub(super) fn new(contract: &'a Contract, terms: &'a Terms) -> Self {
        Self {
            contract,
            terms,
            is_needed: TimedFold::new(contract, terms).is_needed(),
            parts: Vec::new(),
            classes: Vec::new(),
        }
    }

    /// Takes a sample of a part.
    pub(super) fn add(
        &mut self,
        part: usize,
        stream: Stream<'_>,
        view: &SampleView<'_>,
        timeliness: Timeliness,
    ) -> anyhow::Result<()> {
        let minute = view.minute();
        if !self.is_needed || !self.terms.window.contains(minute) {
            return Ok(());
        }
        while self.parts.len() <= part {
            self.parts.push(Part {
                fold: TimedFold::new(self.contract, self.terms),
                newest: self.terms.window.start(),
            });
        }
        let class = self.class(view, timeliness);
        let part = &mut self.parts[part];
        let sample = TimedSample {
            agent: stream.agent,
            target: stream.target,
            view: *view,
            class,
            timeliness,
        };
        part.fold
            .add(&sample)
            .map_err(|error| unsorted(&error, part.newest))?;
        if minute > part.newest {
            part.newest = minute;
            part.fold.close_before(minute.plus(-OPEN_MINUTES));
        }
        Ok(())
    }

    fn class(&mut self, view: &SampleView<'_>, timeliness: Timeliness) -> EventClass {
        let mut known = self.classes.iter();
        if let Some((_, class)) = known.find(|(class, _)| class.describes(view, timeliness)) {
            return *class;
        }
        let class = Class::of_view(view, timeliness);
        let event = self.contract.events.classify(&class);
        if self.classes.len() == CLASSES_MAX {
            self.classes.clear();
        }
        self.classes.push((class, event));
        event
    }

    /// What the samples say, by part; without end, because parts may have had none.
    pub(super) fn finish(self) -> impl Iterator<Item = Option<Timed>> {
        let parts = self.parts.into_iter().map(|part| Some(part.fold.finish()));
        let (contract, terms, is_needed) = (self.contract, self.terms, self.is_needed);
        let none = move || is_needed.then(|| TimedFold::new(contract, terms).finish());
        parts.chain(std::iter::repeat_with(none))
    }
}

fn unsorted(error: &TimedError, newest: Minute) -> anyhow::Error {
    let TimedError::Closed {
        agent, target, at, ..
    } = error;
    let at = domain::UnixMicros::new(*at).to_millis();
    anyhow!(
        "a sample of agent `{agent}` and target `{target}` began at {at}, more than an hour before \
         one that stands above it, at {}; this contract needs the order of requests: sort the \
         input by time",
        newest.start()
    )
}

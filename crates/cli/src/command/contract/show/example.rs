//! An outage that breaches a contract, judged like any other, for the dates that follow from it.

use domain::cell::CellHourBuilder;
use domain::{
    AgentId, Attribution, CellHour, Class, Hour, Kind, Minute, Outcome, Source, TargetId, Window,
};
use sla::{Contract, Deadline, Facts, Terms, assess};

/// When it begins: 2027-01-15 at noon, UTC.
const BEGIN: Minute = Minute::new(30_000_240);

/// How long it may be, the first that breaches is taken.
const HOURS: [i64; 3] = [8, 48, 168];

/// Requests in every minute: enough for texts that ask for some.
const REQUESTS: u32 = 1_000;

/// An outage, and what had to be sent until when.
pub(super) struct Example {
    pub(super) outage: Window,
    pub(super) deadlines: Vec<Deadline>,
}

/// An example for a contract; none where no outage leads to a deadline.
pub(super) fn of(contract: &Contract) -> Option<Example> {
    let window = contract.window_at(BEGIN);
    HOURS.into_iter().find_map(|hours| {
        let end = BEGIN.plus(hours * 60).min(window.end());
        let outage = Window::new(BEGIN, end).ok()?;
        let cells = cells(window, outage);
        let terms = Terms::of(window, window.end());
        let assessment = assess(contract, &terms, Facts::counted(&cells));
        let mut deadlines: Vec<Deadline> = Vec::new();
        for deadline in assessment.breached().flat_map(|one| &one.deadlines) {
            if !deadlines.contains(deadline) {
                deadlines.push(deadline.clone());
            }
        }
        (!deadlines.is_empty()).then_some(Example { outage, deadlines })
    })
}

/// A window in which everything answers but during the outage.
fn cells(window: Window, outage: Window) -> Vec<CellHour> {
    let (Ok(agent), Ok(target)) = ("example".parse::<AgentId>(), "example".parse::<TargetId>())
    else {
        return Vec::new();
    };
    let hours = window.start().hour().get()..=window.end().hour().get();
    let hour = |hour: i64| {
        let hour = Hour::new(hour);
        let mut builder = CellHourBuilder::new(agent.clone(), target.clone(), hour);
        for minute in (0..60).map(|offset| hour.first_minute().plus(offset)) {
            let class = if outage.contains(minute) {
                down()
            } else {
                up()
            };
            builder.add(minute, class, REQUESTS);
        }
        builder.build()
    };
    hours.map(hour).collect()
}

fn up() -> Class {
    Class {
        outcome: Outcome::Ok,
        status: Some(200),
        attribution: Attribution::None,
        kind: Kind::Planned,
        source: Source::Probe,
        stream: false,
        served_model: None,
        served_tier: None,
        features: Vec::new(),
        late: false,
    }
}

fn down() -> Class {
    Class {
        outcome: Outcome::ServerError,
        status: Some(500),
        attribution: Attribution::Provider,
        ..up()
    }
}

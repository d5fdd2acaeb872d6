//! The ways in which a contract can be read: every clause that is open gives a choice, and every
//! combination of choices is a reading. The first of each choice is the literal one.
//!
//! Where combinations would be more than [`READINGS_MAX`], clauses vary one at a time: all
//! single effects are seen, joint ones are not. Readings that look beyond the window's edges, at
//! runs that cross them or at the same month in another zone, are left out where nothing was
//! measured there. The assessment says so in both cases.

use std::collections::BTreeSet;

use domain::{CellHour, Window};
use serde::{Deserialize, Serialize};

use crate::contract::credit::StepReading;
use crate::contract::metric::MetricReading;
use crate::contract::timezone::TimeZone;
use crate::contract::{
    Basis, Contract, CreditSchedule, Effect, Metric, PartMonth, Promise, RoundingMode,
    RunAcrossEdge,
};
use crate::standing::within;
use crate::subject::Subject;
use crate::terms::Terms;
use crate::timed::LateSamples;

/// Most readings that are computed of one commitment.
pub const READINGS_MAX: usize = 128;

/// One clause of the contract, read in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The key of the contract, or `late_samples`.
    pub clause: String,
    /// How it is read.
    pub value: String,
}

/// Everything that readings differ in.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) late: LateSamples,
    pub(crate) zone: TimeZone,
    pub(crate) edge: RunAcrossEdge,
    pub(crate) part: PartMonth,
    /// Positions of event rules that are read in their other way.
    pub(crate) otherwise: BTreeSet<usize>,
    /// One per exclusion clause.
    pub(crate) effects: Vec<Effect>,
    pub(crate) rounding: RoundingMode,
    pub(crate) steps: StepReading,
    pub(crate) metric: Metric,
}

/// One way to read one clause.
#[derive(Clone, Debug)]
struct Setting {
    choices: Vec<Choice>,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    Late(LateSamples),
    Zone(TimeZone),
    Edge(RunAcrossEdge),
    Part(PartMonth),
    Otherwise(usize),
    AsWritten,
    Effect(usize, Effect),
    Rounding(RoundingMode),
    Steps(StepReading),
    Metric(Box<Metric>),
}

/// The readings of one promise, the literal one first.
#[derive(Debug)]
pub(crate) struct Readings {
    pub(crate) views: Vec<(Vec<Choice>, View)>,
    /// Whether combinations were left out.
    pub(crate) cut: bool,
}

impl Readings {
    pub(crate) fn of(contract: &Contract, terms: &Terms, subject: &Subject<'_>) -> Self {
        let promise = &subject.promise;
        let mut clauses = clauses(contract, promise, terms);
        let before = clauses.iter().map(Vec::len).sum::<usize>();
        let is_measured = |span| is_measured(&subject.cells, span);
        for settings in &mut clauses {
            settings.retain(|setting| {
                let mut beyond = setting.change.beyond(contract, terms.window);
                match setting.change {
                    // A run that crosses one edge says nothing about the other.
                    Change::Edge(RunAcrossEdge::Span) => beyond.any(is_measured),
                    _ => beyond.all(is_measured),
                }
            });
        }
        let unmeasured = clauses.iter().map(Vec::len).sum::<usize>() < before;
        clauses.retain(|settings| settings.len() > 1);
        let literal = literal(contract, promise);
        let count = clauses.iter().try_fold(1_usize, |product, settings| {
            let product = product.checked_mul(settings.len())?;
            (product <= READINGS_MAX).then_some(product)
        });
        let views = match count {
            Some(_) => combinations(&clauses, &literal),
            None => one_at_a_time(&clauses, &literal),
        };
        Self {
            views,
            cut: unmeasured || count.is_none(),
        }
    }
}

/// Whether anything was measured in a span.
fn is_measured(cells: &[&CellHour], span: Window) -> bool {
    let (first, last) = (span.start().hour(), span.end().plus(-1).hour());
    cells.iter().any(|cell| (first..=last).contains(&cell.hour))
}

impl Change {
    /// What a reading looks at outside of the window: without any sample there, it would find
    /// nothing but unmeasured time.
    fn beyond(&self, contract: &Contract, window: Window) -> impl Iterator<Item = Window> {
        let (first, last) = match self {
            Self::Zone(zone) => {
                let other = contract.window.window_in(*zone, window);
                (other.start(), other.end())
            }
            Self::Edge(RunAcrossEdge::Span) => (window.start().plus(-1), window.end().plus(1)),
            _ => (window.start(), window.end()),
        };
        let spans = [(first, window.start()), (window.end(), last)];
        spans
            .into_iter()
            .filter_map(|(start, end)| Window::new(start, end).ok())
    }
}

fn literal(contract: &Contract, promise: &Promise<'_>) -> View {
    let commitment = promise.commitment;
    let metrics = commitment.metric.readings();
    View {
        late: LateSamples::Counted,
        zone: contract.window.timezone,
        edge: match contract.window.run_across_edge {
            RunAcrossEdge::Unknown => RunAcrossEdge::Cut,
            stated => stated,
        },
        part: match contract.scope.part_month {
            PartMonth::Unknown => PartMonth::OwnPeriod,
            stated => stated,
        },
        otherwise: BTreeSet::new(),
        effects: contract.exclusions.iter().map(|e| e.effect).collect(),
        rounding: commitment.rounding.literal(),
        steps: promise
            .credit()
            .and_then(|credit| credit.step_readings().first().copied())
            .unwrap_or(StepReading::Floor),
        metric: metrics[0].metric.clone(),
    }
}

fn combinations(clauses: &[Vec<Setting>], literal: &View) -> Vec<(Vec<Choice>, View)> {
    let mut views = vec![(Vec::new(), literal.clone())];
    for settings in clauses {
        let mut next = Vec::with_capacity(views.len() * settings.len());
        // The literal setting of this clause first, for all that there is, so that readings with
        // fewer departures from the letter stand before those with more.
        for (nth, setting) in settings.iter().enumerate() {
            next.extend(views.iter().map(|view| apply(view, setting, nth > 0)));
        }
        views = next;
    }
    views.sort_by_key(|(choices, _)| choices.len());
    views
}

fn one_at_a_time(clauses: &[Vec<Setting>], literal: &View) -> Vec<(Vec<Choice>, View)> {
    let first = (Vec::new(), literal.clone());
    let others = clauses.iter().flat_map(|settings| &settings[1..]);
    let others: Vec<_> = others.map(|setting| apply(&first, setting, true)).collect();
    std::iter::once(first)
        .chain(others)
        .take(READINGS_MAX)
        .collect()
}

fn apply(view: &(Vec<Choice>, View), setting: &Setting, departs: bool) -> (Vec<Choice>, View) {
    let (mut choices, mut view) = view.clone();
    if departs {
        choices.extend(setting.choices.iter().cloned());
    }
    match &setting.change {
        Change::AsWritten => {}
        Change::Late(late) => view.late = *late,
        Change::Zone(zone) => view.zone = *zone,
        Change::Edge(edge) => view.edge = *edge,
        Change::Part(part) => view.part = *part,
        Change::Otherwise(rule) => {
            view.otherwise.insert(*rule);
        }
        Change::Effect(clause, effect) => view.effects[*clause] = *effect,
        Change::Rounding(mode) => view.rounding = *mode,
        Change::Steps(steps) => view.steps = *steps,
        Change::Metric(metric) => view.metric = (**metric).clone(),
    }
    (choices, view)
}

fn setting(clause: impl Into<String>, value: impl Into<String>, change: Change) -> Setting {
    let (clause, value) = (clause.into(), value.into());
    Setting {
        choices: vec![Choice { clause, value }],
        change,
    }
}

/// The clauses that can be read in more than one way, each with its ways, the literal one first.
fn clauses(contract: &Contract, promise: &Promise<'_>, terms: &Terms) -> Vec<Vec<Setting>> {
    let mut clauses = vec![
        vec![
            setting(
                "late_samples",
                "counted",
                Change::Late(LateSamples::Counted),
            ),
            setting(
                "late_samples",
                "unmeasured",
                Change::Late(LateSamples::Unmeasured),
            ),
        ],
        metrics(promise),
        roundings(promise),
        steps(promise),
    ];
    if !promise.needs_times() {
        clauses.extend(of_counts(contract, promise, terms));
    }
    clauses.retain(|settings| settings.len() > 1);
    clauses
}

/// The clauses that decide which minutes and samples count. Formulas that need more than counts
/// know samples as the literal reading has them, so these do not vary for them.
fn of_counts(contract: &Contract, promise: &Promise<'_>, terms: &Terms) -> Vec<Vec<Setting>> {
    let mut clauses = vec![
        zones(contract),
        edges(contract, promise),
        parts(contract, terms),
    ];
    for (index, rule) in contract.events.rules.iter().enumerate() {
        if let Some(class) = rule.otherwise {
            let clause = format!("events.rule.{index}");
            let value = format!("{class:?}").to_lowercase();
            let literal = setting(clause.clone(), "as written", Change::AsWritten);
            clauses.push(vec![
                literal,
                setting(clause, value, Change::Otherwise(index)),
            ]);
        }
    }
    for (index, exclusion) in contract.exclusions.iter().enumerate() {
        let mut announced = terms.exclusions.iter().map(|span| &span.kind);
        let has_spans =
            exclusion.recurs.is_some() || announced.any(|kind| kind == exclusion.kind.as_str());
        if exclusion.basis == Basis::Stated || !has_spans {
            continue;
        }
        let others = Effect::ALL
            .iter()
            .filter(|effect| **effect != exclusion.effect);
        let effects = std::iter::once(&exclusion.effect).chain(others);
        let clause = format!("exclusion.{index}.effect");
        let settings =
            effects.map(|e| setting(clause.clone(), e.as_str(), Change::Effect(index, *e)));
        clauses.push(settings.collect());
    }
    clauses
}

fn zones(contract: &Contract) -> Vec<Setting> {
    let zones = contract.window.zones().into_iter();
    zones
        .map(|zone| setting("window.timezone", zone.name(), Change::Zone(zone)))
        .collect()
}

fn metrics(promise: &Promise<'_>) -> Vec<Setting> {
    let commitment = promise.commitment;
    let id = commitment.id.as_str();
    let own = commitment.metric.readings().into_iter();
    let mut settings: Vec<Setting> = own
        .map(|reading| Setting {
            choices: named(&reading, &format!("commitment.{id}.metric")),
            change: Change::Metric(Box::new(reading.metric)),
        })
        .collect();
    for other in &commitment.alternatives {
        let clause = format!("commitment.{id}.alternative");
        for reading in other.metric.readings() {
            let mut all = vec![Choice {
                clause: clause.clone(),
                value: other.id.as_str().to_owned(),
            }];
            all.extend(named(&reading, &clause));
            settings.push(Setting {
                choices: all,
                change: Change::Metric(Box::new(reading.metric)),
            });
        }
    }
    settings
}

fn named(reading: &MetricReading, path: &str) -> Vec<Choice> {
    let choices = reading.choices.iter();
    choices
        .map(|choice| Choice {
            clause: format!("{path}.{}", choice.key),
            value: choice.word.to_owned(),
        })
        .collect()
}

fn edges(contract: &Contract, promise: &Promise<'_>) -> Vec<Setting> {
    let is_open = contract.window.run_across_edge == RunAcrossEdge::Unknown;
    if !is_open || promise.commitment.metric.run_minutes_min() <= 1 {
        return Vec::new();
    }
    [(RunAcrossEdge::Cut, "cut"), (RunAcrossEdge::Span, "span")]
        .map(|(edge, word)| setting("window.run_across_edge", word, Change::Edge(edge)))
        .to_vec()
}

/// Only where the subscription begins or ends inside the window does the clause matter.
fn parts(contract: &Contract, terms: &Terms) -> Vec<Setting> {
    let cuts = terms
        .subscribed
        .is_some_and(|subscribed| within(terms.window, subscribed) != Some(terms.window));
    if !cuts || contract.scope.part_month != PartMonth::Unknown {
        return Vec::new();
    }
    [
        (PartMonth::OwnPeriod, "own_period"),
        (PartMonth::AssumeUp, "assume_up"),
        (PartMonth::WholeMonth, "whole_month"),
    ]
    .map(|(part, word)| setting("scope.part_month", word, Change::Part(part)))
    .to_vec()
}

fn roundings(promise: &Promise<'_>) -> Vec<Setting> {
    let clause = format!("commitment.{}.rounding", promise.commitment.id.as_str());
    let modes = promise.commitment.rounding.readings().into_iter();
    modes
        .map(|mode| setting(clause.clone(), mode.to_string(), Change::Rounding(mode)))
        .collect()
}

fn steps(promise: &Promise<'_>) -> Vec<Setting> {
    let clause = format!("commitment.{}.credit.steps", promise.commitment.id.as_str());
    let readings = promise
        .credit()
        .map_or(&[][..], CreditSchedule::step_readings);
    let word = |steps: &StepReading| match steps {
        StepReading::Floor => "floor",
        StepReading::Ceil => "ceil",
    };
    readings
        .iter()
        .map(|steps| setting(clause.clone(), word(steps), Change::Steps(*steps)))
        .collect()
}

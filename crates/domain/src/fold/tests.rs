use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::cell::CellHourBuilder;
use crate::outcome::{Attribution, Kind, Outcome, Source};
use crate::time::UnixMillis;

/// One thing that a log may say.
#[derive(Clone, Debug)]
enum Said {
    Sample(Box<Class>),
    Missed(GapReason, u32),
}

/// Where and when it says so.
#[derive(Clone, Debug)]
struct Entry {
    agent: AgentId,
    target: TargetId,
    minute: Minute,
    said: Said,
}

fn view(class: &Class, minute: Minute) -> SampleView<'_> {
    SampleView {
        started: minute.start().plus_ms(59_999).to_micros(),
        sent_us: None,
        first_us: Some(1),
        last_us: None,
        end_us: Some(2),
        input_tokens: None,
        output_tokens: Some(3),
        outcome: class.outcome,
        status: class.status,
        attribution: class.attribution,
        kind: class.kind,
        source: class.source,
        stream: class.stream,
        served_model: class.served_model.as_deref(),
        served_tier: class.served_tier.as_deref(),
        features: &class.features,
    }
}

const fn timeliness(class: &Class) -> Timeliness {
    if class.late {
        Timeliness::Late
    } else {
        Timeliness::Prompt
    }
}

fn add(fold: &mut Fold, entry: &Entry) -> Result<(), FoldError> {
    let stream = Stream {
        agent: &entry.agent,
        target: &entry.target,
    };
    match &entry.said {
        Said::Sample(class) => fold.add(stream, &view(class, entry.minute), timeliness(class)),
        Said::Missed(reason, slots) => fold.miss(stream, entry.minute, (*reason, *slots)),
    }
}

fn folded(entries: &[Entry]) -> Vec<CellHour> {
    let mut fold = Fold::new();
    for entry in entries {
        add(&mut fold, entry).unwrap();
    }
    fold.build()
}

/// The same by a builder for each stream and hour.
fn built(entries: &[Entry]) -> Vec<CellHour> {
    let mut hours: BTreeMap<(AgentId, TargetId, Hour), CellHourBuilder> = BTreeMap::new();
    for entry in entries {
        let (agent, target) = (entry.agent.clone(), entry.target.clone());
        let hour = entry.minute.hour();
        let new = || CellHourBuilder::new(agent.clone(), target.clone(), hour);
        let key = (agent.clone(), target.clone(), hour);
        let builder = hours.entry(key).or_insert_with(new);
        match &entry.said {
            Said::Sample(class) => builder.add(entry.minute, (**class).clone(), 1),
            Said::Missed(reason, slots) => {
                (0..*slots).for_each(|_| builder.miss(entry.minute, *reason));
            }
        }
    }
    hours.into_values().map(CellHourBuilder::build).collect()
}

fn classes() -> impl Strategy<Value = Class> {
    let words = (
        prop::sample::select(Outcome::ALL),
        prop::sample::select(Attribution::ALL),
        prop::sample::select(Kind::ALL),
        prop::sample::select(Source::ALL),
    );
    let name = || prop::option::of(prop::sample::select(vec!["m", "model-1", "model-2", ""]));
    let features = prop::collection::vec(prop::sample::select(vec!["a", "b"]), 0..3);
    let status = prop::option::of(prop::sample::select(vec![200, 429, 500]));
    let rest = (any::<bool>(), any::<bool>(), name(), name(), features);
    (words, status, rest).prop_map(
        |(words, status, (stream, late, model, tier, features))| Class {
            outcome: words.0,
            status,
            attribution: words.1,
            kind: words.2,
            source: words.3,
            stream,
            served_model: model.map(str::to_owned),
            served_tier: tier.map(str::to_owned),
            features: features.into_iter().map(str::to_owned).collect(),
            late,
        },
    )
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let few = prop::collection::vec(classes(), 1..12);
    let spots = prop::collection::vec((0..5_u8, 0..2_u8, -130..130_i64, any::<u16>()), 0..300);
    (few, spots).prop_map(|(classes, spots)| {
        let entry = |(agent, target, minute, pick): (u8, u8, i64, u16)| Entry {
            agent: format!("agent-{agent}").parse().unwrap(),
            target: format!("target-{target}").parse().unwrap(),
            minute: Minute::new(minute),
            said: if pick % 7 == 0 {
                let reason = usize::from(pick / 7) % GapReason::ALL.len();
                Said::Missed(GapReason::ALL[reason], u32::from(pick % 3))
            } else {
                let class = usize::from(pick) % classes.len();
                Said::Sample(Box::new(classes[class].clone()))
            },
        };
        spots.into_iter().map(entry).collect()
    })
}

/// Entries of gaps without slots say nothing, here as there.
fn without_empty_gaps(entries: &[Entry]) -> Vec<Entry> {
    let empty = |entry: &&Entry| !matches!(entry.said, Said::Missed(_, 0));
    entries.iter().filter(empty).cloned().collect()
}

fn shuffled() -> impl Strategy<Value = (Vec<Entry>, Vec<Entry>)> {
    entries().prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle()))
}

proptest! {
    #[test]
    fn the_fold_of_shuffled_samples_is_what_a_builder_per_hour_gives(
        (entries, shuffled) in shuffled(),
    ) {
        let expected = built(&without_empty_gaps(&entries));
        prop_assert_eq!(&folded(&entries), &expected);
        prop_assert_eq!(&folded(&shuffled), &expected);
    }
}

#[test]
fn a_class_describes_no_sample_that_differs_in_anything() {
    let Said::Sample(class) = at(0, Outcome::Ok).said else {
        panic!("a sample was asked for");
    };
    let differ = |change: fn(&mut Class)| {
        let mut other = class.clone();
        change(&mut other);
        let view = view(&other, Minute::new(0));
        assert!(!class.describes(&view, timeliness(&other)), "{other:?}");
        assert!(other.describes(&view, timeliness(&other)));
        assert_eq!(Class::of_view(&view, timeliness(&other)), *other);
    };
    differ(|class| class.outcome = Outcome::Tls);
    differ(|class| class.status = None);
    differ(|class| class.attribution = Attribution::Ours);
    differ(|class| class.kind = Kind::Burst);
    differ(|class| class.source = Source::Probe);
    differ(|class| class.stream = true);
    differ(|class| class.served_model = Some(String::new()));
    differ(|class| class.served_tier = Some("x".to_owned()));
    differ(|class| class.features.push("x".to_owned()));
    differ(|class| class.late = true);
}

fn at(minute: i64, outcome: Outcome) -> Entry {
    Entry {
        agent: "a".parse().unwrap(),
        target: "t".parse().unwrap(),
        minute: Minute::new(minute),
        said: Said::Sample(Box::new(Class {
            outcome,
            status: Some(200),
            attribution: Attribution::None,
            kind: Kind::Planned,
            source: Source::Traffic,
            stream: false,
            served_model: None,
            served_tier: None,
            features: Vec::new(),
            late: false,
        })),
    }
}

#[test]
fn a_sample_counts_in_the_minute_it_started_in_also_before_1970() {
    let hours = folded(&[
        at(-1, Outcome::Ok),
        at(59, Outcome::Ok),
        at(59, Outcome::Tls),
    ]);
    let counts = |hour: &CellHour| {
        let count = |c: &Count| (c.minute, c.class, c.count);
        (hour.hour.get(), hour.counts.iter().map(count).collect())
    };
    let found: Vec<(i64, Vec<_>)> = hours.iter().map(counts).collect();
    assert_eq!(
        found,
        [(-1, vec![(59, 0, 1)]), (0, vec![(59, 0, 1), (59, 1, 1)])]
    );
}

#[test]
fn the_start_of_a_view_is_floored_to_its_minute() {
    let class = match at(0, Outcome::Ok).said {
        Said::Sample(class) => class,
        Said::Missed(..) => unreachable!(),
    };
    let mut sample = view(&class, Minute::new(0));
    sample.started = UnixMillis::new(60_000).to_micros();
    assert_eq!(sample.minute(), Minute::new(1));
}

#[test]
fn what_does_not_fit_is_refused_and_what_is_there_can_still_be_counted() {
    let mut fold = Fold::within(Limits { rows: 2, cells: 2 });
    add(&mut fold, &at(0, Outcome::Ok)).unwrap();
    add(&mut fold, &at(0, Outcome::Tls)).unwrap();
    let error = add(&mut fold, &at(0, Outcome::Dns)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "more than 2 combinations of agent, target, hour and class of sample: assess fewer agents or a shorter time at once"
    );
    add(&mut fold, &at(1, Outcome::Ok)).unwrap();
    let missed = |minute| Entry {
        said: Said::Missed(GapReason::Budget, 1),
        ..at(minute, Outcome::Ok)
    };
    add(&mut fold, &missed(60)).unwrap();
    let error = add(&mut fold, &missed(120)).unwrap_err();
    assert_eq!(error, FoldError::Cells { max: 2 });
    let hours = fold.build();
    assert_eq!((hours.len(), hours[0].counts.len()), (2, 3));
}

use domain::cell::CellHourBuilder;
use domain::{Hour, Kind, Source};
use proptest::prelude::*;

use super::*;

mod cut_off;

/// What an attempt met.
type Met = (Outcome, Attribution);
/// An agent with the minute of each attempt and what it met.
type Seen<'a> = (&'a str, &'a [(i64, Met)]);

fn class(outcome: Outcome, attribution: Attribution) -> Class {
    Class {
        outcome,
        status: None,
        attribution,
        kind: Kind::Planned,
        source: Source::Probe,
        stream: true,
        served_model: None,
        served_tier: None,
        features: Vec::new(),
        late: false,
    }
}

const OK: Met = (Outcome::Ok, Attribution::None);
const DOWN: Met = (Outcome::ServerError, Attribution::Provider);
const PATH: Met = (Outcome::Tcp, Attribution::Network);
const KEY: Met = (Outcome::Auth, Attribution::Ours);

/// Agents with the minute, outcome and attribution of their samples in the hour 10.
fn cells(seen: &[Seen<'_>]) -> Vec<CellHour> {
    let hour = Hour::new(10);
    let cell = |(agent, samples): &Seen<'_>| {
        let mut cell = CellHourBuilder::new(agent.parse().unwrap(), "t".parse().unwrap(), hour);
        for (minute, (outcome, attribution)) in *samples {
            let at = hour.first_minute().plus(*minute);
            cell.add(at, class(*outcome, *attribution), 1);
        }
        cell.build()
    };
    seen.iter().map(cell).collect()
}

fn places() -> Vec<Place> {
    let place = |(agent, region, network): (&str, &str, &str)| Place {
        agent: agent.parse().unwrap(),
        region: region.to_owned(),
        network: network.to_owned(),
    };
    [("a", "us", "n1"), ("b", "us", "n1"), ("c", "eu", "n2")]
        .map(place)
        .to_vec()
}

fn fleet(places: &[Place]) -> Fleet<'_> {
    Fleet {
        places,
        cut_off: CutOff::NONE,
    }
}

fn window() -> Window {
    let start = Hour::new(10).first_minute();
    Window::new(start, start.plus(60)).unwrap()
}

#[track_caller]
fn check(seen: &[(&str, Met)], expected: Condition) {
    let samples: Vec<_> = seen
        .iter()
        .map(|(agent, met)| (*agent, [(3, *met)]))
        .collect();
    let seen: Vec<Seen<'_>> = samples.iter().map(|(a, met)| (*a, &met[..])).collect();
    let (cells, places) = (cells(&seen), places());
    let sights = Sights::of(&cells, fleet(&places), window(), 1);
    let at = window().start().plus(3);
    assert_eq!(sights.condition(at), expected, "{seen:?}");
    assert_eq!(sights.condition(at.plus(1)), Condition::Unmeasured);
}

#[test]
fn the_provider_is_down_only_where_all_who_can_tell_fail_in_two_networks() {
    check(&[("a", DOWN), ("c", DOWN)], Condition::ProviderDown);
    check(&[("a", DOWN), ("c", PATH)], Condition::ProviderDown);
    check(&[("a", DOWN), ("b", DOWN)], Condition::Regional);
    check(&[("a", DOWN), ("b", OK), ("c", DOWN)], Condition::Regional);
    check(
        &[("a", DOWN), ("b", KEY), ("c", DOWN)],
        Condition::ProviderDown,
    );
}

#[test]
fn a_single_agent_confirms_nothing() {
    check(&[("a", DOWN)], Condition::Regional);
    check(&[("x", DOWN), ("y", DOWN)], Condition::Regional); // Of unknown place: one network.
}

#[test]
fn faults_of_our_own_say_nothing_about_the_provider() {
    check(&[("a", KEY), ("c", KEY)], Condition::OurSide);
    check(&[("a", KEY), ("c", OK)], Condition::Up);
    check(&[("a", KEY), ("c", DOWN)], Condition::Regional);
    check(&[], Condition::Unmeasured);
}

#[test]
fn regions_are_told_apart() {
    let seen: [Seen<'_>; 3] = [("a", &[(3, DOWN)]), ("b", &[(3, DOWN)]), ("c", &[(3, OK)])];
    let (cells, places) = (cells(&seen), places());
    let sights = Sights::of(&cells, fleet(&places), window(), 1);
    let regions: Vec<_> = sights
        .regions(window().start().plus(3))
        .into_iter()
        .collect();
    assert_eq!(regions, [("eu", Vantage::Up), ("us", Vantage::Failing)]);
}

#[test]
fn a_sample_speaks_until_the_next_slot_and_no_longer() {
    use Condition::{ProviderDown, Regional, Unmeasured, Up};

    let seen: [Seen<'_>; 2] = [("a", &[(3, DOWN), (5, OK)]), ("c", &[(3, DOWN)])];
    let (cells, places) = (cells(&seen), places());
    let sights = Sights::of(&cells, fleet(&places), window(), 5);
    let at = |minute| sights.condition(window().start().plus(minute));
    let told: Vec<_> = (2..11).map(at).collect();
    let expected = [
        Unmeasured,
        ProviderDown,
        ProviderDown,
        Regional,
        Regional,
        Regional,
        Up,
        Up,
        Unmeasured,
    ];
    assert_eq!(told, expected);
    assert_eq!(at(-1), Unmeasured);
    assert_eq!(at(60), Unmeasured);
}

#[test]
fn a_sample_of_the_hour_before_speaks_for_the_first_minutes() {
    let seen: [Seen<'_>; 1] = [("a", &[(58, OK)])];
    let (cells, places) = (cells(&seen), places());
    let next = Window::new(window().end(), window().end().plus(60)).unwrap();
    let sights = Sights::of(&cells, fleet(&places), next, 5);
    let at = |minute| sights.condition(next.start().plus(minute));
    assert_eq!(
        [at(0), at(2), at(3)],
        [Condition::Up, Condition::Up, Condition::Unmeasured]
    );
}

fn met() -> impl Strategy<Value = Vec<(u8, usize)>> {
    proptest::collection::vec((0_u8..6, 0_usize..4), 0..24)
}

const KINDS: [Met; 4] = [OK, DOWN, PATH, KEY];

/// One minute: per sample the agent and what it met.
fn told(samples: &[(u8, usize)]) -> Condition {
    let mut agents: BTreeMap<u8, Sight> = BTreeMap::new();
    for (agent, kind) in samples {
        let (outcome, attribution) = KINDS[*kind];
        let sight = agents.entry(*agent).or_default();
        sight.count(&class(outcome, attribution), 1);
    }
    let networks = ["n1", "n2", "n3"];
    let agents = agents.iter();
    Condition::of(agents.map(|(agent, sight)| {
        (
            networks.get(usize::from(agent / 2)).copied(),
            sight.vantage(),
        )
    }))
}

proptest! {
    #[test]
    fn the_order_of_samples_and_agents_changes_nothing(
        (one, other) in met().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
    ) {
        prop_assert_eq!(told(&one), told(&other));
    }

    #[test]
    fn another_success_never_makes_it_worse(mut samples in met(), agent in 0_u8..6) {
        let before = told(&samples);
        samples.push((agent, 0));
        prop_assert!(told(&samples) <= before, "{:?} to {:?}", before, told(&samples));
    }

    #[test]
    fn another_failure_never_makes_it_better(
        mut samples in met(), agent in 0_u8..6, kind in 1_usize..3,
    ) {
        let before = told(&samples);
        samples.push((agent, kind));
        // A first failure may be the first sample at all: that is more known, not better.
        prop_assert!(told(&samples) >= before, "{:?} to {:?}", before, told(&samples));
    }

    #[test]
    fn silent_agents_have_no_say(samples in met(), silent in 0_usize..5) {
        let agents = samples.iter().map(|(agent, kind)| {
            let (outcome, attribution) = KINDS[*kind];
            let mut sight = Sight::default();
            sight.count(&class(outcome, attribution), 1);
            ((agent % 2 == 0).then_some("n"), sight.vantage())
        });
        let quiet = std::iter::repeat_n((Some("other"), Sight::default().vantage()), silent);
        prop_assert_eq!(Condition::of(agents.clone()), Condition::of(agents.chain(quiet)));
    }

    #[test]
    fn the_order_of_cells_changes_nothing(
        (one, other) in proptest::collection::vec((0_usize..3, 0_i64..60, 0_usize..4), 0..40)
            .prop_map(|samples| {
                samples.into_iter().map(|(agent, minute, kind)| {
                    cells(&[(["a", "b", "c"][agent], &[(minute, KINDS[kind])])]).remove(0)
                }).collect::<Vec<_>>()
            })
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        hold in 1_u32..10,
    ) {
        let places = places();
        let (one, other) = (
            Sights::of(&one, fleet(&places), window(), hold),
            Sights::of(&other, fleet(&places), window(), hold),
        );
        for at in window().iter() {
            prop_assert_eq!(one.condition(at), other.condition(at));
            prop_assert_eq!(one.regions(at), other.regions(at));
        }
    }
}

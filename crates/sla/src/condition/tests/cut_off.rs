//! Agents whose own controls did not answer.

use super::*;

fn knowing<'a>(places: &'a [Place], cut_off: &'a CutOff) -> Fleet<'a> {
    Fleet { places, cut_off }
}

/// Agents that were cut off in a minute.
fn cut_off_at(agents: &[&str], at: Minute) -> CutOff {
    let agents = agents.iter();
    agents.map(|agent| (agent.parse().unwrap(), at)).collect()
}

/// What agents met in minute 3, and which of them were cut off in it.
#[track_caller]
fn check(seen: &[(&str, Met)], cut_off: &[&str], expected: Condition) {
    let samples: Vec<_> = seen
        .iter()
        .map(|(agent, met)| (*agent, [(3, *met)]))
        .collect();
    let seen: Vec<Seen<'_>> = samples.iter().map(|(a, met)| (*a, &met[..])).collect();
    let at = window().start().plus(3);
    let (cells, places, cut_off) = (cells(&seen), places(), cut_off_at(cut_off, at));
    let sights = Sights::of(&cells, knowing(&places, &cut_off), window(), 1);
    assert_eq!(sights.condition(at), expected, "{seen:?}, {cut_off:?}");
    assert_eq!(sights.condition(at.plus(1)), Condition::Unmeasured);
}

#[test]
fn an_agent_that_was_cut_off_is_no_part_of_a_quorum() {
    use Condition::{OurSide, ProviderDown, Regional, Up};

    let all_down = [("a", DOWN), ("b", DOWN), ("c", PATH)];
    check(&all_down, &[], ProviderDown);
    check(&all_down, &["a"], ProviderDown); // The others stand in two networks.
    check(&all_down, &["c"], Regional); // The others stand in one.
    check(&all_down, &["b", "c"], Regional);
    check(&all_down, &["a", "b", "c"], OurSide);
    check(&[("a", DOWN), ("c", DOWN)], &["c"], Regional);
    check(&[("a", DOWN), ("c", OK)], &["a"], Up);
    check(&[("a", DOWN), ("c", KEY)], &["a"], OurSide);
    check(&[("a", DOWN)], &["a"], OurSide);
}

#[test]
fn what_an_agent_reached_though_cut_off_stays_reached() {
    check(&[("a", OK), ("c", DOWN)], &["a"], Condition::Regional);
    check(&[("a", OK)], &["a"], Condition::Up);
}

#[test]
fn an_agent_that_was_cut_off_and_has_no_sample_has_no_say() {
    check(&[], &["a", "b", "c"], Condition::Unmeasured);
    check(&[("a", DOWN), ("c", DOWN)], &["b"], Condition::ProviderDown);
    let at = window().start();
    let (cells, places, cut_off) = (
        cells(&[("c", &[(0, OK)])]),
        places(),
        cut_off_at(&["b"], at),
    );
    let sights = Sights::of(&cells, knowing(&places, &cut_off), window(), 1);
    let regions: Vec<_> = sights.regions(at).into_iter().collect();
    assert_eq!(regions, [("eu", Vantage::Up)]);
}

#[test]
fn regions_leave_out_what_failed_where_an_agent_was_cut_off() {
    let seen: [Seen<'_>; 3] = [("a", &[(3, DOWN)]), ("b", &[(3, OK)]), ("c", &[(3, DOWN)])];
    let at = window().start().plus(3);
    let (cells, places) = (cells(&seen), places());
    let told = |cut_off: &[&str]| {
        let cut_off = cut_off_at(cut_off, at);
        let sights = Sights::of(&cells, knowing(&places, &cut_off), window(), 1);
        ["us", "eu"].map(|region| sights.regions(at)[region])
    };
    assert_eq!(told(&[]), [Vantage::Up, Vantage::Failing]);
    assert_eq!(told(&["a", "c"]), [Vantage::Up, Vantage::OurSide]);
}

/// A failure seen in minute 3 speaks for five minutes. It says nothing where the agent was cut off
/// when it was seen, and nothing of a minute in which the agent was cut off later.
#[test]
fn minutes_that_a_sample_speaks_for_follow_its_own_and_themselves() {
    use Condition::{OurSide as O, Regional as R, Unmeasured as U};

    let (cells, places) = (cells(&[("a", &[(3, DOWN)])]), places());
    let told = |minute: i64| {
        let at = |minute| window().start().plus(minute);
        let cut_off = cut_off_at(&["a"], at(minute));
        let sights = Sights::of(&cells, knowing(&places, &cut_off), window(), 5);
        let told: Vec<_> = (2..9).map(|minute| sights.condition(at(minute))).collect();
        told
    };
    assert_eq!(told(2), [U, R, R, R, R, R, U]);
    assert_eq!(told(3), [U, O, O, O, O, O, U]);
    assert_eq!(told(5), [U, R, R, O, R, R, U]);
}

const AGENTS: [&str; 4] = ["a", "b", "c", "x"];

/// Agents, minutes and what was met.
fn samples() -> impl Strategy<Value = Vec<(usize, i64, usize)>> {
    proptest::collection::vec((0..AGENTS.len(), 0_i64..12, 0_usize..4), 0..40)
}

/// Agents and minutes in which they were cut off.
fn cuts() -> impl Strategy<Value = Vec<(usize, i64)>> {
    proptest::collection::vec((0..AGENTS.len(), 0_i64..12), 0..12)
}

fn seen(samples: &[(usize, i64, usize)]) -> Vec<CellHour> {
    let cell = |(agent, minute, kind): &(usize, i64, usize)| {
        cells(&[(AGENTS[*agent], &[(*minute, KINDS[*kind])])]).remove(0)
    };
    samples.iter().map(cell).collect()
}

fn cut(cuts: &[(usize, i64)]) -> CutOff {
    let cut = |(agent, minute): &(usize, i64)| {
        let at = window().start().plus(*minute);
        (AGENTS[*agent].parse().unwrap(), at)
    };
    cuts.iter().map(cut).collect()
}

proptest! {
    #[test]
    fn cutting_an_agent_off_never_makes_a_minute_worse(
        samples in samples(), mut cuts in cuts(), more in (0..AGENTS.len(), 0_i64..12),
        hold in 1_u32..6,
    ) {
        let (cells, places, before) = (seen(&samples), places(), cut(&cuts));
        cuts.push(more);
        let after = cut(&cuts);
        let before = Sights::of(&cells, knowing(&places, &before), window(), hold);
        let after = Sights::of(&cells, knowing(&places, &after), window(), hold);
        for at in window().iter() {
            prop_assert!(after.condition(at) <= before.condition(at), "{}", at.get());
            let (after, before) = (after.regions(at), before.regions(at));
            prop_assert!(after.keys().eq(before.keys()));
            prop_assert!(after.iter().all(|(region, seen)| *seen <= before[region]));
        }
    }

    #[test]
    fn where_all_were_cut_off_it_is_as_if_every_failure_were_ours(
        samples in samples(), hold in 1_u32..6,
    ) {
        let places = places();
        let all = (0..AGENTS.len()).flat_map(|agent| (0..12).map(move |minute| (agent, minute)));
        let (cells, cut_off) = (seen(&samples), cut(&all.collect::<Vec<_>>()));
        let cut = Sights::of(&cells, knowing(&places, &cut_off), window(), hold);
        let ours = samples.iter().map(|(agent, minute, kind)| {
            (*agent, *minute, if *kind == 0 { 0 } else { 3 })
        });
        let ours = seen(&ours.collect::<Vec<_>>());
        let ours = Sights::of(&ours, fleet(&places), window(), hold);
        for at in window().iter() {
            prop_assert!(cut.condition(at) <= Condition::OurSide);
            prop_assert_eq!(cut.condition(at), ours.condition(at));
            prop_assert_eq!(cut.regions(at), ours.regions(at));
        }
    }

    #[test]
    fn minutes_in_which_nobody_was_cut_off_are_as_they_were(samples in samples(), cuts in cuts()) {
        let (cells, places, cut_off) = (seen(&samples), places(), cut(&cuts));
        let cut = Sights::of(&cells, knowing(&places, &cut_off), window(), 1);
        let without = Sights::of(&cells, fleet(&places), window(), 1);
        for (minute, at) in (0..).zip(window().iter()) {
            if cuts.iter().all(|(_, cut)| *cut != minute) {
                prop_assert_eq!(cut.condition(at), without.condition(at));
                prop_assert_eq!(cut.regions(at), without.regions(at));
            }
        }
    }
}

use domain::cell::CellHourBuilder;
use domain::{Attribution, CellHour, Class, Kind, Minute, Outcome, Source};
use proptest::prelude::*;

use super::*;
use crate::{Contract, Facts, Terms};

fn contract() -> Contract {
    Contract::parse(include_str!("../../contracts/demo-direct.toml")).unwrap()
}

fn class(is_ok: bool, late: bool) -> Class {
    Class {
        outcome: if is_ok {
            Outcome::Ok
        } else {
            Outcome::ServerError
        },
        status: Some(if is_ok { 200 } else { 503 }),
        attribution: if is_ok {
            Attribution::None
        } else {
            Attribution::Provider
        },
        kind: Kind::Planned,
        source: Source::Probe,
        stream: true,
        served_model: None,
        served_tier: None,
        features: Vec::new(),
        late,
    }
}

/// The first hour of the window; five samples a minute.
fn assess(minutes: &[(bool, bool)]) -> Assessment {
    let contract = contract();
    let window = contract.window_at(Minute::new(0));
    let hour = window.start().hour();
    let mut cell = CellHourBuilder::new("a".parse().unwrap(), "t".parse().unwrap(), hour);
    for (at, (is_ok, late)) in (0..).zip(minutes) {
        cell.add(window.start().plus(at), class(*is_ok, *late), 5);
    }
    let cells: [CellHour; 1] = [cell.build()];
    let terms = Terms::of(window, window.end());
    crate::assess(&contract, &terms, Facts::counted(&cells))
}

#[test]
fn a_late_hour_of_errors_changes_what_is_said_of_minutes_and_bounds() {
    let (before, after) = (assess(&[(true, false); 10]), assess(&[(false, false); 60]));
    let found = changes(&before, &after);
    let fields: Vec<_> = found.iter().map(|change| &change.what).collect();
    assert!(
        fields.iter().any(|what| matches!(what, What::High { .. })),
        "{found:?}"
    );
    assert!(
        fields
            .iter()
            .any(|what| matches!(what, What::Minutes { .. })),
        "{found:?}"
    );
    assert!(found[0].commitment.is_some());
}

#[test]
fn a_commitment_that_came_or_went_is_named() {
    let full = assess(&[(true, false)]);
    let mut none = full.clone();
    let gone = none.commitments.remove(0).id;
    let named = |what| {
        vec![Change {
            commitment: Some(gone.clone()),
            what,
        }]
    };
    assert_eq!(changes(&full, &none), named(What::Removed));
    assert_eq!(changes(&none, &full), named(What::Added));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn there_is_a_change_exactly_where_assessments_differ(
        one in proptest::collection::vec(any::<(bool, bool)>(), 0..20),
        other in proptest::collection::vec(any::<(bool, bool)>(), 0..20),
    ) {
        let (one, other) = (assess(&one), assess(&other));
        prop_assert_eq!(changes(&one, &other).is_empty(), one == other);
        prop_assert!(changes(&one, &one).is_empty());
    }
}

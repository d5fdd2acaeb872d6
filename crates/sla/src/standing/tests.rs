use super::*;
use crate::assess::tests::contract_with;

fn window(start: i64, end: i64) -> Window {
    Window::new(Minute::new(start), Minute::new(end)).unwrap()
}

fn span(start: i64, end: i64, kind: &str) -> ExcludedSpan {
    ExcludedSpan {
        window: window(start, end),
        kind: kind.to_owned(),
        reason: String::new(),
        announced: None,
    }
}

/// Standings of a window of ten minutes from 1970, the last two still future.
fn standings(clauses: &str, spans: Vec<ExcludedSpan>) -> (Vec<Standing>, Vec<SpanOutcome>) {
    let contract = contract_with(clauses);
    let mut terms = Terms::of(window(0, 10), Minute::new(8));
    terms.exclusions = spans;
    let none_regional = Global::of(&contract, |_| false);
    let found = Exclusions::of(&contract, &terms, terms.window, &none_regional);
    let effects: Vec<Effect> = contract.exclusions.iter().map(|e| e.effect).collect();
    let outcomes = found.considered.iter().map(|span| span.outcome).collect();
    (
        found.standings(terms.window, terms.as_of, &effects),
        outcomes,
    )
}

#[test]
fn the_exclusions_of_a_window_are_found_once() {
    let contract = contract_with("[[exclusion]]\nkind = \"up\"\neffect = \"treat_as_up\"");
    let terms = Terms::of(window(0, 10), Minute::new(8));
    let global = Global::of(&contract, |_| false);
    let known = KnownExclusions::new(&contract, &terms);
    let first = known.of(window(0, 10), global.clone());
    assert!(Rc::ptr_eq(&first, &known.of(window(0, 10), global.clone())));
    assert!(!Rc::ptr_eq(&first, &known.of(window(0, 11), global)));
}

const JUDGED: Standing = Standing::Judged;
const UP: Standing = Standing::Excluded(Effect::TreatAsUp);
const GONE: Standing = Standing::Excluded(Effect::RemoveFromDenominator);
const FUTURE: Standing = Standing::Future;

#[test]
fn of_overlapping_exclusions_the_one_with_more_uptime_holds() {
    let clauses = r#"
[[exclusion]]
kind = "up"
effect = "treat_as_up"
[[exclusion]]
kind = "gone"
effect = "remove_from_denominator"
[[exclusion]]
kind = "none"
effect = "not_excluded"
"#;
    let mut spans = vec![
        span(-5, 2, "up"),
        span(1, 5, "gone"),
        span(0, 1, "none"),
        span(9, 99, "up"),
    ];
    let expected = [
        UP, UP, GONE, GONE, GONE, JUDGED, JUDGED, JUDGED, FUTURE, FUTURE,
    ];
    assert_eq!(standings(clauses, spans.clone()).0, expected);
    spans.reverse();
    assert_eq!(standings(clauses, spans).0, expected);
}

#[test]
fn a_span_that_was_announced_too_late_is_judged_and_the_assessment_says_so() {
    let clauses = r#"
[[exclusion]]
kind = "maintenance"
effect = "remove_from_denominator"
notice_hours = 72
"#;
    let announced = |at: Option<i64>| {
        let mut span = span(2, 4, "maintenance");
        span.announced = at.map(Minute::new);
        standings(clauses, vec![span])
    };
    let late = SpanOutcome::NoticeTooShort { hours: 72 };
    assert_eq!(announced(None).1, [late]);
    assert_eq!(announced(Some(2 - 72 * 60 + 1)).1, [late]);
    let (found, outcomes) = announced(Some(2 - 72 * 60));
    let effect = Effect::RemoveFromDenominator;
    assert_eq!(outcomes, [SpanOutcome::Applied { effect }]);
    assert_eq!(found[..5], [JUDGED, JUDGED, GONE, GONE, JUDGED]);
}

#[test]
fn maintenance_beyond_the_limit_is_refused_a_whole_span_at_a_time() {
    let clauses = r#"
[[exclusion]]
kind = "maintenance"
effect = "remove_from_denominator"
minutes_max = 4
"#;
    let spans = vec![
        span(6, 7, "maintenance"),
        span(0, 3, "maintenance"),
        span(4, 6, "maintenance"),
    ];
    let (found, outcomes) = standings(clauses, spans);
    let applied = SpanOutcome::Applied {
        effect: Effect::RemoveFromDenominator,
    };
    let reached = SpanOutcome::LimitReached { minutes: 4 };
    assert_eq!(outcomes, [applied, reached, applied]);
    assert_eq!(found[3..7], [JUDGED, JUDGED, JUDGED, GONE]);
}

#[test]
fn outside_the_hours_of_service_nothing_is_judged() {
    let clauses = r#"
[[exclusion]]
kind = "service_hours"
effect = "remove_from_denominator"
span = "outside"
recurs = { rrule = "FREQ=DAILY", from = "00:03", minutes = 4, timezone = "UTC" }
"#;
    let (found, _) = standings(clauses, Vec::new());
    let expected = [
        GONE, GONE, GONE, JUDGED, JUDGED, JUDGED, JUDGED, GONE, GONE, GONE,
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_kind_that_the_contract_does_not_name_excludes_nothing() {
    let (found, outcomes) = standings("", vec![span(0, 5, "upgrade")]);
    assert_eq!(outcomes, [SpanOutcome::UnknownKind]);
    assert_eq!(found[0], JUDGED);
}

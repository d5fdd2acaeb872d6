use super::*;
use crate::effect;
use crate::fault::{Fault, Millis};
use crate::plan::Pace;

fn parts() -> Parts {
    let list = |texts: &[&'static str]| texts.iter().map(|text| Bytes::from(*text)).collect();
    Parts {
        content_type: "text/event-stream",
        opening: list(&["open"]),
        reasoning: Vec::new(),
        content: list(&["aa", "bb", "cc"]),
        closing: list(&["finish", "done"]),
        error: Bytes::from("error"),
        broken: Bytes::from("broken"),
    }
}

const PACE: Pace = Pace {
    ttft: Duration::from_millis(100),
    gap: Duration::from_millis(10),
    reasoning_tokens: 0,
};

fn played(plan: &Plan, parts: Parts) -> String {
    let steps = stream(plan, parts).into_iter().map(|step| match step {
        Step::Send(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Step::Wait(wait) => format!("{}ms", wait.as_millis()),
        Step::Hang => "hang".to_owned(),
        Step::Reset => "reset".to_owned(),
    });
    steps.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(fault: &Fault, expected: &str) {
    let mut plan = Plan::healthy(PACE);
    effect::apply(&mut plan, "test", fault);
    assert_eq!(played(&plan, parts()), expected);
}

#[test]
fn each_harm_breaks_a_stream_in_its_own_way() {
    let after_chunks = 1;
    check(&Fault::Stall { after_chunks }, "open 100ms aa hang");
    check(
        &Fault::CutReset { after_chunks },
        "open 100ms aa 20ms reset",
    );
    check(&Fault::CutClean { after_chunks }, "open 100ms aa");
    check(&Fault::CutJson { after_chunks }, "open 100ms aa b");
    check(
        &Fault::CutJson { after_chunks: 9 },
        "open 100ms aa 10ms bb 10ms cc fin",
    );
    check(&Fault::error_in_stream(1), "open 100ms aa error");
    let rest = "10ms bb 10ms cc finish done";
    check(
        &Fault::Malformed { after_chunks },
        &format!("open 100ms aa broken {rest}"),
    );
}

#[test]
fn pace_faults_move_what_they_name() {
    let ms = Millis::clamped(700);
    let ttft = Fault::Ttft {
        ms,
        tokens_per_second: None,
    };
    check(&ttft, "open 700ms aa 10ms bb 10ms cc finish done");
    check(
        &Fault::Gap { ms },
        "open 100ms aa 700ms bb 700ms cc finish done",
    );
    check(&Fault::Cached { age_s: 5 }, "open aa bb cc finish done");
}

#[test]
fn reasoning_comes_as_events_where_the_wire_has_them_and_as_a_wait_where_not() {
    let plan = Plan::healthy(Pace {
        reasoning_tokens: 2,
        ..PACE
    });
    assert_eq!(
        played(&plan, parts()),
        "open 120ms aa 10ms bb 10ms cc finish done"
    );
    let shown = Parts {
        reasoning: vec![Bytes::from("r1"), Bytes::from("r2")],
        ..parts()
    };
    assert_eq!(
        played(&plan, shown),
        "open 100ms r1 10ms r2 10ms aa 10ms bb 10ms cc finish done"
    );
}

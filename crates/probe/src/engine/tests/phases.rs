use super::server::{DONE, Do, FINISH, STREAM_HEAD, delta, send, text};
use super::*;

/// Injected delays; each phase must show its own and no other.
const DELAY: Duration = Duration::from_millis(300);
const DELAY_US: u64 = 300_000;

#[track_caller]
fn took(name: &str, from: Option<u64>, to: Option<u64>, delayed: bool) {
    let spent = to.unwrap() - from.unwrap();
    if delayed {
        assert!(
            (DELAY_US..DELAY_US * 5).contains(&spent),
            "{name} took {spent} µs"
        );
    } else {
        assert!(spent < DELAY_US, "{name} took {spent} µs");
    }
}

#[tokio::test]
async fn each_injected_delay_lands_in_its_own_phase() {
    let pause = || Do::Pause(DELAY);
    let script = vec![
        pause(),
        send(STREAM_HEAD),
        pause(),
        send(": comment\n\n"),
        pause(),
        send(delta("{\"role\":\"assistant\",\"content\":\"\"}")),
        pause(),
        send(text("pong-")),
        pause(),
        send(text("7f3a")),
        pause(),
        send(FINISH),
        send(DONE),
        pause(),
    ];
    let server = Server::tls(DELAY, script).await;
    let attempt = engine().attempt(&streaming(&server)).await;
    assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
    let phase = &attempt.detail.phase;
    took("dns", Some(0), phase.dns_us, false);
    took("tcp", phase.dns_us, phase.tcp_us, false);
    took("tls", phase.tcp_us, phase.tls_us, true);
    took("sent", phase.tls_us, attempt.sent_us, false);
    took("headers", attempt.sent_us, phase.headers_us, true);
    took("first byte", phase.headers_us, phase.first_byte_us, true);
    took(
        "first event",
        phase.first_byte_us,
        phase.first_event_us,
        true,
    );
    took("first text", phase.first_event_us, attempt.first_us, true);
    took("last text", attempt.first_us, attempt.last_us, true);
    took("terminator", attempt.last_us, phase.terminator_us, true);
    took("end", phase.terminator_us, phase.end_us, true);
    assert_eq!(Some(attempt.end_us), phase.terminator_us);
}

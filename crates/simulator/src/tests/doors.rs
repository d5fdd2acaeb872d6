use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::client::{End, Seen, WHOLE, message, playing, quick, send_to, start};
use crate::{Config, Scenario, Simulator};

/// The beginning of a TLS 1.2 greeting.
const CLIENT_HELLO: &[u8] = &[22, 3, 1, 0, 5, 1, 0, 0, 1, 0];

async fn greeted(fault: &str) -> Seen {
    let simulator = playing(&format!("[[rules]]\nfault = {{ kind = \"{fault}\" }}\n")).await;
    send_to(simulator.addr(), CLIENT_HELLO).await
}

fn chat() -> String {
    message("POST /v1/chat/completions", "", WHOLE)
}

#[tokio::test]
async fn connections_are_closed_or_reset_before_anything_is_read() {
    let closed = greeted("accept_close").await;
    assert_eq!(closed.raw.len(), 0);
    let reset = greeted("accept_reset").await;
    assert_eq!((reset.raw.len(), reset.end), (0, End::Reset));
}

#[tokio::test]
async fn a_tls_greeting_gets_an_alert_plain_text_or_garbage_and_a_clean_end() {
    let alert = greeted("tls_alert").await;
    assert_eq!(
        (alert.raw.as_slice(), alert.end),
        (&[21, 3, 3, 0, 2, 2, 40][..], End::Closed)
    );
    let plain = greeted("plain_text").await;
    assert_eq!(
        (plain.status(), plain.body().1, plain.end),
        (400, true, End::Closed)
    );
    let garbage = greeted("garbage").await;
    assert_eq!((garbage.raw[0], garbage.end), (0, End::Closed));
    assert!(!garbage.raw.starts_with(b"HTTP"));
}

#[tokio::test]
async fn a_share_of_connections_is_counted() {
    let rule = "[[rules]]\nevery = 2\nfault = { kind = \"accept_reset\" }\n";
    let simulator = playing(rule).await;
    for reset in [false, true, false, true] {
        let seen = send_to(simulator.addr(), chat().as_bytes()).await;
        assert_eq!(seen.end == End::Reset, reset);
    }
    let counted = send_to(
        simulator.addr(),
        message("GET /_sim/counters", "", "").as_bytes(),
    )
    .await;
    let counted = counted.json();
    assert_eq!(
        (&counted["connections"], &counted["rules"][0]["struck"]),
        (&5.into(), &2.into())
    );
}

async fn with_admin(scenario: &str) -> (Simulator, SocketAddr) {
    let config = Config {
        admin_listen: Some(quick().listen),
        regions: vec![("eu".to_owned(), quick().listen)],
        ..quick()
    };
    let scenario = Scenario::from_toml(scenario).expect("a valid scenario");
    let simulator = start(config.playing(scenario)).await;
    let admin = *simulator.further_addrs().last().expect("an admin address");
    (simulator, admin)
}

#[tokio::test]
async fn while_it_is_unreachable_the_system_refuses_and_the_admin_address_answers() {
    let rule = "[[rules]]\nname = \"away\"\nuntil_s = 3600\nfault = { kind = \"unreachable\" }\n";
    let (simulator, admin) = with_admin(rule).await;
    while TcpStream::connect(simulator.addr()).await.is_ok() {} // Until the listener has looked.
    let clock = message("POST /_sim/clock", "", r#"{"advance_s":3600}"#);
    assert_eq!(send_to(admin, clock.as_bytes()).await.status(), 200);
    while TcpStream::connect(simulator.addr()).await.is_err() {}
    let seen = send_to(simulator.addr(), chat().as_bytes()).await;
    assert_eq!(seen.status(), 200);
}

#[tokio::test]
async fn a_listener_gives_its_connections_a_region() {
    let rule = "[[rules]]\nregion = \"eu\"\nfault = { kind = \"html\" }\n\
        [[rules]]\nregion = \"eu\"\nevery = 2\nfault = { kind = \"accept_close\" }\n";
    let (simulator, _) = with_admin(rule).await;
    let [eu, _] = simulator.further_addrs() else {
        panic!("two further addresses")
    };
    assert_eq!(send_to(*eu, chat().as_bytes()).await.status(), 502);
    assert_eq!(send_to(*eu, chat().as_bytes()).await.raw.len(), 0);
    for _ in 0..2 {
        assert_eq!(
            send_to(simulator.addr(), chat().as_bytes()).await.status(),
            200
        );
    }
}

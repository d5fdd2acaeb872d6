//! Pages of attempts made by hand.

pub(super) mod hand;

use domain::{Attribution, Outcome};
use hand::{LOOK, cut, dead_host, observed, rate_limited, refused_key, streamed};
use probe::Attempt;

use super::{asked::Asked, exit_status, json, mask::Mask, page, summary::Summary};
use crate::page::{Glyphs, Look};

#[test]
fn the_page_of_a_success() {
    insta::assert_snapshot!(page::page(&observed(streamed()), LOOK));
}

#[test]
fn the_page_of_a_cut_stream() {
    insta::assert_snapshot!(page::page(&observed(cut()), LOOK));
}

#[test]
fn the_page_of_a_429() {
    insta::assert_snapshot!(page::page(&observed(rate_limited()), LOOK));
}

#[test]
fn the_page_of_a_refused_key() {
    insta::assert_snapshot!(page::page(&observed(refused_key()), LOOK));
}

#[test]
fn the_page_of_a_dead_host_in_ascii() {
    let look = Look {
        glyphs: Glyphs::Ascii,
        ..LOOK
    };
    let page = page::page(&observed(dead_host()), look);
    assert!(page.is_ascii());
    insta::assert_snapshot!(page);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let of_each = Outcome::ALL.iter().flat_map(|outcome| {
        Attribution::ALL.iter().map(|attribution| Attempt {
            outcome: *outcome,
            attribution: *attribution,
            ..cut()
        })
    });
    let others = [
        streamed(),
        cut(),
        rate_limited(),
        refused_key(),
        dead_host(),
    ];
    for attempt in of_each.chain(others) {
        for width in [80, 120] {
            let page = page::page(&observed(attempt.clone()), Look { width, ..LOOK });
            let widest = page.lines().map(crate::page::width).max();
            assert!(widest <= Some(width), "{page}");
        }
    }
}

#[test]
fn the_document_of_a_success() {
    let document = json::document(&observed(streamed()), &Mask::default()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn several_attempts_are_counted_ranked_and_summed() {
    let mut summary = Summary::new();
    for attempt in [streamed(), streamed(), cut(), dead_host()] {
        summary.add(&observed(attempt));
    }
    insta::assert_snapshot!(summary.page(LOOK));
    let json = summary.json();
    assert_eq!(json["schema"], "probe-summary/1");
    assert_eq!(json["outcomes"]["ok"], 2);
    assert_eq!(json["ttft"]["p95_us"], 312_400);
    assert_eq!(summary.exit_status(), 1);
}

#[test]
fn the_exit_status_says_whose_fault_it_was() {
    let expected = [
        (Outcome::Ok, Attribution::None, 0),
        (Outcome::ServerError, Attribution::Provider, 1),
        (Outcome::GatewayError, Attribution::Gateway, 1),
        (Outcome::Tcp, Attribution::Network, 1),
        (Outcome::Dns, Attribution::Unknown, 1),
        (Outcome::Auth, Attribution::Ours, 3),
        (Outcome::ProbeFault, Attribution::Agent, 4),
    ];
    for (outcome, attribution, status) in expected {
        assert_eq!(exit_status(outcome, attribution), status, "{outcome}");
    }
    let mut summary = Summary::new();
    summary.add(&observed(refused_key()));
    summary.add(&observed(streamed()));
    assert_eq!(summary.exit_status(), 3);
    assert_eq!(Summary::new().exit_status(), 1, "nothing is known");
}

#[test]
fn a_key_that_anybody_could_read_is_said() {
    let mut seen = observed(streamed());
    let Asked::Call(call) = &mut seen.asked else {
        panic!("attempts by hand are calls");
    };
    call.base_url = "http://models.example/v1".to_owned();
    assert!(page::page(&seen, LOOK).contains("over plain HTTP"));
    seen.is_keyed = false;
    assert!(!page::page(&seen, LOOK).contains("over plain HTTP"));
    seen.is_keyed = true;
    if let Some(net) = &mut seen.attempt.detail.net {
        net.remote = Some("127.0.0.1:4000".to_owned());
    }
    assert!(!page::page(&seen, LOOK).contains("over plain HTTP"));
}

#[test]
fn whoever_sent_no_key_is_told_to_give_one() {
    let mut seen = observed(refused_key());
    seen.is_keyed = false;
    assert!(page::page(&seen, LOOK).contains("give a key: none was sent"));
}

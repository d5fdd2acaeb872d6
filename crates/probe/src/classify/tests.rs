mod errors;
mod rows;

use proptest::prelude::*;

use super::*;
use crate::ask::{Ask, TextCheck};
use crate::error;
use crate::spec::Nonce;
use crate::wire::{self, Stream, StreamEnd, Wire};

fn nonce() -> Nonce {
    "pong-7f3a".parse().unwrap()
}

fn facts(via: Via, transport: Transport, status: Option<u16>, reply: &Reply) -> Facts<'_> {
    Facts {
        via,
        transport,
        status,
        upstream: Upstream::Absent,
        limit_named: false,
        error_name: None,
        cache: Cache::Unseen,
        answer: Answer::Call {
            reply,
            served: ServedFit::Fits,
        },
    }
}

fn failed(body: &str) -> Reply {
    Reply {
        error: error::read(body.as_bytes()),
        ..Reply::default()
    }
}

fn streamed(text: &[u8]) -> Reply {
    let mut stream = Stream::new(Wire::Chat, TextCheck::new(&Ask::Echo, &nonce()));
    stream.feed(text, |_| {}).unwrap();
    stream.finish(StreamEnd::Clean).0
}

use Attribution as By;
use Outcome as Is;

#[test]
fn the_transport_is_read_before_anything_else_while_there_is_no_status() {
    let reply = Reply::default();
    let rows = [
        (Transport::NameUnresolved, Is::Dns, By::Unknown),
        (
            Transport::DeadlinePassed(Reached::Nothing),
            Is::Dns,
            By::Unknown,
        ),
        (Transport::Refused, Is::Tcp, By::Unknown),
        (Transport::Unreachable, Is::Tcp, By::Network),
        (Transport::LocalFailure, Is::ProbeFault, By::Agent),
        (Transport::TlsFailed, Is::Tls, By::Unknown),
        (Transport::ConnectTimedOut, Is::ConnectTimeout, By::Unknown),
        (
            Transport::DeadlinePassed(Reached::Resolved),
            Is::ConnectTimeout,
            By::Unknown,
        ),
        (
            Transport::DeadlinePassed(Reached::Connected),
            Is::TtfbTimeout,
            By::Provider,
        ),
        (Transport::Cut, Is::StreamCut, By::Provider),
        (Transport::Invalid, Is::Malformed, By::Provider),
        (Transport::KeyUnusable, Is::Auth, By::Ours),
    ];
    for (transport, outcome, by) in rows {
        assert_eq!(
            classify(&facts(Via::Direct, transport, None, &reply)),
            (outcome, by)
        );
    }
    let behind = facts(
        Via::Gateway,
        Transport::DeadlinePassed(Reached::Connected),
        None,
        &reply,
    );
    assert_eq!(classify(&behind), (Is::TtfbTimeout, By::Unknown));
}

#[test]
fn a_failed_status_stays_what_it_is_when_its_body_breaks_off() {
    let reply = Reply::default();
    for transport in [Transport::Cut, Transport::DeadlinePassed(Reached::Headers)] {
        let facts = facts(Via::Direct, transport, Some(503), &reply);
        assert_eq!(classify(&facts), (Is::Overloaded, By::Provider));
    }
}

#[test]
fn after_the_headers_the_break_decides_then_the_grammar_then_the_content() {
    let whole = streamed(include_bytes!("../../fixtures/openai.stream.txt"));
    let check =
        |transport, reply: &Reply| classify(&facts(Via::Direct, transport, Some(200), reply)).0;
    assert_eq!(check(Transport::Complete, &whole), Is::Ok);
    assert_eq!(check(Transport::Cut, &whole), Is::StreamCut);
    assert_eq!(check(Transport::Stalled, &whole), Is::Stall);
    assert_eq!(check(Transport::Invalid, &whole), Is::Malformed);
    assert_eq!(
        check(Transport::DeadlinePassed(Reached::Headers), &whole),
        Is::TtftTimeout
    );
    assert_eq!(
        check(Transport::DeadlinePassed(Reached::Output), &whole),
        Is::Deadline
    );

    let with = |change: fn(&mut Reply)| {
        let mut reply = whole.clone();
        change(&mut reply);
        check(Transport::Complete, &reply)
    };
    assert_eq!(
        with(|r| r.completeness = Completeness::Open),
        Is::NoTerminator
    );
    assert_eq!(with(|r| r.ending = None), Is::Malformed);
    assert_eq!(with(|r| r.malformed = Some("x")), Is::Malformed);
    assert_eq!(with(|r| r.ending = Some(Ending::Refused)), Is::Refused);
    assert_eq!(with(|r| r.text = Text::Empty), Is::EmptyAnswer);
    assert_eq!(with(|r| r.text = Text::Other), Is::WrongAnswer);
    assert_eq!(with(|r| r.ending = Some(Ending::Length)), Is::Ok);
    assert_eq!(
        with(|r| (r.ending, r.text) = (Some(Ending::Length), Text::Empty)),
        Is::Truncated
    );
    assert_eq!(with(|r| r.ending = Some(Ending::Filtered)), Is::Blocked);
    assert_eq!(with(|r| r.ending = Some(Ending::Capacity)), Is::Overloaded);
    assert_eq!(with(|r| r.ending = Some(Ending::Failed)), Is::ServerError);
    assert_eq!(
        with(|r| r.error = Some(error::ErrorObject::default())),
        Is::ServerError
    );
}

#[test]
fn captured_faults_get_their_class() {
    let check = |via, text: &[u8]| {
        let reply = streamed(text);
        classify(&facts(via, Transport::Complete, Some(200), &reply))
    };
    let cut = include_bytes!("../../fixtures/openai.cut.txt");
    assert_eq!(check(Via::Direct, cut), (Is::NoTerminator, By::Provider));
    let clean = include_bytes!("../../fixtures/portkey.cut.txt");
    assert_eq!(check(Via::Gateway, clean), (Is::NoTerminator, By::Unknown));
    let litellm = include_bytes!("../../fixtures/litellm.cut.txt");
    assert_eq!(check(Via::Gateway, litellm), (Is::ServerError, By::Unknown));
    let malformed = include_bytes!("../../fixtures/llmock.malformed.txt");
    assert_eq!(check(Via::Direct, malformed), (Is::Malformed, By::Provider));
}

#[test]
fn another_model_is_its_own_outcome_and_behind_a_gateway_its_routing() {
    let reply = streamed(include_bytes!("../../fixtures/openai.stream.txt"));
    let check = |via| {
        let mut facts = facts(via, Transport::Complete, Some(200), &reply);
        facts.answer = Answer::Call {
            reply: &reply,
            served: ServedFit::OtherModel,
        };
        classify(&facts)
    };
    assert_eq!(check(Via::Direct), (Is::WrongModel, By::Provider));
    assert_eq!(check(Via::Gateway), (Is::WrongModel, By::Gateway));
}

#[test]
fn html_under_a_status_of_success_is_malformed() {
    let page = b"<html><title>Checking your browser</title></html>";
    let check = TextCheck::new(&Ask::Echo, &nonce());
    let reply = wire::read(Wire::Chat, page, check).into_reply().0;
    let facts = facts(Via::Direct, Transport::Complete, Some(200), &reply);
    assert_eq!(classify(&facts), (Is::Malformed, By::Provider));
}

#[test]
fn a_caches_answer_is_neither_the_providers_success_nor_its_failure() {
    let whole = streamed(include_bytes!("../../fixtures/openai.stream.txt"));
    let wrong = Reply {
        text: Text::Other,
        ..whole.clone()
    };
    let check = |via, cache, reply: &Reply| {
        let mut facts = facts(via, Transport::Complete, Some(200), reply);
        facts.cache = cache;
        classify(&facts)
    };
    let gateway = Via::Gateway;
    assert_eq!(check(gateway, Cache::Claimed, &whole), (Is::Ok, By::None));
    assert_eq!(
        check(gateway, Cache::Possible, &whole),
        (Is::ProbeFault, By::Ours)
    );
    assert_eq!(
        check(gateway, Cache::Claimed, &wrong),
        (Is::WrongAnswer, By::Gateway)
    );
    assert_eq!(
        check(Via::Direct, Cache::Claimed, &wrong),
        (Is::WrongAnswer, By::Unknown)
    );
}

#[test]
fn pages_are_held_to_their_expectation_only() {
    let reply = Reply::default();
    let check = |transport, status, fit| {
        let mut facts = facts(Via::Direct, transport, Some(status), &reply);
        facts.answer = Answer::Page(fit);
        classify(&facts)
    };
    let done = Transport::Complete;
    assert_eq!(check(done, 200, PageFit::Fits), (Is::Ok, By::None));
    assert_eq!(check(done, 503, PageFit::Fits), (Is::Ok, By::None));
    assert_eq!(
        check(done, 503, PageFit::OtherStatus),
        (Is::UnexpectedStatus, By::Provider)
    );
    assert_eq!(
        check(done, 404, PageFit::OtherStatus),
        (Is::UnexpectedStatus, By::Unknown)
    );
    assert_eq!(
        check(done, 200, PageFit::OtherBody),
        (Is::UnexpectedStatus, By::Provider)
    );
    assert_eq!(
        check(Transport::Cut, 200, PageFit::Fits),
        (Is::StreamCut, By::Provider)
    );
    let late = Transport::DeadlinePassed(Reached::Headers);
    assert_eq!(
        check(late, 200, PageFit::Fits),
        (Is::Deadline, By::Provider)
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_never_succeed(
        bytes in proptest::collection::vec(any::<u8>(), 0..2000),
        size in 1usize..200,
        status in proptest::option::of(100u16..600),
        name in proptest::option::of("[a-zA-Z]{0,30}"),
        cache in proptest::sample::select(vec![Cache::Unseen, Cache::Claimed, Cache::Possible]),
    ) {
        let check = || TextCheck::new(&Ask::Echo, &nonce());
        let mut replies = vec![Reply { error: error::read(&bytes), ..Reply::default() }];
        for wire in Wire::ALL {
            replies.push(wire::read(wire, &bytes, check()).into_reply().0);
            for end in [StreamEnd::Clean, StreamEnd::Early] {
                let mut stream = Stream::new(wire, check());
                for chunk in bytes.chunks(size) {
                    if stream.feed(chunk, |_| {}).is_err() {
                        break;
                    }
                }
                replies.push(stream.finish(end).0);
            }
        }
        for reply in replies {
            for via in [Via::Direct, Via::Gateway] {
                let mut facts = facts(via, Transport::Complete, status, &reply);
                facts.error_name = name.as_deref();
                facts.cache = cache;
                let (outcome, by) = classify(&facts);
                prop_assert_ne!(outcome, Is::Ok);
                prop_assert_ne!(by, By::None);
            }
        }
    }

    #[test]
    fn a_stream_with_any_byte_lost_before_its_end_never_succeeds_with_less_than_the_nonce(
        at in 0usize..1100,
        len in 1usize..400,
    ) {
        let mut text = include_bytes!("../../fixtures/openai.stream.txt").to_vec();
        let at = at.min(text.len() - 1);
        let end = (at + len).min(text.len());
        text.drain(at..end);
        let reply = streamed(&text);
        let (outcome, _) = classify(&facts(Via::Direct, Transport::Complete, Some(200), &reply));
        if outcome == Is::Ok {
            prop_assert_eq!(reply.text, Text::Expected);
            prop_assert_eq!(reply.completeness, Completeness::Terminated);
            prop_assert!(reply.ending.is_some());
        }
    }

    #[test]
    fn success_is_nothing_but_the_expected_text_of_a_whole_answer(
        text in "[a-z0-9 {}\":,-]{0,40}",
        right in any::<bool>(),
        finish in proptest::sample::select(vec!["stop", "length", "content_filter", "x", ""]),
        ask in proptest::sample::select(vec![Ask::Echo, Ask::Sum, Ask::Repeat, Ask::Json]),
    ) {
        let text = if right { format!("{text} pong-7f3a") } else { text };
        let choice = serde_json::json!({
            "finish_reason": finish,
            "message": {"role": "assistant", "content": text},
        });
        let body = serde_json::json!({"choices": [choice]}).to_string();
        let check = TextCheck::new(&ask, &nonce());
        let reply = wire::read(Wire::Chat, body.as_bytes(), check).into_reply().0;
        let (outcome, _) = classify(&facts(Via::Direct, Transport::Complete, Some(200), &reply));
        if outcome == Is::Ok {
            prop_assert_eq!(reply.text, Text::Expected);
            prop_assert!(ask != Ask::Echo || text.contains("pong-7f3a"));
        }
        prop_assert!(outcome != Is::Ok || reply.signal.chars.is_some());
    }
}

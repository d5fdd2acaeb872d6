//! Attempts as engines make them, with round figures.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::detail::{Gaps, Net, Phases, Served, Text, UsageDetail};
use domain::{Attribution, Detail, Outcome, UnixMillis};
use probe::preset::{self, Fill};
use probe::price::PriceTable;
use probe::{Attempt, Connection, Request, STALL_AFTER_DEFAULT, Spec, Via};

use super::super::Observed;
use super::super::asked::{Asked, AskedCall};
use super::super::figures::Figures;
use super::super::money::Money;
use crate::page::{Glyphs, Ink, Look};

pub(in crate::command::probe) const LOOK: Look = Look {
    width: 80,
    glyphs: Glyphs::Unicode,
    ink: Ink::Plain,
};

/// 2026-11-22T12:00:00Z.
const AT: i64 = 1_795_348_800_000;

fn text(text: &str) -> Text {
    Text::Plain(text.to_owned())
}

pub(in crate::command::probe) fn observed(attempt: Attempt) -> Observed {
    let asked = Asked::Call(Box::new(AskedCall {
        preset: "openai".to_owned(),
        wire: "chat",
        base_url: "https://api.openai.com/v1".to_owned(),
        via: "direct",
        model: "gpt-4o-mini".to_owned(),
        stream: true,
        tier: None,
        pin: None,
        ask: Some("echo"),
        connection: "fresh",
        max_output_tokens: 64,
        deadline_ms: 60_000,
        stall_after_ms: 30_000,
        headers: Vec::new(),
        extra: Vec::new(),
    }));
    let at = UnixMillis::new(AT);
    Observed {
        at,
        figures: Figures::of(&attempt),
        money: Money::of(&attempt, &spec(), &PriceTable::embedded(), at),
        drill: None,
        asked,
        attempt,
        key_place: "from `OPENAI_API_KEY`".to_owned(),
        is_keyed: true,
    }
}

/// The attempt that [`observed`] describes.
fn spec() -> Spec {
    let preset = preset::named("openai").unwrap();
    let call = preset.call("gpt-4o-mini", &Fill::default()).unwrap();
    Spec {
        request: Request::Call(Box::new(call)),
        key: None,
        deadline: Duration::from_mins(1),
        stall_after: STALL_AFTER_DEFAULT,
        slow_after: None,
        nonce: "pong-7f3a".parse().unwrap(),
        path: Via::Direct,
        connection: Connection::Fresh,
    }
}

fn net() -> Net {
    Net {
        alpn: Some("h2".to_owned()),
        family: Some(4),
        leaf_days: Some(62),
        leaf_sha256: Some("ab".repeat(32)),
        remote: Some("192.0.2.7:443".to_owned()),
        tls: Some("1.3".to_owned()),
        tried: None,
        warm: false,
    }
}

fn connected() -> Phases {
    Phases {
        dns_us: Some(2_100),
        tcp_us: Some(14_350),
        tls_us: Some(43_900),
        headers_us: Some(280_000),
        ..Phases::default()
    }
}

/// A stream that is whole.
pub(in crate::command::probe) fn streamed() -> Attempt {
    Attempt {
        outcome: Outcome::Ok,
        attribution: Attribution::None,
        status: Some(200),
        sent_us: Some(44_200),
        first_us: Some(312_400),
        last_us: Some(408_400),
        end_us: 412_318,
        input_tokens: Some(18),
        output_tokens: Some(9),
        served_model: Some("gpt-4o-mini-2024-07-18".to_owned()),
        served_tier: Some("default".to_owned()),
        asked_model: Some("gpt-4o-mini".to_owned()),
        asked_tier: None,
        stream: true,
        detail: Detail {
            finish: Some(text("stop")),
            gap: Some(Gaps {
                count: 7,
                max_us: 31_000,
                p50_us: 11_500,
            }),
            hdr: BTreeMap::from([
                ("openai-processing-ms".to_owned(), text("231")),
                ("x-ratelimit-remaining-requests".to_owned(), text("9999")),
                ("x-request-id".to_owned(), text("req_4711")),
            ]),
            http: Some("2".to_owned()),
            net: Some(net()),
            phase: Phases {
                first_byte_us: Some(281_000),
                first_event_us: Some(281_400),
                terminator_us: Some(411_900),
                end_us: Some(412_300),
                ..connected()
            },
            req: Some(text("req_4711")),
            resp_len: Some(3_208),
            resp_sha256: Some("cd".repeat(32)),
            usage: Some(UsageDetail {
                cache_read: Some(0),
                cache_write: None,
                reasoning: Some(0),
            }),
            ..Detail::default()
        },
    }
}

/// A whole answer that was not asked for as a stream.
pub(in crate::command::probe) fn whole() -> Attempt {
    Attempt {
        first_us: Some(412_318),
        last_us: Some(412_318),
        stream: false,
        ..streamed()
    }
}

/// A stream whose connection broke, behind a gateway that had tried others before.
pub(in crate::command::probe) fn cut() -> Attempt {
    let whole = streamed();
    Attempt {
        outcome: Outcome::StreamCut,
        attribution: Attribution::Provider,
        last_us: Some(350_000),
        end_us: 1_377_000,
        input_tokens: None,
        output_tokens: None,
        detail: Detail {
            fault: Some(text("reading the body: connection reset by peer")),
            finish: None,
            gap: None,
            phase: Phases {
                terminator_us: None,
                ..whole.detail.phase
            },
            served: Some(Served {
                cache: Some(text("MISS")),
                deployment: Some(text("eu-2")),
                fallbacks: Some(1),
                provider: Some(text("azure")),
                retries: Some(2),
            }),
            usage: None,
            ..whole.detail
        },
        ..whole
    }
}

/// An answer that never became one.
fn refused(outcome: Outcome, attribution: Attribution, status: u16) -> Attempt {
    let whole = streamed();
    Attempt {
        outcome,
        attribution,
        status: Some(status),
        first_us: None,
        last_us: None,
        end_us: 281_700,
        input_tokens: None,
        output_tokens: None,
        served_model: None,
        served_tier: None,
        detail: Detail {
            phase: Phases {
                first_byte_us: Some(281_000),
                end_us: Some(281_600),
                ..connected()
            },
            finish: None,
            gap: None,
            usage: None,
            resp_len: Some(201),
            ..whole.detail
        },
        ..whole
    }
}

/// 429 by a limit of ours.
pub(in crate::command::probe) fn rate_limited() -> Attempt {
    let mut attempt = refused(Outcome::RateLimited, Attribution::Ours, 429);
    let detail = &mut attempt.detail;
    detail.error_code = Some(text("rate_limit_exceeded"));
    detail.error_type = Some(text("requests"));
    detail.hdr.insert("retry-after".to_owned(), text("20"));
    attempt
}

/// 401, behind a certificate that is about to expire.
pub(in crate::command::probe) fn refused_key() -> Attempt {
    let mut attempt = refused(Outcome::Auth, Attribution::Ours, 401);
    attempt.detail.error_code = Some(text("invalid_api_key"));
    attempt.detail.net = Some(Net {
        leaf_days: Some(3),
        ..net()
    });
    attempt
}

/// No connection to any of two addresses.
pub(in crate::command::probe) fn dead_host() -> Attempt {
    Attempt {
        outcome: Outcome::Tcp,
        attribution: Attribution::Unknown,
        status: None,
        sent_us: None,
        end_us: 9_400,
        detail: Detail {
            fault: Some(text("connecting: connection refused")),
            phase: Phases {
                dns_us: Some(2_100),
                ..Phases::default()
            },
            ..Detail::default()
        },
        ..refused(Outcome::Tcp, Attribution::Unknown, 500)
    }
}

use domain::Detail;
use evidence::jcs;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::*;

fn core() -> Value {
    json!({
        "asked_model": "gpt-x", "asked_tier": "default", "attempt": 1, "attribution": "provider",
        "cred": "acme-prod", "deadline_ms": 60_000,
        "detail": "0ayc1Hq8YmdJrfE3revoGtWiumjuRapMikOG1/dspb8=", "end_us": 933_120,
        "features": ["preview", "grounding"], "first_us": 431_002, "i": 120_345,
        "input_tokens": 12, "kind": "planned", "last_us": 900_000, "mono_us": 8_000_123_456_u64,
        "outcome": "overloaded", "output_tokens": 5, "plan": 1, "sent_us": 24_000,
        "served_model": "gpt-x-2026-01-01", "served_tier": "default",
        "slot_ms": 1_763_806_500_000_u64, "source": "probe", "status": 529, "stream": true, "v": 1,
        "wall_us": 1_763_806_500_123_456_u64,
    })
}

fn detail() -> Value {
    json!({
        "body": "{ no }", "body_cut": true,
        "cost": {"at_most": true, "table": "2026-02", "usd_nano": 9_600},
        "error_code": "overloaded", "error_type": "server", "fault": "none", "finish": "stop",
        "gap": {"count": 3, "max_us": 9, "p50_us": 4},
        "hdr": {"cf-ray": "1", "openai-processing-ms": "2"}, "http": "2", "lag_us": 4,
        "net": {"alpn": "h2", "family": 4, "leaf_days": -1, "leaf_sha256": "5e", "remote": "r:1",
                "tls": "1.3", "tried": 2, "warm": true},
        "phase": {"dns_us": 1, "end_us": 2, "first_byte_us": 3, "first_event_us": 4,
                  "first_reasoning_us": 5, "headers_us": 6, "tcp_us": 7, "terminator_us": 8,
                  "tls_us": 9},
        "req": "req_1", "resp_len": 10, "resp_sha256": "ab", "salt": "c2FsdA",
        "served": {"cache": "hit", "deployment": "d", "fallbacks": 1, "provider": "p", "retries": 2},
        "signal": {"chars": 3, "fingerprint": "ff", "format": false}, "slow": true,
        "usage": {"cache_read": 1, "cache_write": 2, "reasoning": 3},
    })
}

/// What the careful way reads.
fn with_care<T: serde::de::DeserializeOwned>(line: &[u8]) -> Option<T> {
    serde_json::from_value(jcs::check_line(line).ok()?).ok()
}

/// Pointers to every value below.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                found.push(format!("{at}/{key}"));
                places(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => found.extend((0..items.len()).map(|nth| format!("{at}/{nth}"))),
        _ => {}
    }
}

/// What happens to a value before it is written.
#[derive(Clone, Debug)]
enum Edit {
    Drop(Index),
    Set(Index, Value),
    Add(Index, String, Value),
}

impl Edit {
    fn on(&self, value: &mut Value) {
        let mut found = Vec::new();
        places(value, "", &mut found);
        if found.is_empty() {
            return;
        }
        match self {
            Self::Drop(at) => {
                let (parent, key) = at
                    .get(found.as_slice())
                    .rsplit_once('/')
                    .expect("a pointer");
                if let Some(Value::Object(members)) = value.pointer_mut(parent) {
                    members.remove(key);
                }
            }
            Self::Set(at, new) => {
                let place = at.get(found.as_slice()).as_str();
                *value.pointer_mut(place).expect("a place") = new.clone();
            }
            Self::Add(at, key, new) => {
                let (parent, _) = at
                    .get(found.as_slice())
                    .rsplit_once('/')
                    .expect("a pointer");
                if let Some(Value::Object(members)) = value.pointer_mut(parent) {
                    members.insert(key.clone(), new.clone());
                }
            }
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-3_i64..3).prop_map(Value::from),
        prop::sample::select(vec![
            255_i64,
            256,
            65_536,
            1 << 32,
            (1 << 53) - 1,
            -(1 << 40)
        ])
        .prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec!["", "x", "ok", "A", "é", "a\"b", "\\", "~", "\u{a0}"])
            .prop_map(Value::from),
        Just(json!({})),
        Just(json!([])),
        Just(json!(["a"])),
        Just(json!({"hex": "00ff"})),
        Just(json!({"a": "b", "c": "d"})),
    ]
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    let key = prop::sample::select(vec!["a", "gap", "z", "zone", "~", "mono"]);
    prop_oneof![
        index().prop_map(Edit::Drop),
        (index(), any_value()).prop_map(|(at, value)| Edit::Set(at, value)),
        (index(), key, any_value()).prop_map(|(at, key, value)| Edit::Add(at, key.into(), value)),
    ]
}

/// Bytes put in the place of others.
fn any_slips() -> impl Strategy<Value = Vec<(Index, usize, Vec<u8>)>> {
    let bytes = prop::sample::select(b" ,:\"{}[]-019.eax\\\n\x7f\x80\xc2".to_vec());
    vec((any::<Index>(), 0..4_usize, vec(bytes, 0..3)), 0..3)
}

fn write(value: &Value, slips: &[(Index, usize, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut line = jcs::to_line(value).ok()?.into_bytes();
    for (at, length, bytes) in slips {
        let from = at.index(line.len().max(1)).min(line.len());
        let to = (from + length).min(line.len());
        line.splice(from..to, bytes.iter().copied());
    }
    Some(line)
}

fn edited(mut value: Value, edits: &[Edit], slips: &[(Index, usize, Vec<u8>)]) -> Option<Vec<u8>> {
    for edit in edits {
        edit.on(&mut value);
    }
    write(&value, slips)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_core_that_is_taken_is_what_care_reads(
        edits in vec(any_edit(), 0..4), slips in any_slips(),
    ) {
        if let Some(line) = edited(core(), &edits, &slips)
            && let Some(sample) = sample(&line)
        {
            prop_assert_eq!(Some(sample), with_care(&line));
        }
    }

    #[test]
    fn a_detail_that_is_taken_is_one_that_care_takes(
        edits in vec(any_edit(), 0..4), slips in any_slips(),
    ) {
        if let Some(line) = edited(detail(), &edits, &slips) && is_detail(&line) {
            prop_assert!(with_care::<Detail>(&line).is_some());
        }
    }

    /// Else the quick way would be no way at all.
    #[test]
    fn whatever_may_be_absent_a_line_of_ours_is_taken(gone in vec(any::<Index>(), 0..12)) {
        let drops: Vec<Edit> = gone.into_iter().map(Edit::Drop).collect();
        let line = edited(core(), &drops, &[]).expect("a line");
        prop_assert_eq!(sample(&line), with_care(&line));
        let line = edited(detail(), &drops, &[]).expect("a line");
        prop_assert_eq!(is_detail(&line), with_care::<Detail>(&line).is_some());
    }
}

#[test]
fn a_line_with_every_key_of_this_version_is_taken() {
    let line = write(&core(), &[]).expect("a line");
    assert_eq!(sample(&line), with_care(&line));
    assert!(sample(&line).is_some());
    let line = write(&detail(), &[]).expect("a line");
    assert!(is_detail(&line));
    let known: Detail = with_care(&line).expect("a detail");
    let all = jcs::to_line(&known).expect("a line");
    assert_eq!(all.as_bytes(), line, "no key is unknown");
}

#[test]
fn other_spellings_are_left_to_care() {
    let line = String::from_utf8(write(&core(), &[]).expect("a line")).expect("ASCII");
    for (from, to) in [
        ("\"attempt\":1", "\"attempt\":01"),
        ("\"attempt\":1", "\"attempt\":-0"),
        ("\"attempt\":1", "\"attempt\":1.0"),
        ("\"i\":120345", "\"i\":9007199254740992"),
        ("\"i\":120345", "\"i\":99999999999999999999999"),
        ("gpt-x-", "gpt\\/x-"),
        ("gpt-x-", "gp\u{e9}-"),
        (",\"v\":1", ",\"v\":1,\"v\":1"),
        ("123456}", "123456} "),
        ("123456}", "123456"),
        ("{\"asked_model\"", "{ \"asked_model\""),
        ("{\"asked_model\"", "{,\"asked_model\""),
        ("[\"preview\",", "[\"preview\",,"),
    ] {
        let other = line.replacen(from, to, 1);
        assert_ne!(other, line, "{from}");
        assert!(sample(other.as_bytes()).is_none(), "{other}");
    }
    assert!(sample(b"").is_none() && sample(b"{").is_none() && sample(b"{}").is_none());
    assert!(!is_detail(br#"{"salt":"""#) && !is_detail(br#"{"phase":{},"salt":"",}"#));
}

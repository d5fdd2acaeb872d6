use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::published::config::Form;
use crate::published::{INCIDENTS_MAX, PARTS_MAX, TEXT_CHARS_MAX, is_readable};

const KINDS: [&str; 6] = [
    "statuspage",
    "incident_io",
    "better_stack",
    "online_or_not",
    "openrouter",
    "rss",
];

fn is_json(body: &[u8]) -> bool {
    is_readable(Form::Json, body)
}

fn sources() -> Vec<Source> {
    let url = "https://x.example/api/v2/summary.json";
    let mut all: Vec<Source> = KINDS.iter().map(|kind| source(kind, url)).collect();
    all.push(configured(&format!(
        "kind = \"google\"\nurl = \"{url}\"\nproduct = \"p\""
    )));
    let named = KINDS.iter().map(|kind| {
        configured(&format!(
            "kind = \"{kind}\"\nurl = \"{url}\"\ncomponents = [\"c\"]"
        ))
    });
    all.extend(named);
    all
}

#[test]
fn html_is_never_operational() {
    for html in [
        "<!doctype html><p>All Systems Operational</p>",
        "",
        "\u{0}",
        "{\"status\":",
    ] {
        assert!(!is_json(html.as_bytes()));
        for source in sources() {
            assert_eq!(says(&source, &[html]).level, Level::Unknown);
        }
    }
}

#[test]
fn json_of_another_shape_is_never_operational() {
    for text in [
        "null",
        "{}",
        "7",
        "\"operational\"",
        "{\"status\":\"ok\"}",
        "[[]]",
    ] {
        for source in sources() {
            let said = says(&source, &[text]);
            let is_list = text == "[[]]" && source.kind.as_str() == "google";
            assert!(is_list || said.level == Level::Unknown, "{text} {source:?}");
            assert!(is_list || said.note.is_some());
        }
    }
}

#[test]
fn what_is_kept_is_bounded_whatever_is_sent() {
    let long = "x\u{0}\n".repeat(400);
    let component = |n: i32| json!({"id": n.to_string(), "name": long, "status": long});
    let incident = |n: i32| json!({"id": n.to_string(), "name": long, "impact": long, "shortlink": "javascript:x"});
    let answer = json!({
        "status": {"indicator": long},
        "components": (0..500).map(component).collect::<Vec<_>>(),
        "incidents": (0..500).map(incident).collect::<Vec<_>>(),
    });
    let source = source("statuspage", "https://x.example/");
    let said = says(&source, &[&answer.to_string()]);
    assert_eq!(
        (said.components.len(), said.incidents.len()),
        (PARTS_MAX, INCIDENTS_MAX)
    );
    for text in said.incidents.iter().map(|one| &one.title) {
        assert_eq!(text.chars().count(), TEXT_CHARS_MAX);
        assert!(!text.contains('\u{0}'), "the database takes none");
    }
    assert!(said.incidents.iter().all(|one| one.url.is_none()));
}

#[test]
fn long_lists_are_not_compared_without_end() {
    let many = |item: &str| vec![item; 20_000].join(",");
    let components = many(r#"{"id":"a","name":"b","status":"degraded"}"#);
    let affected = many(r#"{"component_id":"c","status":"degraded"}"#);
    let answer = format!(
        r#"{{"status":{{"indicator":"none"}},"components":[{components}],"incidents":[{components}],
            "affected_components":[{affected}],"ongoing_incidents":[{components}]}}"#
    );
    for kind in ["statuspage", "incident_io"] {
        let said = says(&source(kind, "https://x.example/"), &[&answer]);
        assert!(said.level.admits());
        assert!(said.incidents.len() <= INCIDENTS_MAX);
    }
}

/// JSON made of the keys and words that readers look for.
fn value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("operational"),
        Just("major_outage"),
        Just("none"),
        Just("resolved"),
        Just("c"),
        Just("2026-11-22T11:00:00Z"),
        Just("SERVICE_OUTAGE"),
        Just("status_report"),
        Just("status_page_resource"),
        Just("99999-99-99"),
        Just(""),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("status"),
        Just("indicator"),
        Just("components"),
        Just("incidents"),
        Just("id"),
        Just("name"),
        Just("summary"),
        Just("affected_components"),
        Just("ongoing_incidents"),
        Just("component_id"),
        Just("data"),
        Just("attributes"),
        Just("included"),
        Just("type"),
        Just("aggregate_state"),
        Just("success"),
        Just("result"),
        Just("endpoints"),
        Just("provider_name"),
        Just("uptime_last_30m"),
        Just("affected_products"),
        Just("begin"),
        Just("end"),
        Just("starts_at"),
        Just("uri"),
        Just("active_incidents"),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..6).prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

/// Pieces of feeds, whole or broken.
fn feed_part() -> impl Strategy<Value = String> {
    let date = prop_oneof![
        Just("Sun, 22 Nov 2026 02:00:00 PST"),
        Just("Thu, 01 Jan 1970 00:00:00 Z"),
        Just("Fri, 31 Dec 9999 23:59:59 +0000"),
        Just("never"),
    ];
    let title = prop_oneof![
        Just("Service disruption: A"),
        Just("Service is operating normally: [RESOLVED] A"),
        Just("[RESOLVED] \u{1f525}"),
        Just("resolved"),
        Just(":"),
        Just(""),
    ];
    let id = prop_oneof![
        Just("#s_1"),
        Just("#s_2"),
        Just("#_1"),
        Just("#"),
        Just("g"),
        Just("")
    ];
    let item = (title, id, date).prop_map(|(title, id, date)| {
        format!("<item><title>{title}</title><guid>{id}</guid><pubDate>{date}</pubDate></item>")
    });
    let piece = prop_oneof![
        Just("<item>"),
        Just("</item>"),
        Just("<title>"),
        Just("</title>"),
        Just("&x;"),
        Just("&#0;"),
        Just("&#xffffffff;"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("<!--"),
        Just("-->"),
        Just("<!DOCTYPE"),
        Just("<?xml"),
        Just("&"),
        Just("\u{0}"),
        Just("</rss>"),
    ];
    prop_oneof![3 => item, 1 => piece.prop_map(str::to_owned)]
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for source in sources() {
            let said = read(&source, &[Some(bytes.clone()), Some(bytes.clone())], now());
            prop_assert!(said.level != Level::Operational || is_json(&bytes));
        }
    }

    #[test]
    fn arbitrary_feeds_never_panic_and_unknown_is_explained(
        parts in proptest::collection::vec(feed_part(), 0..40),
        is_wrapped: bool,
    ) {
        let inner = parts.concat();
        let text = if is_wrapped {
            format!("<rss><channel><title>T</title>{inner}</channel></rss>")
        } else {
            inner
        };
        for source in sources().iter().filter(|one| one.kind.as_str() == "rss") {
            let said = says(source, &[&text]);
            prop_assert_eq!(said.level == Level::Unknown, said.note.is_some());
            prop_assert!(said.incidents.len() <= INCIDENTS_MAX);
            let mut ids: Vec<&str> = said.incidents.iter().map(|one| one.id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), said.incidents.len(), "a version is kept again and again");
        }
    }

    #[test]
    fn arbitrary_json_never_panics_and_unknown_is_explained(first in value(), second in value()) {
        for source in sources() {
            let documents = [first.to_string(), second.to_string()];
            let said = says(&source, &[&documents[0], &documents[1]]);
            prop_assert_eq!(said.level == Level::Unknown, said.note.is_some());
        }
    }
}

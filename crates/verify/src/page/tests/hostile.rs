//! What comes from outside stays text, and stays short.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::scene::{HOSTILE, Scene, Script};
use crate::page::{Members, Tally};

fn hostile(text: &str) -> Script {
    Script {
        violation: text.into(),
        request: text.into(),
        error: text.into(),
        region: text.into(),
        days: 4,
        ..Script::default()
    }
}

#[test]
fn text_from_outside_cannot_become_markup() {
    let page = Scene::play(&hostile(HOSTILE)).page();
    for markup in ["<script", "<img", "<b>"] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("Chat completions, &lt;b&gt;Frankfurt&lt;/b&gt;"));
    // A name that a shell would read is not put into a command.
    assert!(page.contains("python3 BUNDLE/verify/verify.py BUNDLE.evidence.zip"));
}

#[test]
fn text_from_outside_cannot_blow_the_page_up() {
    let long = "x".repeat(10_000);
    let page = Scene::play(&hostile(&long)).page();
    assert!(!page.contains(&"x".repeat(201)));
    assert!(page.len() < 200_000, "{}", page.len());
}

#[test]
fn what_the_allow_list_leaves_out_is_not_on_the_page() {
    let mut scene = Scene::play(&hostile("eu"));
    let (path, lines) = scene
        .members
        .iter_mut()
        .find(|(path, lines)| path.ends_with(".details.jsonl") && !lines.is_empty())
        .unwrap();
    assert!(path.starts_with("agents/"));
    let text = String::from_utf8(std::mem::take(lines)).unwrap();
    let planted = "{\"authorization\":\"Bearer canary-1\",\"hdr\":{\"x-api-key\":\"canary-2\"},";
    *lines = text.replace('{', planted).into_bytes();
    let page = scene.page();
    assert!(!page.contains("canary"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn arbitrary_members_never_panic(
        cores in any_lines(), details in any_lines(), paths in any_lines(), log in any_lines(),
    ) {
        let script = Script { days: 1, failing: vec![(0, 99, domain::Outcome::Dns, None)], ..Script::default() };
        let scene = SMALL.get_or_init(|| Scene::play(&script));
        let mut members: BTreeMap<String, Vec<u8>> = scene.members.clone();
        for (path, bytes) in &mut members {
            let given = match path.rsplit('.').next() {
                Some("paths") => &paths,
                _ if path.contains(".details.") => &details,
                _ => &cores,
            };
            bytes.extend_from_slice(given);
        }
        members.insert("log/0-9.entries".into(), log.clone());
        members.insert("log/anchors.entries".into(), log);
        let mut read = |path: &str| members.get(path).cloned();
        let mut from = Members::new(members.keys().cloned(), &mut read);
        let tally = Tally::of(&scene.claim, &scene.inputs, &scene.assessment, &mut from);
        prop_assert!(tally.samples() >= tally.ok());
    }
}

static SMALL: std::sync::OnceLock<Scene> = std::sync::OnceLock::new();

fn any_lines() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>(),
        Just(b"\n".to_vec()),
        Just(b"{\"count\":9007199254740991,\"first_ms\":-9,\"gap\":\"budget\",\"i\":0,\"last_ms\":9,\"plan\":1,\"v\":1}".to_vec()),
        Just(b"1 0 1 0 18446744073709551615\n".to_vec()),
        Just(b"\x00\x20sla-evidence/batch/v1\nagent a\nbat".to_vec()),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

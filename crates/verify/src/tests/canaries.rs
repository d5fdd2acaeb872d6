//! Nothing travels in a bundle but what is meant to. What agents and collector themselves keep out
//! of lines is tested where lines are made; here, that assembling adds nothing of what its maker
//! holds, and spreads nothing that a line holds.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use domain::detail::hex;

use super::fixture::{SAID, Twist, World};
use crate::*;

/// What never belongs into a bundle: marks of keys and tokens as providers issue them, of where
/// prompts and headers would stand, of databases and machines.
const MARKS: [&str; 14] = [
    "sk-ant-",
    "sk-proj-",
    "sk-or-",
    "AKIA",
    "AIza",
    "Bearer ",
    "bearer ",
    "BEGIN PRIVATE KEY",
    "BEGIN OPENSSH",
    "\"authorization\"",
    "\"x-api-key\"",
    "\"messages\":",
    "postgres://",
    "org-",
];

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

/// Members whose text is the project's own, where words like these explain themselves.
fn is_own_text(path: &str) -> bool {
    path == layout::SPEC || path == layout::SCRIPT
}

#[test]
fn no_signing_key_is_in_a_bundle_in_any_spelling() {
    let world = World::new(Twist::Rotated);
    let members = assemble(&world.contents, &world.export).unwrap();
    // Seeds of all keys that the fixture makes: operator, export, log, agents, later keys.
    for seed in (1..=30).chain([99]) {
        let seed = [seed; 32];
        let spellings = [
            seed.to_vec(),
            hex(&seed).into_bytes(),
            STANDARD.encode(seed).into_bytes(),
            STANDARD_NO_PAD.encode(seed).into_bytes(),
            URL_SAFE.encode(seed).into_bytes(),
            URL_SAFE_NO_PAD.encode(seed).into_bytes(),
        ];
        for (path, bytes) in &members {
            let found = spellings.iter().any(|spelling| contains(bytes, spelling));
            assert!(!found, "{path} holds the key of seed {}", seed[0]);
        }
    }
}

#[test]
fn no_mark_of_a_secret_is_in_a_bundle_whose_lines_hold_none() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.export).unwrap();
    for (path, bytes) in members.iter().filter(|(path, _)| !is_own_text(path)) {
        for mark in MARKS {
            assert!(!contains(bytes, mark.as_bytes()), "{path} holds {mark}");
        }
    }
}

#[test]
fn what_failures_said_travels_in_their_details_and_nowhere_else() {
    let world = World::new(Twist::None);
    let said = serde_json::to_string(SAID).unwrap();
    let members = assemble(&world.contents, &world.export).unwrap();
    let holding: Vec<&String> = members
        .iter()
        .filter(|(_, bytes)| contains(bytes, said.as_bytes()))
        .map(|(path, _)| path)
        .collect();
    let streams = world.contents.streams.iter();
    let details: Vec<String> = streams
        .filter(|stream| !stream.details.is_empty())
        .map(|stream| layout::details(&stream.agent, &stream.target))
        .collect();
    assert!(!details.is_empty());
    assert_eq!(holding, details.iter().collect::<Vec<_>>());
}

/// Lines travel as they were signed: a key that an agent should not have written is in the file of
/// its line, because the hash covers it, and nowhere else.
#[test]
fn what_a_detail_line_holds_beyond_the_allow_list_spreads_nowhere() {
    let mut world = World::new(Twist::None);
    let detail = &mut world.contents.streams[0].details[0];
    *detail = detail.replacen('{', "{\"authorization\":\"Bearer canary\",", 1);
    let members = assemble(&world.contents, &world.export).unwrap();
    let holding: Vec<&String> = members
        .iter()
        .filter(|(_, bytes)| contains(bytes, b"canary"))
        .map(|(path, _)| path)
        .collect();
    let stream = &world.contents.streams[0];
    assert_eq!(holding, [&layout::details(&stream.agent, &stream.target)]);
}

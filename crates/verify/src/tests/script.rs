//! The second verifier, in Python, answers as the first does: word by word, over honest bundles,
//! misconduct and flipped bytes. It knows less of V6, where it may say that it did not check.
//!
//! Without a Python 3.11 on the machine nothing is compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use evidence::manifest::{MANIFEST_PATH, Manifest, Profile};

use super::fixture::{AGENTS, Twist, World, judge, open};
use crate::*;

const TWISTS: [Twist; 25] = [
    Twist::None,
    Twist::SecondHistory,
    Twist::SecondPlan,
    Twist::LatePlan,
    Twist::SplitView,
    Twist::FastClock,
    Twist::SkippedSlot,
    Twist::DoubleSlot,
    Twist::StrangerKey,
    Twist::Confirmed,
    Twist::OldAgents,
    Twist::DoubtfulClock,
    Twist::FastLine,
    Twist::CutOff,
    Twist::HeldBack,
    Twist::Rotated,
    Twist::RotatedAlone,
    Twist::RotatedLate,
    Twist::OldKeyAfter,
    Twist::NewKeyBefore,
    Twist::Revoked,
    Twist::RevokedUsed,
    Twist::RevokedAhead,
    Twist::Superseded,
    Twist::Vanished,
];

/// Verifies the files that its input names, one a line, and prints the words of each.
const DRIVER: &str = r#"
import sys
sys.path.insert(0, sys.argv[1])
import verify
with open(sys.argv[2]) as file:
    trusted = verify.Policy(file.read())
for line in sys.stdin:
    policy, _, path = line.rstrip("\n").partition(" ")
    try:
        found = verify.Verifier(verify.Bundle(path), trusted if policy == "with" else None)
        print(*[told["verdict"] for told in found.report()["verdicts"]])
    except verify.Unreadable:
        print("unreadable")
"#;

pub(super) type Members = BTreeMap<String, Vec<u8>>;

/// Bundles with what the first verifier says of them.
struct Cases {
    folder: tempfile::TempDir,
    policy: Policy,
    input: String,
    expected: Vec<(String, String)>,
}

impl Cases {
    fn new(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("policy.txt"), &world.contents.policy).unwrap();
        Self {
            folder,
            policy: Policy::parse(&world.contents.policy).unwrap(),
            input: String::new(),
            expected: Vec::new(),
        }
    }

    fn add(&mut self, name: &str, members: &Members) {
        let zip = evidence::bundle::write(members, Cursor::new(Vec::new())).unwrap();
        self.add_bytes(name, zip.get_ref(), Trust::Policy);
    }

    fn add_bytes(&mut self, name: &str, zip: &[u8], trust: Trust) {
        let path = self.folder.path().join(self.expected.len().to_string());
        std::fs::write(&path, zip).unwrap();
        let (word, policy) = match trust {
            Trust::Policy => ("with", Some(&self.policy)),
            Trust::Nobody => ("without", None),
        };
        writeln!(self.input, "{word} {}", path.to_str().unwrap()).unwrap();
        let words = Bundle::open(Cursor::new(zip.to_vec())).map_or_else(
            |_| "unreadable".to_owned(),
            |mut bundle| words(&verify(&mut bundle, policy, &Options::default())),
        );
        self.expected.push((name.to_owned(), words));
    }

    /// Asks the second verifier and names all bundles on which the two differ.
    fn compare(self) {
        let Some(python) = python() else { return };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
        let mut child = Command::new(python)
            .args(["-B", "-c", DRIVER])
            .arg(script)
            .arg(self.folder.path().join("policy.txt"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // The script answers in a pipe that is read only after all was asked.
        let asking = std::thread::spawn(move || stdin.write_all(self.input.as_bytes()).unwrap());
        let output = child.wait_with_output().unwrap();
        asking.join().unwrap();
        assert!(output.status.success(), "the script broke down");
        let answers = String::from_utf8(output.stdout).unwrap();
        let answers: Vec<&str> = answers.lines().collect();
        assert_eq!(answers.len(), self.expected.len());
        let differing: Vec<String> = answers
            .iter()
            .zip(&self.expected)
            .filter(|(answer, (_, expected))| !agree(answer, expected))
            .map(|(answer, (name, expected))| format!("{name}\n  {expected}\n  {answer}\n"))
            .collect();
        assert!(
            differing.is_empty(),
            "{} of {} differ:\n{}",
            differing.len(),
            answers.len(),
            differing.concat()
        );
    }
}

#[derive(Clone, Copy)]
enum Trust {
    Policy,
    Nobody,
}

pub(super) fn words(report: &Report) -> String {
    let json = serde_json::to_value(report).unwrap();
    let verdicts = json["verdicts"].as_array().unwrap();
    let words: Vec<&str> = verdicts
        .iter()
        .map(|judged| judged["verdict"].as_str().unwrap())
        .collect();
    words.join(" ")
}

fn agree(answer: &str, expected: &str) -> bool {
    // Libraries for ZIP differ in what they take for a file; neither may pass what is bent in it.
    if answer == "unreadable" || expected == "unreadable" {
        return true;
    }
    match (answer.rsplit_once(' '), expected.rsplit_once(' ')) {
        (Some((answer, "not_checked")), Some((expected, _))) => answer == expected,
        _ => answer == expected,
    }
}

pub(super) fn python() -> Option<&'static str> {
    const PROBE: &str = "import sys; sys.exit(sys.version_info < (3, 11))";
    ["python3", "python3.13", "python3.12", "python3.11"]
        .into_iter()
        .find(|program| {
            let probed = Command::new(program).args(["-c", PROBE]).output();
            probed.is_ok_and(|output| output.status.success())
        })
}

pub(super) fn signed_anew(world: &World, members: &mut Members) {
    let text = Manifest::of("VIO-1", Profile::Claim, members)
        .text()
        .unwrap();
    let signed = evidence::note::sign(&text, &[&world.export]).unwrap();
    members.insert(MANIFEST_PATH.into(), signed.to_bytes());
}

#[test]
fn the_script_judges_every_world_as_the_library_does() {
    let mut cases = Cases::new(&World::new(Twist::None));
    for twist in TWISTS {
        let mut world = World::new(twist);
        judge(&mut world.contents);
        let members = assemble(&world.contents, &world.export).unwrap();
        cases.add(&format!("{twist:?}"), &members);
        let zip = evidence::bundle::write(&members, Cursor::new(Vec::new())).unwrap();
        cases.add_bytes(&format!("{twist:?} alone"), zip.get_ref(), Trust::Nobody);
    }
    for origin in ["simulated.invalid/demo", "other.example"] {
        let world = World::under(origin, Twist::None);
        cases.add(origin, &assemble(&world.contents, &world.export).unwrap());
    }
    cases.compare();
}

#[test]
fn the_script_misses_what_the_library_misses_and_nothing_else() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.export).unwrap();
    let mut cases = Cases::new(&world);
    for (path, bytes) in &members {
        let mut without = members.clone();
        without.remove(path);
        cases.add(&format!("without {path}"), &without);
        signed_anew(&world, &mut without);
        cases.add(&format!("without {path}, signed anew"), &without);
        for at in [bytes.len() / 2] {
            let mut bent = members.clone();
            let Some(byte) = bent.get_mut(path).unwrap().get_mut(at) else {
                continue;
            };
            *byte ^= 1;
            cases.add(&format!("{path} at {at}"), &bent);
            if path != MANIFEST_PATH {
                signed_anew(&world, &mut bent);
                cases.add(&format!("{path} at {at}, signed anew"), &bent);
            }
        }
        let mut cut = members.clone();
        cut.get_mut(path).unwrap().pop();
        cases.add(&format!("{path} cut"), &cut);
    }
    cases.compare();
}

#[test]
fn the_script_reads_the_files_that_the_library_reads() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.export).unwrap();
    let zip = evidence::bundle::write(&members, Cursor::new(Vec::new())).unwrap();
    let zip = zip.get_ref();
    let mut cases = Cases::new(&world);
    // A stride that shares no factor with the sizes of structures: 60 places, and the end.
    let stride = zip.len() / 60;
    let tail = (zip.len() - 60..zip.len()).step_by(2);
    for at in (0..zip.len()).step_by(stride).chain(tail) {
        let mut bent = zip.clone();
        bent[at] ^= 1 << (at % 8);
        cases.add_bytes(&format!("byte {at}"), &bent, Trust::Policy);
    }
    cases.compare();
}

#[test]
fn the_script_in_a_bundle_is_the_one_that_is_tested() {
    let world = World::new(Twist::None);
    let mut bundle = open(&assemble(&world.contents, &world.export).unwrap());
    let script = bundle.read(layout::SCRIPT).unwrap();
    assert_eq!(script, include_bytes!("../../python/verify.py"));
    assert_eq!(AGENTS.len(), world.contents.agents.len());
}

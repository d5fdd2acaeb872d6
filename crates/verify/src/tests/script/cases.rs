//! Bundles as both verifiers see them, and where the two may differ.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::super::fixture::World;
use super::Members;
use crate::*;

pub(super) const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/verify.py");

/// Whether a bundle is read with the policy of its world, or without any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    Policy,
    Nobody,
}

/// Bundles of one installation.
pub(super) struct Cases {
    folder: tempfile::TempDir,
    policy: Policy,
    all: Vec<Case>,
    flags: Vec<&'static str>,
    agree: fn(&Value, Option<&Report>) -> bool,
}

struct Case {
    name: String,
    path: PathBuf,
    trust: Trust,
}

impl Cases {
    pub(super) fn new(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("policy.txt"), &world.contents.policy).unwrap();
        Self {
            folder,
            policy: Policy::parse(&world.contents.policy).unwrap(),
            all: Vec::new(),
            flags: Vec::new(),
            agree,
        }
    }

    /// All six verdicts have to be the same: the script leaves nothing of these results aside.
    pub(super) fn whole(mut self) -> Self {
        self.agree = agree_wholly;
        self
    }

    /// The script is told to leave packages aside.
    pub(super) fn pure(mut self) -> Self {
        self.flags.push("--pure");
        self
    }

    pub(super) fn add(&mut self, name: impl Into<String>, members: &Members) {
        let zip = evidence::bundle::write(members, Cursor::new(Vec::new())).unwrap();
        self.add_bytes(name, zip.get_ref(), Trust::Policy);
    }

    pub(super) fn add_bytes(&mut self, name: impl Into<String>, zip: &[u8], trust: Trust) {
        let name = name.into();
        let path = self.folder.path().join(self.all.len().to_string());
        std::fs::write(&path, zip).unwrap();
        self.all.push(Case { name, path, trust });
    }

    /// Lets both judge all bundles, names those on which they differ, and keeps the files.
    #[track_caller]
    pub(super) fn compare(self) {
        let Some(python) = python() else { return };
        let asked = [Trust::Policy, Trust::Nobody].map(|trust| self.ask(python, trust));
        let reports: Vec<Option<Report>> = self.all.iter().map(|case| self.verify(case)).collect();
        let mut answers = asked.map(|answers| answers.join().unwrap().into_iter());
        let mut differing = String::new();
        for (case, report) in self.all.iter().zip(&reports) {
            let answer = answers[usize::from(case.trust == Trust::Nobody)].next();
            let answer: Value = serde_json::from_str(&answer.unwrap()).unwrap();
            if !(self.agree)(&answer, report.as_ref()) {
                differing += &explain(case, &answer, report.as_ref());
            }
        }
        assert!(differing.is_empty(), "they differ:\n{differing}");
    }

    /// One process reads all files of one trust, while the library reads them here.
    fn ask(&self, python: &str, trust: Trust) -> std::thread::JoinHandle<Vec<String>> {
        let mut command = Command::new(python);
        command.args(["-B", SCRIPT, "--batch"]).args(&self.flags);
        if trust == Trust::Policy {
            let policy = self.folder.path().join("policy.txt");
            command.arg("--policy").arg(policy);
        }
        let cases = self.all.iter().filter(|case| case.trust == trust);
        let paths: Vec<String> = cases
            .map(|case| format!("{}\n", case.path.display()))
            .collect();
        let paths = paths.concat();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::spawn(move || {
            let asking = std::thread::spawn(move || stdin.write_all(paths.as_bytes()));
            let output = child.wait_with_output().unwrap();
            asking.join().unwrap().unwrap();
            assert!(output.status.success(), "the script broke down");
            let answers = String::from_utf8(output.stdout).unwrap();
            answers.lines().map(str::to_owned).collect()
        })
    }

    fn verify(&self, case: &Case) -> Option<Report> {
        let policy = (case.trust == Trust::Policy).then_some(&self.policy);
        let mut bundle = Bundle::open(std::fs::File::open(&case.path).unwrap()).ok()?;
        Some(verify(&mut bundle, policy, &Options::default()))
    }
}

/// A program that runs the script.
pub(in crate::tests) fn python() -> Option<&'static str> {
    const PROBE: &str = "import sys; sys.exit(sys.version_info < (3, 9))";
    [
        "python3",
        "python3.13",
        "python3.12",
        "python3.11",
        "python3.10",
        "python3.9",
    ]
    .into_iter()
    .find(|program| {
        let probed = Command::new(program).args(["-c", PROBE]).output();
        probed.is_ok_and(|output| output.status.success())
    })
}

/// The six words, for people and for comparison.
pub(in crate::tests) fn words(report: &Value) -> Vec<&str> {
    let verdicts = report["verdicts"].as_array();
    let verdicts = verdicts.map(Vec::as_slice).unwrap_or_default();
    verdicts
        .iter()
        .map(|v| v["verdict"].as_str().unwrap())
        .collect()
}

/// All six verdicts are the same. Of V6 the script may say that it did not check: where the library
/// passes, where it fails at a place that the script names as not recomputed, and where the script
/// lacks a part that it failed in another verdict.
fn agree(answer: &Value, report: Option<&Report>) -> bool {
    let Some(report) = report else {
        return answer["unreadable"].is_string();
    };
    let report = serde_json::to_value(report).unwrap();
    let (theirs, ours) = (words(answer), words(&report));
    if theirs.len() != 6 || theirs[..5] != ours[..5] {
        return false;
    }
    if theirs[5] == ours[5] {
        return true;
    }
    let why = answer["verdicts"][5]["reason"].as_str().unwrap_or_default();
    theirs[5] == "not_checked"
        && match why.split_once("not recomputed: ") {
            Some((_, left)) => ours[5] == "pass" || names(left, &report["verdicts"][5]),
            None => why.starts_with("needs ") && theirs[..5].iter().any(|word| *word != "pass"),
        }
}

fn agree_wholly(answer: &Value, report: Option<&Report>) -> bool {
    report.is_some_and(|report| {
        let report = serde_json::to_value(report).unwrap();
        words(answer) == words(&report)
    })
}

/// Whether a list of places that were not recomputed has the one where the library failed.
fn names(left: &str, failed: &Value) -> bool {
    let (Some(place), Some(reason)) = (failed["place"].as_str(), failed["reason"].as_str()) else {
        return false;
    };
    let pointer = reason.split('`').nth(1).unwrap_or_default();
    let mut left = left
        .split(", ")
        .map(|one| one.split(' ').next().unwrap_or_default());
    match place {
        "result/result.json" => left.any(|one| {
            let rest = pointer.strip_prefix(one);
            one.len() > 1 && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }),
        _ => left.any(|one| one == place),
    }
}

fn explain(case: &Case, answer: &Value, report: Option<&Report>) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/differing");
    let file = case.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let kept = folder.join(format!("{file}.zip"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(&case.path, &kept).unwrap();
    let ours = report.map_or_else(|| "unreadable\n".to_owned(), render_text);
    let ours: Vec<String> = ours
        .lines()
        .filter(|line| line.starts_with('V') || line.starts_with('u'))
        .map(|line| format!("  {line}\n"))
        .collect();
    let theirs: Vec<String> = match answer["verdicts"].as_array() {
        None => vec![answer.to_string()],
        Some(all) => all
            .iter()
            .map(|v| format!("  {} {} {}\n", v["verdict"], v["place"], v["reason"]))
            .collect(),
    };
    let (name, trust) = (&case.name, case.trust);
    format!(
        "{name} ({trust:?}), kept as {}\n{}{}\n",
        kept.display(),
        ours.concat(),
        theirs.concat(),
    )
}

//! From an outage to a file that a stranger can check.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Cursor;
use std::process::Output;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use evidence::bundle::{self, Bundle};
use serde_json::json;
use tokio::process::Command;

use super::eventually;
use super::installation::{CHAT, CONTRACT, Installation, KEY};
use super::process::{output, program, text};

/// A minute is judged when it is over and its batches are witnessed.
pub(super) const JUDGED: Duration = Duration::from_secs(150);

/// Members by name.
type Members = BTreeMap<String, Vec<u8>>;

#[tokio::test]
async fn an_outage_becomes_a_violation_and_its_bundle_verifies() {
    let lab = Installation::create("outage", KEY).await;
    let _sim = lab.start_sim().await;
    let _collector = lab.start_collector().await;
    lab.enrol().await;
    let _agent = lab.start_agent().await;
    lab.until_seq(1).await;
    let fault = json!({ "kind": "status", "status": 503 });
    lab.inject(fault, 5).await;

    let violation = eventually("a violation", JUDGED, async || {
        let found = lab.list("/api/v1/violations").await;
        let found = found.first()?;
        assert_eq!(found["contract"], CONTRACT);
        Some(found["violation"].as_str()?.to_owned())
    })
    .await;
    let file = export(&lab, &violation).await;
    let policy = lab.dir().join("policy.txt");
    let page = lab.page(&lab.url("/policy.txt")).await;
    std::fs::write(&policy, page).expect("a file can be written");

    let told = verify("nines", &["verify"], &file, Some(&policy)).await;
    assert_eq!(told.code, 0, "{}", told.text);
    let again = verify("nines-verify", &[], &file, Some(&policy)).await;
    assert_eq!(again, told, "both programs say the same");
    let unanchored = verify("nines", &["verify"], &file, None).await;
    assert_eq!(unanchored.code, 2, "{}", unanchored.text);
    refuses_every_altered_member(&file, &policy).await;
}

/// Exports by the command, as soon as the breach is witnessed.
pub(super) async fn export(lab: &Installation, violation: &str) -> Utf8PathBuf {
    let file = lab.dir().join("evidence.zip");
    eventually("the evidence is complete", JUDGED, async || {
        let mut export = Command::new(program("nines"));
        export.args(["evidence", "export", violation, "--collector", &lab.url("")]);
        let Output { status, stderr, .. } = output(export.arg("--output").arg(&file)).await;
        let said = text(stderr);
        assert!(
            status.success() || said.contains("try again"),
            "{status}: {said}"
        );
        status.success().then_some(())
    })
    .await;
    file
}

/// What a verifier said, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) code: i32,
    pub(super) text: String,
}

pub(super) async fn verify(
    name: &str,
    command: &[&str],
    file: &Utf8Path,
    policy: Option<&Utf8PathBuf>,
) -> Told {
    let mut verifier = Command::new(program(name));
    verifier.args(command).arg(file);
    if let Some(policy) = policy {
        verifier.arg("--policy").arg(policy);
    }
    let Output { status, stdout, .. } = output(&mut verifier).await;
    Told {
        code: status.code().expect("it was not killed"),
        text: text(stdout).trim_end().to_owned(),
    }
}

/// A bundle packed anew is accepted; with one bit changed in any member it is not.
async fn refuses_every_altered_member(file: &Utf8Path, policy: &Utf8PathBuf) {
    let members = unpack(file);
    assert!(
        members.contains_key("contract/terms.toml"),
        "{:?}",
        members.keys()
    );
    assert!(members.keys().any(|name| name.contains(CHAT)));
    let copy = file.with_extension("copy.zip");
    pack(&copy, &members);
    let repacked = verify("nines-verify", &[], &copy, Some(policy)).await;
    assert_eq!(repacked.code, 0, "{}", repacked.text);

    let mut unnoticed = Vec::new();
    for (name, bytes) in &members {
        for at in [0, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            let mut altered = members.clone();
            let Some(byte) = altered.get_mut(name).and_then(|bytes| bytes.get_mut(at)) else {
                continue; // An empty member has no byte to change.
            };
            *byte ^= 1;
            pack(&copy, &altered);
            let told = verify("nines-verify", &[], &copy, Some(policy)).await;
            if !matches!(told.code, 1 | 3) {
                unnoticed.push(format!("{name}, byte {at}: {}\n{}", told.code, told.text));
            }
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

fn unpack(file: &Utf8Path) -> Members {
    let mut bundle = Bundle::open(File::open(file).expect("it was written")).expect("it is a zip");
    let names: Vec<String> = bundle.names().map(str::to_owned).collect();
    names
        .into_iter()
        .map(|name| {
            let bytes = bundle.read(&name).expect("a member can be read");
            (name, bytes)
        })
        .collect()
}

fn pack(file: &Utf8Path, members: &Members) {
    let packed = bundle::write(members, Cursor::new(Vec::new())).expect("members can be packed");
    std::fs::write(file, packed.into_inner()).expect("a file can be written");
}

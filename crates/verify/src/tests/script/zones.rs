//! A machine without a time zone database: the script names what it lacks, and passes nothing.

use std::process::Command;

use serde_json::Value;

use super::cases::{python, words};
use super::{World, assemble, packed};

fn zoned(text: &str) -> String {
    let clause = "[[exclusion]]\nkind = \"night\"\neffect = \"treat_as_up\"\n\
        recurs = { rrule = \"FREQ=DAILY\", from = \"02:00\", minutes = 60, timezone = \"Europe/Paris\" }\n";
    text.replace("[claim]\n", &format!("{clause}[claim]\n"))
}

/// What the script says without the packages of the machine, and without its zones.
fn asked(python: &str, world: &World) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let (file, policy) = (folder.path().join("bundle"), folder.path().join("policy"));
    let members = assemble(&world.contents, &world.export).unwrap();
    std::fs::write(&file, packed(&members)).unwrap();
    std::fs::write(&policy, &world.contents.policy).unwrap();
    let run = Command::new(python)
        .env("PYTHONTZPATH", "")
        .args([
            "-B",
            "-S",
            concat!(env!("CARGO_MANIFEST_DIR"), "/python/verify.py"),
        ])
        .arg(&file)
        .arg("--policy")
        .arg(&policy)
        .arg("--json")
        .output()
        .unwrap();
    serde_json::from_slice(&run.stdout).unwrap()
}

#[test]
fn without_a_time_zone_database_the_script_says_what_to_install() {
    let Some(python) = python() else { return };
    let told = asked(python, &World::with_contract(zoned));
    assert_eq!(words(&told)[5], "not_checked", "{told}");
    let reason = told["verdicts"][5]["reason"].as_str().unwrap();
    let due = "/exclusions (the zone Europe/Paris is not known to this machine; `pip install tzdata` \
        or the time zone database of the system will make it known)";
    assert!(reason.contains(due), "{reason}");
    let told = asked(python, &World::with_contract(str::to_owned));
    assert_eq!(words(&told), ["pass"; 6]);
}

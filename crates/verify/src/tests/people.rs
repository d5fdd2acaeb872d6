//! What a bundle holds for people: the page, the README, the texts for lawyers.

use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Output};

use evidence::hash::Hash;

use super::fixture::{Twist, World, judge};
use super::honest::{all_pass, remarks};
use crate::command::{self, Format, Request};
use crate::*;

fn text(world: &World, path: &str) -> String {
    String::from_utf8(world.bundle().read(path).unwrap()).unwrap()
}

#[test]
fn the_verifier_writes_the_page_that_the_maker_wrote() {
    let twists = [
        Twist::None,
        Twist::HeldBack,
        Twist::Confirmed,
        Twist::CutOff,
        Twist::Revoked,
    ];
    for twist in twists {
        let mut world = World::new(twist);
        judge(&mut world.contents);
        let report = world.verify();
        let told = remarks(&report, Check::Result);
        assert!(!told.contains("report.html"), "{twist:?}: {told}");
    }
}

#[test]
fn a_page_that_says_something_else_is_remarked() {
    let world = World::new(Twist::None);
    let mut members = assemble(&world.contents, &world.export).unwrap();
    let page = members.get_mut(layout::REPORT).unwrap();
    *page = String::from_utf8(page.clone())
        .unwrap()
        .replace("breached", "met")
        .into_bytes();
    let report = verify(
        &mut super::fixture::open(&members),
        Some(&world.policy),
        &Options::default(),
    );
    assert!(remarks(&report, Check::Result).contains("report/report.html is not what"));
}

#[test]
fn the_page_counts_what_the_lines_say() {
    let page = text(&World::new(Twist::None), layout::REPORT);
    for said in [
        // Two agents, once a minute over an hour, one of them down for two minutes.
        "118 requests in the window, 78 of them ok, 40 not",
        "58 of 60 (96.667\u{a0}%)</td><td class=\"num\">0</td><td>2: the agent was not running",
        "cloud:us 20\u{a0}of\u{a0}20",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn late_samples_are_counted_from_the_log_and_its_anchors() {
    let world = World::new(Twist::HeldBack);
    let page = text(&world, layout::REPORT);
    assert!(page.contains("Late: 20 requests reached"), "{page}");
}

#[test]
fn the_same_contents_give_the_same_members() {
    let world = World::new(Twist::None);
    let members = || assemble(&world.contents, &world.export).unwrap();
    assert_eq!(members(), members());
}

#[test]
fn texts_for_lawyers_are_filled_in_and_known() {
    let world = World::new(Twist::None);
    let method = text(&world, layout::METHOD);
    let limitations = text(&world, layout::LIMITATIONS);
    let certification = text(&world, layout::CERTIFICATION);
    for (name, text) in [("m", &method), ("l", &limitations), ("c", &certification)] {
        assert!(text.contains("Not legal advice"), "{name}");
        assert!(
            !text.contains("{limits}") && !text.contains("{program}"),
            "{name}"
        );
        let long = text.lines().find(|line| line.chars().count() > 110);
        assert_eq!(long, None, "{name}");
    }
    assert!(method.contains("Agents (here 2)") && method.contains("Recording program: nines"));
    assert!(certification.contains("Claim VIO-1, window 2026-03-01T00:00:00Z to"));
    assert!(words::checking::LIMITS.iter().all(|limit| {
        let first: String = limit.split(' ').take(4).collect::<Vec<_>>().join(" ");
        limitations.contains(&first)
    }));
    let report = world.verify();
    all_pass(&report);
    assert!(!remarks(&report, Check::Container).contains("no known purpose"));
}

#[test]
fn the_certification_names_the_hash_of_all_other_lines() {
    let world = World::new(Twist::None);
    let certification = text(&world, layout::CERTIFICATION);
    let manifest = text(&world, "MANIFEST.note");
    let is_line = |line: &&str| line.get(64..66) == Some("  ");
    let lines: Vec<&str> = manifest.lines().filter(is_line).collect();
    let mut others = lines.clone();
    others.retain(|line| !line.ends_with(layout::CERTIFICATION));
    let text = others.join("\n") + "\n";
    assert!(certification.contains(&Hash::of(text.as_bytes()).to_hex()));
    assert!(certification.contains(&format!("{} files", lines.len() - 1)));
}

#[test]
fn every_member_has_a_line_in_the_specification() {
    let spec = include_str!("../../../../docs/evidence-spec.md");
    for path in [
        layout::METHOD,
        layout::LIMITATIONS,
        layout::CERTIFICATION,
        layout::REPORT,
    ] {
        assert!(spec.contains(&format!("`{path}`")), "{path}");
    }
}

/// A folder as a stranger has it: the bundle, and a policy from elsewhere.
fn folder(world: &World) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let members = assemble(&world.contents, &world.export).unwrap();
    let zip = evidence::bundle::write(&members, Cursor::new(Vec::new())).unwrap();
    std::fs::write(folder.path().join("VIO-1.evidence.zip"), zip.get_ref()).unwrap();
    std::fs::write(folder.path().join("policy.txt"), &world.contents.policy).unwrap();
    folder
}

fn shell(folder: &Path, line: &str) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(folder);
    command.output().unwrap()
}

/// Whether the machine has what the README asks for.
fn is_equipped(folder: &Path) -> bool {
    const PYTHON: &str = "python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'";
    let tools = ["unzip", "sed", "sha256sum"].map(|tool| format!("command -v {tool}"));
    let probes = tools.into_iter().chain([PYTHON.to_owned()]);
    probes
        .into_iter()
        .all(|probe| shell(folder, &probe).status.success())
}

/// The lines that the README indents by six spaces.
fn commands(readme: &str) -> Vec<&str> {
    let lines = readme
        .lines()
        .filter_map(|line| line.strip_prefix("      "));
    lines.collect()
}

/// The command of this crate, without building its program.
fn run_own(folder: &Path, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let ["nines-verify", file, "--policy", policy] = words.as_slice() else {
        panic!("{line}");
    };
    let answer = command::run(&Request {
        file: folder.join(file),
        policy: Some(folder.join(policy)),
        tsa_roots: None,
        format: Format::Text,
        options: Options::default(),
    });
    assert_eq!(answer.code, 0, "{}", answer.text);
    answer.text
}

/// Without the tools on the machine, nothing is run.
#[test]
fn the_commands_of_the_readme_work_as_they_stand() {
    let world = World::new(Twist::None);
    let readme = text(&world, layout::README);
    let folder = folder(&world);
    let commands = commands(&readme);
    assert_eq!(commands.len(), 4, "{commands:?}");
    if !is_equipped(folder.path()) {
        return;
    }
    let mut told = String::new();
    for line in commands {
        if line.starts_with("nines-verify") {
            told += &run_own(folder.path(), line);
            continue;
        }
        let output = shell(folder.path(), line);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let text = String::from_utf8(output.stdout).unwrap();
        // The program in Python may leave a part of the result unchecked, and says so.
        let partly = line.starts_with("python3") && output.status.code() == Some(2);
        assert!(output.status.success() || partly, "{line}\n{error}{text}");
        told += &text;
    }
    assert!(told.starts_with("unchanged\n"), "{told}");
    assert_eq!(told.matches("V6 result").count(), 2, "{told}");
    for line in told.lines().filter(|line| line.contains("NOT-CHECKED")) {
        assert!(line.starts_with("V6 result"), "{told}");
    }
    assert!(!told.contains("FAIL"), "{told}");
}

#[test]
fn the_command_of_the_certification_gives_its_hash() {
    let world = World::new(Twist::None);
    let folder = folder(&world);
    if !is_equipped(folder.path()) {
        return;
    }
    let certification = text(&world, layout::CERTIFICATION);
    let line = certification
        .lines()
        .find(|line| line.contains("grep -v"))
        .unwrap();
    let unpacked = shell(folder.path(), "unzip -q -o VIO-1.evidence.zip -d here");
    assert!(unpacked.status.success());
    let output = shell(&folder.path().join("here"), line.trim());
    let hash = String::from_utf8(output.stdout).unwrap();
    let hash = hash.split(' ').next().unwrap();
    assert!(hash.len() == 64 && certification.contains(hash));
}

#[test]
fn a_changed_file_is_named_by_stock_tools() {
    let world = World::new(Twist::None);
    let readme = text(&world, layout::README);
    let folder = folder(&world);
    let commands = commands(&readme);
    if !is_equipped(folder.path()) {
        return;
    }
    assert!(shell(folder.path(), commands[0]).status.success());
    let changed = folder.path().join("VIO-1").join(layout::RESULT);
    std::fs::write(changed, "{}").unwrap();
    let output = shell(folder.path(), commands[1]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        !output.status.success() && told.contains("result/result.json: FAILED"),
        "{told}"
    );
}

//! Every contract of the library, as it stands and over windows of a day in which the outage of the
//! fixture breaks most of them.

use std::process::Command;

use sla::Contract;
use sla::library::TEMPLATES;

use super::cases::python;
use super::{Cases, Twist, World, assemble, judge};

/// Minutes that are looked at.
const MINUTES: i64 = 60;

/// What stands in place of a template's window.
const WINDOWS: [&str; 3] = [
    "kind = \"fixed_days\"\ndays = 1\nanchor = 2026-01-01T00:00:00Z\ntimezone = \"UTC\"\n",
    "kind = \"trailing_days\"\ndays = 1\ntimezone = \"Asia/Kolkata\"\nalso_test_timezones = [\"Europe/Paris\"]\n",
    "kind = \"trailing_days\"\ndays = 1\ntimezone = \"UTC\"\nrun_across_edge = \"span\"\n",
];

/// The text under the name that the fixture registers.
fn named(toml: &str) -> String {
    let (head, rest) = toml.split_once("\nid = \"").unwrap();
    let (_, rest) = rest.split_once('"').unwrap();
    format!("{head}\nid = \"acme-chat\"{rest}")
}

fn with_window(toml: &str, window: &str) -> String {
    let (head, rest) = toml.split_once("\n[window]\n").unwrap();
    let (_, rest) = rest.split_once("\n[").unwrap();
    format!("{head}\n[window]\n{window}\n[{rest}")
}

fn add(cases: &mut Cases, name: String, text: &str, twist: Twist) {
    if Contract::parse(text).is_err() {
        return;
    }
    let mut world = World::made(twist, MINUTES, |_| text.to_owned());
    let terms = &mut world.contents.terms;
    let currency = Contract::parse(text).unwrap().currency;
    terms.fees = Some(sla::Money::from_minor(1_234_567, currency).unwrap());
    judge(&mut world.contents);
    cases.add(name, &assemble(&world.contents, &world.export).unwrap());
}

#[test]
fn every_contract_of_the_library_comes_out_alike() {
    let mut cases = Cases::new(&World::new(Twist::None)).whole();
    for (nth, template) in TEMPLATES.iter().enumerate() {
        let text = named(template.toml);
        let name = template.name;
        let twist = [Twist::None, Twist::Mixed, Twist::HeldBack][nth % 3];
        add(
            &mut cases,
            format!("{name} of a day"),
            &with_window(&text, WINDOWS[nth % 3]),
            twist,
        );
        if nth % 8 == 0 {
            add(&mut cases, name.to_owned(), &text, Twist::None);
        }
    }
    cases.compare();
}

/// What the script reads contracts with where its Python has no reader of its own.
#[test]
fn the_scripts_own_reader_of_toml_reads_contracts_as_pythons_does() {
    const BOTH: &str = "import glob, sys\nsys.path.insert(0, sys.argv[1])\nimport verify\n\
        try:\n    import tomllib\nexcept ImportError:\n    sys.exit(0)\n\
        paths = glob.glob(sys.argv[2] + '/*.toml')\n\
        for path in paths:\n    text = open(path, encoding='utf-8').read()\n    \
        assert verify.Toml(text).document() == tomllib.loads(text), path\n\
        for bad in ('a', 'a =', 'a = 1 b', 'a = \"x', '[a', 'a = [1', 'a = {b = 1', 'a = 1\\na = 2', 'a = \"\\\\q\"'):\n    \
        try:\n        verify.Toml(bad).document()\n    except ValueError:\n        continue\n    \
        raise AssertionError(bad)\n\
        assert len(paths) > 20\n";
    let Some(python) = python() else { return };
    let crates = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let run = Command::new(python)
        .args(["-B", "-c", BOTH])
        .arg(format!("{crates}/verify/python"))
        .arg(format!("{crates}/sla/contracts"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
}

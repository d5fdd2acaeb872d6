//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::repository::{assert_none, root, text};

/// The table of `ARCHITECTURE.md`: a new crate, or a new edge, is a decision record first. A crate
/// may also name directly whatever lies below the crates it stands on.
const EDGES: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "agent",
            "collector",
            "pgembed",
            "probe",
            "simulator",
            "sla",
            "telemetry",
            "verify",
        ],
    ),
    (
        "collector",
        &["evidence", "sla", "telemetry", "verify", "wire"],
    ),
    ("agent", &["probe", "telemetry", "wire"]),
    ("verify", &["evidence", "sla", "wire"]),
    ("wire", &["domain", "evidence"]),
    ("sla", &["domain"]),
    ("probe", &["domain"]),
    ("domain", &[]),
    ("evidence", &[]),
    ("pgembed", &[]),
    ("simulator", &[]),
    ("telemetry", &[]),
];

/// What opens sockets, or exists for those who do.
const NETWORK: &[&str] = &[
    "async-std",
    "aws-lc-rs",
    "axum",
    "curl",
    "h2",
    "hickory-resolver",
    "hyper",
    "hyper-util",
    "mio",
    "native-tls",
    "opentelemetry-otlp",
    "openssl",
    "quinn",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "sqlx-core",
    "tokio",
    "tokio-rustls",
    "tonic",
    "tower",
    "ureq",
];

/// A manifest, as far as it is judged.
struct Manifest {
    name: String,
    dependencies: toml::Table,
    dev_dependencies: toml::Table,
}

impl Manifest {
    fn read(dir: &str) -> Self {
        let path = format!("{dir}/Cargo.toml");
        let mut manifest: toml::Table = text(&path).parse().expect(&path);
        assert!(
            !manifest.contains_key("target"),
            "{path}: dependencies of one platform only"
        );
        let mut table = |key| match manifest.remove(key) {
            Some(toml::Value::Table(table)) => table,
            _ => toml::Table::new(),
        };
        let (mut dependencies, dev_dependencies) =
            (table("dependencies"), table("dev-dependencies"));
        dependencies.extend(table("build-dependencies"));
        let package = table("package");
        let name = package["name"].as_str().expect("a name is text").to_owned();
        Self {
            name,
            dependencies,
            dev_dependencies,
        }
    }

    fn of_crates() -> Vec<Self> {
        let entries = root()
            .join("crates")
            .read_dir_utf8()
            .expect("there are crates");
        let dirs = entries.map(|entry| entry.expect("a directory is readable"));
        dirs.map(|dir| Self::read(&format!("crates/{}", dir.file_name())))
            .collect()
    }

    fn of_workspace() -> Vec<Self> {
        let mut all = Self::of_crates();
        all.extend([Self::read("xtask"), Self::read("tests")]);
        all
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.dependencies.keys().chain(self.dev_dependencies.keys())
    }
}

fn table() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    EDGES
        .iter()
        .map(|(from, to)| (*from, to.iter().copied().collect()))
        .collect()
}

fn ours(dependencies: &toml::Table) -> BTreeSet<&str> {
    let table = table();
    dependencies
        .keys()
        .map(String::as_str)
        .filter(|name| table.contains_key(name))
        .collect()
}

/// Everything that a crate stands on, directly or not.
fn below(name: &str) -> BTreeSet<&'static str> {
    let table = table();
    let mut found = table[name].clone();
    for next in table[name].clone() {
        found.extend(below(next));
    }
    found
}

#[test]
fn the_table_names_every_crate() {
    let crates = Manifest::of_crates();
    let found: BTreeSet<&str> = crates
        .iter()
        .map(|manifest| manifest.name.as_str())
        .collect();
    assert_eq!(found, table().into_keys().collect());
}

#[test]
fn crates_depend_on_each_other_as_the_table_says() {
    let mut findings = Vec::new();
    for manifest in Manifest::of_crates() {
        let name = manifest.name.as_str();
        let (named, below) = (ours(&manifest.dependencies), below(name));
        for extra in named.difference(&below) {
            findings.push(format!("{name} -> {extra} is not in the table"));
        }
        for absent in table()[name].difference(&named) {
            findings.push(format!("{name} -> {absent} is in the table only"));
        }
    }
    assert_none("edges between crates", &findings);
}

#[test]
fn tests_of_a_crate_use_only_what_lies_below_it_or_depends_on_none_of_ours() {
    let mut findings = Vec::new();
    for manifest in Manifest::of_crates() {
        let below = below(&manifest.name);
        for name in ours(&manifest.dev_dependencies) {
            if !below.contains(name) && !table()[name].is_empty() {
                findings.push(format!("{} -> {name}", manifest.name));
            }
        }
    }
    assert_none("edges of tests", &findings);
}

#[test]
fn a_dependency_has_its_version_and_features_from_the_workspace() {
    let from_workspace: toml::Value =
        toml::Table::from_iter([("workspace".to_owned(), toml::Value::Boolean(true))]).into();
    let mut findings = Vec::new();
    for manifest in Manifest::of_workspace() {
        for (name, value) in manifest
            .dependencies
            .iter()
            .chain(&manifest.dev_dependencies)
        {
            if *value != from_workspace {
                findings.push(format!("{}: {name} = {value}", manifest.name));
            }
        }
    }
    assert_none(
        "write `NAME.workspace = true`, and versions in the root manifest",
        &findings,
    );
}

#[track_caller]
fn check_only(users: &[&str], dependency: &str) {
    let all = Manifest::of_workspace();
    let names_it = |manifest: &&Manifest| manifest.names().any(|name| name == dependency);
    let found: BTreeSet<&str> = all
        .iter()
        .filter(names_it)
        .map(|m| m.name.as_str())
        .collect();
    assert_eq!(
        found,
        users.iter().copied().collect(),
        "users of {dependency}"
    );
}

#[test]
fn only_the_collector_speaks_sql() {
    check_only(&["collector"], "sqlx");
}

#[test]
fn only_collector_and_simulator_serve_http() {
    check_only(&["collector", "simulator"], "axum");
}

#[test]
fn the_verifier_has_no_network_crate_in_its_tree() {
    let listed = Command::new(env!("CARGO"))
        .args([
            "tree",
            "-p",
            "verify",
            "-e",
            "normal",
            "--offline",
            "--locked",
            "--prefix",
            "none",
        ])
        .current_dir(root())
        .output()
        .expect("cargo lists the tree");
    assert!(
        listed.status.success(),
        "{}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let tree = String::from_utf8(listed.stdout).expect("names of crates are UTF-8");
    let tree: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(
        tree.contains("sla"),
        "the tree is not that of `verify`: {tree:?}"
    );
    let found: Vec<_> = NETWORK
        .iter()
        .filter(|name| tree.contains(**name))
        .collect();
    assert!(found.is_empty(), "`verify` depends on {found:?}");
}

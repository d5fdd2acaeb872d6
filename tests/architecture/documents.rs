//! What documents promise about the code, and samples that must be readable by it.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use collector::config::{ContractEntry, Loaded};
use wire::plan::PlanTarget;
use wire::problem::ProblemType;

use crate::repository::{assert_none, files, root, text, texts};

const PROBLEMS: &str = "docs/problems.md";
/// Where every sample configuration lies.
const SAMPLE_DIRS: &[&str] = &["deploy/config", "docs/samples"];

#[test]
fn every_problem_is_explained() {
    let document = text(PROBLEMS);
    let mut findings = Vec::new();
    for problem in ProblemType::ALL {
        let row = format!("| `{}` | {} | ", problem.uri(), problem.status());
        if !document.contains(&row) {
            findings.push(format!("no line begins with `{row}`"));
        }
    }
    assert_none(PROBLEMS, &findings);
}

#[test]
fn no_problem_is_explained_that_does_not_exist() {
    let document = text(PROBLEMS);
    let uris = document.split('`').filter(|word| word.starts_with("urn:"));
    let unknown: Vec<String> = uris
        .filter(|uri| ProblemType::from_uri(uri).is_none())
        .map(str::to_owned)
        .collect();
    assert_none(PROBLEMS, &unknown);
}

/// Reads a sample as the program that it is for does.
fn parse_sample(file: &Utf8Path) -> Result<(), String> {
    let whole = |error: &dyn std::error::Error| {
        let chain = std::iter::successors(Some(error), |error| error.source());
        chain
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": ")
    };
    match file.as_str() {
        "deploy/config/agent.toml" => agent::AgentConfig::read(&root().join(file))
            .map(drop)
            .map_err(|e| whole(&e)),
        "deploy/config/collector.toml" => Loaded::read(&root().join(file))
            .map(drop)
            .map_err(|e| whole(&e)),
        "deploy/config/plan.toml" => wire::plan::Plan::parse(&text(file))
            .map(drop)
            .map_err(|e| whole(&e)),
        "docs/samples/contract.toml" => sla::Contract::parse(&text(file))
            .map(drop)
            .map_err(|e| whole(&e)),
        "docs/samples/nines.toml" => parse_single_machine(file).map_err(|e| whole(&*e)),
        _ => Err("no program is known that reads it".to_owned()),
    }
}

/// What `nines up` shares with plan and collector: targets, and contracts beside the file.
fn parse_single_machine(file: &Utf8Path) -> Result<(), Box<dyn std::error::Error>> {
    let config: toml::Table = text(file).parse()?;
    for target in config["target"].as_array().expect("it has targets") {
        let _target: PlanTarget = target.clone().try_into()?;
    }
    for contract in config["contract"].as_array().expect("it has contracts") {
        let entry: ContractEntry = contract.clone().try_into()?;
        sla::Contract::parse(&text(file.with_file_name(entry.file)))?;
    }
    Ok(())
}

#[test]
fn every_sample_is_read_by_its_program() {
    let is_sample = |file: &Utf8PathBuf| SAMPLE_DIRS.iter().any(|dir| file.starts_with(dir));
    let failed = |file: Utf8PathBuf| Some(format!("{file}: {}", parse_sample(&file).err()?));
    let findings: Vec<String> = files()
        .into_iter()
        .filter(is_sample)
        .filter_map(failed)
        .collect();
    assert_none("samples", &findings);
}

/// Targets of the links in a Markdown text that lead to files: `[words](path#heading)`.
fn links(markdown: &str) -> BTreeSet<&str> {
    let targets = markdown
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let paths = targets.filter_map(|target| target.split('#').next());
    paths
        .filter(|path| !path.is_empty() && !path.contains("://"))
        .collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut findings = Vec::new();
    for (file, markdown) in texts().filter(|(file, _)| file.extension() == Some("md")) {
        let dir = root().join(&file);
        let dir = dir.parent().expect("a file lies in a directory");
        let broken = links(&markdown)
            .into_iter()
            .filter(|path| !dir.join(path).exists());
        findings.extend(broken.map(|path| format!("{file}: {path}")));
    }
    assert_none("links to files that are not there", &findings);
}

#[test]
fn links_are_found_without_headings_and_hosts() {
    let text = "[a](b.md#c), [d](https://e.example/f), [g](#h)";
    assert_eq!(links(text), BTreeSet::from(["b.md"]));
}

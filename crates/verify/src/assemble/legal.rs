//! `legal/`: texts for whoever takes a bundle to court, in plain words. None is legal advice, and
//! none is evidence.

use evidence::bundle::Packed;
use evidence::hash::Hash;

use super::{Contents, Record};
use crate::layout;
use crate::layout::claim::Claim;
use crate::layout::registry::{SoftwareBody, read_body};
use crate::words::checking::{LIMITS, commands};

const METHOD: &str = include_str!("legal/method-statement.txt");
const LIMITATIONS: &str = include_str!("legal/limitations.txt");
const CERTIFICATION: &str = include_str!("legal/certification-902.txt");

/// Longest line of a text.
const COLUMNS: usize = 92;

/// How everything was measured.
pub(super) fn method(contents: &Contents, claim: &Claim) -> String {
    head(claim)
        + &METHOD
            .replace("{recorder}", &recorder(contents))
            .replace("{exporter}", &exporter())
            .replace("{agents}", &contents.agents.len().to_string())
            .replace("{program}", &commands(&claim.violation).program)
}

/// What no bundle shows.
pub(super) fn limitations(claim: &Claim) -> String {
    let limits = LIMITS.iter().zip(1_usize..);
    let limits: Vec<String> = limits
        .map(|(limit, nth)| wrapped(&format!("{nth}. {limit}")))
        .collect();
    head(claim) + &LIMITATIONS.replace("{limits}", &limits.join("\n\n"))
}

/// A certification to be filled in, over the hashes of all other members.
pub(super) fn certification(contents: &Contents, claim: &Claim, others: &Packed) -> String {
    let lines = others.hashes();
    let lines = lines.filter(|(path, _)| *path != layout::CERTIFICATION);
    let lines: Vec<String> = lines
        .map(|(path, hash)| format!("{}  {path}\n", hash.to_hex()))
        .collect();
    let window = format!(
        "{} to {}",
        claim.window.start().start(),
        claim.window.end().start()
    );
    head(claim)
        + &CERTIFICATION
            .replace("{recorder}", &recorder(contents))
            .replace("{exporter}", &exporter())
            .replace("{origin}", &claim.origin)
            .replace("{violation}", &claim.violation)
            .replace("{window}", &window)
            .replace("{file}", &commands(&claim.violation).file)
            .replace("{files}", &lines.len().to_string())
            .replace("{hash}", &Hash::of(lines.concat().as_bytes()).to_hex())
            .replace("{program}", &commands(&claim.violation).program)
}

fn head(claim: &Claim) -> String {
    if claim.simulated {
        "SIMULATED. Made for a demonstration; evidence of nothing.\n\n".to_owned()
    } else {
        String::new()
    }
}

/// What the registry says the collector runs.
fn recorder(contents: &Contents) -> String {
    let body = |record: &Record| read_body::<SoftwareBody>(&record.body).ok();
    let software = contents.fleet_records.first().and_then(body);
    software.map_or_else(|| "not stated in the registry".to_owned(), |it| it.program)
}

fn exporter() -> String {
    format!("nines {}", env!("CARGO_PKG_VERSION"))
}

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("   {word}")),
        }
    }
    lines.join("\n")
}

//! What answers say. All are written by hand after the shapes that the vendors document; none was
//! recorded.

mod feeds;
mod hostile;
mod shapes;

use chrono::{DateTime, Utc};

use super::config::{Published, PublishedConfig, Source};
use super::{Level, Observation, read};

/// A source of a kind at an address, as a configuration makes it.
pub(crate) fn source(kind: &str, url: &str) -> Source {
    configured(&format!("kind = \"{kind}\"\nurl = \"{url}\""))
}

/// A source of some lines of configuration.
pub(crate) fn configured(lines: &str) -> Source {
    let config: PublishedConfig = toml::from_str(&format!("name = \"page\"\n{lines}")).unwrap();
    let mut sources = Published::checked(&[config]).unwrap().sources;
    sources.remove(0)
}

fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn says(source: &Source, documents: &[&str]) -> Observation {
    let documents: Vec<Option<Vec<u8>>> = documents
        .iter()
        .map(|text| Some(text.as_bytes().to_vec()))
        .collect();
    read(source, &documents, now())
}

/// What a level is, and what is told beside it.
#[track_caller]
fn check(said: &Observation, level: Level, incidents: &[&str]) {
    assert_eq!(said.level, level, "{said:?}");
    let ids: Vec<&str> = said.incidents.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, incidents);
}

//! Where agents stand, from a CSV file.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use camino::Utf8Path;
use sla::Place;

use super::table;

const COLUMNS: [&str; 3] = ["agent", "region", "network"];

/// The places of a file, each agent once.
pub(super) fn read(path: &Utf8Path) -> anyhow::Result<Vec<Place>> {
    let mut seen = BTreeSet::new();
    let mut places = Vec::new();
    for row in table::read(path, &COLUMNS, &COLUMNS)? {
        let at = || format!("`{path}`, line {}", row.line);
        let place = Place {
            agent: row.get("agent").parse().with_context(at)?,
            region: text(row.get("region"), "region").with_context(at)?,
            network: text(row.get("network"), "network").with_context(at)?,
        };
        if !seen.insert(place.agent.clone()) {
            bail!("{}: agent `{}` is named twice", at(), place.agent);
        }
        places.push(place);
    }
    Ok(places)
}

fn text(value: &str, what: &str) -> anyhow::Result<String> {
    if value.is_empty() || value.chars().any(char::is_control) {
        bail!("the {what} is empty or not plain text; write `unknown` where nobody knows it");
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Result<Vec<Place>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(dir.path().join("places.csv")).unwrap();
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|e| format!("{e:#}").replace(dir.path().to_str().unwrap(), ""))
    }

    #[test]
    fn every_agent_has_a_region_and_a_network() {
        let found = places("agent,region,network\nfra-1,eu-central-1,hetzner\n").unwrap();
        assert_eq!(found[0].region, "eu-central-1");
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let check = |text: &str, message: &str| {
            let error = places(text).unwrap_err();
            assert!(error.contains(message), "{error}");
        };
        check("agent,region\n", "there is no column `network`");
        check("agent,region,net\n", "column `net` is not known");
        check(
            "agent,region,network\na,b,\n",
            "line 2: the network is empty",
        );
        check(
            "agent,region,network\nA,b,c\n",
            "line 2: `A` is not a valid agent id",
        );
        check(
            "agent,region,network\na,b,c\na,b,d\n",
            "line 3: agent `a` is named twice",
        );
        check(
            "agent,region,network\na,b\n",
            "line 2: the row has 2 values and the header 3",
        );
    }
}

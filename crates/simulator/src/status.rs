//! The provider's own status page, in the shape of Atlassian Statuspage: what it admits, and when.
//!
//! It is as such pages are: it tells of trouble late, of short trouble never, and goes on telling
//! when all is well again. It says in its name that it is simulated. Documents are a function of
//! what is told and the time, to the second, and do not change between two events.

use serde_json::{Value, json};

use crate::director::Trouble;
use crate::wire::rfc3339;

/// Most incidents in a list, as Statuspage has it.
const INCIDENTS_MAX: usize = 50;
/// Name and id of the one component.
const COMPONENT: (&str, &str) = ("API", "simulated-api");

/// How a simulated provider tells of its trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusPage {
    /// Seconds from the start of trouble to the notice; what is over by then is never told of.
    pub admits_after_s: u32,
    /// Seconds from the end of trouble to the word that it is resolved.
    pub resolves_after_s: u32,
    /// Incidents that are told of anyway, whether there was trouble or not.
    pub told: Vec<StatusIncident>,
}

impl Default for StatusPage {
    /// Five minutes to admit, two to take it back.
    fn default() -> Self {
        Self {
            admits_after_s: 300,
            resolves_after_s: 120,
            told: Vec::new(),
        }
    }
}

/// An incident as the page tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusIncident {
    /// The same in all its versions.
    pub id: String,
    /// What is said to be wrong.
    pub title: String,
    /// How bad it is said to be.
    pub impact: StatusImpact,
    /// When it is first told of; unix time, seconds. The page calls that its start.
    pub posted_unix_s: u64,
    /// From when on it is said to be resolved; never, if not given.
    pub resolved_unix_s: Option<u64>,
}

/// How bad an incident is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusImpact {
    /// Degraded performance.
    Minor,
    /// A partial outage.
    Major,
}

impl StatusImpact {
    const fn word(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// The state of the component meanwhile.
    const fn component(self) -> &'static str {
        match self {
            Self::Minor => "degraded_performance",
            Self::Major => "partial_outage",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Minor => "Minor Service Outage",
            Self::Major => "Partial System Outage",
        }
    }
}

/// Both documents of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusDocuments {
    /// `summary.json`.
    pub summary: String,
    /// `incidents.json`.
    pub incidents: String,
}

impl StatusDocuments {
    /// What the page of a provider says at a moment (unix time, seconds), of incidents that are
    /// told of up to then.
    #[must_use]
    pub fn at(provider: &str, told: &[StatusIncident], unix_s: u64) -> Self {
        let mut told: Vec<&StatusIncident> = told
            .iter()
            .filter(|one| one.posted_unix_s <= unix_s)
            .collect();
        told.sort_by_key(|one| std::cmp::Reverse(one.posted_unix_s));
        told.truncate(INCIDENTS_MAX);
        let open = told.iter().filter(|one| one.resolved(unix_s).is_none());
        let worst = open.clone().map(|one| one.impact).max();
        let changed = told.iter().map(|one| one.changed(unix_s)).max();
        let changed = rfc3339(changed.unwrap_or(0));
        let page = json!({
            "id": "simulated", "name": format!("{provider} (simulated)"),
            "time_zone": "Etc/UTC", "updated_at": changed,
        });
        let (name, id) = COMPONENT;
        let state = worst.map_or("operational", StatusImpact::component);
        let indicator = worst.map_or("none", StatusImpact::word);
        let description = worst.map_or("All Systems Operational", StatusImpact::description);
        let open: Vec<Value> = open.map(|one| one.json(unix_s)).collect();
        let all: Vec<Value> = told.iter().map(|one| one.json(unix_s)).collect();
        let summary = json!({
            "page": page,
            "components": [{
                "id": id, "name": name, "status": state, "updated_at": changed,
                "group_id": null, "group": false, "only_show_if_degraded": false,
            }],
            "incidents": open,
            "scheduled_maintenances": [],
            "status": {"indicator": indicator, "description": description},
        });
        Self {
            summary: summary.to_string(),
            incidents: json!({"page": page, "incidents": all}).to_string(),
        }
    }
}

impl StatusIncident {
    /// When it was resolved, as far as that is said by now.
    fn resolved(&self, unix_s: u64) -> Option<u64> {
        self.resolved_unix_s.filter(|at| *at <= unix_s)
    }

    fn changed(&self, unix_s: u64) -> u64 {
        self.resolved(unix_s).unwrap_or(self.posted_unix_s)
    }

    fn json(&self, unix_s: u64) -> Value {
        let (posted, resolved) = (rfc3339(self.posted_unix_s), self.resolved(unix_s));
        let status = resolved.map_or("investigating", |_| "resolved");
        let (name, id) = COMPONENT;
        json!({
            "id": self.id, "name": self.title, "status": status, "impact": self.impact.word(),
            "created_at": posted, "started_at": posted,
            "updated_at": rfc3339(self.changed(unix_s)),
            "monitoring_at": null, "resolved_at": resolved.map(rfc3339),
            "components": [{"id": id, "name": name}],
        })
    }
}

impl StatusPage {
    /// What is told of trouble, beside what is told anyway. Times of trouble count from
    /// `started_unix_s`.
    pub(crate) fn incidents(
        &self,
        troubles: &[Trouble],
        started_unix_s: u64,
    ) -> Vec<StatusIncident> {
        let (admits, resolves) = (self.admits_after_s.into(), self.resolves_after_s.into());
        let is_told = |one: &&Trouble| one.until_s.is_none_or(|end| end - one.from_s > admits);
        let found = troubles.iter().filter(is_told).map(|one| {
            let started = started_unix_s.saturating_add(one.from_s);
            let ended = one.until_s.map(|end| started_unix_s.saturating_add(end));
            StatusIncident {
                id: format!("simulated-{started}"),
                title: "Simulated: elevated error rates".to_owned(),
                impact: if one.is_whole {
                    StatusImpact::Major
                } else {
                    StatusImpact::Minor
                },
                posted_unix_s: started.saturating_add(admits),
                resolved_unix_s: ended.map(|end| end.saturating_add(resolves)),
            }
        });
        self.told.iter().cloned().chain(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60;

    fn trouble(from_s: u64, until_s: Option<u64>) -> Trouble {
        Trouble {
            from_s,
            until_s,
            is_whole: true,
        }
    }

    /// Indicator, open incidents, all incidents.
    fn said(told: &[StatusIncident], unix_s: u64) -> (String, usize, usize) {
        let documents = StatusDocuments::at("acme", told, unix_s);
        let summary: Value = serde_json::from_str(&documents.summary).unwrap();
        let incidents: Value = serde_json::from_str(&documents.incidents).unwrap();
        let count = |of: &Value| of["incidents"].as_array().unwrap().len();
        assert_eq!(summary["page"]["name"], "acme (simulated)");
        let indicator = summary["status"]["indicator"].as_str().unwrap().to_owned();
        (indicator, count(&summary), count(&incidents))
    }

    #[test]
    fn trouble_is_told_of_late_and_taken_back_late() {
        let page = StatusPage::default();
        let told = page.incidents(&[trouble(600, Some(1_500))], 1_000_000);
        let none = ("none".to_owned(), 0, 0);
        let start = 1_000_000 + 600;
        assert_eq!(said(&told, start + 5 * MINUTE - 1), none);
        let open = ("major".to_owned(), 1, 1);
        assert_eq!(said(&told, start + 5 * MINUTE), open);
        assert_eq!(said(&told, start + 15 * MINUTE + 119), open);
        let over = ("none".to_owned(), 0, 1);
        assert_eq!(said(&told, start + 15 * MINUTE + 120), over);
    }

    #[test]
    fn short_trouble_is_never_told_of() {
        let page = StatusPage::default();
        assert!(page.incidents(&[trouble(0, Some(300))], 0).is_empty());
        assert_eq!(page.incidents(&[trouble(0, Some(301))], 0).len(), 1);
        assert_eq!(page.incidents(&[trouble(0, None)], 0).len(), 1);
    }

    #[test]
    fn a_page_is_the_same_until_something_happens() {
        let told = StatusPage::default().incidents(&[trouble(600, Some(1_500))], 1_000_000);
        let at = |unix_s| StatusDocuments::at("acme", &told, unix_s);
        assert_eq!(at(1_000_000), at(1_000_899));
        assert_eq!(at(1_000_900), at(1_001_000));
        assert_ne!(at(1_000_899), at(1_000_900));
        assert_eq!(at(1_001_620), at(9_000_000));
    }
}

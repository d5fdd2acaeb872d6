//! Atlassian Statuspage (`/api/v2/summary.json`, `/api/v2/incidents.json`), and incident.io's
//! answers in the same shape, whose summary lists no incidents.

use serde_json::Value;

use super::json::{list, text, time, url};
use super::parts::{Listed, Overall, Part, settle, with_incidents};
use super::{INCIDENTS_MAX, Incident, Level, Observation};

/// Reads a summary, and the list of incidents where there is one (else `Value::Null`).
pub(super) fn read(summary: &Value, incidents: &Value, wanted: &[String]) -> Observation {
    if summary.get("status").is_none() && summary.get("components").is_none() {
        return Observation::unknown("the answer is no summary of a status page");
    }
    let parts: Vec<Part> = list(summary, "components")
        .iter()
        .filter_map(part)
        .collect();
    let indicator = summary.get("status").and_then(|one| text(one, "indicator"));
    let overall = indicator.map(|word| Overall {
        level: level_of(&word),
        word,
    });
    let said = settle(&parts, wanted, overall);
    let mut listed: Vec<Listed> = Vec::new();
    let both = [summary, incidents].map(|of| list(of, "incidents").iter().take(INCIDENTS_MAX));
    for incident in both.into_iter().flatten() {
        let Some(one) = listing(incident, &parts, wanted) else {
            continue;
        };
        // The list repeats what the summary has.
        if listed
            .iter()
            .all(|other| other.incident.id != one.incident.id)
        {
            listed.push(one);
        }
    }
    with_incidents(said, listed)
}

fn part(component: &Value) -> Option<Part> {
    // A group has the worst state of its members: as good a part as these.
    let id = text(component, "id").unwrap_or_default();
    let name = text(component, "name")?;
    Some(Part::new(id, name, text(component, "status")?))
}

/// The indicator's dictionary: `major` and `minor` are impacts, not states.
fn level_of(indicator: &str) -> Level {
    match indicator {
        "none" => Level::Operational,
        "minor" => Level::Degraded,
        "major" => Level::PartialOutage,
        "critical" => Level::MajorOutage,
        "maintenance" => Level::Maintenance,
        _ => Level::Unknown,
    }
}

/// An incident, unless it names components and none is of those asked for.
fn listing(value: &Value, parts: &[Part], wanted: &[String]) -> Option<Listed> {
    let named: Vec<Part> = list(value, "components").iter().filter_map(named).collect();
    let concerns = |name: &String| {
        let ids: Vec<&str> = parts
            .iter()
            .filter(|part| part.is_named(name))
            .map(|part| part.id.as_str())
            .collect();
        named
            .iter()
            .any(|part| part.is_named(name) || ids.contains(&part.id.as_str()))
    };
    if !wanted.is_empty() && !named.is_empty() && !wanted.iter().any(concerns) {
        return None;
    }
    let status = text(value, "status").unwrap_or_default();
    let impact = text(value, "impact");
    let resolved_at = time(value, "resolved_at");
    Some(Listed {
        is_over: resolved_at.is_some()
            || matches!(status.as_str(), "resolved" | "postmortem" | "completed"),
        is_harmless: matches!(impact.as_deref(), Some("none" | "maintenance")),
        incident: Incident {
            id: text(value, "id")?,
            title: text(value, "name").unwrap_or_default(),
            impact,
            started_at: time(value, "started_at").or_else(|| time(value, "created_at")),
            resolved_at,
            updated_at: time(value, "updated_at"),
            url: url(value, "shortlink"),
        },
    })
}

/// A component that an incident names; it may lack what the page's list has.
fn named(component: &Value) -> Option<Part> {
    let id = text(component, "id").unwrap_or_default();
    let name = text(component, "name").unwrap_or_default();
    let is_any = !id.is_empty() || !name.is_empty();
    is_any.then(|| Part::new(id, name, String::new()))
}

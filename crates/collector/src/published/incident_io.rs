//! incident.io's own answer (`/proxy/HOST`): components, those that are affected, open incidents.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::json::{list, text, time, url};
use super::parts::{Listed, Part, settle, with_incidents};
use super::{INCIDENTS_MAX, Incident, Level, Observation};

pub(super) fn read(answer: &Value, wanted: &[String]) -> Observation {
    let summary = answer.get("summary").unwrap_or(answer);
    if summary.get("affected_components").is_none() && summary.get("ongoing_incidents").is_none() {
        return Observation::unknown("the answer is no summary of incident.io");
    }
    let affected = list(summary, "affected_components").iter();
    let affected: BTreeMap<String, String> = affected
        .filter_map(|one| Some((text(one, "component_id")?, text(one, "status")?)))
        .collect();
    let mut parts: Vec<Part> = Vec::new();
    let mut listed = BTreeSet::new();
    for component in list(summary, "components") {
        if let Some(name) = text(component, "name") {
            let id = text(component, "id").unwrap_or_default();
            let word = affected.get(&id).map_or("operational", String::as_str);
            listed.insert(id.clone());
            parts.push(Part::new(id, name, word.to_owned()));
        }
    }
    for (id, word) in affected.iter().filter(|(id, _)| !listed.contains(*id)) {
        parts.push(Part::new(id.clone(), id.clone(), word.clone()));
    }
    if parts.is_empty() && wanted.is_empty() {
        let (id, name) = (String::new(), "page".to_owned());
        parts.push(Part::new(id, name, "operational".to_owned()));
    }
    let said = settle(&parts, wanted, None);
    let incidents = list(summary, "ongoing_incidents")
        .iter()
        .take(INCIDENTS_MAX);
    let incidents = incidents.filter_map(|one| listing(one, &parts, wanted));
    with_incidents(said, incidents.collect())
}

fn listing(value: &Value, parts: &[Part], wanted: &[String]) -> Option<Listed> {
    let both = ["component_impacts", "affected_components"];
    let impacts = both.iter().flat_map(|key| list(value, key));
    let impacts: Vec<(String, String)> = impacts
        .filter_map(|one| Some((text(one, "component_id")?, text(one, "status")?)))
        .collect();
    let concerns = |name: &String| {
        let mut such = parts.iter().filter(|part| part.is_named(name));
        such.any(|part| impacts.iter().any(|(id, _)| *id == part.id))
    };
    if !wanted.is_empty() && !impacts.is_empty() && !wanted.iter().any(concerns) {
        return None;
    }
    let worst = impacts.iter().max_by_key(|(_, word)| Level::of_word(word));
    let impact = worst.map(|(_, word)| word.clone());
    let updates = list(value, "updates").iter();
    Some(Listed {
        is_over: text(value, "status").as_deref() == Some("resolved"),
        is_harmless: impact
            .as_deref()
            .is_some_and(|word| Level::of_word(word) == Level::Maintenance),
        incident: Incident {
            id: text(value, "id")?,
            title: text(value, "name").unwrap_or_default(),
            impact,
            started_at: time(value, "published_at").or_else(|| time(value, "created_at")),
            resolved_at: None, // Only open ones are listed.
            updated_at: updates.filter_map(|one| time(one, "published_at")).max(),
            url: url(value, "url"),
        },
    })
}

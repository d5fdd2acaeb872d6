//! Google's `incidents.json` (Cloud, Workspace): incidents only, filtered by the id of a product.
//! A product with no open incident is operational.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::json::{list, text, time};
use super::parts::{Listed, Part, settle, with_incidents};
use super::{INCIDENTS_MAX, Incident, Level, Observation};

/// Reads the incidents of a product; addresses of incidents are relative to `base`.
pub(super) fn read(answer: &Value, product: &str, base: &str, now: DateTime<Utc>) -> Observation {
    let Some(all) = answer.as_array() else {
        return Observation::unknown("the answer is no list of incidents");
    };
    let has_product = |one: &Value| text(one, "id").as_deref() == Some(product);
    let such = all
        .iter()
        .filter(|one| list(one, "affected_products").iter().any(has_product));
    let listed: Vec<Listed> = such
        .take(INCIDENTS_MAX)
        .filter_map(|one| listing(one, base, now))
        .collect();
    let mut parts: Vec<Part> = vec![part(product, "operational", Level::Operational)];
    for one in listed.iter().filter(|one| !one.is_over && !one.is_harmless) {
        let word = one.incident.impact.as_deref().unwrap_or_default();
        parts.push(part(product, word, level_of(word)));
    }
    let worst = parts.into_iter().max_by_key(|part| part.level);
    let worst: Vec<Part> = worst.into_iter().collect();
    with_incidents(settle(&worst, &[], None), listed)
}

fn part(product: &str, word: &str, level: Level) -> Part {
    Part {
        id: product.to_owned(),
        name: product.to_owned(),
        level,
        word: word.to_owned(),
    }
}

/// A notice is the least that can be said; a disruption is of part of the service.
fn level_of(impact: &str) -> Level {
    match impact {
        "SERVICE_INFORMATION" => Level::Degraded,
        "SERVICE_DISRUPTION" => Level::PartialOutage,
        "SERVICE_OUTAGE" => Level::MajorOutage,
        _ => Level::Unknown,
    }
}

fn listing(value: &Value, base: &str, now: DateTime<Utc>) -> Option<Listed> {
    let started_at = time(value, "begin");
    let resolved_at = time(value, "end").filter(|end| *end <= now);
    let uri = text(value, "uri").filter(|uri| !uri.contains("://"));
    Some(Listed {
        is_over: resolved_at.is_some(),
        is_harmless: started_at.is_some_and(|start| start > now),
        incident: Incident {
            id: text(value, "id")?,
            title: text(value, "external_desc").unwrap_or_default(),
            impact: text(value, "status_impact"),
            started_at,
            resolved_at,
            updated_at: time(value, "modified"),
            url: uri.map(|uri| format!("{base}{uri}")),
        },
    })
}

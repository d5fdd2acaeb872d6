//! `OnlineOrNot` (`/v1/status_pages/NAME/summary`): components and open incidents.

use serde_json::Value;

use super::json::{list, text, time};
use super::parts::{Listed, Overall, Part, settle, with_incidents};
use super::{INCIDENTS_MAX, Incident, Level, Observation};

pub(super) fn read(answer: &Value, wanted: &[String]) -> Observation {
    let is_good = answer.get("success").and_then(Value::as_bool) == Some(true);
    let Some(page) = answer
        .get("result")
        .filter(|page| is_good && page.is_object())
    else {
        return Observation::unknown("the answer is not a successful one");
    };
    let parts: Vec<Part> = list(page, "components").iter().filter_map(part).collect();
    let word = page.get("status").and_then(|one| text(one, "description"));
    let overall = word.map(|word| Overall {
        level: Level::of_word(&word),
        word,
    });
    let said = settle(&parts, wanted, overall);
    let incidents = list(page, "active_incidents").iter().take(INCIDENTS_MAX);
    let incidents = incidents.filter_map(|one| listing(one, &parts, wanted));
    with_incidents(said, incidents.collect())
}

fn part(component: &Value) -> Option<Part> {
    let id = text(component, "id").unwrap_or_default();
    let name = text(component, "name")?;
    Some(Part::new(id, name, text(component, "status")?))
}

fn listing(value: &Value, parts: &[Part], wanted: &[String]) -> Option<Listed> {
    let named = list(value, "components").iter();
    let named: Vec<String> = named.filter_map(|one| text(one, "id")).collect();
    let concerns = |name: &String| {
        let mut such = parts.iter().filter(|part| part.is_named(name));
        such.any(|part| named.contains(&part.id))
    };
    if !wanted.is_empty() && !named.is_empty() && !wanted.iter().any(concerns) {
        return None;
    }
    let impact = text(value, "impact").map(|word| word.to_ascii_lowercase());
    Some(Listed {
        is_over: time(value, "ended").is_some(),
        is_harmless: matches!(impact.as_deref(), Some("no_impact" | "none")),
        incident: Incident {
            id: text(value, "id")?,
            title: text(value, "title").unwrap_or_default(),
            impact,
            started_at: time(value, "started").or_else(|| time(value, "created_at")),
            resolved_at: time(value, "ended"),
            updated_at: time(value, "updated_at"),
            url: None,
        },
    })
}

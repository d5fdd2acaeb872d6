//! Better Stack (`/index.json`): JSON:API, with resources and reports among what is included.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::json::{list, text, time};
use super::parts::{Listed, Overall, Part, settle, with_incidents};
use super::{INCIDENTS_MAX, Incident, Level, Observation};

pub(super) fn read(answer: &Value, wanted: &[String], now: DateTime<Utc>) -> Observation {
    let page = answer.get("data").and_then(|data| data.get("attributes"));
    let Some(word) = page.and_then(|page| text(page, "aggregate_state")) else {
        return Observation::unknown("the answer has no aggregate state");
    };
    let included = || list(answer, "included").iter();
    let of_type = |kind: &'static str| {
        included().filter(move |one| one.get("type").and_then(Value::as_str) == Some(kind))
    };
    let parts: Vec<Part> = of_type("status_page_resource").filter_map(part).collect();
    let level = Level::of_word(&word);
    let said = settle(&parts, wanted, Some(Overall { level, word }));
    let reports = of_type("status_report").take(INCIDENTS_MAX);
    let reports = reports.filter_map(|one| listing(one, &parts, wanted, now));
    with_incidents(said, reports.collect())
}

fn part(resource: &Value) -> Option<Part> {
    let attributes = resource.get("attributes")?;
    let id = text(resource, "id").unwrap_or_default();
    let name = text(attributes, "public_name")?;
    Some(Part::new(id, name, text(attributes, "status")?))
}

fn listing(
    report: &Value,
    parts: &[Part],
    wanted: &[String],
    now: DateTime<Utc>,
) -> Option<Listed> {
    let attributes = report.get("attributes")?;
    let affected = list(attributes, "affected_resources").iter();
    let affected: Vec<String> = affected
        .filter_map(|one| text(one, "status_page_resource_id"))
        .collect();
    let concerns = |name: &String| {
        let mut such = parts.iter().filter(|part| part.is_named(name));
        such.any(|part| affected.contains(&part.id))
    };
    if !wanted.is_empty() && !affected.is_empty() && !wanted.iter().any(concerns) {
        return None;
    }
    let impact = text(attributes, "aggregate_state");
    let is_work = text(attributes, "report_type").as_deref() == Some("maintenance");
    let started_at = time(attributes, "starts_at");
    // An end that lies ahead is planned.
    let resolved_at = time(attributes, "ends_at").filter(|end| *end <= now);
    let word = impact.as_deref().map(Level::of_word);
    Some(Listed {
        is_over: resolved_at.is_some() || word == Some(Level::Operational),
        is_harmless: is_work || started_at.is_some_and(|start| start > now),
        incident: Incident {
            id: text(report, "id")?,
            title: text(attributes, "title").unwrap_or_default(),
            impact: if is_work {
                Some("maintenance".to_owned())
            } else {
                impact
            },
            started_at,
            resolved_at,
            updated_at: time(attributes, "updated_at"),
            url: None,
        },
    })
}

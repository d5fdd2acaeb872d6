//! What the pages of a contract and of a violation show of what the provider publishes.

use chrono::{DateTime, Utc};
use domain::Minute;
use sla::{Assessment, Downtime, State};
use sqlx::PgConnection;

use crate::app::App;
use crate::contracts::Loaded;
use crate::published::{self, Level, Seen, Source, Stretch, Told, compare};
use crate::store::{self, StoreError};
use crate::web::view::{PublishedPart, PublishedStory, PublishedWindow};

/// Windows that are compared: of months, a year and the running one.
const WINDOWS_MAX: usize = 13;

/// Every page that speaks about a contract, beside the windows as they were judged, the one shown
/// first.
pub(super) async fn parts(
    app: &App,
    conn: &mut PgConnection,
    loaded: &Loaded,
    windows: &[&Assessment],
) -> Result<Vec<PublishedPart>, StoreError> {
    let (id, targets) = (&loaded.registered.id, &loaded.registered.targets);
    let mut parts = Vec::new();
    for source in app.published.about(id, targets) {
        parts.push(part(conn, source, windows).await?);
    }
    Ok(parts)
}

async fn part(
    conn: &mut PgConnection,
    source: &Source,
    windows: &[&Assessment],
) -> Result<PublishedPart, StoreError> {
    let name = &source.name;
    let polls = store::published::polls(conn).await?;
    let last = store::published::last_run(conn, name).await?;
    let windows = &windows[..windows.len().min(WINDOWS_MAX)];
    let mut compared = Vec::with_capacity(windows.len());
    let (mut shown, mut incidents) = (None, Vec::new());
    for assessment in windows {
        let during = published::published_during(conn, name, assessment.window).await?;
        let said: Vec<Stretch<Level>> = during.runs.iter().map(published::Run::stretch).collect();
        let verified = verified(assessment);
        compared.push(PublishedWindow {
            window: assessment.window,
            difference: compare(assessment.window, &verified, &said),
        });
        if shown.is_none() {
            shown = Some((verified, said));
            incidents = during.incidents;
        }
    }
    let (verified, said) = shown.unwrap_or_default();
    Ok(PublishedPart {
        source: name.clone(),
        url: source.url.clone(),
        level: last.as_ref().map_or(Level::Unknown, |run| run.level),
        since: last.as_ref().map(|run| run.from.into()),
        note: last.and_then(|run| run.note),
        as_of: polls.get(name).map(|poll| poll.polled_at.into()),
        windows: compared,
        verified,
        said,
        incidents,
        json_href: format!("/api/v1/published/{name}"),
    })
}

/// What all commitments of a window together say of its minutes.
fn verified(assessment: &Assessment) -> Vec<Stretch<Seen>> {
    let spans = assessment
        .commitments
        .iter()
        .flat_map(|part| &part.timeline);
    let seen = spans.filter_map(|span| {
        let value = match span.state {
            State::Down => Seen::Down,
            State::Up | State::Degraded => Seen::Up,
            State::Empty | State::Excluded { .. } | State::Unmeasured { .. } | State::Future => {
                return None;
            }
        };
        Some(Stretch {
            start: span.start,
            end: span.end,
            value,
        })
    });
    seen.collect()
}

/// What every page that speaks about a contract tells of periods of downtime.
pub(super) async fn stories(
    app: &App,
    conn: &mut PgConnection,
    loaded: &Loaded,
    downtime: &[Downtime],
) -> Result<Vec<PublishedStory>, StoreError> {
    let (id, targets) = (&loaded.registered.id, &loaded.registered.targets);
    let (Some(first), Some(last)) = (downtime.first(), downtime.last()) else {
        return Ok(Vec::new());
    };
    let span = (utc(first.start), utc(last.end));
    let mut stories = Vec::new();
    for source in app.published.about(id, targets) {
        let mut incidents = store::published::incident::list(conn, &source.name, span).await?;
        incidents.retain(|told| downtime.iter().any(|one| overlaps(told, *one)));
        stories.push(PublishedStory {
            source: source.name.clone(),
            incidents,
            json_href: format!("/api/v1/published/{}", source.name),
        });
    }
    Ok(stories)
}

/// Whether an incident may have gone on in a period, by its own times: one without a start began
/// when it was first read, one without an end may go on.
fn overlaps(told: &Told, downtime: Downtime) -> bool {
    let start = told.incident.started_at.unwrap_or(told.first_seen_at);
    let end = told.incident.resolved_at;
    start < utc(downtime.end) && end.is_none_or(|end| end > utc(downtime.start))
}

fn utc(minute: Minute) -> DateTime<Utc> {
    minute.start().to_micros().to_utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::published::Incident;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(second)
    }

    #[track_caller]
    fn check(started: Option<i64>, resolved: Option<i64>, wanted: bool) {
        let told = Told {
            first_seen_at: at(300),
            versions: 1,
            incident: Incident {
                id: "i".to_owned(),
                title: String::new(),
                impact: None,
                started_at: started.map(at),
                resolved_at: resolved.map(at),
                updated_at: None,
                url: None,
            },
        };
        let downtime = Downtime {
            start: Minute::new(2),
            end: Minute::new(4),
            valid: 0,
            errors: 0,
            start_known_to_s: None,
            end_known_to_s: None,
        };
        assert_eq!(
            overlaps(&told, downtime),
            wanted,
            "{started:?} {resolved:?}"
        );
    }

    #[test]
    fn an_incident_overlaps_by_its_own_times_and_may_go_on_without_an_end() {
        check(Some(0), Some(121), true);
        check(Some(0), Some(120), false);
        check(Some(239), Some(500), true);
        check(Some(240), Some(500), false);
        check(Some(0), None, true);
        // Without a start it is as old as what is known of it.
        check(None, None, false);
    }
}

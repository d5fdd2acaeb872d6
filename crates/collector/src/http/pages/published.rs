//! What the page of a contract shows of what its provider publishes.

use sla::{Assessment, State};
use sqlx::PgConnection;

use crate::app::App;
use crate::contracts::Loaded;
use crate::published::{self, Level, Seen, Source, Stretch, compare};
use crate::store::{self, StoreError};
use crate::web::view::{PublishedPart, PublishedWindow};

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

//! `/api/v1/published`: what providers publish about themselves. Not evidence.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State, rejection::QueryRejection};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{ContractId, TargetId};
use serde::{Deserialize, Serialize};
use wire::problem::ProblemType;

use super::Problem;
use super::name::Name;
use crate::app::App;
use crate::published::{Level, Run, Source, Told};
use crate::store;
use crate::store::published::Poll;
use crate::store::published::version::Version;

/// What is shown where nothing is asked for.
const SPAN: TimeDelta = TimeDelta::days(31);
/// The longest span that is answered.
const SPAN_MAX: TimeDelta = TimeDelta::days(400);

/// A page and what it says now.
#[derive(Debug, Serialize)]
pub(crate) struct SourceView {
    source: String,
    kind: &'static str,
    url: String,
    components: Vec<String>,
    targets: Vec<TargetId>,
    contracts: Vec<ContractId>,
    level: Level,
    note: Option<String>,
    since: Option<DateTime<Utc>>,
    as_of: Option<DateTime<Utc>>,
    age_s: Option<i64>,
    failures: i32,
}

/// What a page said.
#[derive(Debug, Serialize)]
pub(crate) struct PublishedView {
    source: SourceView,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    runs: Vec<Run>,
    incidents: Vec<Told>,
    versions: Vec<Version>,
}

/// Which time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpanQuery {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

impl SourceView {
    fn of(source: &Source, poll: Option<Poll>, last: Option<Run>, now: DateTime<Utc>) -> Self {
        Self {
            source: source.name.clone(),
            kind: source.kind.as_str(),
            url: source.url.clone(),
            components: source.components.clone(),
            targets: source.targets.clone(),
            contracts: source.contracts.clone(),
            level: last.as_ref().map_or(Level::Unknown, |run| run.level),
            since: last.as_ref().map(|run| run.from),
            note: last.map_or_else(|| Some("not read yet".to_owned()), |run| run.note),
            as_of: poll.map(|poll| poll.polled_at),
            age_s: poll.map(|poll| (now - poll.polled_at).num_seconds().max(0)),
            failures: poll.map_or(0, |poll| poll.failures),
        }
    }
}

/// Every configured page.
#[tracing::instrument(name = "http.published.list", skip_all)]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<SourceView>>, Problem> {
    let mut conn = app.connection().await?;
    let polls = store::published::polls(&mut conn).await?;
    let now = app.clock.now_utc();
    let mut views = Vec::with_capacity(app.published.sources.len());
    for source in &app.published.sources {
        let last = store::published::last_run(&mut conn, &source.name).await?;
        let poll = polls.get(&source.name).copied();
        views.push(SourceView::of(source, poll, last, now));
    }
    Ok(Json(views))
}

/// One page over a time.
#[tracing::instrument(name = "http.published.show", skip_all)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Name(name): Name,
    query: Result<Query<SpanQuery>, QueryRejection>,
) -> Result<Json<PublishedView>, Problem> {
    let malformed = |e: QueryRejection| Problem::new(ProblemType::Malformed, e.body_text());
    let Query(query) = query.map_err(malformed)?;
    let now = app.clock.now_utc();
    let (from, to) = span(&query, now)?;
    let source = app.published.find(&name).ok_or_else(|| {
        let detail = format!("no page is called `{name}`");
        Problem::new(ProblemType::NotFound, detail)
    })?;
    let mut conn = app.connection().await?;
    let polls = store::published::polls(&mut conn).await?;
    let last = store::published::last_run(&mut conn, &name).await?;
    Ok(Json(PublishedView {
        source: SourceView::of(source, polls.get(&name).copied(), last, now),
        from,
        to,
        runs: store::published::runs(&mut conn, &name, (from, to)).await?,
        incidents: store::published::incident::list(&mut conn, &name, (from, to)).await?,
        versions: store::published::version::list(&mut conn, &name, (from, to)).await?,
    }))
}

/// The time that is asked for.
fn span(query: &SpanQuery, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
    let malformed = |detail: &str| Problem::new(ProblemType::Malformed, detail);
    let to = query.to.unwrap_or(now);
    let from = query.from.or_else(|| to.checked_sub_signed(SPAN));
    let from = from.filter(|from| *from < to);
    let from = from.ok_or_else(|| malformed("`from` has to lie before `to`"))?;
    if to - from > SPAN_MAX {
        return Err(malformed("at most 400 days are answered at a time"));
    }
    Ok((from, to))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::published::{Component, Incident, Uptime};

    /// An answer with everything in it.
    pub(crate) fn full() -> PublishedView {
        let at = DateTime::UNIX_EPOCH;
        let run = Run {
            from: at,
            to: at,
            level: Level::Unknown,
            note: Some("not readable".to_owned()),
            components: vec![Component {
                name: "API".to_owned(),
                level: Level::Unknown,
                word: "wobbly".to_owned(),
            }],
            uptimes: vec![Uptime {
                component: "API".to_owned(),
                span: "30m".to_owned(),
                ppm: 999_000,
            }],
        };
        let source = crate::published::tests::source("statuspage", "https://x.example/");
        let poll = Poll {
            polled_at: at,
            next_at: at,
            failures: 1,
        };
        let (document, url, sha256) = ("page".to_owned(), String::new(), String::new());
        PublishedView {
            source: SourceView::of(&source, Some(poll), Some(run.clone()), at),
            from: at,
            to: at,
            runs: vec![run],
            incidents: vec![Told {
                first_seen_at: at,
                versions: 1,
                incident: Incident {
                    id: "i".to_owned(),
                    title: "slow".to_owned(),
                    impact: Some("minor".to_owned()),
                    started_at: Some(at),
                    resolved_at: Some(at),
                    updated_at: Some(at),
                    url: Some("https://x.example/i".to_owned()),
                },
            }],
            versions: vec![Version {
                document,
                url,
                fetched_at: at,
                seen_at: at,
                sha256,
            }],
        }
    }

    impl PublishedView {
        /// Its parts, each with the name of its schema.
        pub(crate) fn parts(&self) -> Vec<(&'static str, serde_json::Value)> {
            let value = |part: serde_json::Result<_>| part.unwrap();
            vec![
                ("Published", value(serde_json::to_value(self))),
                ("PublishedSource", value(serde_json::to_value(&self.source))),
                ("PublishedRun", value(serde_json::to_value(&self.runs[0]))),
                (
                    "PublishedIncident",
                    value(serde_json::to_value(&self.incidents[0])),
                ),
                (
                    "PublishedVersion",
                    value(serde_json::to_value(&self.versions[0])),
                ),
            ]
        }
    }

    #[test]
    fn a_month_is_told_where_nothing_is_asked_for() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1_000);
        let ask = |from, to| span(&SpanQuery { from, to }, now).ok();
        assert_eq!(ask(None, None), Some((now - SPAN, now)));
        assert_eq!(ask(Some(now), None), None);
        assert_eq!(ask(Some(now - TimeDelta::days(401)), None), None);
        let day = now - TimeDelta::days(1);
        assert_eq!(ask(Some(day - SPAN), Some(day)), Some((day - SPAN, day)));
    }
}

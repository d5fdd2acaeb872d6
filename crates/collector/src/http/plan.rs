//! `/api/v1/agents/{agent}/plan`: the newest plan and the open orders, over a long poll.
//!
//! A request that names the tag of what is current is held (RFC 7240, `Prefer: wait=SECONDS`)
//! until something changes, the time is up, or the collector stops.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{AgentId, UnixMillis};
use evidence::note::SignedNote;
use tokio::time::Instant;
use wire::nonce::NonceRoot;
use wire::problem::ProblemType;
use wire::protocol::{
    PLAN_PROOF_HEADER, PLAN_PROOF_SKEW_MS_MAX, PLAN_WAIT_S_MAX, PlanAnswer, plan_proof_time,
};

use super::Problem;
use super::name::Name;
use crate::app::App;
use crate::store::StoreError;
use crate::store::agent::Agent;
use crate::{confirm, plans, store};

/// Requests that may be held at once; further ones are asked to come back.
pub(crate) const HELD_MAX: usize = 1_024;
/// How often a held request looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The newest plan, now or once it is another than the one that the request names.
#[tracing::instrument(name = "http.plan.show", skip_all)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Name(agent): Name,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asker = known(&app, &agent, &headers).await?;
    let wait_s = wait_s(&headers);
    let answer = current(&app, &asker).await?;
    let tag = answer.etag();
    if !names(&headers, &tag) {
        return Ok(respond(Some(answer), &tag, wait_s));
    }
    let Some(wait_s) = wait_s else {
        return Ok(respond(None, &tag, None));
    };
    let Ok(_permit) = app.held.try_acquire() else {
        return Err(Problem::new(
            ProblemType::Busy,
            "too many requests for the plan are held",
        ));
    };
    let news = hold(&app, &asker, &tag, Duration::from_secs(wait_s)).await?;
    let tag = news.as_ref().map_or(tag, PlanAnswer::etag);
    Ok(respond(news, &tag, Some(wait_s)))
}

/// Who asks, and what it may be told.
struct Asker {
    agent: AgentId,
    /// The root of nonces, for who proved to be this agent.
    nonces: Option<NonceRoot>,
}

/// An enrolled agent whose key is believed.
async fn known(app: &App, agent: &str, headers: &HeaderMap) -> Result<Asker, Problem> {
    let unknown = || {
        let detail = format!("no agent `{agent}` is enrolled");
        Problem::new(ProblemType::UnknownAgent, detail)
    };
    let id: AgentId = agent.parse().map_err(|_| unknown())?;
    let mut conn = app.connection().await?;
    let found = store::agent::find(&mut conn, &id).await?;
    let found = found.ok_or_else(unknown)?;
    if found.revoked {
        let detail = format!("the key of agent `{id}` is revoked");
        return Err(Problem::new(ProblemType::AgentRevoked, detail));
    }
    let is_proven = is_proven(headers, &found, app.clock.now().to_millis());
    Ok(Asker {
        agent: id,
        nonces: is_proven.then(|| app.keys.nonces.clone()),
    })
}

/// Whether a request bears a proof by one of the agent's keys, made lately.
fn is_proven(headers: &HeaderMap, agent: &Agent, now: UnixMillis) -> bool {
    let proof = headers.get(PLAN_PROOF_HEADER);
    let proof = proof.and_then(|proof| STANDARD.decode(proof.as_bytes()).ok());
    let Some(Ok(proof)) = proof.map(|proof| SignedNote::parse(&proof)) else {
        return false;
    };
    let Some(at) = plan_proof_time(proof.text(), &agent.id) else {
        return false;
    };
    now.get().abs_diff(at.get()) <= PLAN_PROOF_SKEW_MS_MAX
        && agent.keys.iter().any(|(_, key)| proof.verify(key).is_ok())
}

async fn current(app: &App, asker: &Asker) -> Result<PlanAnswer, StoreError> {
    plans::look(app).await?;
    let orders = confirm::open_orders(app, &asker.agent).await?;
    let plans = app.plans();
    let text = |bytes: &[u8]| {
        String::from_utf8(bytes.to_vec()).map_err(|e| StoreError::inconsistent("registry.note", e))
    };
    Ok(PlanAnswer {
        note: text(&plans.record().note)?,
        body: text(&plans.record().body)?,
        orders,
        nonces: asker.nonces.clone(),
    })
}

/// What is new within `wait`; none where nothing is, or the collector stops.
async fn hold(
    app: &App,
    asker: &Asker,
    tag: &str,
    wait: Duration,
) -> Result<Option<PlanAnswer>, StoreError> {
    let end = Instant::now() + wait;
    let mut stopping = app.stopping.clone();
    while Instant::now() < end && !*stopping.borrow_and_update() {
        tokio::select! {
            () = tokio::time::sleep_until(end.min(Instant::now() + LOOK_EVERY)) => {}
            changed = stopping.changed() => if changed.is_err() { return Ok(None) } else { continue },
        }
        let answer = current(app, asker).await?;
        if answer.etag() != tag {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

/// The wait that a request prefers, seconds, within the limit; none where it asks for none.
fn wait_s(headers: &HeaderMap) -> Option<u64> {
    let values = headers.get_all(PREFER).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let wait = |preference: &str| {
        let preference = preference.split(';').next()?;
        let (name, seconds) = preference.split_once('=')?;
        let seconds = seconds.trim().trim_matches('"').parse::<u64>().ok()?;
        name.trim().eq_ignore_ascii_case("wait").then_some(seconds)
    };
    let waits = texts.flat_map(|text| text.split(',')).find_map(wait);
    waits.filter(|s| *s > 0).map(|s| s.min(PLAN_WAIT_S_MAX))
}

/// Whether `If-None-Match` names a tag.
fn names(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let mut named = texts.flat_map(|text| text.split(',')).map(str::trim);
    named.any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag)
}

fn respond(answer: Option<PlanAnswer>, tag: &str, wait_s: Option<u64>) -> Response {
    let mut response = match answer {
        Some(answer) => Json(answer).into_response(),
        None => StatusCode::NOT_MODIFIED.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(Ok(applied)) = wait_s.map(|s| HeaderValue::try_from(format!("wait={s}"))) {
        headers.insert(PREFERENCE_APPLIED, applied);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_wait(prefer: &'static str, expected: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(PREFER, HeaderValue::from_static(prefer));
        assert_eq!(wait_s(&headers), expected, "{prefer}");
    }

    #[test]
    fn a_wait_is_found_among_preferences_and_bounded() {
        check_wait("wait=20", Some(20));
        check_wait("respond-async, Wait=\"7\"; foo=bar", Some(7));
        check_wait("wait=86400", Some(PLAN_WAIT_S_MAX));
        check_wait("wait=0", None);
        check_wait("wait=-1", None);
        check_wait("return=minimal", None);
    }

    #[test]
    fn a_tag_is_found_in_a_list() {
        let mut headers = HeaderMap::new();
        assert!(!names(&headers, "\"a\""));
        headers.insert(
            header::IF_NONE_MATCH,
            HeaderValue::from_static("\"b\", W/\"a\""),
        );
        assert!(names(&headers, "\"a\""));
        assert!(!names(&headers, "\"c\""));
    }
}

//! What the front page shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use wire::plan::{Plan, PlanRequest, PlanTarget};

use super::{judged, listing, site, violation_row};
use crate::app::App;
use crate::condition::{self, Clock, TargetCondition};
use crate::contracts;
use crate::http::{LIST_MAX, Problem};
use crate::preview;
use crate::store::{self, StoreError};
use crate::web::view::{
    AgentOwn, AgentRow, AgentStanding, Asked, Checkpoint, ContractCard, Judged, Latest, LogRow,
    LogTrouble, Matrix, MatrixAgent, MatrixRow, NewestBatch, Overview, TargetNow, ViolationRow,
};

pub(super) async fn view(app: &Arc<App>, asked: Asked) -> Result<Overview, Problem> {
    let all = condition::all(app).await?;
    let (shown, listing) = listing::select(&all, asked);
    let mut conn = app.connection().await?;
    let mut contracts = Vec::with_capacity(app.contracts.len());
    for loaded in contracts::current(&app.contracts, app.clock.now().to_millis().minute()) {
        let stored = store::assessment::list(&mut conn, loaded.registered.key, 1).await?;
        let judged = stored.into_iter().next().map(judged);
        contracts.push(ContractCard {
            contract: loaded.contract.clone(),
            judged,
        });
    }
    let mut violations = Vec::new();
    for violation in store::violation::list(&mut conn, LIST_MAX).await? {
        violations.push(row(app, &violation, &contracts)?);
    }
    Ok(Overview {
        site: site(app),
        contracts,
        now: shown.iter().copied().map(seen_now).collect(),
        matrix: matrix(app, &mut conn, &shown).await?,
        listing,
        violations,
        claims: store::claim::list(&mut conn, LIST_MAX).await?,
        notices: store::claim::notice::list(&mut conn, LIST_MAX).await?,
        fleet: fleet(&mut conn).await?,
        log: log(app, &mut conn).await?,
        enrol_command: "nines agent token --config collector.toml --agent AGENT".to_owned(),
    })
}

fn row(
    app: &App,
    violation: &store::violation::Violation,
    cards: &[ContractCard],
) -> Result<ViolationRow, StoreError> {
    let card = cards
        .iter()
        .find(|card| card.contract.id().as_str() == violation.contract);
    let newest: Option<&Judged> = card.and_then(|card| card.judged.as_ref());
    violation_row(violation, newest, app)
}

/// What a target is like, as pages show it.
pub(super) fn seen_now(seen: &TargetCondition) -> TargetNow {
    let total = |one: &Clock| (one.condition, one.minutes_24h, one.minutes_30d);
    TargetNow {
        target: seen.target.clone(),
        condition: seen.condition,
        since: seen.since(),
        as_of: seen.as_of,
        regions: seen.regions.clone(),
        totals: seen.clocks.iter().map(total).collect(),
        day: seen.day.clone(),
    }
}

async fn matrix(
    app: &App,
    conn: &mut sqlx::PgConnection,
    seen: &[&TargetCondition],
) -> Result<Matrix, StoreError> {
    let plans = app.plans();
    let plan = plans.in_force(app.clock.now().to_millis());
    let targets = seen.iter();
    let targets: Vec<String> = targets.map(|one| one.target.to_string()).collect();
    let mut newest: BTreeMap<(String, String), Latest> = BTreeMap::new();
    for one in preview::newest(conn, &targets, app.clock.now_utc()).await? {
        let latest = shown(&one)?;
        newest.insert((one.attempt.target, one.attempt.agent), latest);
    }
    let rows = seen.iter().map(|one| {
        let latest = plan.agents.iter().map(|agent| {
            let stream = (one.target.to_string(), agent.id.to_string());
            newest.remove(&stream)
        });
        MatrixRow {
            target: one.target.clone(),
            label: label_of(plan, one),
            latest: latest.collect(),
        }
    });
    let rows = rows.collect();
    let agents = plan.agents.iter();
    let column = |agent: &wire::plan::PlanAgent| MatrixAgent {
        id: agent.id.clone(),
        region: agent.region.clone(),
    };
    Ok(Matrix {
        agents: agents.map(column).collect(),
        rows,
    })
}

fn shown(newest: &preview::Newest) -> Result<Latest, StoreError> {
    let sample = &newest.attempt;
    let bad = |e: domain::outcome::UnknownWord| StoreError::inconsistent("stream_latest", e);
    Ok(Latest {
        at: sample.started_at.into(),
        outcome: sample.outcome.parse().map_err(bad)?,
        attribution: sample.attribution.parse().map_err(bad)?,
        status: sample.status.and_then(|status| u16::try_from(status).ok()),
        ttft_us: sample.first_us.and_then(|us| u64::try_from(us).ok()),
        is_preview: newest.is_preview,
    })
}

fn label_of(plan: &Plan, seen: &TargetCondition) -> String {
    let mut targets = plan.targets.iter();
    let target = targets.find(|target| target.id == seen.target);
    target.map(label).unwrap_or_default()
}

fn label(target: &PlanTarget) -> String {
    match &target.request {
        PlanRequest::Call(call) if call.model.is_empty() => call.place().to_owned(),
        PlanRequest::Call(call) if call.stream => format!("{}, streamed", call.model),
        PlanRequest::Call(call) => call.model.clone(),
        PlanRequest::Http { url, .. } => url.clone(),
    }
}

async fn fleet(conn: &mut sqlx::PgConnection) -> Result<Vec<AgentRow>, StoreError> {
    let delivered = store::delivered::list(conn).await?;
    let mut by_name: BTreeMap<String, _> = delivered
        .into_iter()
        .map(|d| (d.agent.clone(), d))
        .collect();
    let mut states = store::agent_state::list(conn).await?;
    let mut observed = store::lag::newest(conn).await?;
    let agents = store::agent::list(conn).await?;
    let row = |agent: store::agent::Agent| {
        let delivered = by_name.remove(agent.id.as_str());
        let observed_at = observed.remove(agent.id.as_str());
        let newest = delivered.as_ref().and_then(|d| {
            let received_at = d.received_at?.into();
            Some(NewestBatch {
                seq: d.last_seq?,
                received_at,
                observed_at: observed_at.map(Into::into),
            })
        });
        AgentRow {
            region: agent.region,
            network: agent.network,
            standing: if agent.revoked {
                AgentStanding::Revoked
            } else {
                AgentStanding::Enrolled
            },
            newest,
            batches: delivered.as_ref().map_or(0, |d| d.batches),
            lines: delivered.as_ref().map_or(0, |d| d.lines),
            own: states
                .remove(agent.id.as_str())
                .map(own)
                .unwrap_or_default(),
            id: agent.id,
        }
    };
    Ok(agents.into_iter().map(row).collect())
}

fn own(state: store::agent_state::AgentState) -> AgentOwn {
    AgentOwn {
        clock: state.clock_offset_us.zip(state.clock_bound_us),
        clock_source: state.clock_source,
        clock_synced: state.clock_synced,
        controls: state.controls_ok.zip(state.controls),
        lag_us_max: state.lag_us_max,
        plan: state.plan,
        build: state.build,
        version: state.version,
    }
}

async fn log(app: &App, conn: &mut sqlx::PgConnection) -> Result<LogRow, StoreError> {
    let log = crate::http::health::log::view(app, conn).await?;
    let trouble = log.trouble.map(|what| LogTrouble {
        what,
        owed_by: log
            .owed_by
            .into_iter()
            .map(|owed| (owed.agent, owed.entries))
            .collect(),
    });
    let newest = store::log::latest_checkpoint(conn).await?;
    let checkpoint = newest.map(|signed| Checkpoint {
        size: signed.size,
        root: signed.root.to_string(),
        at: signed.created_at.into(),
        href: "/checkpoint".to_owned(),
    });
    Ok(LogRow {
        size: log.entries,
        checkpoint,
        trouble,
    })
}

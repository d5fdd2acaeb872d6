//! What the contracts say about the cells, now.
//!
//! The formula is [`sla::assess`]; this job only gathers its inputs and keeps what it says.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{CellHour, Minute, UnixMicros, Window};
use sla::{Assessment, Facts};
use sqlx::{Connection as _, PgConnection};
use tracing::info;

use super::cells;
use crate::app::App;
use crate::contracts::{self, Loaded};
use crate::known::Known;
use crate::store::assessment::{State, Stored};
use crate::store::violation::Violation;
use crate::store::{self, StoreError};

/// Under which failed windows are kept.
const JOB: &str = "assess";
/// How long after its end a window may still get ordinary late data.
pub(crate) const GRACE: TimeDelta = TimeDelta::hours(1);
/// How far behind the fleet's slowest agent may hold a live assessment back.
pub(crate) const SETTLE_MAX: TimeDelta = TimeDelta::minutes(15);

/// Assesses the running window of every contract, and the one before until it is final.
#[tracing::instrument(name = "job.assess.run", skip_all)]
pub(crate) async fn run_once(app: &App) -> Result<(), StoreError> {
    let mut conn = app.connection().await?;
    let now = app.clock.now_utc();
    let complete = complete_until(&mut conn, now).await?;
    let known = Known::now(app.plans().all(), &mut conn).await?;
    for loaded in &app.contracts {
        let current = loaded
            .contract
            .window_at(UnixMicros::from(now).to_millis().minute());
        let previous = loaded.contract.window_at(current.start().plus(-1));
        for window in [previous, current] {
            let judging = contracts::judging(&app.contracts, loaded.registered.key, window.start());
            if judging.is_some_and(|one| std::ptr::eq(one, loaded)) {
                assess_apart(app, &mut conn, (loaded, &known), window, complete).await?;
            }
        }
    }
    Ok(())
}

/// Until when every live agent's samples are in: minutes after it have not happened yet, as far
/// as anybody here knows. An agent that is far behind does not hold the others back.
pub(crate) async fn complete_until(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Minute, StoreError> {
    let oldest = now - SETTLE_MAX;
    let slowest = store::batch::sealed_until(conn, oldest)
        .await?
        .unwrap_or(now);
    Ok(UnixMicros::from(slowest.min(now)).to_millis().minute())
}

/// Assesses a window so that one that cannot be assessed leaves the others alone.
async fn assess_apart(
    app: &App,
    conn: &mut PgConnection,
    (loaded, known): (&Loaded, &Known),
    window: Window,
    complete: Minute,
) -> Result<(), StoreError> {
    let key = format!(
        "{} {}",
        loaded.registered.id,
        utc(window.start()).date_naive()
    );
    if store::poison::is_set_aside(conn, JOB, &key).await? {
        return Ok(());
    }
    let done = assess_window(app, conn, (loaded, known), window, complete).await;
    let now = app.clock.now_utc();
    store::poison::settle(conn, (JOB, &key), done, now)
        .await
        .map(drop)
}

async fn assess_window(
    app: &App,
    conn: &mut PgConnection,
    (loaded, known): (&Loaded, &Known),
    window: Window,
    complete: Minute,
) -> Result<(), StoreError> {
    let start = utc(window.start());
    let stored = store::assessment::find(conn, loaded.registered.key, start).await?;
    if stored
        .as_ref()
        .is_some_and(|stored| stored.state == State::Final)
    {
        return Ok(());
    }
    let is_over = complete >= window.end();
    if is_over && stored.is_none() {
        return Ok(()); // Nothing was registered while it ran.
    }
    let terms = known.terms(loaded, window, complete);
    // Between two moments an hour could be taken from its mark to its cells, and be in neither.
    let moment = conn.begin_with(store::SNAPSHOT).await;
    let mut moment = moment.map_err(StoreError::query("begin"))?;
    let cells = gather(&mut moment, &loaded.registered.targets, window).await?;
    moment.commit().await.map_err(StoreError::query("commit"))?;
    let assessment = sla::assess(&loaded.contract, &terms, Facts::counted(&cells));
    let state = if app.clock.now_utc() >= utc(window.end()) + GRACE && is_over {
        State::Final
    } else {
        State::Live
    };
    let revision = stored.map_or(0, |stored| stored.revision);
    record_violations(conn, loaded, &assessment, app.clock.now_utc()).await?;
    let stored = Stored {
        revision,
        state,
        assessment,
    };
    store::assessment::put(conn, loaded.registered.key, &stored).await
}

/// Cells of the targets over a window, from storage and, where marked, from samples.
pub(crate) async fn gather(
    conn: &mut PgConnection,
    targets: &[String],
    window: Window,
) -> Result<Vec<CellHour>, StoreError> {
    let from = utc(window.start().hour().first_minute());
    let to = utc(window.end());
    let mut gathered = store::cell::list(conn, targets, from, to).await?;
    let mut names = cells::Names::load(conn).await?;
    for (at, target) in store::cell::list_dirty(conn, targets, from, to).await? {
        let target = cells::parse_target(&target)?;
        let fresh = cells::compute(conn, &mut names, at, &target).await?;
        gathered.extend(fresh.into_iter().map(|(_, cell)| cell));
    }
    Ok(gathered)
}

/// Keeps what is breached as violations, and takes back what no longer is.
pub(crate) async fn record_violations(
    conn: &mut PgConnection,
    loaded: &Loaded,
    assessment: &Assessment,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let start_at = utc(assessment.window.start());
    let breached: Vec<&str> = assessment.breached().map(|c| c.id.as_str()).collect();
    for commitment in &assessment.commitments {
        let key = loaded.registered.key;
        if !breached.contains(&commitment.id.as_str()) {
            store::violation::withdraw(conn, key, &commitment.id, start_at, now).await?;
            continue;
        }
        let contract = loaded.registered.id.to_string();
        let name = store::violation::name(&contract, &commitment.id, start_at);
        let violation = Violation {
            name: name.clone(),
            contract,
            contract_key: key,
            commitment: commitment.id.clone(),
            window_start_at: start_at,
            detected_at: now,
            withdrawn_at: None,
        };
        if store::violation::detect(conn, &violation).await? {
            info!(violation.id = %name, "detected violation {name}");
        }
    }
    Ok(())
}

pub(crate) fn utc(minute: Minute) -> DateTime<Utc> {
    minute.start().to_micros().to_utc()
}

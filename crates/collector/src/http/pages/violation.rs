//! What the page of a violation shows.

use std::collections::BTreeMap;

use domain::{CellHour, Minute, Outcome};
use sla::{CommitmentAssessment, Contract, Downtime, EventClass};
use wire::problem::ProblemType;

use super::{judged, site};
use crate::app::App;
use crate::contracts::Loaded;
use crate::http::{Problem, violations};
use crate::job::assess;
use crate::store;
use crate::web::view::{FailingSample, OutcomeCount, Sighting, ViolationPage};

/// Failing samples listed.
const SAMPLES_MAX: usize = 30;
/// Samples looked through for failing ones.
const SAMPLES_READ_MAX: i64 = 500;

pub(super) async fn view(app: &App, name: &str) -> Result<ViolationPage, Problem> {
    let (violation, stored) = violations::find(app, name).await?;
    let gone = || Problem::new(ProblemType::NotFound, format!("`{name}` has no assessment"));
    let stored = stored.ok_or_else(gone)?;
    let conclusion = stored
        .conclusion(&violation.commitment)
        .cloned()
        .ok_or_else(gone)?;
    let mut conn = app.connection().await?;
    let key = violation.contract_key;
    let loaded = app
        .contracts
        .iter()
        .find(|l| l.registered.key == key)
        .ok_or_else(gone)?;
    let window = stored.assessment.window;
    let cells = assess::gather(&mut conn, &loaded.registered.targets, window).await?;
    let path = format!("/api/v1/violations/{name}");
    Ok(ViolationPage {
        site: site(app),
        name: violation.name,
        contract: loaded.contract.clone(),
        commitment: violation.commitment,
        judged: judged(stored),
        detected_at: violation.detected_at.into(),
        withdrawn_at: violation.withdrawn_at.map(Into::into),
        sightings: sightings(app, &loaded.contract, &conclusion, &cells),
        endpoints: loaded.registered.targets.clone(),
        resolution_s: resolution_s(app, loaded),
        samples: failing(&mut conn, loaded, &conclusion).await?,
        bundle_href: format!("{path}/evidence"),
        json_href: path,
        verify_command: format!("nines verify {name}.evidence.zip --policy policy.txt"),
    })
}

/// Between two planned requests of all agents together.
fn resolution_s(app: &App, loaded: &Loaded) -> Option<u32> {
    let targets = loaded.registered.targets.iter();
    let intervals = targets.filter_map(|name| {
        let target = app.plan.targets.iter().find(|t| t.id.as_str() == name)?;
        Some(target.interval_s)
    });
    let agents = u32::try_from(app.plan.agents.len()).ok()?.max(1);
    intervals.min().map(|interval| interval.div_ceil(agents))
}

/// What each agent saw while the commitment was down.
fn sightings(
    app: &App,
    contract: &Contract,
    conclusion: &CommitmentAssessment,
    cells: &[CellHour],
) -> Vec<Sighting> {
    let agents = app.plan.agents.iter();
    agents
        .map(|agent| {
            let mut valid = 0;
            let mut errors: BTreeMap<(Outcome, Option<u16>), u64> = BTreeMap::new();
            for cell in cells.iter().filter(|cell| cell.agent == agent.id) {
                tally(
                    contract,
                    &conclusion.downtime,
                    cell,
                    &mut valid,
                    &mut errors,
                );
            }
            let total = errors.values().sum();
            let count = |((outcome, status), count)| OutcomeCount {
                outcome,
                status,
                count,
            };
            let mut outcomes: Vec<_> = errors.into_iter().map(count).collect();
            outcomes.sort_by_key(|seen| std::cmp::Reverse(seen.count));
            Sighting {
                agent: agent.id.clone(),
                region: agent.region.clone(),
                network: agent.network.clone(),
                valid,
                errors: total,
                outcomes,
            }
        })
        .collect()
}

fn tally(
    contract: &Contract,
    downtime: &[Downtime],
    cell: &CellHour,
    valid: &mut u64,
    errors: &mut BTreeMap<(Outcome, Option<u16>), u64>,
) {
    for count in &cell.counts {
        let minute = cell.hour.first_minute().plus(i64::from(count.minute));
        let class = usize::try_from(count.class)
            .ok()
            .and_then(|at| cell.classes.get(at));
        let (Some(class), true) = (class, is_down(downtime, minute)) else {
            continue;
        };
        let event = contract.events.classify(class);
        if matches!(event, EventClass::Error | EventClass::Success) {
            *valid += u64::from(count.count);
        }
        if event == EventClass::Error {
            let seen = errors.entry((class.outcome, class.status)).or_default();
            *seen += u64::from(count.count);
        }
    }
}

fn is_down(downtime: &[Downtime], minute: Minute) -> bool {
    downtime
        .iter()
        .any(|period| (period.start..period.end).contains(&minute))
}

/// The newest samples in downtime that count as errors.
async fn failing(
    conn: &mut sqlx::PgConnection,
    loaded: &Loaded,
    conclusion: &CommitmentAssessment,
) -> Result<Vec<FailingSample>, Problem> {
    let (Some(first), Some(last)) = (conclusion.downtime.first(), conclusion.downtime.last())
    else {
        return Ok(Vec::new());
    };
    let utc = |minute: Minute| minute.start().to_micros().to_utc();
    let span = (utc(first.start), utc(last.end));
    let targets = &loaded.registered.targets;
    let failed = store::sample::failed(conn, targets, span, SAMPLES_READ_MAX).await?;
    let counts = |sample: &store::sample::Failed| {
        loaded.contract.events.classify(&sample.class) == EventClass::Error
            && is_down(&conclusion.downtime, sample.at.minute())
    };
    let shown = |sample: store::sample::Failed| FailingSample {
        at: sample.at,
        agent: sample.agent,
        target: sample.target,
        outcome: sample.class.outcome,
        attribution: sample.class.attribution,
        status: sample.class.status,
        request_id: None,
    };
    Ok(failed
        .into_iter()
        .filter(counts)
        .take(SAMPLES_MAX)
        .map(shown)
        .collect())
}

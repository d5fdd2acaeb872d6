//! What the page of a violation shows.

use std::collections::BTreeMap;

use domain::{CellHour, Class, Minute, Outcome};
use sla::contract::Pooling;
use sla::{Commitment, CommitmentAssessment, Contract, Downtime, EventClass};
use wire::plan::PlanAgent;
use wire::problem::ProblemType;

use super::{judged, published, revision_note, site};
use crate::app::App;
use crate::contracts::{self, Loaded};
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
    let revisions = violations::revisions(app, &violation).await?.into_iter();
    let mut conn = app.connection().await?;
    let key = violation.contract_key;
    let window = stored.assessment.window;
    let loaded = contracts::judging(&app.contracts, key, window.start()).ok_or_else(gone)?;
    let cells = assess::gather(&mut conn, &loaded.registered.targets, window).await?;
    let path = format!("/api/v1/violations/{name}");
    let start_at = violation.window_start_at;
    let claim = match store::claim::of_window(&mut conn, key, start_at).await? {
        Some(claim) => store::claim::find(&mut conn, &claim).await?,
        None => None,
    };
    let published = published::stories(app, &mut conn, loaded, &conclusion.downtime).await?;
    Ok(ViolationPage {
        published,
        claim: claim.filter(|claim| claim.violations.contains(&violation.name)),
        site: site(app),
        revisions: revisions.map(revision_note).collect(),
        name: violation.name,
        contract: loaded.contract.clone(),
        commitment: violation.commitment,
        judged: judged(stored),
        detected_at: violation.detected_at.into(),
        withdrawn_at: violation.withdrawn_at.map(Into::into),
        sightings: sightings(app, &loaded.contract, &conclusion, &cells),
        endpoints: loaded.registered.targets.clone(),
        samples: failing(&mut conn, loaded, &conclusion).await?,
        bundle_href: format!("{path}/evidence"),
        json_href: path,
        verify_command: format!("nines verify {name}.evidence.zip --policy policy.txt"),
    })
}

/// What each agent that the result is about saw while the commitment was down.
fn sightings(
    app: &App,
    contract: &Contract,
    conclusion: &CommitmentAssessment,
    cells: &[CellHour],
) -> Vec<Sighting> {
    let is_about = |agent: &&PlanAgent| {
        contract.evidence.pooling == Pooling::Pooled
            || conclusion.id.ends_with(&format!("@{}", agent.region))
    };
    let rules = Rules::of(contract, conclusion);
    let plans = app.plans();
    let in_force = plans.in_force(app.clock.now().to_millis());
    let agents = in_force.agents.iter().filter(is_about);
    agents
        .map(|agent| {
            let mut seen = Seen::default();
            for cell in cells.iter().filter(|cell| cell.agent == agent.id) {
                seen.add(&rules, &conclusion.downtime, cell);
            }
            let total = seen.errors.values().sum();
            let count = |((outcome, status), count)| OutcomeCount {
                outcome,
                status,
                count,
            };
            let mut outcomes: Vec<_> = seen.errors.into_iter().map(count).collect();
            outcomes.sort_by_key(|seen| std::cmp::Reverse(seen.count));
            Sighting {
                agent: agent.id.clone(),
                region: agent.region.clone(),
                network: agent.network.clone(),
                valid: seen.valid,
                errors: total,
                outcomes,
            }
        })
        .collect()
}

/// What single samples are to a commitment.
struct Rules<'a> {
    contract: &'a Contract,
    promised: Option<&'a Commitment>,
}

impl<'a> Rules<'a> {
    fn of(contract: &'a Contract, conclusion: &CommitmentAssessment) -> Self {
        let mut all = contract.commitments.iter();
        let promised = all.find(|c| c.id.as_str() == conclusion.commitment);
        Self { contract, promised }
    }

    /// What a sample is, as the rules are written; that of a rule which asks for a quorum too,
    /// for in downtime there was one. `NotValid` where the formula does not count its kind.
    fn class(&self, class: &Class) -> EventClass {
        let kinds = self.promised.map(|promised| promised.metric.kinds());
        if kinds.is_some_and(|kinds| !kinds.counts(class.kind, class.source)) {
            return EventClass::NotValid;
        }
        let events = &self.contract.events;
        let rule = events.rules.iter().find(|rule| rule.when.matches(class));
        rule.map_or(events.default, |rule| rule.class)
    }
}

/// What one agent saw.
#[derive(Default)]
struct Seen {
    valid: u64,
    errors: BTreeMap<(Outcome, Option<u16>), u64>,
}

impl Seen {
    fn add(&mut self, rules: &Rules<'_>, downtime: &[Downtime], cell: &CellHour) {
        for count in &cell.counts {
            let minute = cell.hour.first_minute().plus(i64::from(count.minute));
            let class = usize::try_from(count.class)
                .ok()
                .and_then(|at| cell.classes.get(at));
            let (Some(class), true) = (class, is_down(downtime, minute)) else {
                continue;
            };
            let event = rules.class(class);
            if matches!(event, EventClass::Error | EventClass::Success) {
                self.valid += u64::from(count.count);
            }
            if event == EventClass::Error {
                let seen = self
                    .errors
                    .entry((class.outcome, class.status))
                    .or_default();
                *seen += u64::from(count.count);
            }
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
    let rules = Rules::of(&loaded.contract, conclusion);
    let counts = |sample: &store::sample::Failed| {
        rules.class(&sample.class) == EventClass::Error
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

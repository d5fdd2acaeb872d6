//! `/api/v1/contracts`: contracts and what they say now.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::ContractId;
use serde::Serialize;
use sla::Assessment;
use wire::problem::ProblemType;

use super::name::Name;
use super::revisions::RevisionView;
use super::{LIST_MAX, Problem};
use crate::app::App;
use crate::contracts::{Loaded, current};
use crate::store::{
    self,
    assessment::{State as Progress, Stored},
};

/// A contract as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct ContractView {
    contract: String,
    provider: String,
    service: String,
    simulated: bool,
    terms_sha256: String,
    targets: Vec<String>,
    assessments: Vec<AssessmentView>,
    /// Final assessments that followed others.
    revisions: Vec<RevisionView>,
}

/// One window of a contract.
#[derive(Debug, Serialize)]
struct AssessmentView {
    revision: i32,
    is_final: bool,
    #[serde(flatten)]
    assessment: Assessment,
}

impl From<Stored> for AssessmentView {
    fn from(stored: Stored) -> Self {
        let is_final = stored.state == Progress::Final;
        Self {
            revision: stored.revision,
            is_final,
            assessment: stored.assessment,
        }
    }
}

/// Every contract with its newest windows.
#[tracing::instrument(name = "http.contracts.list", skip_all)]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<ContractView>>, Problem> {
    let mut views = Vec::with_capacity(app.contracts.len());
    for loaded in current(&app.contracts, app.clock.now().to_millis().minute()) {
        views.push(view(&app, loaded).await?);
    }
    Ok(Json(views))
}

/// One contract.
#[tracing::instrument(name = "http.contracts.show", skip_all)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Name(contract): Name,
) -> Result<Json<ContractView>, Problem> {
    let loaded = find(&app, &contract)?;
    Ok(Json(view(&app, loaded).await?))
}

/// The contract's text, as it is judged.
#[tracing::instrument(name = "http.contracts.terms", skip_all)]
pub(crate) async fn terms(
    State(app): State<Arc<App>>,
    Name(contract): Name,
) -> Result<String, Problem> {
    Ok(find(&app, &contract)?.registered.toml.clone())
}

/// A contract by its name in a path.
pub(crate) fn find<'a>(app: &'a App, name: &str) -> Result<&'a Loaded, Problem> {
    let id: Option<ContractId> = name.parse().ok();
    let current = current(&app.contracts, app.clock.now().to_millis().minute());
    let mut current = current.into_iter();
    let found = current.find(|loaded| Some(&loaded.registered.id) == id.as_ref());
    found.ok_or_else(|| {
        Problem::new(
            ProblemType::NotFound,
            format!("there is no contract `{name}`"),
        )
    })
}

async fn view(app: &App, loaded: &Loaded) -> Result<ContractView, Problem> {
    let mut conn = app.connection().await?;
    let stored = store::assessment::list(&mut conn, loaded.registered.key, LIST_MAX).await?;
    let revisions = store::revision::list(&mut conn, loaded.registered.key, LIST_MAX).await?;
    Ok(ContractView {
        revisions: revisions.into_iter().map(RevisionView::from).collect(),
        contract: loaded.registered.id.to_string(),
        provider: loaded.contract.provider.to_string(),
        service: loaded.contract.service.clone(),
        simulated: loaded.contract.simulated || app.origin.is_simulated(),
        terms_sha256: loaded.registered.sha256.to_hex(),
        targets: loaded.registered.targets.clone(),
        assessments: stored.into_iter().map(AssessmentView::from).collect(),
    })
}

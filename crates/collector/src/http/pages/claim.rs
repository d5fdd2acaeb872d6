//! What the page of a claim shows.

use wire::problem::ProblemType;

use super::site;
use crate::app::App;
use crate::http::{LIST_MAX, Problem};
use crate::store;
use crate::web::view::ClaimPage;

pub(super) async fn view(app: &App, name: &str) -> Result<ClaimPage, Problem> {
    let mut conn = app.connection().await?;
    let gone = || Problem::new(ProblemType::NotFound, format!("there is no claim `{name}`"));
    let claim = store::claim::find(&mut conn, name)
        .await?
        .ok_or_else(gone)?;
    let history = store::claim::history(&mut conn, name, LIST_MAX).await?;
    Ok(ClaimPage {
        site: site(app),
        forms: app.claim_forms.names(),
        claim,
        history,
    })
}

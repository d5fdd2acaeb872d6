//! What the page of a contract shows.

use super::{judged, published, revision_note, site, violation_row};
use crate::app::App;
use crate::http::{LIST_MAX, Problem, contracts};
use crate::store;
use crate::web::view::{ContractPage, PastWindow};

pub(super) async fn view(app: &App, name: &str) -> Result<ContractPage, Problem> {
    let loaded = contracts::find(app, name)?;
    let mut conn = app.connection().await?;
    let stored = store::assessment::list(&mut conn, loaded.registered.key, LIST_MAX).await?;
    let mut windows = stored.into_iter().map(judged);
    let newest = windows.next();
    let id = loaded.contract.id();
    let json_href = format!("/api/v1/contracts/{id}");
    let past: Vec<PastWindow> = windows
        .map(|judged| PastWindow {
            judged,
            href: json_href.clone(),
        })
        .collect();
    let mut violations = Vec::new();
    for violation in store::violation::list(&mut conn, LIST_MAX).await? {
        if violation.contract_key == loaded.registered.key {
            violations.push(violation_row(&violation, newest.as_ref(), app)?);
        }
    }
    let revisions = store::revision::list(&mut conn, loaded.registered.key, LIST_MAX).await?;
    let windows = newest
        .iter()
        .chain(past.iter().map(|past: &PastWindow| &past.judged));
    let windows: Vec<_> = windows.map(|judged| &judged.assessment).collect();
    let published = published::parts(app, &mut conn, loaded, &windows).await?;
    Ok(ContractPage {
        published,
        revisions: revisions.into_iter().map(revision_note).collect(),
        site: site(app),
        contract: loaded.contract.clone(),
        targets: loaded.registered.targets.clone(),
        fees: loaded.fees,
        judged: newest,
        past,
        violations,
        text_href: format!("{json_href}/terms"),
        json_href,
    })
}

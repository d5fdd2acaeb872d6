//! A body on its way: unpacked, read, admitted, committed, counted.

use std::sync::Arc;

use domain::AgentId;
use evidence::tree;
use telemetry::metrics::IngestResult;
use tokio::runtime::Handle;
use wire::batch::Batch;
use wire::protocol::{Receipt, ReceiptState};

use super::flush::Answer;
use super::{Admission, IngestError, admit, claimed_agent, read};
use crate::app::App;
use crate::store;
use crate::store::agent::Agent;
use crate::store::batch::Before;

/// Body to receipt: the one path for HTTP and for history made in simulated time.
pub(crate) async fn receive(app: &Arc<App>, body: Vec<u8>) -> Result<Receipt, IngestError> {
    let result = receive_uncounted(app, body).await;
    let (outcome, lines) = match &result {
        Ok((receipt, lines)) => match receipt.state {
            ReceiptState::Stored => (IngestResult::Committed, *lines),
            ReceiptState::Duplicate => (IngestResult::Duplicate, *lines),
        },
        Err(IngestError::Conflict { .. }) => (IngestResult::Conflict, 0),
        Err(_) => (IngestResult::Refused, 0),
    };
    app.instruments.batch_answered(outcome, lines);
    result.map(|(receipt, _)| receipt)
}

async fn receive_uncounted(app: &Arc<App>, body: Vec<u8>) -> Result<(Receipt, u64), IngestError> {
    let admission = {
        let _reader = app.intake.reader().await?;
        let (app, runtime) = (app.clone(), Handle::current());
        let read = tokio::task::spawn_blocking(move || read_body(&app, body, &runtime));
        read.await.map_err(|_| IngestError::Busy)??
    };
    let lines = u64::try_from(admission.batch.lines).unwrap_or(0);
    let covered_until = admission.batch.wall_last_at;
    let (agent, seq) = (admission.batch.agent, admission.batch.seq);
    let Answer {
        mut receipt,
        before,
    } = app.intake.submit(admission).await?;
    if receipt.state == ReceiptState::Stored {
        let delay = receipt.received_us.to_utc() - covered_until;
        let delay = delay.to_std().unwrap_or_default(); // None where the agent's clock is ahead.
        app.instruments.batch_stored(receipt.agent.as_str(), delay);
    }
    // With several of one agent under way, one may overtake the one before it.
    if before == Before::NotSeen && !app.intake.is_under_way(agent, seq - 1) {
        receipt.missing_from = missing_before(app, agent, seq).await;
    }
    Ok((receipt, lines))
}

/// First of the batches right before one that are not here: after a restore, agents have them. The
/// receipt stands without this as well.
async fn missing_before(app: &App, agent: i32, seq: i64) -> Option<u64> {
    let found = async {
        let mut conn = app.connection().await?;
        store::missing::newest_below(&mut conn, agent, seq).await
    };
    let before = found.await.ok()?.map_or(0, |newest| newest + 1);
    (u64::try_from(seq).ok()? > before).then_some(before)
}

/// Everything that a body costs in computing: unpacking, parsing, hashes, signature. It runs apart
/// from the threads that serve, which would answer nobody meanwhile.
fn read_body(app: &App, body: Vec<u8>, runtime: &Handle) -> Result<Admission, IngestError> {
    let text = wire::batch::decompress(&body).map_err(IngestError::Batch)?;
    let batch = read(&text)?;
    let agent = claimed_agent(&batch, &app.origin)?;
    let enrolled = runtime.block_on(find_agent(app, agent, &batch))?;
    admit(batch, body, &enrolled, app.clock.now())
}

async fn find_agent(app: &App, agent: AgentId, batch: &Batch<'_>) -> Result<Agent, IngestError> {
    let mut conn = app.connection().await?;
    let enrolled = store::agent::find(&mut conn, &agent).await?;
    let mut enrolled = enrolled.ok_or(IngestError::UnknownAgent { agent })?;
    if enrolled.revoked {
        // What a restored log is owed was taken before the agent ended, and is taken again.
        let key = (enrolled.id.as_str(), batch.note.seq);
        let leaf = tree::leaf_hash(batch.note_bytes);
        enrolled.revoked = !store::heal::is_owed(&mut conn, key, leaf).await?;
    }
    Ok(enrolled)
}

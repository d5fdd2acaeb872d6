//! A body on its way: unpacked, read, admitted, committed, counted.

use std::sync::Arc;

use telemetry::metrics::IngestResult;
use wire::protocol::{Receipt, ReceiptState};

use super::{IngestError, admit, claimed_agent, read};
use crate::app::App;
use crate::store;

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
    let unpack = move || wire::batch::decompress(&body).map(|text| (body, text));
    let unpacked = tokio::task::spawn_blocking(unpack).await;
    let (body, text) = unpacked
        .map_err(|_| IngestError::Busy)?
        .map_err(IngestError::Batch)?;
    let admission = {
        let batch = read(&text)?;
        let agent = claimed_agent(&batch, &app.origin)?;
        let mut conn = app.connection().await?;
        let enrolled = store::agent::find(&mut conn, &agent).await?;
        let enrolled = enrolled.ok_or(IngestError::UnknownAgent { agent })?;
        admit(&batch, &body, &enrolled, app.clock.now())?
    };
    let lines = u64::try_from(admission.batch.lines).unwrap_or(0);
    app.intake
        .submit(admission)
        .await
        .map(|receipt| (receipt, lines))
}

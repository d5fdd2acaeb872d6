//! Submits checkpoints to outside witnesses (C2SP tlog-witness) and keeps what they cosign.
//!
//! A witness keeps the last size that it cosigned, and so do we; where the two differ, its answer
//! says its own, and the submission starts from there. Nothing is believed but a cosignature that
//! verifies under the configured key.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use evidence::note::SignatureLine;
use tracing::{error, info, warn};

use crate::app::App;
use crate::export;
use crate::outside::{Answer, Client, ClientError, OutsideWitness};
use crate::store::outside::Candidate;
use crate::store::{self, StoreError};
use crate::witness::{self, WitnessError};

/// Requests of one submission: what we remember, what the witness answers, and once more where it
/// moved in between.
const REQUESTS_MAX: usize = 3;
/// Content type of an answer that tells a size.
const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";

/// A run in which not every witness could be asked or answered as it must.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP client cannot be set up.
    #[error("no witness can be asked: {reason}")]
    Client {
        /// Why not.
        reason: String,
    },
    /// Some witnesses failed; each was logged.
    #[error("{failed} of {asked} outside witnesses did not cosign")]
    Witnesses {
        /// How many.
        failed: usize,
        /// Of how many.
        asked: usize,
    },
}

/// A submission that gave no cosignature.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("it answered {status}")]
    Status { status: u16 },
    #[error("it answered 409 without a size")]
    NoSize,
    #[error(
        "it cosigned size {theirs}, but our newest checkpoint is of {ours}: a fork, or a log set back"
    )]
    Ahead { theirs: u64, ours: u64 },
    #[error("it cosigned another root at size {size}: a fork")]
    Fork { size: u64 },
    #[error("its size changes with every request")]
    Restless,
    #[error("its answer holds no line of the configured key")]
    NoLine,
    #[error(transparent)]
    Line(#[from] WitnessError),
}

/// Asks every witness for which there is something new, once.
#[tracing::instrument(name = "job.submit.run", skip_all)]
pub(crate) async fn run_once(app: &App) -> Result<(), SubmitError> {
    let witnesses = &app.outside.witnesses;
    if witnesses.is_empty() {
        return Ok(());
    }
    let client = Client::new().map_err(|e| SubmitError::Client { reason: causes(&e) })?;
    let mut failed = 0;
    for witness in witnesses {
        match submit(app, &client, witness).await {
            Ok(()) => app.outside.failures.succeeded(&witness.name),
            Err(Refused::Store(failure)) => return Err(failure.into()),
            Err(refused) => {
                failed += 1;
                tell(witness, &refused);
                app.outside.failures.failed(&witness.name, causes(&refused));
            }
        }
    }
    let asked = witnesses.len();
    if failed > 0 {
        return Err(SubmitError::Witnesses { failed, asked });
    }
    Ok(())
}

fn tell(witness: &OutsideWitness, refused: &Refused) {
    let (name, failure) = (&witness.name, refused as &dyn std::error::Error);
    if matches!(refused, Refused::Ahead { .. } | Refused::Fork { .. }) {
        error!(error = failure, "witness {name} saw another log than this");
    } else {
        warn!(error = failure, "witness {name} did not cosign");
    }
}

async fn submit(app: &App, client: &Client, witness: &OutsideWitness) -> Result<(), Refused> {
    let mut conn = app.connection().await?;
    let known = store::outside::latest(&mut conn, &witness.vkey).await?;
    let cosigners = export::agents_needed(app, &mut conn).await?;
    drop(conn); // Not held while the witness thinks.
    let mut old = known.map_or(0, |known| known.size);
    let mut size_min = old + 1;
    for _ in 0..REQUESTS_MAX {
        let mut conn = app.connection().await?;
        let found = store::outside::candidate(&mut conn, size_min, cosigners).await?;
        drop(conn);
        let Some(candidate) = found else {
            return Ok(()); // Nothing that the witness has not cosigned.
        };
        let body = request(app, old, &candidate).await?;
        let sent = ("text/plain; charset=utf-8", witness.vkey.name());
        let answer = client.post(&witness.url, sent, body).await?;
        match answer.status {
            200 => return keep(app, witness, &candidate, &answer).await,
            409 => {
                let theirs = size_of(&answer)?;
                check_known(app, theirs, old).await?;
                (old, size_min) = (theirs, theirs);
            }
            status => return Err(Refused::Status { status }),
        }
    }
    Err(Refused::Restless)
}

/// Whether the log can be proven to continue the size that a witness holds.
async fn check_known(app: &App, theirs: u64, old: u64) -> Result<(), Refused> {
    if theirs == old {
        return Err(Refused::Fork { size: theirs });
    }
    let mut conn = app.connection().await?;
    let newest = store::log::latest_checkpoint(&mut conn).await?;
    let ours = newest.map_or(0, |newest| newest.size);
    if theirs > ours {
        return Err(Refused::Ahead { theirs, ours });
    }
    Ok(())
}

/// The body of `add-checkpoint`: the size known, the proof from there, and the checkpoint.
async fn request(app: &App, old: u64, candidate: &Candidate) -> Result<String, StoreError> {
    let mut log = app.log.lock().await;
    if log.tree.size() < candidate.size {
        let mut conn = app.connection().await?;
        log.follow(&mut conn).await?;
    }
    let proof = log.tree.consistency_proof(old, candidate.size);
    drop(log);
    let proof = proof.map_err(|e| StoreError::inconsistent("checkpoint.size", e))?;
    let mut body = format!("old {old}\n");
    for hash in proof {
        writeln!(body, "{hash}").expect("a string takes every write");
    }
    Ok(body + "\n" + &candidate.note)
}

fn size_of(answer: &Answer) -> Result<u64, Refused> {
    let text = std::str::from_utf8(&answer.body).ok();
    let size = text.and_then(|text| text.strip_suffix('\n'));
    let size = size.and_then(|size| size.parse().ok().filter(|n: &u64| n.to_string() == size));
    let is_size = answer.content_type == SIZE_CONTENT_TYPE;
    size.filter(|_| is_size).ok_or(Refused::NoSize)
}

async fn keep(
    app: &App,
    witness: &OutsideWitness,
    candidate: &Candidate,
    answer: &Answer,
) -> Result<(), Refused> {
    let (line, signed_at) = cosignature(witness, &candidate.note, &answer.body)?;
    let mut conn = app.connection().await?;
    let cosigned = (candidate.size, &witness.vkey);
    store::outside::insert(&mut conn, cosigned, signed_at, &line).await?;
    info!(
        log.size = candidate.size,
        "witness {} cosigned checkpoint {}", witness.name, candidate.size
    );
    Ok(())
}

/// The line of the configured key, verified; lines of others are ignored.
fn cosignature(
    witness: &OutsideWitness,
    note: &str,
    body: &[u8],
) -> Result<(String, DateTime<Utc>), Refused> {
    let text = std::str::from_utf8(body).map_err(|_| Refused::NoLine)?;
    let mut lines = text.lines().filter_map(SignatureLine::parse);
    let line = lines.find(|line| witness.signed(line));
    let line = line.ok_or(Refused::NoLine)?.to_string();
    let signed_at = witness::check(note, &line, &witness.vkey)?;
    Ok((line, signed_at))
}

/// A failure with its causes, in one line.
fn causes(failure: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(failure), |e| e.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}

#[cfg(test)]
mod tests;

//! The log as a collector opens and runs it.

use std::error::Error;

use evidence::tree::Tree;
use sqlx::PgPool;
use tracing::error;

use super::{App, Setup, StartError};
use crate::job::sequence::{self, Desk, Log, SequenceError};
use crate::journal::Journal;
use crate::keys::Keys;
use crate::signer::Signer;

/// Opens the signer's state with its journal. Where something was signed before, the log is looked
/// after at once: a database that is older than the log must get its records back before any is
/// made anew.
pub(super) async fn open(setup: &Setup, pool: &PgPool, keys: &Keys) -> Result<Log, StartError> {
    let mut log = Log {
        tree: Tree::default(),
        signer: Signer::open(setup.state_dir.join("signer.state"))?,
        journal: Journal::open(setup.state_dir.join("journal"))?,
        trouble: None,
    };
    if log.signer.last().is_none() {
        return Ok(log);
    }
    let origin = setup.origin.log();
    let desk = Desk {
        keys,
        origin: &origin,
        now: setup.clock.now_utc(),
    };
    if let Err(failure) = sequence::run_once(pool, &mut log, desk).await {
        error!(
            error = &failure as &dyn std::error::Error,
            "the log does not go on where it ended"
        );
    }
    Ok(log)
}

/// Orders the log once, and tells how it stands.
pub(crate) async fn sequence_once(app: &App) -> Result<u64, SequenceError> {
    let mut log = app.log.lock().await;
    let origin = app.origin.log();
    let desk = Desk {
        keys: &app.keys,
        origin: &origin,
        now: app.clock.now_utc(),
    };
    let run = sequence::run_once(&app.pool, &mut log, desk).await;
    match &run {
        Ok(size) => {
            app.instruments.log_sized(*size);
            app.instruments.log_missing(0);
            log.trouble = None;
        }
        // The next run may find the database well again.
        Err(SequenceError::Store(_)) => {}
        Err(trouble) => {
            if let SequenceError::Heal(why) = trouble {
                app.instruments.log_missing(why.missing());
            }
            log.trouble = Some(causes(trouble));
        }
    }
    run
}

/// An error with everything that led to it, for people.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

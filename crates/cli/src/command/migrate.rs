//! `nines migrate`.

use std::process::ExitCode;

use super::runtime;
use crate::args::Database;
use crate::{environment, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    database: Database,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let url = environment::database_url(&options.database)?;
    runtime()?.block_on(collector::migrate_database(&url))?;
    print::line("the schema is up to date");
    Ok(ExitCode::SUCCESS)
}

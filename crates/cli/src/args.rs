//! The command line.

use camino::Utf8PathBuf;
use clap::{Parser, Subcommand};

use crate::{command, demo};

/// Verified uptime for LLM APIs: probe providers, judge contracts, prove violations.
#[derive(Debug, Parser)]
#[command(name = "nines", version, max_term_width = 100)]
pub(crate) struct Args {
    /// What to log, as a tracing filter (`info`, `collector=debug`); also `NINES_LOG`.
    #[arg(long, global = true, env = "NINES_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything on this machine with simulated providers: an outage, a violation, its evidence.
    Demo(demo::Options),
    /// Everything on this machine with your real providers.
    Up(command::up::Options),
    /// Run the collector: ingest, storage, verdicts, web pages.
    Collector(command::collector::Options),
    /// Run, enrol or invite a probe agent.
    Agent(command::agent::Options),
    /// Run a simulated provider with scripted faults.
    Sim(command::sim::Options),
    /// Make one attempt, or several, and show what was seen; needs no server.
    Probe(Box<command::probe::Options>),
    /// Judge a log of samples by a contract: a verdict from files, without any server.
    Assess(Box<command::assess::Options>),
    /// Check, apply and show the plan of what is probed.
    Plan(command::plan::Options),
    /// List, show and check contracts.
    Contract(command::contract::Options),
    /// Show what models cost, and make a table of prices from LiteLLM's.
    Price(command::price::Options),
    /// Export evidence bundles.
    Evidence(command::evidence::Options),
    /// Check an evidence bundle offline.
    Verify(command::verify::Options),
    /// List claims, write their letters, record what became of them.
    Claim(command::claim::Options),
    /// Mirror a collector's log, audit the copy, print the newest checkpoint.
    Log(command::log::Options),
    /// Keep days from being dropped, and let go of them.
    Hold(command::hold::Options),
    /// Look into the archive of raw batches, check it, and bring back what left the database.
    Archive(command::archive::Options),
    /// Derive samples, cells and verdicts anew from raw batches: compare, or rewrite what differs.
    Rebuild(command::rebuild::Options),
    /// Bring a database's schema up to date.
    Migrate(command::migrate::Options),
}

/// Where a collector's database is: at most one of these.
#[derive(Clone, Debug, clap::Args)]
#[group(multiple = false)]
pub(crate) struct Database {
    /// Environment variable that holds the connection string.
    #[arg(long, default_value = "DATABASE_URL", value_name = "NAME")]
    pub(crate) database_url_env: String,
    /// File that holds the connection string.
    #[arg(long, value_name = "FILE")]
    pub(crate) database_url_file: Option<Utf8PathBuf>,
}

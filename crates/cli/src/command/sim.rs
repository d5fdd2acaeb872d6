//! `nines sim`.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context as _;
use camino::Utf8PathBuf;
use clap::ValueEnum;
use domain::{Clock as _, SystemClock};
use secrecy::SecretString;
use simulator::{Config, Persona, Script, Simulator};

use super::{runtime, stop_signal};
use crate::print;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:4010")]
    listen: SocketAddr,
    /// Script of faults (TOML).
    #[arg(long, value_name = "FILE")]
    script: Option<Utf8PathBuf>,
    /// Seed of everything random: equal seeds, equal faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Whose conventions to follow.
    #[arg(long, value_enum, default_value_t = PersonaName::Direct)]
    persona: PersonaName,
    /// Models to serve.
    #[arg(long = "model", default_value = "sim-1", value_name = "MODEL")]
    models: Vec<String>,
    /// Bearer keys to accept; made-up ones, for this is a simulator.
    #[arg(long = "key", default_value = "sk-sim", value_name = "KEY")]
    keys: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PersonaName {
    /// A provider's own endpoint, by OpenAI's conventions.
    Direct,
    /// A gateway, by LiteLLM's conventions.
    Gateway,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let script = match &options.script {
        Some(file) => {
            let text =
                std::fs::read_to_string(file).with_context(|| format!("cannot read `{file}`"))?;
            Script::from_toml(&text).with_context(|| format!("`{file}` is not a script"))?
        }
        None => Script::default(),
    };
    let started = SystemClock.now_utc().timestamp();
    let config = Config {
        listen: options.listen,
        persona: match options.persona {
            PersonaName::Direct => Persona::Direct,
            PersonaName::Gateway => Persona::Gateway,
        },
        models: options.models.clone(),
        keys: options
            .keys
            .iter()
            .map(|key| SecretString::from(key.clone()))
            .collect(),
        seed: options.seed,
        script,
        started_unix_s: u64::try_from(started).unwrap_or(0),
        ..Config::default()
    };
    runtime()?.block_on(async {
        let simulator = Simulator::start(config).await?;
        print::line(&format!("simulated provider: {}/v1", simulator.base_url()));
        stop_signal().await?;
        simulator.shutdown().await;
        Ok(ExitCode::SUCCESS)
    })
}

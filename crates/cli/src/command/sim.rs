//! `nines sim`.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use camino::Utf8PathBuf;
use clap::ValueEnum;
use domain::{Clock as _, SystemClock};
use secrecy::SecretString;
use simulator::{Config, Persona, SHIPPED, Scenario, Simulator};

use super::{runtime, stop_signal};
use crate::print;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:4010")]
    listen: SocketAddr,
    /// A further address, whose requests are from this region.
    #[arg(long = "region", value_name = "NAME=ADDR", value_parser = region)]
    regions: Vec<(String, SocketAddr)>,
    /// A further address that faults of connections do not reach.
    #[arg(long, value_name = "ADDR")]
    admin_listen: Option<SocketAddr>,
    /// Script of faults (TOML); the same as a scenario file.
    #[arg(long, value_name = "FILE", conflicts_with = "scenario")]
    script: Option<Utf8PathBuf>,
    /// Scenario to play: one of `nines sim scenarios`, or a file (TOML).
    #[arg(long, value_name = "NAME|FILE")]
    scenario: Option<String>,
    /// Seed of everything random: equal seeds, equal faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Whose conventions to follow, unless a scenario has a gateway.
    #[arg(long, value_enum, default_value_t = PersonaName::Direct)]
    persona: PersonaName,
    /// Models to serve.
    #[arg(long = "model", default_value = "sim-1", value_name = "MODEL")]
    models: Vec<String>,
    /// Bearer keys to accept; made-up ones, for this is a simulator.
    #[arg(long = "key", default_value = "sk-sim", value_name = "KEY")]
    keys: Vec<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the scenarios that come with the program, or print one.
    Scenarios {
        /// The one to print, as a start for one's own.
        name: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PersonaName {
    /// A provider's own endpoint, by OpenAI's conventions.
    Direct,
    /// A gateway, by LiteLLM's conventions.
    Gateway,
}

fn region(text: &str) -> Result<(String, SocketAddr), String> {
    let (name, addr) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("write NAME=ADDR, such as eu=127.0.0.1:4011")?;
    let addr = addr
        .parse()
        .map_err(|_| format!("`{addr}` is not an address"))?;
    Ok((name.to_owned(), addr))
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if let Some(Command::Scenarios { name }) = &options.command {
        return scenarios(name.as_deref());
    }
    let started = SystemClock.now_utc().timestamp();
    let config = Config {
        listen: options.listen,
        regions: options.regions.clone(),
        admin_listen: options.admin_listen,
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
        started_unix_s: u64::try_from(started).unwrap_or(0),
        ..Config::default()
    };
    let scenario = scenario(options)?;
    runtime()?.block_on(async {
        let title = scenario.title.clone();
        let simulator = Simulator::start(config.playing(scenario)).await?;
        print::line(&format!("simulated provider: {}/v1", simulator.base_url()));
        for ((name, _), addr) in options.regions.iter().zip(simulator.further_addrs()) {
            print::line(&format!("region {name}: http://{addr}/v1"));
        }
        if !title.is_empty() {
            print::line(&format!("scenario: {title}"));
        }
        stop_signal().await?;
        simulator.shutdown().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// The scenario asked for: a name that comes with the program, else a file.
fn scenario(options: &Options) -> anyhow::Result<Scenario> {
    if let Some(name) = &options.scenario
        && let Some(scenario) = Scenario::shipped(name)?
    {
        return Ok(scenario);
    }
    let named = options.scenario.as_ref().map(Utf8PathBuf::from);
    let Some(file) = named.as_ref().or(options.script.as_ref()) else {
        return Ok(Scenario::default());
    };
    let text = std::fs::read_to_string(file).with_context(|| match &options.scenario {
        Some(name) => format!("there is neither a scenario nor a readable file `{name}`; {LIST}"),
        None => format!("cannot read `{file}`"),
    })?;
    Scenario::from_toml(&text).with_context(|| format!("`{file}` is not a scenario"))
}

const LIST: &str = "`nines sim scenarios` lists the scenarios";

fn scenarios(name: Option<&str>) -> anyhow::Result<ExitCode> {
    let Some(name) = name else {
        for shipped in SHIPPED {
            let title = Scenario::from_toml(shipped.toml)?.title;
            print::line(&format!("{:<18} {title}", shipped.name));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let shipped = SHIPPED.iter().find(|shipped| shipped.name == name);
    let shipped = shipped.ok_or_else(|| anyhow!("there is no scenario `{name}`; {LIST}"))?;
    print::line(shipped.toml.trim_end());
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn options(arguments: &[&str]) -> Result<Options, clap::Error> {
        let line = Line::try_parse_from(std::iter::once(&"sim").chain(arguments))?;
        Ok(line.options)
    }

    #[test]
    fn a_region_is_a_name_and_an_address() {
        let read = options(&["--region", "eu=127.0.0.1:4011"]).expect("valid");
        assert_eq!(read.regions[0].0, "eu");
        for wrong in ["eu", "=127.0.0.1:1", "eu=nowhere"] {
            assert!(options(&["--region", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_scenario_is_found_by_name_and_an_unknown_one_is_told_where_to_look() {
        let read = options(&["--scenario", "flapping"]).expect("valid");
        assert!(
            !scenario(&read)
                .expect("it comes with the program")
                .title
                .is_empty()
        );
        let read = options(&["--scenario", "flaping"]).expect("valid");
        let error = scenario(&read).expect_err("unknown").to_string();
        assert!(error.contains("nines sim scenarios"), "{error}");
        assert!(options(&["--scenario", "a", "--script", "b"]).is_err());
    }

    #[test]
    fn scenarios_is_a_command_of_its_own() {
        let read = options(&["scenarios", "flapping"]).expect("valid");
        assert!(matches!(
            read.command,
            Some(Command::Scenarios { name: Some(_) })
        ));
        assert!(options(&["scenarios", "--seed", "3"]).is_err());
    }
}

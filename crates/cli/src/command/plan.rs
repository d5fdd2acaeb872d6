//! `nines plan`: check a plan, make it a new revision of collectors that run, show the one in
//! force.

mod changes;

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use collector::config::Loaded;
use collector::{Applied, ApplySetup};
use domain::{Clock as _, SystemClock, UnixMillis};
use wire::plan::{Plan, PlanTarget};

use super::runtime;
use crate::args::Database;
use crate::{environment, print};
use changes::Changes;

/// How long after `--from now` a plan takes effect, milliseconds: so long that agents that hold a
/// request have it before its first slot.
const NOW_LEAD_MS: i64 = 60_000;
/// The key that `--from` stands for.
const FROM_KEY: &str = "effective_from_ms";

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read a plan, and say what it asks for.
    Check {
        /// The plan (TOML).
        file: Utf8PathBuf,
    },
    /// Record a plan as the next revision; running collectors and agents take it up.
    Apply {
        /// The plan (TOML).
        file: Utf8PathBuf,
        /// The collector's configuration.
        #[arg(long, value_name = "FILE")]
        config: Utf8PathBuf,
        /// First slot, instead of `effective_from_ms`: RFC 3339, or `now` for a minute from now.
        #[arg(long, value_name = "TIME")]
        from: Option<From>,
        #[command(flatten)]
        database: Database,
    },
    /// Show the plan in force, and the one that follows.
    Show {
        /// The collector's configuration.
        #[arg(long, value_name = "FILE")]
        config: Utf8PathBuf,
        #[command(flatten)]
        database: Database,
    },
}

/// When a plan takes effect.
#[derive(Clone, Copy, Debug)]
enum From {
    Now,
    At(UnixMillis),
}

impl std::str::FromStr for From {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "now" {
            return Ok(Self::Now);
        }
        let at = DateTime::parse_from_rfc3339(text)?.with_timezone(&Utc);
        Ok(Self::At(at.into()))
    }
}

pub(crate) fn run(options: Options) -> anyhow::Result<ExitCode> {
    match options.action {
        Action::Check { file } => {
            let plan = read(&file)?;
            print::line(&format!("{file}: ok"));
            show(&plan);
        }
        Action::Apply {
            file,
            config,
            from,
            database,
        } => {
            let plan = match from {
                Some(from) => read_from(&file, from)?,
                None => read(&file)?,
            };
            apply(&plan, &config, &database)?;
        }
        Action::Show { config, database } => {
            let loaded = Loaded::read(&config)?;
            let url = environment::database_url(&database)?;
            let plans = runtime()?.block_on(collector::list_plans(&url, &loaded.origin))?;
            show_all(&plans)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Utf8Path) -> anyhow::Result<Plan> {
    parse(file, &text_of(file)?)
}

/// Reads a plan whose first moment is another than the file's, which may lack it.
fn read_from(file: &Utf8Path, from: From) -> anyhow::Result<Plan> {
    let text = text_of(file)?;
    let mut table: toml::Table =
        toml::from_str(&text).with_context(|| format!("`{file}` is not TOML"))?;
    let at = match from {
        From::Now => SystemClock.now().to_millis().plus_ms(NOW_LEAD_MS),
        From::At(at) => at,
    };
    table.insert(FROM_KEY.to_owned(), toml::Value::Integer(at.get()));
    parse(file, &toml::to_string(&table)?)
}

fn text_of(file: &Utf8Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("failed to read `{file}`"))
}

fn parse(file: &Utf8Path, text: &str) -> anyhow::Result<Plan> {
    Plan::parse(text).with_context(|| format!("`{file}` cannot be used as plan"))
}

fn apply(plan: &Plan, config: &Utf8Path, database: &Database) -> anyhow::Result<()> {
    let loaded = Loaded::read(config)?;
    for contract in &loaded.contracts {
        let lost = contract.targets.iter();
        if let Some(lost) = lost.into_iter().find(|id| plan.target(id).is_none()) {
            bail!("the plan lacks target `{lost}`, on which a contract of `{config}` is judged");
        }
    }
    let setup = ApplySetup {
        database_url: environment::database_url(database)?,
        state_dir: loaded.config.state_dir,
        origin: loaded.origin,
    };
    let (former, applied) = runtime()?.block_on(async {
        let former = collector::list_plans(&setup.database_url, &setup.origin).await?;
        let applied = collector::apply_plan(&setup, plan, &SystemClock).await?;
        anyhow::Ok((former.into_iter().last(), applied))
    })?;
    let revision = plan.revision;
    if applied == Applied::Known {
        print::line(&format!("revision {revision} is the newest already"));
        return Ok(());
    }
    print::line(&format!(
        "revision {revision} is recorded; it takes effect at {}",
        plan.effective_from_ms
    ));
    let changes = former.map(|former| Changes::between(&former, plan));
    for line in changes.iter().flat_map(Changes::lines) {
        print::line(&format!("  {line}"));
    }
    print::line(
        "collectors notice within seconds and pass it on; an agent that cannot be reached by then\n\
         goes on with what it has until it hears of it",
    );
    Ok(())
}

fn show_all(plans: &[Plan]) -> anyhow::Result<()> {
    let Some(newest) = plans.last() else {
        bail!("no plan is recorded yet");
    };
    let now = SystemClock.now().to_millis();
    let in_force = plans
        .iter()
        .rev()
        .find(|plan| plan.effective_from_ms <= now);
    if let Some(plan) = in_force {
        print::line("in force");
        show(plan);
    }
    if newest.effective_from_ms > now {
        print::line("to come");
        show(newest);
    }
    Ok(())
}

fn show(plan: &Plan) {
    print::line(&format!(
        "  revision {} from {}",
        plan.revision, plan.effective_from_ms
    ));
    for agent in &plan.agents {
        let (region, network) = (&agent.region, &agent.network);
        print::line(&format!(
            "  agent   {}  {region}, network {network}",
            agent.id
        ));
    }
    for target in &plan.targets {
        let (provider, deadline) = (&target.provider, target.deadline_ms);
        let rhythm = rhythm(target);
        print::line(&format!(
            "  target  {}  {provider}, {rhythm}, deadline {deadline} ms",
            target.id
        ));
    }
}

fn rhythm(target: &PlanTarget) -> String {
    match (&target.interval_s, &target.cron) {
        (Some(s), _) => format!("every {s} s"),
        (None, Some(cron)) => format!("cron `{cron}`"),
        (None, None) => "never".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "revision = 2\n\
         [[agent]]\nid = \"a\"\nregion = \"r\"\nnetwork = \"n\"\n\
         [[target]]\nid = \"t\"\nprovider = \"p\"\ninterval_s = 60\ndeadline_ms = 1\n\
         request = { kind = \"http\", url = \"http://x.invalid\" }\n";

    #[test]
    fn a_plan_without_a_first_moment_takes_the_one_of_the_command_line() {
        let temp = tempfile::tempdir().unwrap();
        let file = Utf8PathBuf::from_path_buf(temp.path().join("plan.toml")).unwrap();
        std::fs::write(&file, PLAN).unwrap();
        assert!(read(&file).is_err());
        let from: From = "2027-01-01T01:00:00+01:00".parse().unwrap();
        let plan = read_from(&file, from).unwrap();
        assert_eq!(plan.effective_from_ms, UnixMillis::new(1_798_761_600_000));
        let now = SystemClock.now().to_millis();
        let plan = read_from(&file, "now".parse().unwrap()).unwrap();
        assert!(plan.effective_from_ms >= now.plus_ms(NOW_LEAD_MS));
        assert!("tomorrow".parse::<From>().is_err());
    }
}

//! `nines claim`: what there is to claim, its letters, and what became of it.

mod text;

use std::fs::File;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use clap::Subcommand;
use collector::config::Loaded;
use collector::{ClaimStep, ClientIds, Enclosed, Forms};
use domain::{Clock as _, SystemClock};

use super::runtime;
use crate::args::Database;
use crate::{environment, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    database: Database,
}

/// Who says so.
#[derive(Debug, clap::Args)]
struct Actor {
    /// Your name, for the claim's history.
    #[arg(long, env = "USER", default_value = "operator", value_name = "NAME")]
    by: String,
}

/// How a letter is written.
#[derive(Debug, clap::Args)]
struct Writing {
    /// The collector's configuration, for forms of your own, and for the client request ids of the
    /// log of failed requests where the collector's state directory is on this machine.
    #[arg(long, value_name = "FILE")]
    config: Option<Utf8PathBuf>,
    /// Write the letter and what is enclosed with it into this directory, which is made where it
    /// does not exist: the log of failed requests and, where a formula counts by intervals, their
    /// list.
    #[arg(long, value_name = "DIR")]
    attachments: Option<Utf8PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List claims with what they ask and until when, and notices of incidents.
    List,
    /// Show a claim with its history.
    Show {
        /// As `nines claim list` shows it.
        claim: String,
    },
    /// Write a claim's letter.
    Letter {
        /// As `nines claim list` shows it.
        claim: String,
        /// Which form: aws, azure, generic or google.
        #[arg(long, default_value = "generic")]
        form: String,
        #[command(flatten)]
        writing: Writing,
    },
    /// Write the notice of an incident: a support ticket.
    Notice {
        /// As `nines claim list` shows it.
        notice: String,
        #[command(flatten)]
        writing: Writing,
    },
    /// Record that a notice was sent.
    Sent {
        /// As `nines claim list` shows it.
        notice: String,
        /// The provider's number of it.
        #[arg(long)]
        reference: String,
        #[command(flatten)]
        actor: Actor,
    },
    /// Record that a claim was sent.
    File {
        /// As `nines claim list` shows it.
        claim: String,
        /// The provider's number of it.
        #[arg(long)]
        reference: String,
        #[command(flatten)]
        actor: Actor,
    },
    /// Record that the provider confirmed it.
    Acknowledge {
        /// As `nines claim list` shows it.
        claim: String,
        #[command(flatten)]
        actor: Actor,
    },
    /// Record that the provider paid, all or a further part.
    Pay {
        /// As `nines claim list` shows it.
        claim: String,
        /// How much, in the contract's currency, like `12.34`.
        #[arg(long)]
        amount: String,
        #[command(flatten)]
        actor: Actor,
    },
    /// Record that the provider refused.
    Deny {
        /// As `nines claim list` shows it.
        claim: String,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        actor: Actor,
    },
    /// Add up what was asked, paid, denied and lost.
    Totals,
}

pub(crate) fn run(options: Options) -> anyhow::Result<ExitCode> {
    let url = environment::database_url(&options.database)?;
    match options.action {
        Action::List => list(&url)?,
        Action::Show { claim } => {
            let (claim, history) = runtime()?.block_on(collector::show_claim(&url, &claim))?;
            text::show(&claim, &history, SystemClock.now_utc());
        }
        Action::Letter {
            claim,
            form,
            writing,
        } => {
            let forms = writing.forms()?;
            let of = (&forms, form.as_str());
            write(&claim, writing.enclosing(&url)?, |enclosed| {
                let letter = collector::claim_letter(&url, &claim, of, enclosed);
                Ok(runtime()?.block_on(letter)?)
            })?;
        }
        Action::Notice { notice, writing } => {
            let forms = writing.forms()?;
            write(&notice, writing.enclosing(&url)?, |enclosed| {
                let letter = collector::notice_letter(&url, &notice, &forms, enclosed);
                Ok(runtime()?.block_on(letter)?)
            })?;
        }
        Action::Sent {
            notice,
            reference,
            actor,
        } => {
            let said = (reference.as_str(), actor.by.as_str());
            let sent = collector::send_notice(&url, &notice, said, &SystemClock);
            let sent = runtime()?.block_on(sent)?;
            print::line(&text::notice(&sent, SystemClock.now_utc()));
        }
        Action::File {
            claim,
            reference,
            actor,
        } => step(&url, &claim, (ClaimStep::File { reference }, actor))?,
        Action::Acknowledge { claim, actor } => {
            step(&url, &claim, (ClaimStep::Acknowledge, actor))?;
        }
        Action::Pay {
            claim,
            amount,
            actor,
        } => step(&url, &claim, (ClaimStep::Pay { amount }, actor))?,
        Action::Deny {
            claim,
            reason,
            actor,
        } => step(&url, &claim, (ClaimStep::Deny { reason }, actor))?,
        Action::Totals => {
            let claims = runtime()?.block_on(collector::list_claims(&url))?;
            for total in collector::claim_totals(&claims) {
                print::line(&text::totals(total)?);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(url: &str) -> anyhow::Result<()> {
    let now = SystemClock.now_utc();
    for claim in runtime()?.block_on(collector::list_claims(url))? {
        print::line(&text::row(&claim, now));
    }
    for notice in runtime()?.block_on(collector::list_notices(url))? {
        print::line(&text::notice(&notice, now));
    }
    Ok(())
}

impl Writing {
    fn forms(&self) -> anyhow::Result<Forms> {
        Ok(match &self.config {
            Some(path) => Loaded::read(path)?.claim_forms,
            None => Forms::default(),
        })
    }

    /// Where a letter goes with what is enclosed, and what names itself in there; none where it is
    /// printed.
    fn enclosing(&self, url: &str) -> anyhow::Result<Option<(&Utf8Path, ClientIds)>> {
        let Some(dir) = self.attachments.as_deref() else {
            return Ok(None);
        };
        let Some(path) = &self.config else {
            return Ok(Some((dir, ClientIds::default())));
        };
        let Loaded { config, origin, .. } = Loaded::read(path)?;
        let found = ClientIds::find(url, &config.state_dir, &origin);
        Ok(Some((dir, runtime()?.block_on(found)?)))
    }
}

/// Prints a letter, or writes it with what is enclosed into a directory.
fn write(
    name: &str,
    enclosing: Option<(&Utf8Path, ClientIds)>,
    letter: impl FnOnce(Option<Enclosed<'_, Lazy>>) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    let Some((dir, client_ids)) = enclosing else {
        print::line(letter(None)?.trim_end());
        return Ok(());
    };
    std::fs::create_dir_all(dir).with_context(|| format!("failed to make `{dir}`"))?;
    let file = |what: &str| Lazy::new(dir.join(format!("{name}.{what}")));
    let (mut requests, mut intervals) = (file("requests.csv"), file("intervals.csv"));
    let text = letter(Some(Enclosed {
        requests: &mut requests,
        intervals: &mut intervals,
        client_ids,
    }))?;
    let mut letter = file("letter.txt");
    letter.write_all(text.as_bytes())?;
    for file in [letter, requests, intervals] {
        if file.file.is_some() {
            print::line(&format!("wrote {}", file.path));
        }
    }
    Ok(())
}

/// A file that is made when something is written into it.
struct Lazy {
    path: Utf8PathBuf,
    file: Option<File>,
}

impl Lazy {
    const fn new(path: Utf8PathBuf) -> Self {
        Self { path, file: None }
    }
}

impl std::io::Write for Lazy {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::create(&self.path)?),
        };
        file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

fn step(url: &str, name: &str, (step, actor): (ClaimStep, Actor)) -> anyhow::Result<()> {
    let taken = collector::step_claim(url, name, (&step, &actor.by), &SystemClock);
    let claim = runtime()?.block_on(taken)?;
    print::line(&text::row(&claim, SystemClock.now_utc()));
    Ok(())
}

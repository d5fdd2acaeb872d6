//! `nines claim`: what there is to claim, its letters, and what became of it.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use collector::config::Loaded;
use collector::{Claim, ClaimStep, ClaimTotal, Forms};
use domain::{Clock as _, SystemClock};
use sla::Money;

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

#[derive(Debug, Subcommand)]
enum Action {
    /// List claims with what they ask and until when.
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
        /// The collector's configuration, for forms of your own.
        #[arg(long, value_name = "FILE")]
        config: Option<Utf8PathBuf>,
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
        Action::List => {
            let now = SystemClock.now_utc();
            for claim in runtime()?.block_on(collector::list_claims(&url))? {
                print::line(&row(&claim, now));
            }
        }
        Action::Show { claim } => show(&url, &claim)?,
        Action::Letter {
            claim,
            form,
            config,
        } => {
            let forms = match config {
                Some(path) => Loaded::read(&path)?.claim_forms,
                None => Forms::default(),
            };
            let letter = collector::claim_letter(&url, &claim, (&forms, &form));
            print::line(runtime()?.block_on(letter)?.trim_end());
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
                print::line(&totals(total)?);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn step(url: &str, name: &str, (step, actor): (ClaimStep, Actor)) -> anyhow::Result<()> {
    let taken = collector::step_claim(url, name, (&step, &actor.by), &SystemClock);
    let claim = runtime()?.block_on(taken)?;
    print::line(&row(&claim, SystemClock.now_utc()));
    Ok(())
}

fn show(url: &str, name: &str) -> anyhow::Result<()> {
    let (claim, history) = runtime()?.block_on(collector::show_claim(url, name))?;
    print::line(&row(&claim, SystemClock.now_utc()));
    let reference = claim.reference.as_deref().unwrap_or("none");
    print::line(&format!("reference: {reference}"));
    print::line(&format!("revision:  {}", claim.revision));
    for change in &claim.changes {
        print::line(&format!("  changed: {change}"));
    }
    for violation in &claim.violations {
        print::line(&format!("violation: {violation}"));
    }
    for event in history {
        let at = event.at.format("%Y-%m-%dT%H:%M:%SZ");
        let text = format!("{at}  {}  {}  {}", event.actor, event.what, event.detail);
        print::line(text.trim_end());
    }
    Ok(())
}

fn row(claim: &Claim, now: DateTime<Utc>) -> String {
    let asked = match claim.asked {
        Some(asked) => asked.to_string(),
        None => "fees not known".to_owned(),
    };
    format!(
        "{}  {}  asked {asked}  paid {}  {}",
        claim.name,
        claim.state,
        claim.paid,
        due(claim, now)
    )
}

fn due(claim: &Claim, now: DateTime<Utc>) -> String {
    let Some(at) = claim.due_safe_at else {
        return "no deadline".to_owned();
    };
    let at = at.format("%Y-%m-%dT%H:%MZ");
    if claim.is_overdue(now) {
        return format!("due before {at}, overdue");
    }
    let days = claim.days_left(now).filter(|days| *days >= 0);
    days.map_or_else(
        || format!("due before {at}"),
        |days| format!("due before {at}, {days} days left"),
    )
}

fn totals(total: ClaimTotal) -> anyhow::Result<String> {
    let money = |minor| Money::from_minor(minor, total.currency);
    Ok(format!(
        "{} claims: drafted {}, filed {}, paid {}, denied {}, expired {}; {} of unknown amount",
        total.claims,
        money(total.drafted_minor)?,
        money(total.filed_minor)?,
        money(total.paid_minor)?,
        money(total.denied_minor)?,
        money(total.expired_minor)?,
        total.unknown,
    ))
}

//! `nines probe`: attempts by hand, from any machine and without any server.
//!
//! What is sent is what an agent would send ([`request`]); what was observed is shown as a page,
//! as JSON or as lines of JSON, and decides the exit status. Whatever is printed of an attempt
//! passes through [`mask::Mask`]. Nothing is recorded, judged or sent anywhere else.

mod asked;
mod drill;
mod figures;
mod json;
mod key;
mod mask;
mod money;
mod options;
mod page;
mod presets;
mod prompt;
mod request;
mod summary;
mod waterfall;
mod words;

#[cfg(test)]
mod tests;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use domain::{Attribution, Clock as _, Outcome, SystemClock, UnixMillis};
use probe::price::PriceTable;
use probe::{Attempt, Engine, TlsRoots};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::{runtime, stop_signal};
use crate::page::{Glyphs, Look};
use crate::{environment, print};
use asked::Asked;
use drill::{Drilled, Word};
use figures::Figures;
use mask::Mask;
use money::Money;
pub(crate) use options::Options;
use options::{Format, Page, RunOptions};
use request::Planned;
use summary::Summary;

/// Exit status where something given cannot be used, as clap has it.
const UNUSABLE: u8 = 2;

/// Exit status where this machine failed.
const OWN_MACHINE: u8 = 4;

/// One attempt, with what is worked out from it.
#[derive(Debug)]
struct Observed {
    /// Wall clock at its start.
    at: UnixMillis,
    asked: Asked,
    attempt: Attempt,
    figures: Figures,
    money: Money,
    drill: Option<Drilled>,
    /// Where the key came from; empty where none is needed.
    key_place: String,
    /// Whether one was sent.
    is_keyed: bool,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    if options.list {
        print::line(&presets::page(look(&options.run)));
        return ExitCode::SUCCESS;
    }
    let run = match &options.page {
        Some(Page::Http(page)) => &page.run,
        None => &options.run,
    };
    let prepared = Planned::of(options).and_then(|planned| Ok((planned, prices(run)?)));
    let (planned, prices) = match prepared {
        Ok(prepared) => prepared,
        Err(failure) => {
            print::error(&failure);
            return ExitCode::from(UNUSABLE);
        }
    };
    match attempts(&planned, &prices, run) {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            print::error(&failure);
            ExitCode::from(OWN_MACHINE)
        }
    }
}

/// The exit status that an attempt alone has.
const fn exit_status(outcome: Outcome, attribution: Attribution) -> u8 {
    match (outcome, attribution) {
        (Outcome::Ok, _) => 0,
        (_, Attribution::Ours) => 3,
        (_, Attribution::Agent) => OWN_MACHINE,
        _ => 1,
    }
}

fn prices(run: &RunOptions) -> anyhow::Result<PriceTable> {
    match &run.prices {
        None => Ok(PriceTable::embedded()),
        Some(file) => super::price::read_table(file),
    }
}

/// How to write: bars are drawn in ASCII where colours are not wanted either.
fn look(run: &RunOptions) -> Look {
    let look = run.style.look();
    let is_plain = environment::var("NO_COLOR").is_some()
        || environment::var("TERM").is_some_and(|term| term == "dumb");
    if is_plain {
        return Look {
            glyphs: Glyphs::Ascii,
            ..look
        };
    }
    look
}

/// Makes the attempts and prints them. Fails only where this machine does.
fn attempts(planned: &Planned, prices: &PriceTable, run: &RunOptions) -> anyhow::Result<u8> {
    let mut shown = Shown {
        run,
        look: look(run),
        summary: Summary::new(),
        documents: Vec::new(),
        drilled: None,
    };
    runtime()?.block_on(async {
        let engine = Engine::new(&TlsRoots::Platform)?;
        let mut stop = std::pin::pin!(stop_signal());
        // An interval of no length is none; the attempts themselves take longer.
        let every = Duration::from_secs(run.every.into()).max(Duration::from_millis(1));
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for nth in 1..=run.repeat {
            let next = async {
                ticks.tick().await;
                observe(&engine, planned, prices).await
            };
            let (seen, mask) = tokio::select! {
                observed = next => observed?,
                stopped = &mut stop => {
                    stopped?;
                    break;
                }
            };
            shown.attempt(&seen, &mask, nth)?;
        }
        anyhow::Ok(())
    })?;
    shown.end()?;
    Ok(match (shown.drilled, shown.summary.exit_status()) {
        (Some(Word::Held), _) => 0,
        (Some(_), 0) => 1,
        (_, status) => status,
    })
}

async fn observe(
    engine: &Engine,
    planned: &Planned,
    prices: &PriceTable,
) -> anyhow::Result<(Observed, Mask)> {
    let drill = planned.drill();
    let mut healthy = None;
    let spec = match drill {
        None => planned.spec()?,
        Some(drill) => {
            healthy = Some(engine.attempt(&planned.spec()?).await);
            planned.drill_spec(drill)?
        }
    };
    let asked = Asked::of(planned, &spec);
    let at = SystemClock.now().to_millis();
    let attempt = engine.attempt(&spec).await;
    let seen = Observed {
        figures: Figures::of(&attempt),
        drill: drill
            .zip(healthy)
            .map(|(drill, healthy)| Drilled::of(&attempt, drill, &healthy)),
        money: Money::of(&attempt, &spec, prices, at),
        at,
        asked,
        attempt,
        key_place: planned.key_place.clone(),
        is_keyed: planned.is_keyed(),
    };
    Ok((seen, Mask::of(&spec)))
}

/// What has been printed so far.
struct Shown<'a> {
    run: &'a RunOptions,
    look: Look,
    summary: Summary,
    /// Of several attempts that become one document at the end.
    documents: Vec<Value>,
    drilled: Option<Word>,
}

impl Shown<'_> {
    /// Prints an attempt as it ends.
    fn attempt(&mut self, seen: &Observed, mask: &Mask, nth: u32) -> anyhow::Result<()> {
        self.summary.add(seen);
        self.drilled = seen.drill.as_ref().map(|drill| drill.verdict);
        let of = self.run.repeat;
        let line = || mask.text(&page::line(seen, nth, of, self.look));
        match (self.run.format, of) {
            (Format::Text, 1) => print::line(&mask.text(&page::page(seen, self.look))),
            (Format::Text, _) => print::line(&line()),
            (Format::Json, 1) => print::json(&json::document(seen, mask)?)?,
            (Format::Json, _) => {
                // A reader that went away is no failure of ours.
                let _gone = writeln!(io::stderr().lock(), "{}", line());
                self.documents.push(json::document(seen, mask)?);
            }
            (Format::Jsonl, _) => print::line(&json::document(seen, mask)?.to_string()),
        }
        Ok(())
    }

    /// Prints what there is to say of several attempts.
    fn end(&mut self) -> anyhow::Result<()> {
        if self.run.repeat == 1 {
            return Ok(());
        }
        match self.run.format {
            Format::Text if self.summary.attempts() == 0 => {}
            Format::Text => print::line(&format!("\n{}", self.summary.page(self.look))),
            Format::Jsonl => print::line(&self.summary.json().to_string()),
            Format::Json => print::json(&json!({
                "schema": "probe-run/1",
                "attempts": std::mem::take(&mut self.documents),
                "summary": self.summary.json(),
            }))?,
        }
        Ok(())
    }
}

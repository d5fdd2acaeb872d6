//! A list of steps: run in order up to the first failure, and always summed up in a table.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::process::say;

/// One thing that passes or fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) run: fn() -> Result<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed(Duration),
    Failed(Duration),
    NotRun,
}

/// Runs `steps` up to the first that fails.
pub(crate) fn run(steps: &[Step]) -> Result<()> {
    let mut table = Vec::new();
    let mut result = Ok(());
    for step in steps {
        if result.is_err() {
            table.push((step.name, Outcome::NotRun));
            continue;
        }
        say(&format!("\n== {} ==", step.name));
        let started = Instant::now();
        result = (step.run)().with_context(|| format!("step `{}` failed", step.name));
        let outcome = match result {
            Ok(()) => Outcome::Passed(started.elapsed()),
            Err(_) => Outcome::Failed(started.elapsed()),
        };
        table.push((step.name, outcome));
    }
    say(&format!("\n{}", rendered(&table)));
    result
}

fn rendered(table: &[(&str, Outcome)]) -> String {
    let width = table
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let lines = table.iter().map(|(name, outcome)| match outcome {
        Outcome::Passed(took) => format!("{name:width$}  passed   {:7.1} s", took.as_secs_f64()),
        Outcome::Failed(took) => format!("{name:width$}  FAILED   {:7.1} s", took.as_secs_f64()),
        Outcome::NotRun => format!("{name:width$}  not run"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn the_first_failure_ends_the_run_and_is_named() {
        static REACHED: AtomicBool = AtomicBool::new(false);
        const STEPS: &[Step] = &[
            Step {
                name: "good",
                run: || Ok(()),
            },
            Step {
                name: "bad",
                run: || anyhow::bail!("no luck"),
            },
            Step {
                name: "later",
                run: || {
                    REACHED.store(true, Ordering::Relaxed);
                    Ok(())
                },
            },
        ];
        let error = run(STEPS).expect_err("the second fails");
        assert_eq!(format!("{error:#}"), "step `bad` failed: no luck");
        assert!(!REACHED.load(Ordering::Relaxed));
    }

    #[test]
    fn the_table_says_what_happened_to_every_step() {
        let table = [
            ("fmt", Outcome::Passed(Duration::from_millis(950))),
            ("test", Outcome::Failed(Duration::from_secs(75))),
            ("conformance", Outcome::NotRun),
        ];
        let expected = "\
fmt          passed       0.9 s
test         FAILED      75.0 s
conformance  not run";
        assert_eq!(rendered(&table), expected);
    }
}

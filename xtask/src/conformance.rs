//! `cargo xtask conformance`: what the real processes promise, checked from outside.

use std::process::Command;

use anyhow::Result;

use crate::steps::{self, Step};
use crate::{browser, demo, deps, peers, postgres, process, soak};

const STEPS: &[Step] = &[
    Step {
        name: "deploy/lint.sh",
        run: || {
            process::run(&mut Command::new(
                process::repository().join("deploy/lint.sh"),
            ))
        },
    },
    Step {
        name: "release",
        run: build_beside_installing,
    },
    Step {
        // Collector, agents and simulated providers as they run for a user, in real time; ends
        // when the claim is verified.
        name: "demo --check",
        run: || process::run(demo::built()?.arg("--check")),
    },
    Step {
        name: "browser",
        run: || browser::run(&[]),
    },
    // The same in simulated time, on days that calendars treat in their own way.
    Step {
        name: "demo on the 1st of a month",
        run: || on("2027-01-01T00:20:00Z"),
    },
    Step {
        name: "demo on the day clocks change",
        run: || on("2027-03-28T01:30:00Z"),
    },
    Step {
        name: "demo on 29 February",
        run: || on("2028-02-29T10:05:00Z"),
    },
    Step {
        name: "soak",
        run: || soak::run(&[]),
    },
    Step {
        name: "postgres 16, 17 and 18",
        run: || postgres::run(&[]),
    },
    Step {
        name: "peers",
        run: || peers::run(peers::Profile::Release, &[]),
    },
];

fn on(at: &str) -> Result<()> {
    process::run(demo::built()?.args(["--check", "--at", at]))
}

/// Packages arrive while the compiler works; none of this may disturb the demo, which runs in real
/// time.
fn build_beside_installing() -> Result<()> {
    // One after the other: Debian's package manager runs once at a time.
    deps::python()?;
    deps::ensure(&[deps::POSTGRES, deps::NODE, deps::BROWSER, deps::DRIVER])?;
    std::thread::scope(|scope| {
        let installing = scope.spawn(peers::install);
        let built = demo::built().map(drop);
        // The step that needs them tries again, and fails then.
        if let Ok(Err(error)) = installing.join() {
            process::say(&format!("peers: {error:#}"));
        }
        built
    })
}

/// Runs every step.
pub(crate) fn run() -> Result<()> {
    steps::run(STEPS)
}

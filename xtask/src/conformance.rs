//! `cargo xtask conformance`: what the real processes promise, checked from outside.

use anyhow::Result;

use crate::steps::{self, Step};
use crate::{demo, process};

const STEPS: &[Step] = &[Step {
    // Collector, agents and simulated providers as processes; ends when its claim is verified.
    name: "demo --check",
    run: || process::run(demo::built()?.arg("--check")),
}];

/// Runs every step.
pub(crate) fn run() -> Result<()> {
    steps::run(STEPS)
}

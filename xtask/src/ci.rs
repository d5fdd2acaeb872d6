//! `cargo xtask ci`: everything that must pass before a change lands, cheapest first.

use anyhow::Result;

use crate::process::{cargo, run as run_program};
use crate::steps::{self, Step};
use crate::{conformance, sqlx, test};

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        run: || run_program(cargo().args(["fmt", "--all", "--check"])),
    },
    Step {
        name: "clippy",
        run: || {
            let args = [
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ];
            run_program(cargo().args(args))?;
            // Not among all targets: `cargo test` must not run it.
            let apart = ["clippy", "-p", "e2e", "--test", "conformance", "--locked"];
            run_program(cargo().args(apart).args(["--", "-D", "warnings"]))
        },
    },
    Step {
        name: "doc",
        run: || {
            let mut doc = cargo();
            doc.args(["doc", "--workspace", "--no-deps", "--locked"]);
            run_program(doc.env("RUSTDOCFLAGS", "-D warnings"))
        },
    },
    Step {
        name: "sqlx --check",
        run: sqlx::check,
    },
    Step {
        name: "test",
        run: || test::run(&[]),
    },
    Step {
        name: "conformance",
        run: conformance::run,
    },
];

/// Runs the steps up to the first that fails.
pub(crate) fn run() -> Result<()> {
    steps::run(STEPS)
}

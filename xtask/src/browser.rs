//! `cargo xtask browser`: the pages of a demo in a real browser, driven over `WebDriver` and judged by
//! axe. What must hold is in `tests/conformance/pages.rs`.

use std::ffi::OsString;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::peers::{self, Deadline, Profile, Running, free_ports};
use crate::process;
use crate::{demo, deps};

/// The demo first makes its history: under a minute on an idle machine.
const READY_MAX: Duration = Duration::from_mins(6);

/// Starts a demo and a driver, and runs the tests of pages; `args` go to the tests.
pub(crate) fn run(args: &[OsString]) -> Result<()> {
    deps::ensure(&[deps::BROWSER, deps::DRIVER])?;
    let axe = peers::axe()?;
    let directory = peers::directory()?.join("browser");
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("failed to make {}", directory.display()))?;
    let [pages, driver] = free_ports()?;
    let mut served = demo::built()?;
    served.args(["--fresh", "--listen", &format!("127.0.0.1:{pages}")]);
    served.arg("--data-dir").arg(directory.join("demo"));
    let mut served = Running::start("demo", (pages, "/readyz"), &mut served, &directory)?;
    let mut chromedriver = Command::new("chromedriver");
    chromedriver.arg(format!("--port={driver}"));
    let mut chromedriver =
        Running::start("driver", (driver, "/status"), &mut chromedriver, &directory)?;
    // Compiling fills the time that the history takes; in the demo's profile, what both need is
    // built once.
    let tests = || peers::tests(Profile::Release);
    process::run(tests().arg("--no-run"))?;
    let deadline = Deadline::after(READY_MAX);
    served.until_ready(deadline)?;
    chromedriver.until_ready(deadline)?;
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let mut tests = tests();
    tests.args(["--", "pages::", "--ignored"]).args(args);
    tests.env("PEER_PAGES", url(pages));
    tests.env("PEER_DRIVER", url(driver));
    tests.env("PEER_AXE", axe);
    process::run(&mut tests).with_context(|| {
        format!(
            "what demo and driver said is in {}/*.log",
            directory.display()
        )
    })
}

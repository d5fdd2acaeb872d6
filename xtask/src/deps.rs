//! What the tests need beside the Rust toolchain, and how a Debian machine gets it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use pgembed::Binaries;

use crate::process::{run, say, succeeds};

/// Something that must be installed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dependency {
    package: &'static str,
    installed: fn() -> bool,
}

/// The server's programs. Debian's package may start a server of its own on the machine; ours
/// never meets it, since it listens on no port.
pub(crate) const POSTGRES: Dependency = Dependency {
    package: "postgresql",
    installed: || find_postgres().is_ok(),
};

/// What renders pages for looking at them; tests of the pages' text do without.
pub(crate) const BROWSER: Dependency = Dependency {
    package: "chromium",
    installed: || {
        ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .any(in_path)
    },
};

/// What drives the browser in tests of pages.
pub(crate) const DRIVER: Dependency = Dependency {
    package: "chromium-driver",
    installed: || in_path("chromedriver"),
};

/// What unpacks a bundle as its README says; without, that test runs nothing.
pub(crate) const UNZIP: Dependency = Dependency {
    package: "unzip",
    installed: || in_path("unzip"),
};

/// What makes timestamping authorities for tests, and what the second verifier asks.
pub(crate) const OPENSSL: Dependency = Dependency {
    package: "openssl",
    installed: || in_path("openssl"),
};

/// What runs Portkey's gateway.
pub(crate) const NODE: Dependency = Dependency {
    package: "npm",
    installed: || in_path("node") && in_path("npm"),
};

/// What runs LiteLLM's proxy, the model server and the SDKs.
const PYTHON: Dependency = Dependency {
    package: "python3-venv",
    installed: || find_python().is_some(),
};

/// A Python that the pinned packages of `tests/conformance` are built for.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    pub(crate) program: &'static str,
    /// As it says itself.
    pub(crate) version: String,
}

/// Makes sure that everything in `wanted` is installed.
pub(crate) fn ensure(wanted: &[Dependency]) -> Result<()> {
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|dependency| !(dependency.installed)())
        .map(|dependency| dependency.package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)?;
    match wanted.iter().find(|dependency| !(dependency.installed)()) {
        Some(dependency) => bail!("`{}` is installed, but cannot be found", dependency.package),
        None => Ok(()),
    }
}

/// The server's programs, installed where they were missing.
pub(crate) fn postgres() -> Result<Binaries> {
    if std::env::var_os("PG_BIN").is_none() {
        ensure(&[POSTGRES])?;
    }
    Ok(find_postgres()?)
}

fn find_postgres() -> Result<Binaries, pgembed::FindError> {
    let pg_bin = std::env::var_os("PG_BIN").map(PathBuf::from);
    pgembed::find_binaries(pg_bin.as_deref(), std::env::var_os("PATH").as_deref())
}

/// A Python with which a virtual environment can be made, installed where there was none.
pub(crate) fn python() -> Result<Python> {
    ensure(&[PYTHON]).context("Python 3.11, 3.12 or 3.13 is needed, with `venv`")?;
    find_python().context("Python went away")
}

fn find_python() -> Option<Python> {
    const PROBE: &str = "import ensurepip, sys, venv; print(sys.version); \
                         sys.exit(not (3, 11) <= sys.version_info < (3, 14))";
    let programs = ["python3", "python3.12", "python3.11", "python3.13"];
    programs.into_iter().find_map(|program| {
        let output = Command::new(program).args(["-c", PROBE]).output().ok()?;
        output.status.success().then(|| Python {
            program,
            version: String::from_utf8_lossy(&output.stdout).into_owned(),
        })
    })
}

fn install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("sudo apt-get install -y {}", packages.join(" "));
    if !in_path("apt-get") {
        bail!(
            "missing: {}; on Debian and Ubuntu, run: {by_hand}",
            packages.join(" ")
        );
    }
    let prefix: &[&str] = match () {
        () if is_root() => &[],
        () if succeeds(Command::new("sudo").args(["-n", "true"])) => &["sudo", "-n"],
        () => bail!("missing: {}; run: {by_hand}", packages.join(" ")),
    };
    say(&format!("installing {}", packages.join(" ")));
    let update = apt(prefix, &["update", "-q"]);
    let install = apt(prefix, &["install", "-q", "-y", "--no-install-recommends"]);
    for (mut command, packages) in [(update, &[][..]), (install, packages)] {
        run(command.args(packages)).with_context(|| format!("run by hand: {by_hand}"))?;
    }
    Ok(())
}

fn apt(prefix: &[&str], args: &[&str]) -> Command {
    // `env`, because sudo drops variables that are set for itself.
    let words = [
        prefix,
        &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"],
        args,
    ]
    .concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout == b"0\n")
}

fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| Path::new(&dir).join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apt_runs_plainly_for_root_and_through_sudo_for_others() {
        assert_eq!(
            format!("{:?}", apt(&[], &["update"])),
            r#""env" "DEBIAN_FRONTEND=noninteractive" "apt-get" "update""#
        );
        assert_eq!(
            format!("{:?}", apt(&["sudo", "-n"], &["update"])),
            r#""sudo" "-n" "env" "DEBIAN_FRONTEND=noninteractive" "apt-get" "update""#
        );
    }

    #[test]
    fn what_is_installed_is_not_installed_again() {
        const NEVER: Dependency = Dependency {
            package: "no-such-package",
            installed: || true,
        };
        ensure(&[NEVER]).expect("it would try to install it");
    }
}

//! Putting pinned versions of everything into `target/peers`, once.
//!
//! A peer is installed again when its pins or the interpreter change. What an interrupted run left
//! is thrown away.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::waiting::{Deadline, ended};
use super::{conformance, directory, session};
use crate::deps;
use crate::process::say;

/// For one command: ten times what the longest takes where packages come quickly.
const COMMAND_MAX: Duration = Duration::from_mins(5);

/// Written last: what is installed, in the words of its pins.
const STAMP: &str = "installed";

/// Something to install.
#[derive(Clone, Copy, Debug)]
struct Peer {
    name: &'static str,
    /// Files below `tests/conformance` that say which versions.
    pins: &'static [&'static str],
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A virtual environment with all packages of the pins, and what else they need.
    Python,
    /// The same with nothing but these packages.
    PythonExactly,
    /// A directory with the pins and all packages they name.
    Node,
    /// The same, of servers whose libraries' links npm does not carry.
    Servers,
}

const PEERS: [Peer; 5] = [
    Peer {
        name: "litellm",
        pins: &["pins/litellm.txt"],
        kind: Kind::Python,
    },
    Peer {
        name: "sdks",
        pins: &["pins/sdks.txt"],
        kind: Kind::Python,
    },
    Peer {
        name: "llama",
        pins: &["pins/llama.txt"],
        kind: Kind::PythonExactly,
    },
    Peer {
        name: "s3",
        pins: &["pins/s3.txt"],
        kind: Kind::PythonExactly,
    },
    Peer {
        name: "portkey",
        pins: &["portkey/package.json", "portkey/package-lock.json"],
        kind: Kind::Node,
    },
];

const SERVERS: Peer = Peer {
    name: "postgres",
    pins: &["postgres/package.json", "postgres/package-lock.json"],
    kind: Kind::Servers,
};

const AXE: Peer = Peer {
    name: "axe",
    pins: &["axe/package.json", "axe/package-lock.json"],
    kind: Kind::Node,
};

/// Installs the peers that are missing, all at once; one that fails is tried once more.
pub(crate) fn install() -> Result<()> {
    install_all(&PEERS)
}

/// Installs further majors of PostgreSQL's server; gives the directory of the one asked for.
pub(crate) fn postgres(major: u32) -> Result<PathBuf> {
    install_all(&[SERVERS])?;
    let package = directory()?.join(SERVERS.name).join("node_modules");
    Ok(package.join(format!("postgres-{major}/native/bin")))
}

/// Installs axe, which judges whether pages serve everybody; gives its script.
pub(crate) fn axe() -> Result<PathBuf> {
    install_all(&[AXE])?;
    let package = directory()?.join(AXE.name).join("node_modules/axe-core");
    Ok(package.join("axe.min.js"))
}

fn install_all(peers: &[Peer]) -> Result<()> {
    let python = deps::python()?;
    deps::ensure(&[deps::NODE])?;
    let directory = directory()?;
    let _session = session(&directory)?;
    let results = std::thread::scope(|scope| {
        let running: Vec<_> = peers
            .iter()
            .map(|peer| scope.spawn(|| peer.ensure(&directory, &python)))
            .collect();
        let joined = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.collect::<Vec<_>>()
    });
    for result in results {
        result.map_err(|_| anyhow!("the installation of a peer panicked"))??;
    }
    Ok(())
}

impl Peer {
    fn ensure(&self, directory: &Path, python: &deps::Python) -> Result<()> {
        let place = directory.join(self.name);
        let wanted = self.wanted(python)?;
        if fs::read_to_string(place.join(STAMP)).is_ok_and(|stamp| stamp == wanted) {
            return Ok(());
        }
        let started = Instant::now();
        say(&format!("peers: installing {}", self.name));
        if let Err(error) = self.install(&place, python) {
            say(&format!("peers: {} again, because {error:#}", self.name));
            self.install(&place, python)
                .with_context(|| format!("failed to install {}", self.name))?;
        }
        fs::write(place.join(STAMP), wanted).context("failed to note what is installed")?;
        let took = started.elapsed().as_secs_f64();
        say(&format!(
            "peers: {} is installed after {took:.1} s",
            self.name
        ));
        Ok(())
    }

    /// Whatever changes this must lead to a new installation.
    fn wanted(&self, python: &deps::Python) -> Result<String> {
        let mut wanted = match self.kind {
            Kind::Python | Kind::PythonExactly => format!("{}\n", python.version),
            Kind::Node | Kind::Servers => String::new(),
        };
        for pins in self.pins {
            let file = conformance().join(pins);
            let text = fs::read_to_string(&file)
                .with_context(|| format!("failed to read {}", file.display()))?;
            wanted.push_str(&text);
        }
        Ok(wanted)
    }

    fn install(&self, place: &Path, python: &deps::Python) -> Result<()> {
        if place.exists() {
            fs::remove_dir_all(place)
                .with_context(|| format!("failed to remove {}", place.display()))?;
        }
        fs::create_dir(place).with_context(|| format!("failed to make {}", place.display()))?;
        let log = place.with_extension("install.log");
        let output =
            File::create(&log).with_context(|| format!("failed to make {}", log.display()))?;
        for mut command in self.commands(place, python)? {
            run(&mut command, &output).with_context(|| format!("see {}", log.display()))?;
        }
        Ok(())
    }

    fn npm(&self, place: &Path) -> Result<Command> {
        for pins in self.pins {
            copy_into(&conformance().join(pins), place)?;
        }
        let mut npm = Command::new("npm");
        // No package's own code runs while it is installed.
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        npm.arg("--cache").arg(place.join("npm-cache"));
        npm.current_dir(place);
        Ok(npm)
    }

    fn commands(&self, place: &Path, python: &deps::Python) -> Result<Vec<Command>> {
        let pip = |exactly: &[&str]| {
            let mut pip = Command::new(place.join("bin/python"));
            pip.args(["-m", "pip", "install", "--no-input", "--no-compile"]);
            pip.args(["--disable-pip-version-check", "--no-cache-dir"]);
            pip.args(["--only-binary", ":all:"]);
            pip.args(exactly).arg("--requirement");
            pip.arg(conformance().join(self.pins[0]));
            pip
        };
        let venv = || {
            let mut venv = Command::new(python.program);
            venv.args(["-m", "venv"]).arg(place);
            venv
        };
        Ok(match self.kind {
            Kind::Python => vec![venv(), pip(&[])],
            Kind::PythonExactly => vec![venv(), pip(&["--no-deps"])],
            Kind::Node => vec![self.npm(place)?],
            Kind::Servers => {
                let mut link = Command::new("sh");
                link.args(["-ec", LINK]).current_dir(place);
                vec![self.npm(place)?, link]
            }
        })
    }
}

/// Makes the libraries' links of each server, by the script that its package has for that.
const LINK: &str = "for package in node_modules/postgres-*; do \
                    (cd \"$package\" && node scripts/hydrate-symlinks.js); done";

fn copy_into(file: &Path, place: &Path) -> Result<()> {
    let name = file.file_name().context("pins are a file")?;
    fs::copy(file, place.join(name))
        .with_context(|| format!("failed to copy {}", file.display()))?;
    Ok(())
}

/// Runs a command to its end; what it says goes into a file.
fn run(command: &mut Command, output: &File) -> Result<()> {
    let program = PathBuf::from(command.get_program());
    let mut child = command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .spawn()
        .with_context(|| format!("failed to run {}", program.display()))?;
    match ended(&mut child, Deadline::after(COMMAND_MAX))? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("{} failed ({status})", program.display()),
        None => bail!(
            "{} took more than {} s",
            program.display(),
            COMMAND_MAX.as_secs()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line that pins a Python package.
    fn pinned() -> Vec<String> {
        let python = PEERS
            .iter()
            .filter(|peer| matches!(peer.kind, Kind::Python | Kind::PythonExactly));
        let files = python.flat_map(|peer| peer.pins);
        let texts = files.map(|file| fs::read_to_string(conformance().join(file)));
        texts
            .flat_map(|text| {
                let text = text.expect("pins can be read");
                text.lines().map(str::to_owned).collect::<Vec<_>>()
            })
            .filter(|line| !line.starts_with('#'))
            .collect()
    }

    #[test]
    fn every_python_package_has_an_exact_version() {
        let pinned = pinned();
        assert!(pinned.len() > 100, "{pinned:?}");
        let loose: Vec<_> = pinned.iter().filter(|pin| !pin.contains("==")).collect();
        assert!(loose.is_empty(), "{loose:?}");
    }

    #[test]
    fn no_release_is_pinned_that_was_compromised() {
        let compromised = [
            "litellm==1.82.7",
            "litellm==1.82.8",
            "litellm==1.107.0",
            "mistralai==2.4.6",
        ];
        let pinned = pinned();
        let found: Vec<_> = compromised
            .iter()
            .filter(|bad| pinned.iter().any(|pin| pin == *bad))
            .collect();
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_command_that_says_no_is_an_error() {
        let output = File::create("/dev/null").expect("it is there");
        let error = run(&mut Command::new("false"), &output).expect_err("it fails");
        assert_eq!(format!("{error}"), "false failed (exit status: 1)");
    }
}

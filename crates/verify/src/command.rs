//! The command `verify`, the same in `nines` and `nines-verify`: files in, text and exit code
//! out.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use evidence::bundle::{Bundle, BundleError};
use evidence::policy::{Policy, PolicyError};

use crate::check::{Options, verify};
use crate::timestamp::{Roots, RootsError};
use crate::verdict::{EXIT_UNREADABLE, Report, causes, render_text};

/// What to verify, and how to tell.
#[derive(Clone, Debug)]
pub struct Request {
    /// The bundle.
    pub file: PathBuf,
    /// The policy, from outside the bundle.
    pub policy: Option<PathBuf>,
    /// Roots of timestamping authorities in PEM, from outside the bundle.
    pub tsa_roots: Option<PathBuf>,
    /// For people or for programs.
    pub format: Format,
    /// How thorough to be.
    pub options: Options,
}

/// How the verdicts are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Plain text.
    Text,
    /// One JSON object.
    Json,
}

/// What to print, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// For standard output, with a line end.
    pub text: String,
    /// [`Report::exit_code`], or [`EXIT_UNREADABLE`].
    pub code: u8,
}

/// Why there are no verdicts.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The bundle cannot be opened as a file.
    #[error("failed to open `{path}`")]
    OpenFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file is no bundle.
    #[error("`{path}` is not an evidence bundle")]
    OpenBundle {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: BundleError,
    },
    /// The policy cannot be opened as a file.
    #[error("failed to read the policy `{path}`")]
    ReadPolicy {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file is no policy.
    #[error("`{path}` is not a policy")]
    ParsePolicy {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: PolicyError,
    },
    /// The roots cannot be opened as a file.
    #[error("failed to read the roots `{path}`")]
    ReadRoots {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file holds no roots.
    #[error("`{path}` holds no roots of timestamping authorities")]
    ParseRoots {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: RootsError,
    },
}

/// Runs the command. Never fails: what goes wrong is told in the answer.
#[must_use]
pub fn run(request: &Request) -> Answer {
    match report(request) {
        Ok(report) => Answer {
            text: render(&report, request.format),
            code: report.exit_code(),
        },
        Err(error) => Answer {
            text: unreadable(&causes(&error), request.format),
            code: EXIT_UNREADABLE,
        },
    }
}

/// Reads both files and verifies.
pub fn report(request: &Request) -> Result<Report, CommandError> {
    let policy = request.policy.as_deref().map(read_policy).transpose()?;
    let mut options = request.options.clone();
    if let Some(path) = &request.tsa_roots {
        options.tsa_roots = Some(read_roots(path)?);
    }
    let path = &request.file;
    let file = File::open(path).map_err(|source| CommandError::OpenFile {
        path: path.clone(),
        source,
    })?;
    let mut bundle =
        Bundle::open(BufReader::new(file)).map_err(|source| CommandError::OpenBundle {
            path: path.clone(),
            source,
        })?;
    Ok(verify(&mut bundle, policy.as_ref(), &options))
}

fn read_policy(path: &Path) -> Result<Policy, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|source| CommandError::ReadPolicy {
        path: path.to_owned(),
        source,
    })?;
    Policy::parse(&text).map_err(|source| CommandError::ParsePolicy {
        path: path.to_owned(),
        source,
    })
}

fn read_roots(path: &Path) -> Result<Roots, CommandError> {
    let pem = std::fs::read(path).map_err(|source| CommandError::ReadRoots {
        path: path.to_owned(),
        source,
    })?;
    Roots::from_pem(&pem).map_err(|source| CommandError::ParseRoots {
        path: path.to_owned(),
        source,
    })
}

fn render(report: &Report, format: Format) -> String {
    match format {
        Format::Text => render_text(report),
        Format::Json => {
            let mut text = serde_json::to_string_pretty(report)
                .expect("a report holds only strings, numbers and flags");
            text.push('\n');
            text
        }
    }
}

fn unreadable(reason: &str, format: Format) -> String {
    match format {
        Format::Text => format!("UNREADABLE  {reason}\n"),
        Format::Json => format!("{}\n", serde_json::json!({ "unreadable": reason })),
    }
}

//! Running other programs in the repository, and telling the developer what happens.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use anyhow::{Context, Result};

/// A program that ran and said no. Its exit status becomes ours.
#[derive(Debug)]
pub(crate) struct Failed {
    line: String,
    status: ExitStatus,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` failed ({})", self.line, self.status)
    }
}

impl std::error::Error for Failed {}

/// What this process ends with after `error`: the status of the program that failed, if one did.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    error
        .downcast_ref::<Failed>()
        .and_then(|failed| u8::try_from(failed.status.code()?).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Runs `command` with our terminal, to its end; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    say(&format!("+ {line}"));
    let status = command
        .status()
        .with_context(|| format!("failed to run `{line}`"))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failed { line, status }.into())
    }
}

/// Whether `command` can be run and succeeds; its output goes nowhere.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The cargo that runs us, in the repository.
pub(crate) fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(repository());
    command
}

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// Cargo's target directory: this program is in `TARGET/debug`.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().context("failed to find this program")?;
    let target = program.parent().and_then(Path::parent);
    Ok(target
        .context("this program is not in cargo's target directory")?
        .to_owned())
}

/// One line for the developer, beside the output of the programs we run.
#[expect(
    clippy::print_stderr,
    reason = "a developer's tool; and tests capture this macro's output"
)]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_status_of_a_failed_program_is_passed_on_through_context() {
        let error = run(&mut shell("exit 101"))
            .context("a step")
            .expect_err("it says no");
        assert_eq!(
            format!("{error:#}"),
            "a step: `sh -c exit 101` failed (exit status: 101)"
        );
        assert_eq!(
            format!("{:?}", exit_code(&error)),
            format!("{:?}", ExitCode::from(101))
        );
    }

    #[test]
    fn a_killed_program_is_a_plain_failure() {
        let error = run(&mut shell("kill -KILL $$")).expect_err("it was killed");
        assert_eq!(
            format!("{:?}", exit_code(&error)),
            format!("{:?}", ExitCode::FAILURE)
        );
    }
}

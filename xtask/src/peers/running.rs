//! Servers as child processes: each ends when it is dropped, and logs into a file.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::waiting::Deadline;
use crate::process::{say, succeeds};

/// For one answer to the question whether it is ready.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// A running server.
#[derive(Debug)]
pub(crate) struct Running {
    pub(super) name: &'static str,
    port: u16,
    /// Answers 200 as soon as it is ready.
    path: &'static str,
    log: PathBuf,
    child: Child,
}

impl Running {
    /// Starts `command`, which will answer at `port` and `path`, in `directory`, where it logs. To be
    /// called by a thread that stays: the kernel ends the server with the thread that started it.
    pub(crate) fn start(
        name: &'static str,
        (port, path): (u16, &'static str),
        command: &mut Command,
        directory: &Path,
    ) -> Result<Self> {
        let log = directory.join(name).with_extension("log");
        let file =
            File::create(&log).with_context(|| format!("failed to make {}", log.display()))?;
        let child = mortal(command)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("failed to start {name}"))?;
        Ok(Self {
            name,
            port,
            path,
            log,
            child,
        })
    }

    /// Waits until it answers.
    pub(crate) fn until_ready(&mut self, deadline: Deadline) -> Result<()> {
        while !self.answers() {
            let log = self.log.display();
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended early ({status}); see {log}", self.name);
            }
            if !deadline.pause() {
                bail!("{} does not become ready; see {log}", self.name);
            }
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        let ask = || {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
            stream.set_read_timeout(Some(ANSWER_MAX))?;
            write!(
                stream,
                "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                self.path
            )?;
            let mut head = [0; 12];
            stream.read_exact(&mut head)?;
            std::io::Result::Ok(head)
        };
        ask().is_ok_and(|head| head == *b"HTTP/1.1 200")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            say(&format!("peers: failed to end {}: {error}", self.name));
        }
    }
}

/// The command as one that the kernel ends when we do, however that happens, where the machine has
/// the program that arranges it; elsewhere only our own ends and Ctrl-C reach it.
fn mortal(command: &Command) -> Command {
    const SETPRIV: [&str; 3] = ["--pdeathsig", "KILL", "--"];
    let program = command.get_program();
    let mut wrapped = if succeeds(Command::new("setpriv").args(SETPRIV).arg("true")) {
        let mut setpriv = Command::new("setpriv");
        setpriv.args(SETPRIV).arg(program);
        setpriv
    } else {
        Command::new(program)
    };
    wrapped.args(command.get_args());
    let settings = command.get_envs();
    wrapped.envs(settings.filter_map(|(name, value)| Some((name, value?))));
    // Everything is on this machine: no proxy stands between.
    wrapped.env("NO_PROXY", "127.0.0.1,localhost");
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_ends_early_is_told_with_its_log() {
        let directory = std::env::temp_dir().join(format!("nines-peer-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("there is room for a directory");
        let mut command = Command::new("sh");
        command.args(["-c", "echo no luck; exit 3"]);
        let mut server =
            Running::start("server", (1, "/"), &mut command, &directory).expect("sh starts");
        let error = server
            .until_ready(Deadline::after(Duration::from_mins(1)))
            .expect_err("it has ended");
        assert!(format!("{error}").starts_with("server ended early (exit status: 3)"));
        let log = std::fs::read_to_string(&server.log).expect("it has a log");
        assert_eq!(log, "no luck\n");
        std::fs::remove_dir_all(&directory).expect("a directory can be removed");
    }
}

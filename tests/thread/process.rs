//! The shipped programs as child processes: none outlives its test, and all they say is kept.

use std::fs::File;
use std::process::{Output, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::SOON;

/// A program that cargo built beside this test.
#[track_caller]
pub(super) fn program(name: &str) -> Utf8PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let profile = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("cargo keeps tests in `deps`, below the programs");
    let path = Utf8PathBuf::try_from(profile.join(name)).expect("the target directory is UTF-8");
    assert!(
        path.is_file(),
        "`{path}` is not built; run `cargo xtask test`, or `cargo build --workspace --bins` first"
    );
    path
}

/// A running program, killed when dropped.
#[derive(Debug)]
pub(super) struct Process {
    name: String,
    log: Utf8PathBuf,
    child: Child,
}

impl Process {
    /// Starts a program; what it prints is appended to `log`.
    #[track_caller]
    pub(super) fn start(command: &mut Command, name: &str, log: Utf8PathBuf) -> Self {
        let open = || File::options().create(true).append(true).open(&log);
        let child = command
            .stdin(Stdio::null())
            .stdout(open().expect("a log can be opened"))
            .stderr(open().expect("a log can be opened"))
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("failed to start {name}: {error}"));
        Self {
            name: name.to_owned(),
            log,
            child,
        }
    }

    /// Fails, with what it said, if the program has ended.
    #[track_caller]
    pub(super) fn assert_runs(&mut self) {
        let ended = self.child.try_wait().expect("a child can be asked after");
        assert!(
            ended.is_none(),
            "{} ended with {ended:?}:\n{}",
            self.name,
            self.said()
        );
    }

    /// Everything it printed so far.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log can be read")
    }

    /// Ends it at once, as a power cut would, and waits until it is gone.
    pub(super) async fn kill(mut self) {
        self.assert_runs();
        self.child.kill().await.expect("a child can be killed");
    }

    /// Asks it to stop, and waits until it has done so in order.
    pub(super) async fn stop(mut self) {
        self.assert_runs();
        let id = self.child.id().expect("it runs").to_string();
        run(Command::new("kill").args(["-TERM", &id])).await;
        let ended = timeout(SOON, self.child.wait())
            .await
            .unwrap_or_else(|_| panic!("{} does not stop", self.name))
            .expect("a child can be waited for");
        assert!(
            ended.success(),
            "{} ended with {ended}:\n{}",
            self.name,
            self.said()
        );
    }
}

/// Runs a program to its end.
pub(super) async fn output(command: &mut Command) -> Output {
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(SOON, running).await.expect("it ends soon");
    output.unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Runs a program that must succeed; gives what it printed.
pub(super) async fn run(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = output(command).await;
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert!(
        status.success(),
        "{command:?} ended with {status}:\n{stdout}{stderr}"
    );
    stdout
}

/// What a program printed, as text.
pub(super) fn text(printed: Vec<u8>) -> String {
    String::from_utf8(printed).expect("our programs print UTF-8")
}

/// Every file below a directory.
pub(super) fn files_below(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut files = Vec::new();
    for entry in dir.read_dir_utf8().expect("a directory can be listed") {
        let entry = entry.expect("an entry can be read");
        let kind = entry.file_type().expect("an entry has a kind");
        if kind.is_dir() {
            files.extend(files_below(entry.path()));
        } else {
            files.push(entry.path().to_owned());
        }
    }
    files
}

//! Against the real server of this machine, as root and as anybody else.
//!
//! Not tested, because a process cannot do it to itself: the loss of power (the server's own
//! promise, `fsync` is on), and builds without lz4 or LLVM (`SETTINGS` names only what all have).

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;
use crate::binaries::find_binaries;
use crate::scratch::Scratch;

fn binaries() -> Binaries {
    find_binaries(None, std::env::var_os("PATH").as_deref()).expect("tests need a server")
}

fn config(root: &Path, fsync: Durability) -> Config {
    Config {
        root: root.to_owned(),
        fsync,
        database: "nines test".to_owned(),
    }
}

/// A cluster without fsync, which what survives the end of processes does not depend on.
fn start(root: &Path) -> Cluster {
    start_with(root, Durability::TestsOnly)
}

fn start_with(root: &Path, fsync: Durability) -> Cluster {
    Cluster::start(&binaries(), &config(root, fsync)).expect("the cluster starts")
}

#[track_caller]
fn query(cluster: &Cluster, sql: &str) -> String {
    let mut psql = cluster.psql(&cluster.database);
    let output = psql.args(["-At", "-c", sql]).output().expect("psql runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn signal(name: &str, pid: u32) {
    let status = Command::new("kill")
        .args([name, &pid.to_string()])
        .status()
        .expect("kill runs");
    assert!(status.success());
}

fn pid(cluster: &Cluster) -> u32 {
    match &cluster.server {
        Server::Started(child) => child.id(),
        Server::Adopted { pid } => *pid,
    }
}

/// Where `holder` finds its root.
const HELD_ROOT: &str = "PGEMBED_TEST_HELD_ROOT";

/// Another process that holds the cluster at `root` until its standard input is closed, and the
/// address it said.
fn hold(root: &Path) -> (Child, String) {
    let mut holder = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--nocapture", "cluster::tests::holder"])
        .env(HELD_ROOT, root)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this test can be run again");
    let mut url = String::new();
    let stderr = holder.stderr.as_mut().expect("piped");
    BufReader::new(stderr).read_line(&mut url).expect("a line");
    assert!(url.starts_with("postgres:///"), "{url}");
    (holder, url.trim().to_owned())
}

/// Not a test by itself: what `hold` runs in a process of its own.
#[test]
fn holder() {
    if let Some(root) = std::env::var_os(HELD_ROOT) {
        let cluster = start(Path::new(&root));
        eprintln!("{}", cluster.url());
        io::stdin().read_to_end(&mut Vec::new()).expect("a pipe");
        cluster.stop().expect("it stops");
    }
}

#[test]
fn data_outlives_a_cold_start_a_stop_and_a_warm_start() {
    let scratch = Scratch::new();
    let root = scratch.path().join("a  root's \"own\" & +place");
    let cluster = start_with(&root, Durability::Full);
    assert!(!cluster.adopted());
    assert_eq!(query(&cluster, "CREATE TABLE t AS SELECT 7 AS n"), "");
    assert_eq!(query(&cluster, "SHOW fsync"), "on");
    assert_eq!(query(&cluster, "SHOW data_checksums"), "on");
    assert_eq!(query(&cluster, "SHOW listen_addresses"), "");
    assert_eq!(query(&cluster, "SELECT current_user"), SUPERUSER);
    cluster.stop().expect("it stops");
    assert!(!root.join("data/postmaster.pid").exists());
    assert!(!root.join("data.tmp").exists());

    let cluster = start_with(&root, Durability::Full);
    assert!(!cluster.adopted());
    assert_eq!(query(&cluster, "SELECT n FROM t"), "7");
}

#[test]
fn nobody_else_can_reach_the_data_or_the_socket() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    let cluster = start(&root);
    for dir in ["data", "socket"] {
        let found = fs::metadata(root.join(dir)).expect("made by the start");
        assert_eq!(found.mode() & 0o777, 0o700, "{dir}");
        assert_ne!(found.uid(), 0, "the server never runs as root");
    }
    assert_eq!(
        fs::metadata(root.join("lock")).expect("made").mode() & 0o777,
        0o600
    );
    // Ctrl-C in a terminal goes to the group of the foreground: not the server's.
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid(&cluster))).expect("it runs");
    let group = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.split(' ').nth(2))
        .expect("a group");
    assert_eq!(group, pid(&cluster).to_string());
}

#[test]
fn a_second_start_adopts_and_its_drop_leaves_the_server_alone() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    let first = start(&root);
    let second = start(&root);
    assert!(second.adopted() && !first.adopted());
    assert_eq!(second.url(), first.url());
    drop(second);
    assert_eq!(query(&first, "SELECT 1"), "1");
}

#[test]
fn an_adopted_server_stops_when_that_is_asked() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    let first = start(&root);
    start(&root).stop().expect("it stops");
    assert!(!root.join("data/postmaster.pid").exists());
    first.stop().expect("it has stopped already");
}

#[test]
fn a_drop_stops_the_server_that_was_started() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    drop(start(&root));
    assert!(!root.join("data/postmaster.pid").exists());
}

#[test]
fn simultaneous_starts_on_one_root_make_one_server() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    let (mut one, mut two) = std::thread::scope(|scope| {
        let other = scope.spawn(|| hold(&root));
        (hold(&root), other.join().expect("the other starts"))
    });
    assert_eq!(one.1, two.1);
    for holder in [&mut one.0, &mut two.0] {
        drop(holder.stdin.take());
        holder.wait().expect("it ends");
    }
}

#[test]
fn two_roots_are_two_servers() {
    let scratch = Scratch::new();
    let one = start(&scratch.path().join("one"));
    let two = start(&scratch.path().join("two"));
    assert_eq!(query(&one, "CREATE TABLE t AS SELECT 1"), "");
    assert_eq!(query(&two, "SELECT to_regclass('t') IS NULL"), "t");
    assert_ne!(one.url(), two.url());
}

#[test]
fn a_killed_server_is_restarted_while_its_process_is_not_yet_reaped() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    let killed = start(&root);
    assert_eq!(query(&killed, "CREATE TABLE t AS SELECT 7 AS n"), "");
    signal("-KILL", pid(&killed));
    // `killed` still holds the child, so its number stays taken.
    let cluster = start(&root);
    assert!(!cluster.adopted());
    assert_eq!(query(&cluster, "SELECT n FROM t"), "7");
}

#[test]
fn a_killed_owner_takes_its_server_along_and_leaves_its_data() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    let (mut holder, url) = hold(&root);
    let psql = binaries().program("psql");
    let created = Command::new(psql)
        .args([
            "-X",
            "-q",
            "-c",
            "CREATE TABLE t AS SELECT 7 AS n",
            "-d",
            &url,
        ])
        .status();
    assert!(created.expect("psql runs").success());
    holder.kill().expect("our own child");
    holder.wait().expect("it was killed");

    let cluster = start(&root);
    assert!(
        !cluster.adopted(),
        "a server about to stop must not be adopted"
    );
    assert_eq!(query(&cluster, "SELECT n FROM t"), "7");
    let log = fs::read_to_string(root.join("postgres.log")).expect("a log");
    assert!(log.contains("received fast shutdown request"), "{log}");
}

#[test]
fn a_number_taken_over_by_another_process_of_the_same_user_does_not_stop_a_start() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    start(&root).stop().expect("it stops");
    let owner = crate::owner::Owner::choose(&root.join("data")).expect("its user");
    let mut stranger = owner
        .command(Path::new("/bin/cat"))
        .stdin(Stdio::piped())
        .spawn()
        .expect("cat runs");
    let data = fs::canonicalize(root.join("data")).expect("it exists");
    let file = root.join("data/postmaster.pid");
    let id = stranger.id();
    fs::write(
        &file,
        format!("{id}\n{}\n1\n5432\n/none\n\n\nready   \n", data.display()),
    )
    .expect("a file");
    owner.take(&file).expect("root, or our own file");

    let cluster = start(&root);
    assert!(!cluster.adopted());
    drop(stranger.stdin.take());
    stranger.wait().expect("it ends");
}

#[test]
fn a_killed_initdb_leaves_nothing_that_counts() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    scratch.file("root/data.tmp/PG_VERSION", "15\n");
    scratch.file("root/data.tmp/base/1/2600", "half a cluster");
    let cluster = start(&root);
    assert_eq!(query(&cluster, "SELECT 1"), "1");
}

#[test]
fn a_root_with_a_long_path_has_its_socket_elsewhere() {
    let scratch = Scratch::new();
    let root = scratch.path().join("r".repeat(100));
    let cluster = start(&root);
    assert!(
        cluster.socket_dir.starts_with("/tmp"),
        "{}",
        cluster.socket_dir.display()
    );
    assert!(start(&root).adopted());
    let socket_dir = cluster.socket_dir.clone();
    assert_eq!(
        fs::metadata(&socket_dir).expect("made").mode() & 0o777,
        0o700
    );
    cluster.stop().expect("it stops");
    fs::remove_dir(socket_dir).expect("the server removed its socket");
}

#[test]
fn data_of_another_major_version_is_refused() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    drop(start(&root));
    fs::write(root.join("data/PG_VERSION"), "9.6\n").expect("we may write there");
    let error = Cluster::start(&binaries(), &config(&root, Durability::Full))
        .expect_err("9.6 is not the version of these binaries");
    let text = error.to_string();
    assert!(
        matches!(error, StartError::VersionMismatch { .. }),
        "{text}"
    );
    assert!(
        text.contains("set PG_BIN to the binaries of version 9.6"),
        "{text}"
    );
}

#[test]
fn a_server_for_tests_is_not_adopted_where_durability_is_asked() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    let for_tests =
        Cluster::start(&binaries(), &config(&root, Durability::TestsOnly)).expect("it starts");
    assert_eq!(query(&for_tests, "SHOW fsync"), "off");
    let error = Cluster::start(&binaries(), &config(&root, Durability::Full))
        .expect_err("it would lose commits");
    assert!(matches!(error, StartError::NotDurable { .. }), "{error}");
}

#[test]
fn a_server_that_cannot_start_quotes_its_log() {
    let scratch = Scratch::new();
    let root = scratch.path().join("root");
    start(&root).stop().expect("it stops");
    fs::write(root.join("data/postgresql.conf"), "no_such_setting = 1\n").expect("we may write");
    let error = Cluster::start(&binaries(), &config(&root, Durability::Full))
        .expect_err("the setting does not exist");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[test]
fn a_root_that_the_servers_user_cannot_reach_is_refused_by_name() {
    let scratch = Scratch::new();
    let closed = scratch.path().join("closed");
    fs::create_dir(&closed).expect("a fresh directory");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("our own directory");
    let root = closed.join("root");
    let is_root = system::effective_uid() == 0;
    assert_eq!(crate::is_reachable(&root), !is_root);
    match Cluster::start(&binaries(), &config(&root, Durability::Full)) {
        Err(StartError::Unreachable { blocked, .. }) if is_root => assert_eq!(blocked, closed),
        Ok(_) if !is_root => {}
        other => panic!("{other:?}"),
    }
}

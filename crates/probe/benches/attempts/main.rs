//! What the probe itself costs, and by how much its figures are wrong, against scripted servers.
//!
//! `cargo bench -p probe --bench attempts -- [plain|stream|phases]... [realtime] [BLACKBOX]`: all
//! three by default. The servers run in a process of their own on the second core, the probe on
//! the first, where `taskset` is there; with `realtime` both at real-time priority (`chrt`, needs
//! the right to it), so that neighbours of a shared machine do not count. `BLACKBOX` is the path
//! of a `prometheus-blackbox-exporter`, which is then asked for the same pages on the same core.
//!
//! True instants are the server's own: it notes when it really wrote each part, so that the
//! lateness of its timers is not taken for an error of the probe. What remains in an error is the
//! way over loopback and through both kernels, and the probe.

#![expect(clippy::print_stdout, reason = "its report is its purpose")]

mod blackbox;
mod machine;
mod phases;
mod plain;
mod server;
mod stream;

use std::path::Path;

use machine::{Place, Priority, Server};

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["serve", ca_pem] => server::serve(Path::new(ca_pem)),
        ["run", "plain", at] => plain::run(at),
        ["run", "stream", at] => stream::run(at),
        ["run", "phases", at, ca_pem] => phases::run(at, Path::new(ca_pem)),
        ["ask", exporter, at] => blackbox::ask(exporter, at),
        args => report(args),
    }
}

fn report(args: &[&str]) {
    let priority = if args.contains(&"realtime") {
        Priority::RealTime
    } else {
        Priority::Normal
    };
    let modes = ["plain", "stream", "phases"];
    let all = !args.iter().any(|arg| modes.contains(arg));
    let wants = |mode| all || args.contains(&mode);
    let exporter = args.iter().find(|arg| arg.contains('/'));

    println!("load {}, {priority:?} priority", machine::load());
    let directory = tempfile::tempdir().expect("a directory for temporary files");
    let ca_pem = directory.path().join("ca.pem");
    let ca_pem = ca_pem.to_str().expect("a path that is text");
    let server = Server::start(ca_pem, priority);
    for (mode, args) in [
        ("plain", vec!["run", "plain", &server.at]),
        ("stream", vec!["run", "stream", &server.at]),
        ("phases", vec!["run", "phases", &server.at, ca_pem]),
    ] {
        if !wants(mode) {
            continue;
        }
        println!("\n{mode}");
        machine::myself(Place::Probe, priority, &args)
            .status()
            .expect("this program runs again");
        if let ("plain", Some(exporter)) = (mode, exporter) {
            blackbox::compare(exporter, &server.at, priority);
        }
        println!("load {}", machine::load());
    }
}

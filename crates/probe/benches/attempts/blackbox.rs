//! The same pages, fetched by `prometheus-blackbox-exporter`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::machine::{self, Place, Priority};
use crate::plain;

/// Askers at once, each over a connection that it keeps.
const ASKERS: u32 = 16;
const TIME: Duration = Duration::from_secs(10);
const LISTENS_AT: &str = "127.0.0.1:19115";
const CONFIG: &str = "modules:\n  http_2xx:\n    prober: http\n    timeout: 5s\n    http:\n      \
    preferred_ip_protocol: ip4\n";

/// Lets the exporter at `path` fetch pages on the probe's core, and reports what it took.
#[expect(clippy::print_stdout, reason = "its report is its purpose")]
pub(crate) fn compare(path: &str, at: &str, priority: Priority) {
    let directory = tempfile::tempdir().expect("a directory for temporary files");
    let config = directory.path().join("blackbox.yml");
    fs::write(&config, CONFIG).expect("room for a file");
    let mut exporter = machine::at(Place::Probe, priority, path)
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--web.listen-address={LISTENS_AT}"))
        .stderr(Stdio::null())
        .spawn()
        .expect("the exporter runs");
    let patience = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(LISTENS_AT).is_err() && Instant::now() < patience {
        std::thread::yield_now();
    }
    let pid = exporter.id().to_string();
    let (cpu_before, start) = (machine::cpu_ms(&pid), Instant::now());
    let asked = machine::myself(Place::Server, priority, &["ask", LISTENS_AT, at])
        .output()
        .expect("this program runs again");
    let (cpu, time) = (machine::cpu_ms(&pid) - cpu_before, start.elapsed());
    let probes: u64 = String::from_utf8_lossy(&asked.stdout)
        .trim()
        .parse()
        .unwrap_or_default();
    let per_second = u128::from(probes) * 1_000 / time.as_millis();
    println!(
        "blackbox: {per_second} probes/s on one core, {ASKERS} at once, resident {} KiB",
        machine::resident_kib(&pid)
    );
    plain::report_cpu("blackbox", cpu, probes);
    end(&mut exporter);
}

fn end(exporter: &mut Child) {
    exporter.kill().ok();
    exporter.wait().ok();
}

/// Asks for pages as fast as they come; prints how many probes succeeded.
#[expect(clippy::print_stdout, reason = "how the count becomes known")]
pub(crate) fn ask(exporter: &str, at: &str) {
    let until = Instant::now() + TIME;
    let succeeded: u64 = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..ASKERS)
            .map(|number| scope.spawn(move || ask_one(exporter, &plain::url(at, number), until)))
            .collect();
        let count = |asker: std::thread::ScopedJoinHandle<'_, u64>| asker.join().unwrap_or(0);
        askers.into_iter().map(count).sum()
    });
    println!("{succeeded}");
}

fn ask_one(exporter: &str, target: &str, until: Instant) -> u64 {
    let mut succeeded = 0;
    let mut tcp = TcpStream::connect(exporter).expect("the exporter listens");
    while Instant::now() < until {
        let request = format!(
            "GET /probe?module=http_2xx&target={target} HTTP/1.1\r\nhost: {exporter}\r\n\r\n"
        );
        tcp.write_all(request.as_bytes())
            .expect("the exporter reads");
        let answer = read_answer(&mut tcp);
        succeeded += u64::from(answer.contains("\nprobe_success 1\n"));
    }
    succeeded
}

/// An answer with a length, or in chunks.
fn read_answer(tcp: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let read = tcp.read(&mut piece).expect("the exporter answers");
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let head = head.to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let is_whole = match length {
            Some(length) => body.len() >= length,
            None => body.ends_with("\r\n0\r\n\r\n"),
        };
        if is_whole || read == 0 {
            return text.into_owned();
        }
    }
}

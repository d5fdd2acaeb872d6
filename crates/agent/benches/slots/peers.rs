//! The same targets, probed by Prometheus through `blackbox_exporter`: same server, same core, same
//! priority, same time.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::arrivals::{Arrivals, Figures};
use crate::machine::{self, Priority, Running};
use crate::setting::{INTERVAL_S, QUICK, QUICK_PREFIX};

const PROMETHEUS: &str = "127.0.0.1:19090";
const BLACKBOX: &str = "127.0.0.1:19115";
/// Until all targets are known and were scraped once.
const WARM: Duration = Duration::from_secs(20);

/// The two programs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peers<'a> {
    pub(crate) prometheus: &'a str,
    pub(crate) blackbox: &'a str,
}

impl Peers<'_> {
    /// Lets them probe for so long what `server` offers; `silent` targets never answer.
    #[expect(clippy::print_stdout, reason = "its report is its purpose")]
    pub(crate) fn measure(
        self,
        server: &Running,
        silent: usize,
        (priority, load): (Priority, Duration),
    ) -> Figures {
        let temp = tempfile::tempdir().expect("a directory for temporary files");
        let dir = temp.path();
        let at: Vec<&str> = server.at.split(' ').collect();
        write(dir, "blackbox.yml", &blackbox_config(at[2]));
        write(dir, "prometheus.yml", &config((at[0], at[1]), silent));
        let path = |name: &str| dir.join(name).display().to_string();
        let blackbox = Running::peer(
            priority,
            self.blackbox,
            &[
                format!("--config.file={}", path("blackbox.yml")),
                format!("--web.listen-address={BLACKBOX}"),
            ],
        );
        let prometheus = Running::peer(
            priority,
            self.prometheus,
            &[
                format!("--config.file={}", path("prometheus.yml")),
                format!("--storage.tsdb.path={}", path("data")),
                format!("--web.listen-address={PROMETHEUS}"),
            ],
        );
        crate::pause(WARM);
        let both = [prometheus.id(), blackbox.id()];
        let cpu_ms = || both.map(machine::cpu_ms).iter().sum::<u64>();
        let (began, before_ms) = (machine::now(), cpu_ms());
        crate::pause(load);
        let (ended, cpu_ms) = (machine::now(), cpu_ms() - before_ms);
        let [of_prometheus, of_blackbox] = both.map(machine::resident_kib).map(crate::mib);
        println!(
            "peers    Prometheus {of_prometheus:.1} and blackbox_exporter {of_blackbox:.1} MiB \
             resident, {cpu_ms} ms of CPU in {} s",
            load.as_secs()
        );
        drop((prometheus, blackbox));
        Arrivals::read(at[3], (began.get(), ended.get())).figures("Prometheus")
    }
}

fn write(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join(name), text).expect("room for a configuration");
}

fn blackbox_config(ca_pem: &str) -> String {
    format!(
        "modules:\n  page:\n    prober: http\n    timeout: 60s\n    http:\n      \
         preferred_ip_protocol: ip4\n      tls_config: {{ca_file: {ca_pem}}}\n"
    )
}

fn config((quick, never): (&str, &str), silent: usize) -> String {
    let mut text = "global: {scrape_interval: 10s}\nscrape_configs:\n".to_owned();
    // A scrape may not take longer than its interval.
    for (job, count, port, time_s) in [
        (QUICK_PREFIX, QUICK, quick, INTERVAL_S),
        ("silent", silent, never, 60),
    ] {
        let targets = (0..count).map(|nth| format!("'https://localhost:{port}/{job}-{nth}'"));
        let targets: Vec<String> = targets.collect();
        write!(
            text,
            "- job_name: {job}\n  scrape_interval: {time_s}s\n  scrape_timeout: {time_s}s\n  \
             metrics_path: /probe\n  params: {{module: [page]}}\n  static_configs:\n  - targets: [{}]\n  \
             relabel_configs:\n  - {{source_labels: [__address__], target_label: __param_target}}\n  \
             - {{source_labels: [__param_target], target_label: instance}}\n  \
             - {{target_label: __address__, replacement: '{BLACKBOX}'}}\n",
            targets.join(", ")
        )
        .expect("memory has room");
    }
    text
}

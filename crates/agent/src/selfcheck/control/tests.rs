use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use domain::{ManualClock, Outcome, UnixMicros};
use probe::{Engine, TlsRoots};
use telemetry::Metrics;
use telemetry::metrics::AgentMetrics;

use super::*;
use crate::health::Health;
use crate::recorder::task::{self, RecorderHandle, TaskSettings};
use crate::recorder::tests::{attempt, identity};
use crate::recorder::{Recorder, RecorderSettings};
use crate::selfcheck::Readings;
use crate::spool::Limits;
use crate::stamp::Timebase;

/// A port of loopback on which nobody listens.
fn refused_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Answers every connection with a page, as long as the test runs.
fn page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _head = stream.read(&mut [0; 2_000]).unwrap();
            let reply = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(reply.as_bytes()).unwrap();
        }
    });
    address.to_string()
}

fn engine() -> Arc<AttemptFn> {
    let engine = Engine::new(&TlsRoots::Platform).unwrap();
    Arc::new(move |spec| {
        let engine = engine.clone();
        Box::pin(async move { engine.attempt(&spec).await })
    })
}

fn control(name: &str, url: &str) -> Control {
    Control {
        name: name.parse().unwrap(),
        endpoint: url.parse().unwrap(),
    }
}

struct Bench {
    _temp: tempfile::TempDir,
    around: Surroundings,
    clock: ManualClock,
}

impl Bench {
    fn new(attempt: Arc<AttemptFn>) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = camino::Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let settings = RecorderSettings {
            boot: 1,
            limits: Limits::default(),
            seal_interval: Duration::from_hours(1),
        };
        let (recorder, _) = Recorder::open(&dir, identity(), settings).unwrap();
        let clock = ManualClock::at(UnixMicros::new(600_000_000));
        let timebase = Timebase::start(Arc::new(clock.clone()));
        let metrics = AgentMetrics::new(&Metrics::local("test", "0").unwrap(), "eu-1");
        let health = Health::default();
        let (recorder, _task) = task::spawn(
            recorder,
            TaskSettings {
                plan_revision: 1,
                grids: BTreeMap::new(),
                timebase: timebase.clone(),
                health: health.clone(),
                metrics: metrics.clone(),
            },
        );
        let around = Surroundings {
            recorder,
            timebase,
            health,
            metrics,
            readings: Readings::default(),
            attempt,
        };
        Self {
            _temp: temp,
            around,
            clock,
        }
    }
}

/// The `_ctrl` lines that are in a batch.
async fn recorded(recorder: &RecorderHandle) -> Vec<ControlLine> {
    recorder.finish().await.unwrap();
    let (mut lines, mut from_seq) = (Vec::new(), 0);
    while let Some(sealed) = recorder.find_unacked(from_seq).await.unwrap() {
        from_seq = sealed.seq + 1;
        let text = wire::batch::decompress(&sealed.body).unwrap();
        for stream in wire::batch::parse(&text).unwrap().reserved {
            lines.extend(stream.lines.into_iter().filter_map(|(_, line)| match line {
                ReservedLine::Ctrl(line) => Some(line),
                _ => None,
            }));
        }
    }
    lines
}

#[tokio::test]
async fn a_page_and_a_port_answer_and_a_refused_port_does_not() {
    let attempt = engine();
    let page = page();
    for (url, ok) in [
        (format!("http://{page}/generate_204"), true),
        (format!("tcp://{page}"), true),
        (format!("tcp://127.0.0.1:{}", refused_port()), false),
        (format!("http://127.0.0.1:{}/", refused_port()), false),
    ] {
        let endpoint: Endpoint = url.parse().unwrap();
        assert_eq!(answers(&endpoint, &attempt).await, ok, "{url}");
    }
}

#[tokio::test]
async fn a_minute_with_a_failure_has_one_line_with_controls_and_host() {
    let bench = Bench::new(engine());
    let (page, port) = (page(), refused_port());
    let controls = vec![
        control("page", &format!("http://{page}/")),
        control("shut", &format!("tcp://localhost:{port}")),
    ];
    let task = Controls::new(controls, bench.around.clone());
    let (news, heard) = probed();
    let (stop, stopping) = watch::channel(false);
    let failing: Arc<AttemptFn> = Arc::new(|_| Box::pin(async { attempt(Outcome::ServerError) }));
    let probe = watched(failing, news);
    let url: HttpUrl = format!("http://{page}/v1/models?key=secret")
        .parse()
        .unwrap();
    let running = tokio::spawn(task.run(heard, stopping));
    for _ in 0..3 {
        probe(seen::head(url.clone(), CHECK_TIMEOUT).unwrap()).await;
    }
    // Checks that have ended show in the health only after the minute; so let it pass.
    let health = &bench.around.health;
    while health.get().controls.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        bench.clock.set(UnixMicros::new(660_000_000));
    }
    stop.send_replace(true);
    running.await.unwrap().unwrap();
    let lines = recorded(&bench.around.recorder).await;
    let [line] = lines.as_slice() else {
        panic!("one line: {lines:?}")
    };
    assert_eq!((line.minute, line.i), (Minute::new(10), 0));
    assert_eq!((line.of, line.ok), (2, 1));
    assert_eq!(line.failed, ["shut".parse().unwrap()]);
    let host = HostLine {
        host: page,
        tcp: true,
        tls: None,
    };
    assert_eq!(line.hosts, [host], "the host, and nothing of the path");
}

#[tokio::test]
async fn without_controls_the_line_says_that_none_was_asked() {
    let bench = Bench::new(engine());
    let (news, heard) = probed();
    let (stop, stopping) = watch::channel(false);
    let fine: Arc<AttemptFn> = Arc::new(|_| Box::pin(async { attempt(Outcome::Ok) }));
    let url: HttpUrl = "http://127.0.0.1:1/".parse().unwrap();
    watched(fine, news)(seen::head(url, CHECK_TIMEOUT).unwrap()).await;
    let task = Controls::new(Vec::new(), bench.around.clone());
    let running = tokio::spawn(task.run(heard, stopping));
    tokio::task::yield_now().await;
    stop.send_replace(true);
    running.await.unwrap().unwrap();
    let lines = recorded(&bench.around.recorder).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (lines[0].of, lines[0].ok, lines[0].all_failed()),
        (0, 0, false)
    );
}

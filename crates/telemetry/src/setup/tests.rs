use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use super::{Colours, LogFormat, Settings, SetupError, build, install};
use crate::metrics::AgentMetrics;
use crate::names::{attribute, span};

/// Longest wait for an export on a loaded machine.
const EXPORT_WAIT: Duration = Duration::from_secs(30);

fn settings() -> Settings {
    Settings {
        log_filter: "info".into(),
        log_format: LogFormat::Text,
        otlp_endpoint: None,
        service_name: "nines-test".into(),
        service_version: "1.2.3".into(),
    }
}

/// Log lines kept in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn logged(settings: &Settings) -> String {
    let lines = Lines::default();
    let (subscriber, guard) = build(settings, lines.clone(), Colours::Never).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!({ attribute::BATCH_ID } = "b7", "stored batch b7");
        tracing::debug!("not asked for");
    });
    drop(guard);
    lines.text()
}

#[test]
fn a_text_line_is_plain_and_keeps_fields() {
    let text = logged(&settings());
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("stored batch b7 batch.id=\"b7\""), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_json_line_has_message_and_fields_side_by_side() {
    let text = logged(&Settings {
        log_format: LogFormat::Json,
        ..settings()
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    for part in [
        "\"level\":\"INFO\"",
        "\"message\":\"stored batch b7\"",
        "\"batch.id\":\"b7\"",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn the_filter_decides_by_target() {
    assert_eq!(
        logged(&Settings {
            log_filter: "info,telemetry=error".into(),
            ..settings()
        }),
        ""
    );
}

#[test]
fn a_bad_filter_is_named_with_its_cause() {
    let error = build(
        &Settings {
            log_filter: "collector=loud".into(),
            ..settings()
        },
        io::sink,
        Colours::Never,
    )
    .err()
    .unwrap();
    assert_eq!(
        error.to_string(),
        "log filter `collector=loud` is not valid"
    );
    assert!(error.source().is_some());
}

#[test]
fn an_endpoint_without_scheme_is_refused() {
    let bare = Settings {
        otlp_endpoint: Some("otel:4318".into()),
        ..settings()
    };
    let error = build(&bare, io::sink, Colours::Never).err().unwrap();
    assert!(matches!(error, SetupError::OtlpScheme { .. }), "{error}");
}

#[test]
fn an_endpoint_that_is_no_url_is_refused_with_its_cause() {
    let spaced = Settings {
        otlp_endpoint: Some("http://a b".into()),
        ..settings()
    };
    let error = build(&spaced, io::sink, Colours::Never).err().unwrap();
    assert_eq!(
        error.to_string(),
        "failed to start the OTLP exporter for `http://a b/v1/traces`"
    );
    assert!(error.source().is_some());
}

#[test]
fn log_formats_are_named_in_lower_case() {
    assert_eq!("text".parse::<LogFormat>().unwrap(), LogFormat::Text);
    assert_eq!("json".parse::<LogFormat>().unwrap(), LogFormat::Json);
    let error = "JSON".parse::<LogFormat>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`JSON` is no log format: use `text` or `json`"
    );
}

#[test]
fn installing_twice_says_so() {
    let guard = install(&settings()).unwrap();
    let error = install(&settings()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "logs and traces are already set up in this process"
    );
    assert!(matches!(error, SetupError::AlreadyInstalled { .. }));
    drop(guard);
}

#[test]
fn dropping_the_guard_exports_spans_and_metrics_as_protobuf() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/", listener.local_addr().unwrap());
    let exports = receive(listener);

    let pushed = Settings {
        otlp_endpoint: Some(endpoint),
        ..settings()
    };
    let (subscriber, guard) = build(&pushed, io::sink, Colours::Never).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        tracing::info_span!(
            span::PROBE_ATTEMPT,
            { attribute::OTEL_NAME } = "chat gpt-4o"
        )
        .in_scope(|| AgentMetrics::new(guard.metrics(), "ag1").batch_sent());
    });
    drop(guard);

    let mut received = [
        exports.recv_timeout(EXPORT_WAIT).unwrap(),
        exports.recv_timeout(EXPORT_WAIT).unwrap(),
    ];
    received.sort_by(|a, b| a.head.cmp(&b.head));
    let [points, spans] = received;
    assert!(
        points.head.starts_with("POST /v1/metrics HTTP/1.1"),
        "{}",
        points.head
    );
    assert!(points.contains("nines.agent.batches.sent"));
    assert!(
        spans.head.starts_with("POST /v1/traces HTTP/1.1"),
        "{}",
        spans.head
    );
    assert!(
        spans.head.contains("content-type: application/x-protobuf"),
        "{}",
        spans.head
    );
    for part in ["chat gpt-4o", "nines-test", crate::names::SCHEMA_URL] {
        assert!(spans.contains(part), "{part}");
    }
}

/// One request as an OTLP receiver sees it.
struct Export {
    head: String,
    body: Vec<u8>,
}

impl Export {
    fn contains(&self, part: &str) -> bool {
        self.body
            .windows(part.len())
            .any(|window| window == part.as_bytes())
    }
}

/// Answers every connection with 200 and passes on what it sent.
fn receive(listener: TcpListener) -> Receiver<Export> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            if answer(stream.unwrap(), &sender).is_none() {
                return;
            }
        }
    });
    receiver
}

fn answer(stream: TcpStream, sender: &Sender<Export>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap() == 0 {
            return Some(());
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    reader
        .get_mut()
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        .unwrap();
    sender.send(Export { head, body }).ok()
}

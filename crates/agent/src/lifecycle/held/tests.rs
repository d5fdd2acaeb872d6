use std::io::Write;
use std::sync::{Arc, Mutex};

use domain::{Kind, UnixMicros, UnixMillis};
use probe::{Engine, TlsRoots};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wire::plan::Plan;

use super::*;
use crate::recorder::tests::{PLAN, identity};
use crate::recorder::{Attempted, Recorder, RecorderSettings, SEAL_INTERVAL_DEFAULT};
use crate::runner::spec_for;
use crate::spool::Limits;
use crate::stamp::Stamp;

/// The key of the target, that of another provider, and what only the environment holds.
const KEY: &str = "canary-key-0af3b1c27d";
const OTHER_KEY: &str = "canary.other.provider.key";
const TOKEN: &str = "canary_join_token_55";
/// What a provider knows of its customer, or repeats of the request.
const TOLD: [&str; 8] = [
    "org-canaryorg",
    "canary.person@lab.example",
    "Bearer canarybearertoken",
    "203.0.113.77",
    "arn:aws:bedrock:eu-west-1:210987654321:canary",
    "eyJjYW5hcnki.eyJjYW5hcnki.canarysig",
    "http://canary:canarypw@proxy.example",
    "Reply with exactly: ",
];

/// Lines of a log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Answers each connection with the next of these.
async fn serve(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for answer in answers {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 16 * 1024];
            assert!(tcp.read(&mut request).await.unwrap() > 0);
            tcp.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    format!("http://{address}/v1")
}

fn answers() -> Vec<String> {
    let message = format!("{KEY} {OTHER_KEY} {TOKEN} {}", TOLD.join(" "));
    let json = format!(r#"{{"error":{{"message":"{message}","code":"told"}}}}"#);
    let escaped = message.chars().fold(String::new(), |text, c| {
        text + &format!("\\u{:04x}", u32::from(c))
    });
    let escaped = format!(r#"{{"error":{{"message":"{escaped}"}}}}"#);
    let mut answers = Vec::new();
    for body in [&json, &escaped, &message] {
        let len = body.len();
        for status in ["401 No", "429 Slow", "500 Oops"] {
            answers.push(format!(
                "HTTP/1.1 {status}\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n{body}"
            ));
        }
    }
    answers.push(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
         event: error\ndata: {json}\n\n"
    ));
    answers
}

fn plan(base: &str) -> Plan {
    let plan = PLAN.replace("http://127.0.0.1:1/v1", base);
    let plan = plan.replace("model = \"m\"", "model = \"m\", stream = true");
    Plan::parse(&plan).unwrap()
}

fn files(dir: &camino::Utf8Path) -> String {
    let files: Vec<u8> = std::fs::read_dir(dir)
        .unwrap()
        .filter_map(|file| std::fs::read(file.unwrap().path()).ok())
        .flatten()
        .collect();
    String::from_utf8_lossy(&files).into_owned()
}

/// From a real attempt to the bytes of a batch, as an agent makes them.
#[tokio::test]
async fn nothing_secret_that_a_provider_says_is_in_a_batch_a_log_or_debug() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let answers = answers();
    let count = answers.len();
    let base = serve(answers).await;
    let plan = plan(&base);
    let keys: Keys = [
        ("acme-prod".parse().unwrap(), KEY.into()),
        ("other".parse().unwrap(), OTHER_KEY.into()),
    ]
    .into();
    let environment = [("NINES_TOKEN".into(), TOKEN.into())].into_iter();
    let engine = Engine::new(&TlsRoots::Platform).unwrap();
    let engine = engine.with_held(&held(&keys, environment));
    let temp = tempfile::tempdir().unwrap();
    let dir = camino::Utf8Path::from_path(temp.path()).unwrap();
    let settings = RecorderSettings {
        boot: 1,
        limits: Limits::default(),
        seal_interval: SEAL_INTERVAL_DEFAULT,
    };
    let (mut recorder, _) = Recorder::open(dir, identity(), settings).unwrap();
    let mut shown = Vec::new();
    let stamp = |at: i64| Stamp {
        wall: UnixMicros::new(at * 60_000_000),
        mono_us: u64::try_from(at).unwrap() * 60_000_000,
    };
    for at in 1..=i64::try_from(count).unwrap() {
        let spec = spec_for(&plan.targets[0], &keys).unwrap();
        let attempt = engine.attempt(&spec).await;
        assert!(attempt.detail.body.is_some(), "{at}: {attempt:?}");
        shown.push(format!("{spec:?} {attempt:?}"));
        let attempted = Attempted {
            target: &plan.targets[0],
            plan_revision: 7,
            slot: UnixMillis::new(at * 60_000),
            number: 1,
            kind: Kind::Planned,
            start: stamp(at),
            attempt: &attempt,
        };
        recorder.record_attempt(&attempted).unwrap();
    }
    let sealed = recorder.seal(stamp(100)).unwrap().unwrap();
    let batch = String::from_utf8(wire::batch::decompress(&sealed.body).unwrap()).unwrap();
    assert_eq!(batch.matches("\"body\":\"").count(), count, "{batch}");
    assert!(batch.contains("[removed:secret]") && batch.contains("[removed:prompt]"));
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("probe.attempt"), "the log is read");
    let (shown, files) = (shown.join("\n"), files(dir));
    let canaries = [KEY, OTHER_KEY, TOKEN].into_iter().chain(TOLD);
    for canary in canaries.chain(["canary", "203.0.113", "210987654321"]) {
        for (place, text) in [
            ("batch", &batch),
            ("log", &log),
            ("Debug", &shown),
            ("spool", &files),
        ] {
            assert!(!text.contains(canary), "{canary} is in the {place}: {text}");
        }
    }
}

#[test]
fn keys_tokens_and_credentials_of_proxies_are_held_and_nothing_else() {
    let keys: Keys = [("acme".parse().unwrap(), "key-of-acme".into())].into();
    let variables = [
        ("NINES_TOKEN", "join-token-1"),
        ("AWS_SECRET_ACCESS_KEY", "aws/secret+1"),
        (
            "https_proxy",
            "http://me:proxy-password@proxy.example:3128/",
        ),
        ("HOME", "/home/somebody"),
        ("NO_COLOR_KEY", "1"),
    ];
    let variables = variables.map(|(name, value)| (name.into(), value.into()));
    let held = held(&keys, variables.into_iter());
    for secret in [
        "key-of-acme",
        "join-token-1",
        "aws/secret+1",
        "proxy-password",
    ] {
        assert!(held.are_in(secret.as_bytes()), "{secret}");
    }
    assert!(!held.are_in(b"/home/somebody 1"));
}

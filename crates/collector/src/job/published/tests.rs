//! On a real database and a page on this machine.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;
use crate::Published;
use crate::lab::{Lab, utc};

/// Status line, headers beside the length, body.
type Reply = (u16, &'static str, String);

/// A page that answers as it was last told to; requests stay.
struct Page {
    url: String,
    reply: Arc<Mutex<Reply>>,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Page {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/index.json", listener.local_addr().unwrap());
        let reply = Arc::new(Mutex::new((200, "", String::new())));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (script, log) = (reply.clone(), heads.clone());
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                log.lock().unwrap().push(String::from_utf8(head).unwrap());
                let (status, headers, body) = script.lock().unwrap().clone();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self {
            url,
            reply,
            heads,
            task,
        }
    }

    fn says(&self, status: u16, headers: &'static str, body: &str) {
        *self.reply.lock().unwrap() = (status, headers, body.to_owned());
    }

    /// A page of Better Stack's in a state.
    fn is(&self, state: &str) {
        self.says(200, "ETag: \"v1\"\r\n", &body(state));
    }

    fn asked(&self) -> usize {
        self.heads.lock().unwrap().len()
    }

    fn published(&self) -> Published {
        let lines = format!(
            "name = \"acme\"\nkind = \"better_stack\"\nurl = \"{}\"\ntargets = [\"t\"]",
            self.url
        );
        Published::checked(&[toml::from_str(&lines).unwrap()]).unwrap()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// After the documented shape.
fn body(state: &str) -> String {
    let report = if state == "downtime" {
        r#"{"id":"s1","type":"status_report","attributes":{"title":"API down","report_type":"manual",
            "starts_at":"2026-02-25T22:30:00Z","ends_at":null,"aggregate_state":"downtime"}}"#
    } else {
        ""
    };
    format!(r#"{{"data":{{"attributes":{{"aggregate_state":"{state}"}}}},"included":[{report}]}}"#)
}

async fn look(lab: &Lab, at: &str) {
    lab.clock.set(utc(at).into());
    lab.collector.run_published().await.unwrap();
}

async fn told(lab: &Lab, path: &str) -> Value {
    let answer = lab.get(&format!("/api/v1/published{path}")).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Level, start and end of the runs.
async fn runs(lab: &Lab) -> Vec<(String, String, String)> {
    let all = told(lab, "/acme?to=2026-02-27T00:00:00Z").await;
    let text = |run: &Value, key: &str| run[key].as_str().unwrap_or_default().to_owned();
    let hm = |run: &Value, key: &str| text(run, key)[11..19].to_owned();
    let runs = all["runs"].as_array().unwrap().iter();
    runs.map(|run| (text(run, "level"), hm(run, "from"), hm(run, "to")))
        .collect()
}

fn run(level: &str, from: &str, to: &str) -> (String, String, String) {
    (level.to_owned(), from.to_owned(), to.to_owned())
}

async fn start(name: &str) -> (Lab, Page) {
    let page = Page::start().await;
    let lab = Lab::start(name, utc("2026-02-25T22:00:00Z")).await;
    let lab = lab.with_published(page.published()).await;
    (lab, page)
}

#[tokio::test]
async fn what_a_page_said_is_kept_in_runs_and_every_version_once() {
    let (lab, page) = start("published_runs").await;
    page.is("operational");
    look(&lab, "2026-02-25T22:00:00Z").await;
    look(&lab, "2026-02-25T22:00:30Z").await;
    assert_eq!(page.asked(), 1, "it is not time yet");
    look(&lab, "2026-02-25T22:01:00Z").await;
    let head = page.heads.lock().unwrap()[1].to_lowercase();
    assert!(head.contains("if-none-match: \"v1\"") && head.contains("user-agent: nines/"));
    assert_eq!(
        lab.number("SELECT count(*) FROM published_version").await,
        1
    );
    page.says(304, "", "");
    look(&lab, "2026-02-25T22:02:00Z").await;
    page.is("downtime");
    look(&lab, "2026-02-25T22:03:00Z").await;
    look(&lab, "2026-02-25T22:04:00Z").await;
    page.is("operational");
    look(&lab, "2026-02-25T22:05:00Z").await;
    assert_eq!(
        runs(&lab).await,
        [
            run("operational", "22:00:00", "22:03:00"),
            run("major_outage", "22:03:00", "22:05:00"),
            run("operational", "22:05:00", "22:05:00"),
        ]
    );
    assert_eq!(
        lab.number("SELECT count(*) FROM published_version").await,
        3
    );
    let all = told(&lab, "/acme?to=2026-02-27T00:00:00Z").await;
    let incident = &all["incidents"][0];
    assert_eq!(
        (&incident["id"], &incident["versions"]),
        (&"s1".into(), &1.into())
    );
    assert_eq!(incident["first_seen_at"], "2026-02-25T22:03:00Z");
    let version = &all["versions"][0];
    assert_eq!(
        version["sha256"],
        Hash::of(body("operational").as_bytes()).to_hex()
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_unknown_and_left_alone_for_longer() {
    let (lab, page) = start("published_unknown").await;
    page.is("operational");
    look(&lab, "2026-02-25T22:00:00Z").await;
    page.says(200, "", "<html>All Systems Operational</html>");
    look(&lab, "2026-02-25T22:01:00Z").await;
    assert_eq!(told(&lab, "").await[0]["note"], "its answer is no JSON");
    page.says(503, "Retry-After: 600\r\n", &body("operational"));
    look(&lab, "2026-02-25T22:02:00Z").await;
    assert_eq!(
        page.asked(),
        2,
        "after a failure, the pause is twice as long"
    );
    look(&lab, "2026-02-25T22:03:00Z").await;
    look(&lab, "2026-02-25T22:12:59Z").await;
    assert_eq!(page.asked(), 3, "it asked for ten minutes");
    let standing = told(&lab, "").await;
    assert_eq!(standing[0]["level"], "unknown");
    assert_eq!(standing[0]["note"], "it answered 503");
    assert_eq!(
        (&standing[0]["failures"], &standing[0]["age_s"]),
        (&2.into(), &599.into())
    );
    page.is("operational");
    look(&lab, "2026-02-25T22:13:00Z").await;
    assert_eq!(
        runs(&lab).await,
        [
            run("operational", "22:00:00", "22:01:00"),
            run("unknown", "22:01:00", "22:03:00"),
            run("unknown", "22:03:00", "22:13:00"),
            run("operational", "22:13:00", "22:13:00"),
        ]
    );
    let kept = lab.number("SELECT count(*) FROM published_version").await;
    assert_eq!(kept, 1, "a page of a proxy is no version");
    lab.stop().await;
}

#[test]
fn without_its_list_of_incidents_a_page_is_not_known_to_be_well() {
    let source = published::tests::source("statuspage", "https://x.example/summary.json");
    let of = |indicator: &str, list: Option<&str>| {
        let page = format!(r#"{{"status":{{"indicator":"{indicator}"}},"components":[]}}"#);
        let failure = list.is_none().then(|| "it answered 404".to_owned());
        let list = list.map(|text| text.as_bytes().to_vec());
        let bodies = vec![Some(page.into_bytes()), list];
        let taken = Taken {
            bodies,
            failure,
            ..Taken::default()
        };
        said(&source, &taken, utc("2026-02-25T22:00:00Z")).level
    };
    assert_eq!(of("none", Some("{}")), Level::Operational);
    assert_eq!(of("none", None), Level::Unknown);
    assert_eq!(of("critical", None), Level::MajorOutage);
}

#[tokio::test]
async fn nobody_knows_what_a_page_said_while_nobody_looked() {
    let (lab, page) = start("published_gap").await;
    page.is("operational");
    look(&lab, "2026-02-25T22:00:00Z").await;
    look(&lab, "2026-02-25T22:01:00Z").await;
    look(&lab, "2026-02-25T23:30:00Z").await;
    assert_eq!(
        runs(&lab).await,
        [
            run("operational", "22:00:00", "22:01:00"),
            run("operational", "23:30:00", "23:30:00"),
        ]
    );
    lab.stop().await;
}

#[tokio::test]
async fn what_is_old_goes_and_what_is_held_stays() {
    let (lab, page) = start("published_old").await;
    for state in ["operational", "downtime"] {
        page.is(state);
        look(&lab, "2026-02-25T22:00:00Z").await;
        lab.tamper("UPDATE published_poll SET next_at = '2026-01-01T00:00:00Z'")
            .await;
    }
    let all = "SELECT (SELECT count(*) FROM published_state) * 100
               + (SELECT count(*) FROM published_version) * 10
               + (SELECT count(*) FROM published_incident)";
    assert_eq!(lab.number(all).await, 221);
    let hold = "INSERT INTO hold (target, from_day, to_day, reason, created_at)
                VALUES ('t', '2026-02-20', '2026-02-21', 'court', now())";
    lab.tamper(hold).await;
    look(&lab, "2027-06-01T00:00:00Z").await;
    assert_eq!(lab.number(all).await, 321);
    lab.tamper("UPDATE hold SET released_at = now()").await;
    look(&lab, "2027-06-01T02:00:00Z").await;
    // The newest version and the newest word on an incident stay.
    assert_eq!(lab.number("SELECT count(*) FROM published_state").await, 2);
    assert_eq!(
        lab.number("SELECT count(*) FROM published_version").await,
        1
    );
    assert_eq!(
        lab.number("SELECT count(*) FROM published_incident").await,
        1
    );
    lab.stop().await;
}

#[tokio::test]
async fn the_page_of_a_contract_shows_what_was_admitted_and_when() {
    let (mut lab, page) = start("published_page").await;
    let (from, to) = (utc("2026-02-25T22:00:00Z"), utc("2026-02-26T00:00:00Z"));
    let outage = utc("2026-02-25T22:30:00Z")..utc("2026-02-25T23:20:00Z");
    // Looks every four minutes are still in time for a state to have held in between.
    for minute in (20..=64).step_by(4) {
        let is_admitted = (37..60).contains(&minute);
        page.is(if is_admitted {
            "downtime"
        } else {
            "operational"
        });
        lab.clock.set((from + TimeDelta::minutes(minute)).into());
        lab.collector.run_published().await.unwrap();
    }
    lab.measure((from, to), |at| outage.contains(&at)).await;
    let page = lab.get("/contracts/acme-direct").await;
    assert!(
        page.contains("Not evidence; no verdict reads it."),
        "{page}"
    );
    assert!(page.contains("10 min later"), "{page}");
    assert!(page.contains("API down"));
    let violations = lab.collector.violations().await.unwrap();
    let page = lab.get(&format!("/violations/{}", violations[0])).await;
    assert!(page.contains("What the provider told of it"), "{page}");
    assert!(page.contains("API down") && page.contains("<code>s1</code>"));
    let all = told(&lab, "/acme?from=2026-02-25T22:00:00Z").await;
    assert_eq!(all["runs"].as_array().unwrap().len(), 3);
    for (path, status) in [("/nobody", 404), ("/acme?from=2030-01-01T00:00:00Z", 400)] {
        assert_eq!(told(&lab, path).await["status"], status, "{path}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_made_up_page_goes_the_way_of_one_that_was_asked_for() {
    let (lab, page) = start("published_made").await;
    let take = async |at: &str, state: &str, next_at: &str| {
        lab.clock.set(utc(at).into());
        let documents = vec![body(state).into_bytes()];
        take_made(lab.collector.app(), "acme", documents, utc(next_at))
            .await
            .unwrap();
    };
    let first = ("2026-02-25T22:00:00Z", "2026-02-25T23:00:00Z");
    take(first.0, "operational", first.1).await;
    take(first.1, "downtime", "2026-02-25T23:30:00Z").await;
    take(
        "2026-02-25T23:30:00Z",
        "operational",
        "2026-02-25T23:30:00Z",
    )
    .await;
    // What was asked for when it was planned goes on where that ends.
    page.is("operational");
    look(&lab, "2026-02-25T23:30:20Z").await;
    assert_eq!(
        runs(&lab).await,
        [
            run("operational", "22:00:00", "23:00:00"),
            run("major_outage", "23:00:00", "23:30:00"),
            run("operational", "23:30:00", "23:30:20"),
        ]
    );
    assert_eq!(page.asked(), 1);
    lab.stop().await;
}

#[tokio::test]
async fn pages_are_made_up_only_where_all_is_simulated_and_only_those_that_are_configured() {
    let (lab, _page) = start("published_made_up").await;
    let at = utc("2026-02-25T22:00:00Z");
    let refused = lab.collector.take_published("acme", Vec::new(), at).await;
    assert!(matches!(refused, Err(PublishedJobError::NotSimulated)));
    let nobody = take_made(lab.collector.app(), "nobody", Vec::new(), at).await;
    assert!(matches!(nobody, Err(PublishedJobError::Source { .. })));
    lab.stop().await;
}

//! Evidence of a log that OpenSSL, behind HTTP, has timestamped.

mod authority;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use verify::timestamp::Roots;

use super::*;
use crate::{Collector, TimestampConfig, Timestamping};
use authority::{Authority, Mood};

const HOUR: TimeDelta = TimeDelta::hours(1);

/// A lab with one agent, whose log another collector signs and has stamped.
struct Bench {
    lab: Lab,
    stamping: Collector,
    agent: Hand,
    now: DateTime<Utc>,
}

fn one_agent() -> Plan {
    let from_ms = utc(START).timestamp_millis();
    let text = format!(
        "revision = 1\neffective_from_ms = {from_ms}\n\
         [[agent]]\nid = \"b\"\nregion = \"r\"\nnetwork = \"n\"\n\
         [[target]]\nid = \"{TARGET}\"\nprovider = \"p\"\ninterval_s = 60\ndeadline_ms = 1\n\
         request = {{ kind = \"http\", url = \"http://x.invalid\" }}\n"
    );
    Plan::parse(&text).unwrap()
}

/// Asks these authorities once an hour.
fn timestamping(authorities: &[&Authority], roots: Option<&Authority>) -> Arc<Timestamping> {
    let mut toml = "interval_s = 3600\ntimeout_s = 20\n".to_owned();
    if let Some(authority) = roots {
        writeln!(toml, "roots_file = '{}'", authority.root().display()).unwrap();
    }
    for (nth, authority) in authorities.iter().enumerate() {
        let url = &authority.url;
        writeln!(toml, "[[authority]]\nname = 'tsa-{nth}'\nurl = '{url}'").unwrap();
    }
    let config: TimestampConfig = toml::from_str(&toml).unwrap();
    Arc::new(config.open(".".into(), |_| None).unwrap())
}

impl Bench {
    async fn start(name: &str, timestamping: Arc<Timestamping>) -> Self {
        let before = utc(START) - TimeDelta::minutes(5);
        let with = (Retention::default(), one_agent());
        let lab = Lab::start_planned(name, before, with).await;
        lab.tamper("DELETE FROM agent_key; DELETE FROM agent").await;
        let agent = Hand::enrol(&lab, "b", (0, 30)).await;
        let stamping = lab.start_stamping(timestamping, one_agent()).await;
        stamping.run_sequencer().await.unwrap();
        Self {
            lab,
            stamping,
            agent,
            now: utc(START),
        }
    }

    /// The agent measures, delivers and cosigns the minutes of a seal.
    async fn go_on(&mut self) {
        let end = self.now + TimeDelta::minutes(SEAL_MIN);
        self.lab.clock.set((end + TimeDelta::seconds(2)).into());
        self.agent.deliver(&self.lab, self.now).await;
        self.stamping.run_sequencer().await.unwrap();
        self.agent
            .cosign(&self.lab, end + TimeDelta::seconds(3))
            .await;
        self.now = end;
    }

    async fn stamp(&self) -> u64 {
        self.stamping.run_timestamps().await.unwrap()
    }

    async fn stored(&self) -> i64 {
        self.lab
            .number("SELECT count(*) FROM checkpoint_timestamp")
            .await
    }

    /// What the health endpoint says of the authorities.
    async fn health(&self) -> serde_json::Value {
        let answer = reqwest::get(format!("http://{}/api/v1/health", self.stamping.addr()));
        let text = answer.await.unwrap().text().await.unwrap();
        let mut health: serde_json::Value = serde_json::from_str(&text).unwrap();
        health["timestamps"].take()
    }

    async fn stop(self) {
        self.stamping.shutdown().await;
        self.lab.stop().await;
    }
}

#[tokio::test]
async fn checkpoints_are_stamped_once_an_hour_and_only_when_cosigned() {
    let (first, second) = (
        Authority::start(Mood::Good).await,
        Authority::start(Mood::Good).await,
    );
    let asked = timestamping(&[&first, &second], None);
    let mut bench = Bench::start("stamp_hourly", asked).await;
    assert_eq!(bench.stamp().await, 0, "nobody cosigned");
    bench.go_on().await;
    assert_eq!(bench.stamp().await, 2);
    assert_eq!(bench.stamp().await, 0, "the log has not grown");
    bench.go_on().await;
    assert_eq!(bench.stamp().await, 0, "an hour is not over");
    bench.lab.clock.set((bench.now + HOUR).into());
    assert_eq!(bench.stamp().await, 2);
    assert_eq!(bench.stored().await, 4);
    let newest = bench.lab.number("SELECT max(size) FROM checkpoint").await;
    let health = bench.health().await;
    for authority in health.as_array().unwrap() {
        assert_eq!(authority["last_size"], newest, "{health}");
        assert_eq!(authority["tokens"], 2, "{health}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn what_an_authority_gets_wrong_is_not_kept_and_it_is_asked_again_later() {
    let authority = Authority::start(Mood::Good).await;
    let asked = timestamping(&[&authority], None);
    let mut bench = Bench::start("stamp_wrong", asked).await;
    bench.go_on().await;
    let mut now = bench.now + TimeDelta::minutes(1);
    for (failures, (mood, expected)) in (1..).zip([
        (Mood::Stale, "the answer is to another request"),
        (Mood::OtherData, "the timestamp is of something else"),
        (Mood::Broken, "status 500"),
        (Mood::Cut, "no timestamp"),
        (Mood::Endless, "longer than"),
        (Mood::Refusing, "the authority refused"),
    ]) {
        authority.turn(mood);
        bench.lab.clock.set(now.into());
        assert_eq!(bench.stamp().await, 0);
        let health = bench.health().await;
        let error = health[0]["error"].as_str().unwrap();
        assert!(error.contains(expected), "{error}");
        assert_eq!(health[0]["failures"], failures);
        // It is left alone for a while.
        let asked = authority.asked.load(Ordering::Relaxed);
        assert_eq!(bench.stamp().await, 0);
        assert_eq!(authority.asked.load(Ordering::Relaxed), asked);
        now += TimeDelta::minutes(20);
    }
    assert_eq!(bench.stored().await, 0);
    authority.turn(Mood::Good);
    bench.lab.clock.set(now.into());
    assert_eq!(bench.stamp().await, 1);
    assert_eq!(bench.health().await[0]["failures"], 0);
    let metrics = reqwest::get(format!("http://{}/metrics", bench.stamping.addr()));
    let metrics = metrics.await.unwrap().text().await.unwrap();
    for (result, count) in [("granted", 1), ("refused", 5), ("unreachable", 1)] {
        let line = format!("nines_timestamp_tokens_total{{timestamp_result=\"{result}\"}} {count}");
        assert!(metrics.contains(&line), "{metrics}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_token_that_does_not_lead_to_a_configured_root_is_not_kept() {
    let (asked, trusted) = (
        Authority::start(Mood::Good).await,
        Authority::start(Mood::Good).await,
    );
    let timestamping = timestamping(&[&asked], Some(&trusted));
    let mut bench = Bench::start("stamp_root", timestamping).await;
    bench.go_on().await;
    assert_eq!(bench.stamp().await, 0);
    let health = bench.health().await;
    assert!(
        health[0]["error"]
            .as_str()
            .unwrap()
            .contains("does not lead to a root")
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_bundle_carries_the_tokens_and_verifies_under_the_roots() {
    let (good, broken) = (
        Authority::start(Mood::Good).await,
        Authority::start(Mood::Good).await,
    );
    let asked = timestamping(&[&good, &broken], Some(&good));
    let mut bench = Bench::start("stamp_bundle", asked).await;
    broken.turn(Mood::Broken);
    bench.stamping.run_sequencer().await.unwrap();
    bench
        .agent
        .cosign(&bench.lab, utc(START) - TimeDelta::minutes(5))
        .await;
    let mut stamped = 0;
    for _ in 0..SEALS {
        bench.go_on().await;
        stamped += bench.stamp().await;
    }
    assert!(stamped >= 2, "{stamped}");
    bench.lab.collector.run_jobs().await.unwrap();
    let policy = Policy::parse(&bench.lab.collector.policy().await.unwrap()).unwrap();
    let found = bench.lab.collector.violations().await.unwrap();
    let exported = bench.stamping.export(&found[0]).await.unwrap();
    assert_eq!(exported.unstamped, ["tsa-1"]);
    let mut bundle = Bundle::open(Cursor::new(exported.bytes.clone())).unwrap();
    let names: BTreeSet<String> = bundle.names().map(str::to_owned).collect();
    let tokens = names
        .iter()
        .filter(|name| name.starts_with("log/timestamps/"));
    assert_eq!(tokens.count() as u64, stamped);
    assert!(names.contains("MANIFEST.tsr") && names.contains("trust/tsa-roots.pem"));
    let pem = std::fs::read(good.root()).unwrap();
    let options = Options {
        tsa_roots: Some(Roots::from_pem(&pem).unwrap()),
        ..Options::default()
    };
    let report = verify::verify(&mut bundle, Some(&policy), &options);
    let text = render_text(&report);
    assert_eq!(report.exit_code(), 0, "{text}");
    assert!(text.contains("the manifest existed by"), "{text}");
    bench.stop().await;
}

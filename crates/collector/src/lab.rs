//! A collector on a real database with one agent whose batches tests make by hand, in simulated
//! time.

pub(crate) mod outside;
mod own;
mod start;
pub(crate) mod voice;

use chrono::{DateTime, Utc};
use domain::detail::Text;
use domain::{
    AgentId, Attribution, Detail, Gap, GapReason, Kind, ManualClock, Outcome, Sample, Source,
    UnixMicros, UnixMillis,
};
use evidence::batch_note::Seen;
use evidence::hash::Hash;
use evidence::note::{SigningKey, VerifierKey};
use evidence::tree;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wire::batch::{self, Draft, StreamLines};
use wire::line::{encode_gap, encode_sample};
use wire::names::Origin;
use wire::plan::Plan;

use crate::keys::Keys;
use crate::{Collector, ContractSetup, store};

pub(crate) const TARGET: &str = "t";
pub(crate) const CONTRACT: &str = include_str!("web/tests/month.toml");
pub(crate) const PLAN: &str = "revision = 1\neffective_from_ms = 0\n\
     [[agent]]\nid = \"a\"\nregion = \"r\"\nnetwork = \"n\"\n\
     [[target]]\nid = \"t\"\nprovider = \"p\"\ninterval_s = 60\ndeadline_ms = 1\n\
     request = { kind = \"http\", url = \"http://x.invalid\" }\n";
/// Seal interval of the agent, minutes.
const SEAL_MIN: i64 = 30;

pub(crate) struct Lab {
    pub(crate) collector: Collector,
    pub(crate) url: String,
    pub(crate) clock: ManualClock,
    dir: TempDir,
    agent: AgentId,
    pub(crate) key: SigningKey,
    seq: u64,
    prev: Hash,
    next_i: u64,
    controls: own::Controls,
}

pub(crate) fn utc(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub(crate) fn origin() -> Origin {
    "nines.example/lab".parse().unwrap()
}

pub(crate) fn plan() -> Plan {
    Plan::parse(PLAN).unwrap()
}

pub(crate) fn contract() -> ContractSetup {
    ContractSetup {
        toml: CONTRACT.to_owned(),
        targets: vec![TARGET.parse().unwrap()],
        fees: Some("1000.00".to_owned()),
    }
}

impl Lab {
    /// The key that signs registry records.
    pub(crate) fn operator_key(&self) -> VerifierKey {
        let keys = Keys::load(&self.state_dir().join("keys"), &origin()).unwrap();
        keys.operator.verifier_key()
    }

    /// Delivers batches of one sample a minute, each as soon as it is sealed; provider errors
    /// where `is_down` says so, gaps in every 50th minute.
    pub(crate) async fn measure(
        &mut self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        is_down: impl Fn(DateTime<Utc>) -> bool,
    ) {
        let mut at = from;
        while at < to {
            let end = at + chrono::TimeDelta::minutes(SEAL_MIN);
            self.clock.set(end.into());
            let body = self.seal((at, end), &is_down);
            self.collector.ingest(body).await.unwrap();
            at = end;
        }
        self.collector.run_sequencer().await.unwrap();
        self.collector.run_jobs().await.unwrap();
    }

    /// Seals half an hour of measurements without delivering it.
    pub(crate) fn seal_quietly(&mut self, from: DateTime<Utc>) -> Vec<u8> {
        let to = from + chrono::TimeDelta::minutes(SEAL_MIN);
        self.clock.set(to.into());
        self.seal((from, to), |_| false)
    }

    /// Number of the next batch.
    pub(crate) fn next_seq(&self) -> u64 {
        self.seq
    }

    /// The key that signs for the agent; gives the one before.
    pub(crate) fn replace_key(&mut self, key: SigningKey) -> SigningKey {
        std::mem::replace(&mut self.key, key)
    }

    /// The collector's directory.
    pub(crate) fn state_dir(&self) -> &camino::Utf8Path {
        camino::Utf8Path::from_path(self.dir.path()).unwrap()
    }

    /// Bodies of the fleet's records of one kind, oldest first.
    pub(crate) async fn fleet_bodies(&self, kind: &str) -> Vec<serde_json::Value> {
        let mut conn = PgConnection::connect(&self.url).await.unwrap();
        let chain = origin().fleet_chain();
        let records = store::registry::list(&mut conn, &chain).await.unwrap();
        let records = records.iter().filter(|record| record.kind == kind);
        records
            .map(|record| serde_json::from_slice(&record.body).unwrap())
            .collect()
    }

    /// Delivers batches of a time that has passed, now; jobs are not run.
    pub(crate) async fn deliver(
        &mut self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        is_down: impl Fn(DateTime<Utc>) -> bool,
    ) {
        let mut at = from;
        while at < to {
            let end = at + chrono::TimeDelta::minutes(SEAL_MIN);
            let body = self.seal((at, end), &is_down);
            self.collector.ingest(body).await.unwrap();
            at = end;
        }
        self.collector.run_sequencer().await.unwrap();
    }

    fn seal(
        &mut self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        is_down: impl Fn(DateTime<Utc>) -> bool,
    ) -> Vec<u8> {
        let first_i = self.next_i;
        let mut lines = Vec::new();
        let mut at = from;
        while at < to {
            let slot: UnixMillis = at.into();
            lines.push(if self.next_i % 50 == 49 {
                encode_gap(&gap(self.next_i, slot)).unwrap()
            } else {
                let is_down = is_down(at);
                let detail = detail(self.next_i, is_down);
                encode_sample(sample(self.next_i, slot, is_down), &detail).unwrap()
            });
            self.next_i += 1;
            at += chrono::TimeDelta::minutes(1);
        }
        let (first, last) = (UnixMicros::from(from).get(), UnixMicros::from(to).get());
        let mut streams = own::streams(self.seq, (from, to), &mut self.controls);
        streams.push(StreamLines {
            id: TARGET.parse().unwrap(),
            first_i,
            lines,
        });
        let sealed = batch::seal(
            &Draft {
                origin: &origin(),
                agent: &self.agent,
                seq: self.seq,
                prev: self.prev,
                boot: 1,
                wall_us: (first, last),
                mono_us: (first.unsigned_abs(), last.unsigned_abs()),
                seen: Seen {
                    origin: origin().log(),
                    size: 0,
                    root: tree::root(&[]),
                },
                streams: &streams,
            },
            &self.key,
        )
        .unwrap();
        self.seq += 1;
        self.prev = sealed.hash;
        sealed.body
    }

    /// Runs statements behind the collector's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        let mut conn = PgConnection::connect(&self.url).await.unwrap();
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        done.execute(&mut conn).await.unwrap();
    }

    /// The one number that a query gives.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut conn = PgConnection::connect(&self.url).await.unwrap();
        let asked = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        asked.fetch_one(&mut conn).await.unwrap()
    }

    /// Everything derived, as one number that any change changes.
    pub(crate) async fn fingerprint(&self) -> Vec<String> {
        let mut conn = PgConnection::connect(&self.url).await.unwrap();
        let mut prints = Vec::new();
        for table in [
            "sample_whole",
            "slot_gap",
            "agent_minute",
            "cell",
            "latency_hour",
            "latency_day",
            "assessment",
            "violation",
        ] {
            let sql = format!(
                "SELECT '{} ' || count(*) || ' ' || COALESCE(md5(string_agg(x::text, '/'
                 ORDER BY x::text)), '') FROM {table} x",
                table.trim_end_matches("_whole")
            );
            let asked = sqlx::query_scalar(AssertSqlSafe(sql));
            prints.push(asked.fetch_one(&mut conn).await.unwrap());
        }
        prints
    }

    /// What the collector answers to a GET, head and body.
    pub(crate) async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.collector.addr()).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// With its database: hundreds of labs would fill a disk. That of a failed test stays.
    pub(crate) async fn stop(self) {
        self.collector.shutdown().await;
        start::drop_database(&self.url).await;
        drop(self.dir);
    }
}

/// A statement that gives samples another class, some of whose columns are set.
pub(crate) fn reclass(set: &[&str], which: &str) -> String {
    let of = |column: &str| {
        let mut sets = set.iter().filter_map(|one| one.split_once(" = "));
        let value = sets.find(|(name, _)| *name == column);
        value.map_or_else(|| format!("c.{column}"), |(_, value)| value.to_owned())
    };
    let columns = [
        "outcome",
        "attribution",
        "kind",
        "source",
        "stream",
        "status",
        "served_model",
        "served_tier",
        "features",
    ];
    let (names, values) = (columns.join(", "), columns.map(of).join(", "));
    format!(
        "INSERT INTO sample_class ({names})
         SELECT DISTINCT {values} FROM sample JOIN sample_class c ON c.id = class_id
         WHERE {which} ON CONFLICT DO NOTHING;
         UPDATE sample s SET class_id = n.id FROM sample_class c, sample_class n
         WHERE c.id = s.class_id AND n.digest = sample_class_digest({values}) AND {which}"
    )
}

fn gap(i: u64, at: UnixMillis) -> Gap {
    Gap {
        count: 1,
        first_ms: at,
        gap: GapReason::AgentDown,
        i,
        last_ms: at,
        plan: 1,
        v: 1,
    }
}

/// Failures have a request id, and a header that must not go where only the id may.
fn detail(i: u64, is_down: bool) -> Detail {
    let mut detail = Detail::default();
    if is_down {
        let header = Text::Plain("CANARY".to_owned());
        detail.req = Some(Text::Plain(format!("req_{i}")));
        detail.hdr.insert("x-canary".to_owned(), header);
    }
    detail
}

pub(crate) fn sample(i: u64, slot: UnixMillis, down: bool) -> Sample {
    let (outcome, status, attribution) = if down {
        (Outcome::ServerError, 503, Attribution::Provider)
    } else {
        (Outcome::Ok, 200, Attribution::None)
    };
    Sample {
        asked_model: None,
        asked_tier: None,
        attempt: 1,
        attribution,
        cred: None,
        deadline_ms: 30_000,
        detail: None,
        end_us: 40_000,
        features: Vec::new(),
        first_us: None,
        i,
        input_tokens: None,
        kind: Kind::Planned,
        last_us: None,
        mono_us: 1_000,
        outcome,
        output_tokens: None,
        plan: 1,
        sent_us: Some(1_000),
        served_model: None,
        served_tier: None,
        slot_ms: slot,
        source: Source::Probe,
        status: Some(status),
        stream: false,
        v: 1,
        wall_us: UnixMicros::new(slot.get() * 1_000 + 7),
    }
}

//! Requests that a claim cites, read from the raw batches an hour at a time.
//!
//! What leaves here is an allow-list: time, region, agent, the model asked for, status, outcome and
//! the provider's request id. Of a detail line nothing but the request id is even parsed, so no
//! header, address or body can reach a letter or a log file.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::cell::Timeliness;
use domain::detail::Text;
use domain::{AgentId, Class, Line, Minute, Outcome, Sample, TargetId, UnixMicros};
use serde::Deserialize;
use sla::contract::metric::Kinds;
use sla::{Contract, EventClass};
use sqlx::PgConnection;
use wire::batch::{self, ReadLine};

use super::client_ids::ClientIds;
use super::period::Period;
use crate::job::assess::utc;
use crate::store::{self, StoreError};

/// Requests held before they are handed on, so that memory does not grow with an outage.
const HELD_MAX: usize = 20_000;
/// Longest request id or name of a model that is quoted, in characters.
const QUOTED_MAX: usize = 200;

/// A request that the contract counts, in a period of downtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Which of the periods.
    pub(crate) period: usize,
    pub(crate) at: UnixMicros,
    pub(crate) region: String,
    pub(crate) agent: AgentId,
    /// Model asked for; absent for plain HTTP.
    pub(crate) model: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Outcome,
    pub(crate) is_error: bool,
    /// Whether it was made because another had just failed.
    pub(crate) is_repeat: bool,
    /// The provider's id of it, where one was sent.
    pub(crate) id: Option<String>,
    /// What it named itself to the provider, where that is known.
    pub(crate) client_id: Option<String>,
}

/// What is read.
#[derive(Clone, Debug)]
pub(crate) struct Cited {
    pub(crate) contract: Contract,
    /// Commitments whose samples count.
    pub(crate) commitments: BTreeSet<String>,
    pub(crate) targets: Vec<TargetId>,
    pub(crate) periods: Vec<Period>,
}

/// Reads cited requests, oldest hour first.
#[derive(Debug)]
pub(crate) struct Requests {
    cited: Cited,
    client_ids: ClientIds,
    kinds: Vec<Kinds>,
    agents: BTreeMap<i32, Seat>,
    hours: VecDeque<Minute>,
    hour: Minute,
    batches: VecDeque<(i32, i64)>,
    held: Vec<Request>,
    missing: BTreeSet<(i32, i64)>,
}

#[derive(Debug)]
struct Seat {
    id: AgentId,
    region: String,
}

/// Of a detail line what may be quoted; whatever else it holds is passed over.
#[derive(Deserialize)]
struct Quotable {
    #[serde(default)]
    req: Option<Text>,
}

impl Requests {
    /// Nothing is read yet.
    pub(crate) async fn of(
        conn: &mut PgConnection,
        cited: Cited,
        client_ids: ClientIds,
    ) -> Result<Self, StoreError> {
        let agents = store::agent::list(conn).await?.into_iter();
        let seat = |agent: store::agent::Agent| {
            let (id, region) = (agent.id, agent.region);
            (agent.key, Seat { id, region })
        };
        let touched = |period: &Period| {
            let first = period.start.hour().first_minute();
            let hours = (period.end.get() - first.get()).saturating_add(59) / 60;
            (0..hours).map(move |hour| first.plus(hour * 60))
        };
        let hours: BTreeSet<Minute> = cited.periods.iter().flat_map(touched).collect();
        let commitments = cited.contract.commitments.iter();
        let counted = commitments.filter(|one| cited.commitments.contains(one.id.as_str()));
        Ok(Self {
            kinds: counted.map(|one| one.metric.kinds().clone()).collect(),
            agents: agents.map(seat).collect(),
            hours: hours.into_iter().collect(),
            hour: Minute::new(0),
            batches: VecDeque::new(),
            held: Vec::new(),
            missing: BTreeSet::new(),
            cited,
            client_ids,
        })
    }

    pub(crate) fn periods(&self) -> &[Period] {
        &self.cited.periods
    }

    /// Batches so far whose raw bytes are gone or cannot be read.
    pub(crate) fn missing(&self) -> usize {
        self.missing.len()
    }

    /// The next requests, in order of time within an hour unless there are very many; none when all
    /// were given.
    pub(crate) async fn next(
        &mut self,
        conn: &mut PgConnection,
    ) -> Result<Option<Vec<Request>>, StoreError> {
        loop {
            if self.held.len() >= HELD_MAX || (self.batches.is_empty() && !self.held.is_empty()) {
                let mut requests = std::mem::take(&mut self.held);
                requests.sort_by(|a, b| (a.at, &a.agent).cmp(&(b.at, &b.agent)));
                return Ok(Some(requests));
            }
            if let Some(key) = self.batches.pop_front() {
                self.read(conn, key).await?;
            } else if let Some(hour) = self.hours.pop_front() {
                self.open(conn, hour).await?;
            } else {
                return Ok(None);
            }
        }
    }

    async fn open(&mut self, conn: &mut PgConnection, hour: Minute) -> Result<(), StoreError> {
        self.hour = hour;
        let keys: Vec<i32> = self.agents.keys().copied().collect();
        let span = (utc(hour), utc(hour.plus(60)));
        for found in store::claim::cited::covering(conn, &keys, span).await? {
            let key = (found.agent, found.seq);
            if found.kept {
                self.batches.push_back(key);
            } else {
                self.missing.insert(key);
            }
        }
        Ok(())
    }

    async fn read(&mut self, conn: &mut PgConnection, key: (i32, i64)) -> Result<(), StoreError> {
        let raw = store::batch::raw(conn, &[key]).await?;
        let text = raw.first().map(|raw| batch::decompress(&raw.body));
        let Some(Ok(text)) = text else {
            self.missing.insert(key);
            return Ok(());
        };
        let Ok(batch) = batch::parse(&text) else {
            self.missing.insert(key);
            return Ok(());
        };
        for stream in &batch.streams {
            let target = self
                .cited
                .targets
                .iter()
                .find(|id| stream.id == **id)
                .cloned();
            if let Some(target) = target {
                for line in &stream.lines {
                    let found = self.request((key.0, &target), line);
                    self.held.extend(found);
                }
            }
        }
        Ok(())
    }

    fn request(
        &mut self,
        (agent, target): (i32, &TargetId),
        line: &ReadLine<'_>,
    ) -> Option<Request> {
        let Line::Sample(sample) = &line.value else {
            return None;
        };
        let (minute, seat) = (sample.minute(), self.agents.get(&agent)?);
        let is_now = (self.hour..self.hour.plus(60)).contains(&minute);
        let mut periods = self.cited.periods.iter();
        let period = periods.position(|one| one.covers(minute, &seat.region))?;
        let event = self.event(sample);
        if !is_now || !matches!(event, EventClass::Error | EventClass::Success) {
            return None;
        }
        let quotable = line.detail.map(serde_json::from_str::<Quotable>);
        let id = quotable.and_then(Result::ok).and_then(|found| found.req);
        Some(Request {
            period,
            at: sample.wall_us,
            region: seat.region.clone(),
            agent: seat.id.clone(),
            model: sample.asked_model.as_deref().map(printable),
            status: sample.status,
            outcome: sample.outcome,
            is_error: event == EventClass::Error,
            is_repeat: sample.attempt > 1,
            id: id.map(|id| quoted(&id)),
            client_id: self.client_ids.find_one((&seat.id, target), sample),
        })
    }

    /// What a sample is, as the rules are written; that of a rule which asks for a quorum too, for
    /// in downtime there was one.
    fn event(&self, sample: &Sample) -> EventClass {
        let class = Class::of(sample, Timeliness::Prompt);
        let counts = |kinds: &Kinds| kinds.counts(class.kind, class.source);
        if !self.kinds.iter().any(counts) {
            return EventClass::NotValid;
        }
        let events = &self.cited.contract.events;
        let rule = events.rules.iter().find(|rule| rule.when.matches(&class));
        rule.map_or(events.default, |rule| rule.class)
    }
}

/// A request id as it may be quoted: as it is where it is one printable ASCII word, else its bytes.
fn quoted(id: &Text) -> String {
    let as_hex = |hex: &str| {
        let digits = hex.chars().filter(char::is_ascii_hexdigit);
        format!("hex:{}", digits.take(QUOTED_MAX).collect::<String>())
    };
    match id {
        Text::Plain(id)
            if (1..=QUOTED_MAX).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            id.clone()
        }
        Text::Plain(id) => as_hex(&domain::detail::hex(id.as_bytes())),
        Text::Hex { hex } => as_hex(hex),
    }
}

fn printable(name: &str) -> String {
    let kept = name.chars().filter(|c| !c.is_control());
    kept.take(QUOTED_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_quoted_as_one_word_or_as_its_bytes_and_never_at_length() {
        let plain = |id: &str| quoted(&Text::Plain(id.to_owned()));
        assert_eq!(plain("req_01-a:b"), "req_01-a:b");
        assert_eq!(plain("a b\n"), "hex:6120620a");
        assert_eq!(plain(""), "hex:");
        assert_eq!(plain(&"x".repeat(9_999)).len(), 204);
        let hex = "0a\n<script>".to_owned();
        assert_eq!(quoted(&Text::Hex { hex }), "hex:0ac");
    }

    #[test]
    fn of_a_detail_nothing_but_the_request_id_is_read() {
        let line = r#"{"hdr":{"x":"CANARY"},"req":"r1","salt":"s","phase":7}"#;
        let found: Quotable = serde_json::from_str(line).unwrap();
        assert_eq!(found.req, Some(Text::Plain("r1".to_owned())));
    }
}

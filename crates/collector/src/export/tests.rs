//! Evidence whose agents changed keys and got lost on the way, as a stranger sees it.

mod stamped;

use std::io::Cursor;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{AgentId, Detail, UnixMicros, UnixMillis};
use evidence::batch_note::Seen;
use evidence::hash::Hash;
use evidence::note::{self, SignedNote, SigningKey};
use evidence::{policy::Policy, tree};
use verify::{Bundle, Check, Options, Report, render_text};
use wire::batch::{self, Draft, StreamLines};
use wire::keys::Rotation;
use wire::line::encode_sample;
use wire::plan::Plan;
use wire::protocol::{CosignatureRequest, EnrolRequest, RotateRequest, enrol_text};

use crate::lab::{Lab, TARGET, origin, sample, utc};
use crate::{Retention, Revocation, revoke_agent};

const START: &str = "2026-03-01T00:00:00Z";
/// Between seals, minutes.
const SEAL_MIN: i64 = 10;
/// Seals in what is judged.
const SEALS: i64 = 12;
/// The seal before which one agent changes its key, and the other is lost.
const CHANGE: i64 = 6;
/// Minutes of the outage: longer than the month allows.
const OUTAGE: std::ops::Range<i64> = 5..65;

/// An agent that is moved by hand.
struct Hand {
    id: AgentId,
    key: SigningKey,
    offset: TimeDelta,
    seq: u64,
    prev: Hash,
    next_i: u64,
}

fn key(agent: &AgentId, seed: u8) -> SigningKey {
    SigningKey::from_seed(&origin().agent(agent), &[seed; 32]).unwrap()
}

fn plan() -> Plan {
    let from_ms = utc(START).timestamp_millis();
    let text = format!(
        "revision = 1\neffective_from_ms = {from_ms}\n\
         [[agent]]\nid = \"b\"\nregion = \"r\"\nnetwork = \"n\"\n\
         [[agent]]\nid = \"c\"\nregion = \"s\"\nnetwork = \"o\"\n\
         [[target]]\nid = \"{TARGET}\"\nprovider = \"p\"\ninterval_s = 60\ndeadline_ms = 1\n\
         request = {{ kind = \"http\", url = \"http://x.invalid\" }}\n"
    );
    Plan::parse(&text).unwrap()
}

impl Hand {
    async fn enrol(lab: &Lab, name: &str, (offset_s, seed): (i64, u8)) -> Self {
        let id: AgentId = name.parse().unwrap();
        let key = key(&id, seed);
        let token = lab.collector.mint_token(&id).await.unwrap();
        let vkey = key.verifier_key().to_string();
        let proof = note::sign(&enrol_text(&id, &vkey, &token), &[&key]).unwrap();
        let request = EnrolRequest {
            proof: proof.to_string(),
            agent: id.clone(),
            token,
            vkey,
        };
        lab.collector.enrol(&request).await.unwrap();
        Self {
            id,
            key,
            offset: TimeDelta::seconds(offset_s),
            seq: 0,
            prev: Hash::ZERO,
            next_i: 0,
        }
    }

    /// Measures and delivers the minutes of a seal.
    async fn deliver(&mut self, lab: &Lab, from: DateTime<Utc>) {
        let first_i = self.next_i;
        let lines = (0..SEAL_MIN).map(|minute| {
            let at = from + TimeDelta::minutes(minute);
            let is_down = OUTAGE.contains(&(at - utc(START)).num_minutes());
            let slot: UnixMillis = (at + self.offset).into();
            let i = first_i + minute.unsigned_abs();
            encode_sample(sample(i, slot, is_down), &Detail::default()).unwrap()
        });
        let lines: Vec<_> = lines.collect();
        let to = from + TimeDelta::minutes(SEAL_MIN);
        let (first, last) = (UnixMicros::from(from).get(), UnixMicros::from(to).get());
        let draft = Draft {
            origin: &origin(),
            agent: &self.id,
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
            streams: &[StreamLines {
                id: TARGET.parse().unwrap(),
                first_i,
                lines,
            }],
        };
        let sealed = batch::seal(&draft, &self.key).unwrap();
        self.next_i += SEAL_MIN.unsigned_abs();
        self.seq += 1;
        self.prev = sealed.hash;
        lab.collector.ingest(sealed.body).await.unwrap();
    }

    async fn cosign(&self, lab: &Lab, at: DateTime<Utc>) {
        let answer = lab.collector.checkpoint(&self.id, None, 0).await.unwrap();
        let signed = SignedNote::parse(answer.checkpoint.as_bytes()).unwrap();
        let checkpoint = evidence::checkpoint::Checkpoint::parse(signed.text()).unwrap();
        let time_s = at.timestamp().unsigned_abs();
        let line = note::cosign(signed.text(), time_s, &self.key).unwrap();
        let request = CosignatureRequest {
            agent: self.id.clone(),
            size: checkpoint.size,
            line: line.to_string(),
        };
        lab.collector.cosign(&request).await.unwrap();
    }

    async fn rotate(&mut self, lab: &Lab) {
        let new = key(&self.id, 31);
        let rotation = Rotation {
            agent: self.id.clone(),
            old_vkey: self.key.verifier_key().to_string(),
            new_vkey: new.verifier_key().to_string(),
            from_batch: self.seq,
        };
        let proof = note::sign(&rotation.text(), &[&self.key, &new]).unwrap();
        let request = RotateRequest {
            from_batch: rotation.from_batch,
            new_vkey: rotation.new_vkey,
            old_vkey: rotation.old_vkey,
            proof: proof.to_string(),
        };
        lab.collector.rotate(&self.id, &request).await.unwrap();
        self.key = new;
    }
}

async fn revoke(lab: &Lab, agent: &AgentId) {
    let origin = origin();
    let revocation = Revocation {
        origin: &origin,
        state_dir: lab.state_dir(),
        agent,
        reason: "disk lost",
    };
    revoke_agent(&lab.url, &revocation, &lab.clock)
        .await
        .unwrap();
}

async fn verified(lab: &Lab) -> Report {
    let policy = Policy::parse(&lab.collector.policy().await.unwrap()).unwrap();
    let found = lab.collector.violations().await.unwrap();
    let exported = lab.collector.export(&found[0]).await.unwrap();
    let mut bundle = Bundle::open(Cursor::new(exported.bytes)).unwrap();
    verify::verify(&mut bundle, Some(&policy), &Options::default())
}

/// Two hours with an outage, in which one agent changes its key and the other is lost: it delivers
/// only the first seals. The operator says so at [`CHANGE`].
async fn judged(name: &str, delivered: i64) -> Report {
    let before = utc(START) - TimeDelta::minutes(5);
    let with = (Retention::default(), plan());
    let lab = Lab::start_planned(name, before, with).await;
    // The agent that every lab has was never recorded, and is not of this plan.
    lab.tamper("DELETE FROM agent_key; DELETE FROM agent").await;
    let mut kept = Hand::enrol(&lab, "b", (0, 30)).await;
    let mut lost = Hand::enrol(&lab, "c", (30, 40)).await;
    lab.collector.run_sequencer().await.unwrap();
    kept.cosign(&lab, before).await;
    for seal in 0..SEALS {
        let from = utc(START) + TimeDelta::minutes(seal * SEAL_MIN);
        let end = from + TimeDelta::minutes(SEAL_MIN);
        lab.clock.set((end + TimeDelta::seconds(2)).into());
        if seal == CHANGE {
            kept.rotate(&lab).await;
            revoke(&lab, &lost.id).await;
        }
        kept.deliver(&lab, from).await;
        if seal < delivered {
            lost.deliver(&lab, from).await;
        }
        lab.collector.run_sequencer().await.unwrap();
        kept.cosign(&lab, end + TimeDelta::seconds(3)).await;
        if seal < delivered {
            lost.cosign(&lab, end + TimeDelta::seconds(4)).await;
        }
    }
    lab.collector.run_jobs().await.unwrap();
    let report = verified(&lab).await;
    lab.stop().await;
    report
}

#[track_caller]
fn check(report: &Report, expected: &str) {
    let text = render_text(report);
    assert_eq!(report.exit_code(), 0, "{text}");
    let coverage = report.verdicts.iter().find(|j| j.check == Check::Coverage);
    let remarks = coverage.unwrap().remarks.join("\n");
    let how = "on 1 of its targets, are unmeasured, declared lost by the operator: revoked \
               (disk lost)";
    assert!(remarks.contains(&format!("{expected}, {how}")), "{text}");
}

#[tokio::test]
async fn evidence_with_a_changed_key_and_a_lost_agent_verifies() {
    let report = judged("export_keys", CHANGE).await;
    let lost = "agent `c`: 60 slots from 2026-03-01T01:00:30Z to 2026-03-01T01:59:30Z";
    check(&report, lost);
}

/// The segment reaches back to its enrolment: that it never delivered is for everybody to see.
#[tokio::test]
async fn evidence_with_an_agent_that_never_delivered_verifies() {
    let report = judged("export_never", 0).await;
    let lost = "agent `c`: 120 slots from 2026-03-01T00:00:30Z to 2026-03-01T01:59:30Z";
    check(&report, lost);
}

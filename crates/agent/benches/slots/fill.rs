//! A spool that a collector long out of reach left behind.

use std::time::Duration;

use agent::recorder::{Attempted, RecorderSettings};
use agent::spool::{Durability, Limits};
use agent::stamp::Stamp;
use agent::{Recorder, SPOOL_DIR};
use domain::detail::{Net, Phases};
use domain::{Attribution, Detail, Kind, Outcome, UnixMicros, UnixMillis};
use probe::Attempt;

use crate::machine;
use crate::setting::{INTERVAL_S, QUICK_PREFIX, Setting};

/// What is left free of a gibibyte: room for what is measured.
const FREE_BYTES: u64 = 96 * 1024 * 1024;

/// Fills the spool with samples of slots before the plan's first, signed every ten seconds of them.
pub(crate) fn fill(setting: &mut Setting) {
    let limits = Limits {
        durability: Durability::Manual,
        ..Limits::default()
    };
    let settings = RecorderSettings {
        boot: 0,
        limits,
        seal_interval: Duration::from_secs(10),
    };
    let dir = setting.dir.join(SPOOL_DIR);
    let identity = setting.identity.clone();
    let (mut recorder, _) = Recorder::open(&dir, identity, settings).expect("a spool");
    let attempt = attempt();
    let step_ms = i64::try_from(INTERVAL_S).expect("short") * 1_000;
    // Far enough back that all of it is before the plan.
    let mut slot = machine::now().plus_ms(-50_000 * step_ms);
    let mut mono_us = 0;
    while recorder.spool().backlog_bytes() + FREE_BYTES < limits.backlog_bytes_max {
        let start = stamp(slot, mono_us);
        for target in &setting.plan.targets {
            if target.id.as_str().starts_with(QUICK_PREFIX) {
                let attempted = Attempted {
                    target,
                    plan_revision: setting.plan.revision,
                    slot,
                    number: 1,
                    kind: Kind::Planned,
                    start,
                    attempt: &attempt,
                };
                recorder.record_attempt(&attempted).expect("room");
            }
        }
        slot = slot.plus_ms(step_ms);
        mono_us += 1_000 * u64::try_from(step_ms).expect("it is ahead");
        recorder.seal(stamp(slot, mono_us)).expect("room to seal");
    }
    recorder.sync().expect("a disk");
    setting.first_seq = recorder.spool().state().next_seq;
}

fn stamp(slot: UnixMillis, mono_us: u64) -> Stamp {
    Stamp {
        wall: UnixMicros::new(slot.get() * 1_000),
        mono_us,
    }
}

/// As one of a page that answers at once over TLS.
fn attempt() -> Attempt {
    let net = Net {
        family: Some(4),
        leaf_sha256: Some("5e".repeat(32)),
        remote: Some("127.0.0.1:443".to_owned()),
        tls: Some("1.3".to_owned()),
        ..Net::default()
    };
    let phase = Phases {
        dns_us: Some(212),
        tcp_us: Some(287),
        tls_us: Some(1_342),
        ..Phases::default()
    };
    Attempt {
        outcome: Outcome::Ok,
        attribution: Attribution::None,
        status: Some(200),
        sent_us: Some(1_377),
        first_us: None,
        last_us: None,
        end_us: 1_561,
        input_tokens: None,
        output_tokens: None,
        served_model: None,
        served_tier: None,
        asked_model: None,
        asked_tier: None,
        stream: false,
        detail: Detail {
            http: Some("1.1".to_owned()),
            net: Some(net),
            phase,
            ..Detail::default()
        },
    }
}

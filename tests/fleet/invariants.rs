//! What must hold after any simulation, and some of it during.

use std::collections::BTreeMap;

use domain::UnixMillis;
use sla::Assessment;
use wire::protocol::{Receipt, ReceiptState};

use super::agent::Recorded;
use super::database::Watcher;
use super::evidence::{Stored, fingerprint};
use super::simulation::{DAY_S, MIDNIGHT_S, START_S, STOP_S, Simulation};
use super::world::{ACME, QUIET};

/// Everything, at the end.
pub(super) fn check_all(mut simulation: Simulation) {
    for place in 0..simulation.machines.len() {
        let agent = simulation.machines[place].identity.agent.to_string();
        let stored = Stored::of(&mut simulation.site.watcher, &agent);
        every_sample_is_stored_once_or_declared_lost(&simulation.recorded[place], &stored);
        every_planned_slot_is_a_sample_or_in_exactly_one_gap(&simulation, place, &stored);
        the_chain_is_unbroken(&mut simulation, place);
    }
    nothing_contradicts(&mut simulation.site.watcher);
    absence_is_never_a_breach(&mut simulation.site.watcher);
    replay_changes_nothing(simulation);
}

/// At a receipt, another connection sees the batch and every line of it.
pub(super) fn no_receipt_before_its_commit(watcher: &mut Watcher, receipt: &Receipt) {
    let (agent, seq) = (&receipt.agent, receipt.seq);
    let stored = format!(
        "SELECT encode(b.hash, 'base64'), lines \
         - (SELECT count(*) FROM sample s WHERE s.agent_id = b.agent_id AND s.seq = b.seq) \
         - (SELECT count(*) FROM slot_gap g WHERE g.agent_id = b.agent_id AND g.seq = b.seq) \
         FROM batch b JOIN agent a ON a.id = b.agent_id \
         WHERE a.name = '{agent}' AND b.seq = {seq}"
    );
    let expected = format!("{}|0", receipt.batch);
    assert_eq!(
        watcher.rows(&stored),
        [expected],
        "{agent}: receipt for {seq}"
    );
}

/// What a recorder took is stored, once and as it was; where the spool had no room, the slot is
/// declared. Nothing else is stored.
fn every_sample_is_stored_once_or_declared_lost(recorded: &[Recorded], stored: &Stored) {
    let mut left = stored.samples.clone();
    let mut recorded: Vec<&Recorded> = recorded.iter().collect();
    recorded.sort_by_key(|one| one.is_full);
    for one in recorded {
        let slot_ms = one.slot.get();
        let key = (one.target.clone(), slot_ms, one.number);
        match left.remove(&key) {
            Some(outcome) => assert_eq!(outcome, one.outcome, "{one:?}"),
            // Nothing of it was kept, the clock was set back, and its slot came again.
            None if one.is_full && stored.samples.contains_key(&key) => {}
            None if one.number > 1 => assert!(one.is_full, "lost without a word: {one:?}"),
            None => {
                let reason = stored.gap_at(&one.target, slot_ms);
                let is_told = matches!(reason, Some("spool_full" | "agent_down"));
                assert!(one.is_full && is_told, "lost: {one:?}, {reason:?}");
            }
        }
    }
    assert_eq!(left, BTreeMap::new(), "stored, but never measured");
}

/// From the plan's start to the end, each slot was run or lies in one gap, which counts right.
fn every_planned_slot_is_a_sample_or_in_exactly_one_gap(
    simulation: &Simulation,
    place: usize,
    stored: &Stored,
) {
    let agent = &simulation.machines[place].identity.agent;
    for target in [ACME, QUIET] {
        let id = target.parse().expect("a name");
        let grid = simulation.site.plan.grid(agent, &id).expect("a grid");
        let mut times: BTreeMap<i64, u32> = BTreeMap::new();
        let first_attempts = stored.samples.keys().filter(|key| key.2 == 1);
        for (_, slot_ms, _) in first_attempts.filter(|key| key.0 == target) {
            *times.entry(*slot_ms).or_default() += 1;
        }
        for gap in stored.gaps.iter().filter(|gap| gap.target == target) {
            let (first, last) = (UnixMillis::new(gap.first_ms), UnixMillis::new(gap.last_ms));
            let slots: Vec<UnixMillis> = grid.between(first, last.plus_ms(1)).collect();
            let count = i64::try_from(slots.len()).expect("a few");
            assert_eq!(count, gap.slots, "{agent}: {gap:?}");
            for slot in slots {
                *times.entry(slot.get()).or_default() += 1;
            }
        }
        let last = times.keys().next_back().copied().unwrap_or(0);
        let end = UnixMillis::new(last.max(STOP_S * 1_000) + 1);
        let planned = grid.between(UnixMillis::new(START_S * 1_000), end);
        let wrong: Vec<(i64, u32)> = planned
            .map(|slot| (slot.get(), times.remove(&slot.get()).unwrap_or(0)))
            .filter(|(_, times)| *times != 1)
            .collect();
        assert_eq!(wrong, [], "{agent}, {target}: slots not accounted for once");
        assert_eq!(times, BTreeMap::new(), "{agent}, {target}: not in the plan");
    }
}

/// Numbers without a gap from 0 to the agent's last, each batch naming the one before, each in the
/// log once.
fn the_chain_is_unbroken(simulation: &mut Simulation, place: usize) {
    let machine = &mut simulation.machines[place];
    let agent = machine.identity.agent.clone();
    let run = machine.run.as_mut().expect("it runs at the end");
    let progress = run.progress();
    let sealed = i64::try_from(progress.next_seq).expect("a few");
    assert_eq!(
        progress.acked_below, progress.next_seq,
        "{agent}: all is home"
    );
    assert_eq!(
        progress.released_below, progress.next_seq,
        "{agent}: and proven"
    );
    let of_agent = format!("JOIN agent a ON a.id = b.agent_id WHERE a.name = '{agent}'");
    let watcher = &mut simulation.site.watcher;
    let whole = format!("SELECT count(*), min(seq), max(seq) + 1 FROM batch b {of_agent}");
    assert_eq!(
        watcher.rows(&whole),
        [format!("{sealed}|0|{sealed}")],
        "{agent}"
    );
    let broken = format!(
        "SELECT count(*) FROM batch b LEFT JOIN batch p \
         ON p.agent_id = b.agent_id AND p.seq = b.seq - 1 {of_agent} \
         AND b.prev IS DISTINCT FROM COALESCE(p.hash, decode(repeat('00', 32), 'hex'))"
    );
    assert_eq!(watcher.number(&broken), 0, "{agent}: each names its former");
    let logged = format!("SELECT count(*), count(DISTINCT b.seq) FROM log_entry b {of_agent}");
    assert_eq!(
        watcher.rows(&logged),
        [format!("{sealed}|{sealed}")],
        "{agent}: logged once"
    );
}

fn nothing_contradicts(watcher: &mut Watcher) {
    for table in ["batch_conflict", "sample_conflict", "job_poison"] {
        let count = format!("SELECT count(*) FROM {table}");
        assert_eq!(watcher.number(&count), 0, "{table}");
    }
}

/// A provider that never failed is never in breach, and a day that nobody measured says nothing
/// about anyone.
fn absence_is_never_a_breach(watcher: &mut Watcher) {
    let quiet = format!(
        "SELECT count(*) FROM violation v JOIN contract c ON c.id = v.contract_id \
         WHERE c.name = '{QUIET}-day'"
    );
    assert_eq!(
        watcher.number(&quiet),
        0,
        "a breach of `{QUIET}` was claimed"
    );
    let unmeasured = format!(
        "SELECT state, replace(body, chr(10), ' ') FROM assessment \
         WHERE extract(epoch FROM window_start_at)::bigint = {MIDNIGHT_S} \
         AND extract(epoch FROM window_end_at)::bigint = {}",
        MIDNIGHT_S + DAY_S
    );
    let rows = watcher.rows(&unmeasured);
    assert_eq!(rows.len(), 2, "both contracts are judged");
    for row in rows {
        let (state, body) = row.split_once('|').expect("two columns");
        assert_eq!(state, "final");
        let assessment: Assessment = serde_json::from_str(body).expect("an assessment");
        for commitment in assessment.commitments {
            let verdict = serde_json::to_value(commitment.verdict).expect("a word");
            let is_silent = verdict == "indeterminate" || verdict == "no_data";
            assert!(is_silent, "{}: {verdict}", assessment.contract);
        }
    }
}

/// Every batch again, in any order: known, and neither rows nor verdicts change; nor does deriving
/// all of it anew from the raw bytes give anything else.
fn replay_changes_nothing(mut simulation: Simulation) {
    let before = fingerprint(&mut simulation.site.watcher);
    let mut bodies: Vec<Vec<u8>> = simulation.sent.values().cloned().collect();
    simulation.random.shuffle(&mut bodies);
    for some in bodies.chunks(16) {
        for answer in simulation.site.ingest(some.to_vec()) {
            let receipt = answer.expect("a known batch is answered");
            assert_eq!(receipt.state, ReceiptState::Duplicate);
        }
    }
    simulation.site.sequence();
    simulation.site.judge();
    assert_eq!(fingerprint(&mut simulation.site.watcher), before);
    let (totals, found) = simulation.site.rebuild_check();
    assert_eq!((totals.differing, found), (0, Vec::new()));
}

use domain::AgentId;
use evidence::batch_note::Seen;
use evidence::note::{SigningKey, sign};
use evidence::registry::RegistryType;
use evidence::tree::Tree;
use wire::batch::{self, Draft};

use super::*;

fn origin() -> Origin {
    "nines.example/lab".parse().unwrap()
}

/// A log that is written by hand.
struct Script {
    key: SigningKey,
    tree: Tree,
    entries: Vec<Vec<u8>>,
    /// Hash of the text of each entry.
    hashes: Vec<Hash>,
}

impl Script {
    fn new() -> Self {
        Self {
            key: SigningKey::from_seed("nines.example/lab/agents/a", &[1; 32]).unwrap(),
            tree: Tree::default(),
            entries: Vec::new(),
            hashes: Vec::new(),
        }
    }

    fn push(&mut self, entry: Vec<u8>) {
        let signed = SignedNote::parse(&entry).unwrap();
        self.hashes.push(Hash::of(signed.text().as_bytes()));
        self.tree.append(leaf_hash(&entry));
        self.entries.push(entry);
    }

    fn seen(&self) -> Seen {
        let head = self.tree.head();
        Seen {
            origin: origin().log(),
            size: head.size,
            root: head.root,
        }
    }

    fn batch(&mut self, seq: u64, prev: Hash) {
        let seen = self.seen();
        self.batch_that_saw(seq, prev, seen);
    }

    fn batch_that_saw(&mut self, seq: u64, prev: Hash, seen: Seen) {
        let agent: AgentId = "a".parse().unwrap();
        let draft = Draft {
            origin: &origin(),
            agent: &agent,
            seq,
            prev,
            boot: 7,
            wall_us: (1, 1),
            mono_us: (seq * 10, seq * 10),
            seen,
            streams: &[],
        };
        let sealed = batch::seal(&draft, &self.key).unwrap();
        self.push(sealed.note);
    }

    fn record(&mut self, entry: u64, prev: Hash) {
        let note = RegistryNote {
            chain: origin().fleet_chain(),
            entry,
            prev,
            kind: RegistryType::Annotate,
            at_s: entry,
            body: Hash::of(b"body"),
        };
        let text = note.text().unwrap();
        self.push(sign(&text, &[&self.key]).unwrap().to_bytes());
    }

    fn audit(&self) -> Audited {
        let mut auditor = Auditor::new(origin());
        self.entries.iter().for_each(|entry| auditor.take(entry));
        auditor.finish()
    }
}

/// Three batches and two records that follow one another.
fn honest() -> Script {
    let mut script = Script::new();
    script.record(0, Hash::ZERO);
    script.batch(0, Hash::ZERO);
    script.batch(1, script.hashes[1]);
    script.record(1, script.hashes[0]);
    script.batch(2, script.hashes[2]);
    script
}

#[track_caller]
fn check_fault(script: &Script, index: Option<u64>, expected: &str) {
    let audited = script.audit();
    let found = audited.faults.iter().find(|fault| fault.index == index);
    let found = found.unwrap_or_else(|| panic!("{:?}", audited.faults));
    assert!(found.reason.contains(expected), "{found:?}");
}

#[test]
fn an_honest_log_has_no_faults_and_is_counted() {
    let script = honest();
    let audited = script.audit();
    assert_eq!(audited.faults, []);
    assert_eq!((audited.batches, audited.records), (3, 2));
    assert_eq!(audited.agents["nines.example/lab/agents/a"], 3);
    assert_eq!(audited.chains["nines.example/lab/fleet"], 2);
    assert_eq!(audited.tree.head(), script.tree.head());
}

#[test]
fn batches_may_stand_in_another_order_than_their_numbers() {
    let mut script = honest();
    script.entries.swap(2, 4);
    let mut ordered = Auditor::new(origin());
    // What they saw is of another log now, which is not what is looked at here.
    script.entries.iter().for_each(|entry| ordered.take(entry));
    let audited = ordered.finish();
    assert_eq!(audited.agents["nines.example/lab/agents/a"], 3);
    let chained = audited
        .faults
        .iter()
        .all(|fault| fault.reason.contains("saw"));
    assert!(chained, "{:?}", audited.faults);
}

#[test]
fn a_number_that_stands_twice_is_found() {
    let mut script = honest();
    script.batch(1, script.hashes[1]);
    check_fault(
        &script,
        Some(5),
        "batch 1 of `nines.example/lab/agents/a` stands twice",
    );
    let mut script = honest();
    script.record(1, script.hashes[0]);
    check_fault(
        &script,
        Some(5),
        "entry 1 of `nines.example/lab/fleet` stands twice",
    );
}

#[test]
fn a_gap_is_found() {
    let mut script = honest();
    script.batch(5, script.hashes[4]);
    check_fault(&script, None, "agents/a`: 3 to 4 are missing");
    let mut script = honest();
    script.record(3, script.hashes[3]);
    check_fault(&script, None, "fleet`: 2 to 2 are missing");
}

#[test]
fn a_chain_that_does_not_hold_is_found() {
    let mut script = honest();
    script.batch(3, Hash::ZERO);
    check_fault(
        &script,
        Some(5),
        "does not name the hash of its predecessor",
    );
    let mut script = Script::new();
    script.batch(0, Hash::of(b"something"));
    check_fault(
        &script,
        Some(0),
        "does not name the hash of its predecessor",
    );
    let mut script = Script::new();
    script.record(0, Hash::of(b"something"));
    check_fault(
        &script,
        Some(0),
        "does not name the hash of its predecessor",
    );
}

#[test]
fn a_batch_that_saw_another_log_is_found() {
    let seen = |origin: &str, size, root| Seen {
        origin: origin.to_owned(),
        size,
        root,
    };
    let script = honest();
    let root = script.tree.head_at(2).unwrap().root;
    for (seen, expected) in [
        (seen("nines.example/other/log", 2, root), "saw another log"),
        (seen("nines.example/lab/log", 2, Hash::ZERO), "another root"),
        (
            seen("nines.example/lab/log", 6, root),
            "saw more of the log",
        ),
    ] {
        let mut script = honest();
        script.batch_that_saw(3, script.hashes[4], seen);
        check_fault(&script, Some(5), expected);
    }
    let mut script = honest();
    let at_two = seen("nines.example/lab/log", 2, root);
    script.batch_that_saw(3, script.hashes[4], at_two);
    assert_eq!(script.audit().faults, []);
}

#[test]
fn what_is_neither_batch_nor_record_is_found() {
    let mut auditor = Auditor::new(origin());
    for entry in [b"".as_slice(), b"\xff", b"a\n\n\xe2\x80\x94 b AAAAAAA=\n"] {
        auditor.take(entry);
    }
    let audited = auditor.finish();
    let foreign = audited
        .faults
        .iter()
        .filter(|fault| fault.reason.starts_with("is neither"));
    assert_eq!(foreign.count(), 3);
    let mut other = Auditor::new("other.example".parse().unwrap());
    other.take(&honest().entries[1]);
    let audited = other.finish();
    assert!(audited.faults[0].reason.contains("no agent of this origin"));
}

#[test]
fn faults_are_counted_beyond_those_that_are_kept() {
    let mut auditor = Auditor::new(origin());
    (0..250).for_each(|_| auditor.take(b"x"));
    let audited = auditor.finish();
    assert_eq!((audited.faults.len(), audited.faults_total), (100, 250));
}

//! What an agent pays to seal, and what the log pays to append.

use evidence::batch_note::Seen;
use evidence::checkpoint::Checkpoint;
use evidence::hash::Hash;
use evidence::note::SigningKey;
use evidence::tree::{self, Tree};
use wire::batch::{Draft, seal as seal_batch};

use crate::cost;
use crate::report::{Report, per_second};
use crate::world::{START_MS, origin, target_lines};

/// Samples of a batch.
const SAMPLES: u64 = 64;
const ROUNDS: u64 = 200;
/// Entries that the log takes, and how many of them a checkpoint.
const ENTRIES: u64 = 1_000_000;
const ENTRIES_PER_CHECKPOINT: u64 = 100;

pub(crate) fn seal(report: &mut Report) {
    let origin = origin();
    let agent = "agent-0".parse().expect("a name");
    let key = SigningKey::from_seed(&origin.agent(&agent), &[7; 32]).expect("a key");
    let encode = || target_lines(0, (0, i64::try_from(SAMPLES).expect("small")), START_MS);
    let (streams, encode_us) = cost::cpu(|| {
        for _ in 1..ROUNDS {
            std::hint::black_box(encode());
        }
        [encode()]
    });
    let draft = Draft {
        origin: &origin,
        agent: &agent,
        seq: 1,
        prev: Hash::ZERO,
        boot: 7,
        wall_us: (START_MS * 1_000, START_MS * 1_000),
        mono_us: (0, 0),
        seen: Seen {
            origin: origin.log(),
            size: 0,
            root: tree::root(&[]),
        },
        streams: &streams,
    };
    let (sealed, seal_us) = cost::cpu(|| {
        for _ in 1..ROUNDS {
            std::hint::black_box(seal_batch(&draft, &key).expect("a batch"));
        }
        seal_batch(&draft, &key).expect("a batch")
    });
    let samples = SAMPLES * ROUNDS;
    let beside = format!("making and encoding {} ns", encode_us * 1_000 / samples);
    let sealing_ns = seal_us * 1_000 / samples;
    report.at_most(
        "sealing a sample, 64 a batch",
        (sealing_ns, 3_000),
        "ns",
        beside,
    );
    let bytes = sealed.body.len();
    report.note(
        "a batch of 64 samples on the wire",
        format!("{bytes} bytes"),
    );
    let cores: Vec<&[u8]> = streams[0]
        .lines
        .iter()
        .map(|line| line.core.as_bytes())
        .collect();
    let ((), hash_us) = cost::cpu(|| {
        for _ in 0..ROUNDS {
            let leaves: Vec<Hash> = cores.iter().map(|core| tree::leaf_hash(core)).collect();
            std::hint::black_box((tree::root(&leaves), seal_note(&key)));
        }
    });
    let hashing_ns = hash_us * 1_000 / samples;
    report.note("  of which hashing and signing", format!("{hashing_ns} ns"));
}

/// One signature over a text as long as a batch note.
fn seal_note(key: &SigningKey) -> Vec<u8> {
    let text = format!("{}\n", "x".repeat(400));
    let signed = evidence::note::sign(&text, &[key]).expect("a note");
    signed.to_bytes()
}

/// The log in memory: hashing, appending, signing checkpoints.
pub(crate) fn log(report: &mut Report) {
    let name = origin().log();
    let key = SigningKey::from_seed(&name, &[8; 32]).expect("a key");
    let entry = vec![b'x'; 600];
    let ((), us) = cost::cpu(|| {
        let mut tree = Tree::default();
        for nth in 1..=ENTRIES {
            tree.append(tree::leaf_hash(&entry));
            if nth % ENTRIES_PER_CHECKPOINT == 0 {
                let head = tree.head();
                let checkpoint = Checkpoint {
                    origin: name.clone(),
                    size: head.size,
                    root: head.root,
                };
                std::hint::black_box(checkpoint.sign(&key).expect("a note"));
            }
        }
    });
    let rate = per_second(ENTRIES, us);
    let beside = "a checkpoint for every 100".to_owned();
    report.at_least("log appends without SQL", (rate, 10_000), "/s", beside);
}

use evidence::entries::Entries;
use evidence::hash::Hash;
use evidence::tiles::{Tile, compact_range, edge, entry_bundles, hash_tiles};
use evidence::tree::{self, Tree};
use sqlx::{Connection as _, PgConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::lab::{Lab, utc};
use crate::store;

const START: &str = "2026-02-25T00:00:00Z";

/// Fills the log up to a size with notes `note INDEX`, as stored batches that were logged.
async fn grow(lab: &Lab, size: u64) -> u64 {
    let from = lab.number("SELECT count(*) FROM log_entry").await;
    lab.tamper(&format!(
        "INSERT INTO batch (agent_id, seq, hash, prev, note, lines, wall_first_at, wall_last_at,
                            received_at, log_index)
         SELECT (SELECT id FROM agent LIMIT 1), i, sha256(i::text::bytea), sha256('p'),
                ('note ' || i)::bytea, 0, now(), now(), now(), i
         FROM generate_series({from}, {size} - 1) i;
         INSERT INTO log_entry (idx, leaf_hash, agent_id, seq)
         SELECT log_index, sha256('\\x00'::bytea || note), agent_id, seq
         FROM batch WHERE log_index >= {from};"
    ))
    .await;
    lab.collector.run_sequencer().await.unwrap()
}

async fn log_of(lab: &Lab) -> Tree {
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let hashes = store::log::leaf_hashes(&mut conn, 0).await.unwrap();
    hashes.into_iter().collect()
}

/// Status line and headers, and the body.
async fn get(lab: &Lab, path: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(lab.collector.addr()).await.unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|at| at == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    (head.to_lowercase(), answer[end + 4..].to_vec())
}

async fn hashes(lab: &Lab, tile: &Tile) -> Vec<Hash> {
    let (head, body) = get(lab, &tile.to_string()).await;
    assert!(head.starts_with("http/1.1 200"), "{tile}: {head}");
    tile.hashes(&body).unwrap()
}

/// Every tile that the log serves at a size leads to the root of its checkpoint.
async fn check_size(lab: &Lab, size: u64) {
    assert_eq!(grow(lab, size).await, size);
    let tree = log_of(lab).await;
    let mut last = Vec::new();
    for tile in edge(size) {
        last.push(hashes(lab, &tile).await);
    }
    let range = compact_range(size, &last).unwrap();
    assert_eq!(range.head(), tree.head());
    let (_, note) = get(lab, "checkpoint").await;
    let note = String::from_utf8(note).unwrap();
    let start = format!("nines.example/lab/log\n{size}\n{}\n", range.root());
    assert!(note.starts_with(&start), "{note}");
    // Every full tile above the leaves, and the last below; all leaves would take long.
    let full = hash_tiles(size).filter(Tile::is_full);
    let upper = full.filter(|tile| tile.to_string().starts_with("tile/1/"));
    for tile in upper {
        let root = tree::root(&hashes(lab, &tile).await);
        assert_eq!(Some(root), tree.node(16, tile.index()), "{tile}");
    }
}

#[tokio::test]
async fn the_tiles_of_a_log_lead_to_the_root_of_its_checkpoint() {
    let lab = Lab::start("tiles_root", utc(START)).await;
    for size in [255, 256, 257, 65_793] {
        check_size(&lab, size).await;
    }
    assert_eq!(lab.number("SELECT count(*) FROM log_tile").await, 258);
    // A log from before there were tiles gets them although it does not grow.
    lab.tamper("DELETE FROM log_tile").await;
    let (head, _) = get(&lab, "tile/1/000").await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
    lab.collector.run_sequencer().await.unwrap();
    check_size(&lab, 65_793).await;
    lab.stop().await;
}

#[tokio::test]
async fn entries_hash_to_the_leaves_above_them() {
    let lab = Lab::start("tiles_entries", utc(START)).await;
    grow(&lab, 600).await;
    let tree = log_of(&lab).await;
    let mut count = 0;
    for bundle in entry_bundles(600) {
        let (head, body) = get(&lab, &bundle.to_string()).await;
        assert!(head.contains("application/octet-stream"), "{head}");
        assert_eq!(head.contains("immutable"), bundle.is_full(), "{head}");
        for entry in Entries::new(body.as_slice()) {
            let leaf = tree::leaf_hash(&entry.unwrap());
            assert_eq!(Some(leaf), tree.node(0, count));
            count += 1;
        }
    }
    assert_eq!(count, 600);
    lab.stop().await;
}

#[tokio::test]
async fn only_what_a_checkpoint_covers_is_served() {
    let lab = Lab::start("tiles_covered", utc(START)).await;
    grow(&lab, 300).await;
    // In the log, but not signed for.
    lab.tamper(
        "INSERT INTO log_entry (idx, leaf_hash, agent_id, seq) VALUES (300, sha256('x'), 1, 300)",
    )
    .await;
    for (path, status) in [
        ("tile/0/000", 200),
        ("tile/0/000.p/17", 200), // A size that was published once.
        ("tile/0/001.p/44", 200),
        ("tile/0/001.p/45", 404),
        ("tile/0/001", 404),
        ("tile/1/000.p/1", 200),
        ("tile/1/000.p/2", 404),
        ("tile/2/000.p/1", 404),
        ("tile/63/000.p/1", 404),
        ("tile/entries/001.p/44", 200),
        ("tile/entries/001.p/45", 404),
        ("tile/entries/x018/x446/x744/x073/x709/x551/615", 404),
        ("tile/0/0", 404),
        ("tile/0/000.p/256", 404),
        ("tile/64/000", 404),
        ("tile/entries/..%2f000", 404),
    ] {
        let (head, _) = get(&lab, path).await;
        assert!(
            head.starts_with(&format!("http/1.1 {status}")),
            "{path}: {head}"
        );
        assert_eq!(
            head.contains("cache-control: no-store"),
            status == 404,
            "{path}: {head}"
        );
    }
    lab.stop().await;
}

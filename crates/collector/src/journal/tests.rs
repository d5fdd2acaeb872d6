use camino::Utf8Path;
use evidence::tree::leaf_hash;

use super::*;
use crate::store::entry::What;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn batch(idx: u64) -> Entry {
    Entry {
        idx,
        leaf: leaf_hash(&idx.to_be_bytes()),
        what: What::Batch {
            agent: "eu-1".into(),
            seq: idx * 2,
        },
    }
}

fn record(idx: u64) -> Entry {
    Entry {
        idx,
        leaf: leaf_hash(b"note"),
        what: What::Record {
            at: now(),
            note: b"text\n\n\xe2\x80\x94 key sig\n".to_vec(),
            body: b"{\"a\":1}".to_vec(),
        },
    }
}

fn cosigned(size: u64) -> Cosigned {
    Cosigned {
        size,
        agent: "eu-1".into(),
        signed_at: now(),
        line: "\u{2014} nines.example/agent/eu-1 AAAA".into(),
    }
}

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self) -> Journal {
        let dir = Utf8Path::from_path(self.0.path()).unwrap();
        Journal::open(dir.join("journal")).unwrap()
    }

    fn newest(&self) -> Utf8PathBuf {
        let dir = Utf8Path::from_path(self.0.path()).unwrap().join("journal");
        let mut files: Vec<_> = dir.read_dir_utf8().unwrap().map(Result::unwrap).collect();
        files.sort_by_key(|file| file.file_name().to_owned());
        files.pop().unwrap().path().to_owned()
    }
}

fn shown(journal: &Journal, from: u64) -> (String, Vec<Cosigned>) {
    let (entries, cosigned) = journal.read(from).unwrap();
    (format!("{entries:?}"), cosigned)
}

#[test]
fn what_was_written_is_there_after_a_restart() {
    let desk = Desk::new();
    let mut journal = desk.open();
    assert_eq!(journal.end(), None);
    journal.append(&[batch(7), record(8)], now()).unwrap();
    journal.cosigned(&cosigned(9)).unwrap();
    journal.append(&[batch(9)], now()).unwrap();
    let wanted = (format!("{:?}", [record(8), batch(9)]), vec![cosigned(9)]);
    assert_eq!(shown(&journal, 8), wanted);
    let again = desk.open();
    assert_eq!((again.start(), again.end()), (7, Some(10)));
    assert_eq!(shown(&again, 8), wanted);
}

#[test]
fn a_torn_line_is_cut_off_and_a_damaged_file_is_put_aside() {
    let desk = Desk::new();
    desk.open().append(&[batch(0), batch(1)], now()).unwrap();
    let path = desk.newest();
    let mut torn = File::options().append(true).open(&path).unwrap();
    torn.write_all(b"entry 2 AAA").unwrap();
    let mut journal = desk.open();
    assert_eq!(journal.end(), Some(2));
    journal.append(&[batch(2)], now()).unwrap();
    assert_eq!(desk.open().end(), Some(3));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("entry 1 ", "entry 5 ")).unwrap();
    let told = segment::read(&path).unwrap_err();
    assert!(matches!(told, JournalError::Damaged { number: 3, .. }));
    assert_eq!(desk.open().end(), None);
    assert!(desk.newest().as_str().ends_with(".journal.damaged"));
}

#[test]
fn entries_with_a_gap_between_them_are_refused() {
    let desk = Desk::new();
    let mut journal = desk.open();
    journal.append(&[batch(0)], now()).unwrap();
    let refused = journal.append(&[batch(2)], now());
    assert!(matches!(
        refused,
        Err(JournalError::Gap { idx: 2, end: 1, .. })
    ));
}

#[test]
fn what_was_not_signed_is_forgotten_across_segments() {
    let desk = Desk::new();
    let mut journal = desk.open();
    let many: Vec<Entry> = (0..2 * SEGMENT_ENTRIES + 5).map(batch).collect();
    journal.append(&many, now()).unwrap();
    journal.truncate(SEGMENT_ENTRIES + 3).unwrap();
    let mut again = desk.open();
    for journal in [&journal, &again] {
        assert_eq!(journal.end(), Some(SEGMENT_ENTRIES + 3));
    }
    again.append(&[record(SEGMENT_ENTRIES + 3)], now()).unwrap();
    let (entries, _) = again.read(SEGMENT_ENTRIES).unwrap();
    assert_eq!(entries.len(), 4);
    again.truncate(0).unwrap();
    assert_eq!(desk.open().end(), None);
}

#[test]
fn segments_go_when_agents_have_nothing_of_them_any_more() {
    let desk = Desk::new();
    let mut journal = desk.open();
    let segment = |nth: u64| -> Vec<Entry> {
        let first = nth * SEGMENT_ENTRIES;
        (first..first + SEGMENT_ENTRIES).map(batch).collect()
    };
    for nth in 0..3 {
        let days = i64::try_from(nth).unwrap() * 30;
        let at = now() + chrono::TimeDelta::days(days);
        journal.append(&segment(nth), at).unwrap();
    }
    assert_eq!(journal.start(), 0, "its last entry is 30 days old");
    let late = now() + chrono::TimeDelta::days(80);
    journal.append(&[batch(3 * SEGMENT_ENTRIES)], late).unwrap();
    assert_eq!(journal.start(), SEGMENT_ENTRIES);
    assert_eq!(desk.open().start(), SEGMENT_ENTRIES);
}

//! What holds for every input.

use std::io;

use proptest::prelude::*;

use super::*;

mod agreement;

/// A reader that gives what it has in pieces of the lengths given, over and over.
struct Pieces<'a> {
    text: &'a [u8],
    lengths: &'a [usize],
    turn: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.lengths[self.turn % self.lengths.len()];
        self.turn += 1;
        if length == 0 && !self.text.is_empty() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = length.min(buffer.len()).min(self.text.len());
        let (piece, rest) = self.text.split_at(length);
        buffer[..length].copy_from_slice(piece);
        self.text = rest;
        Ok(length)
    }
}

fn logs() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec![
        r#"{"time":1790812800000,"status":200,"model":"m"}"#,
        r#"{"time":"2026-10-01T00:00:00+02:00","outcome":"tls","x":[{}]}"#,
        r#"{"count":3,"first_ms":1790812800000,"gap":"budget","last_ms":1790812920000}"#,
        r#"{"wall_us":1790812800000000,"outcome":"ok","attribution":"none","kind":"planned","source":"probe","stream":true,"end_us":5,"features":["a"]}"#,
    ]);
    let row = prop::sample::select(vec![
        "1790812800000,200,m,1.5",
        "2026-10-01T00:00:00Z,500,\"m, \"\"x\"\"\r\ny\",",
        "1790812860000,503,,12",
    ]);
    let end = || prop::sample::select(vec!["\n", "\r\n", "\n\n"]);
    let lines = prop::collection::vec((line, end()), 1..12);
    let rows = prop::collection::vec((row, end()), 0..12);
    let join = |lines: Vec<(&str, &str)>| -> String {
        lines
            .into_iter()
            .flat_map(|(line, end)| [line, end])
            .collect()
    };
    prop_oneof![
        lines.prop_map(move |lines| join(lines).into_bytes()),
        rows.prop_map(move |rows| {
            format!("time,status,model,total_ms\n{}", join(rows)).into_bytes()
        }),
    ]
}

/// A log with some of its bytes replaced, doubled or removed.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop::sample::select(b"\"',:{}[]\n\r\\;0.-etZ\0\xff ".to_vec());
    let change = (any::<prop::sample::Index>(), odd, 0..3_u8);
    (logs(), prop::collection::vec(change, 1..6)).prop_map(|(mut log, changes)| {
        for (at, byte, how) in changes {
            let at = at.index(log.len());
            match how {
                0 => log[at] = byte,
                1 => log.insert(at, byte),
                _ if log.len() > 1 => drop(log.remove(at)),
                _ => {}
            }
        }
        log
    })
}

fn skipping() -> Options {
    Options {
        unknown_columns: UnknownColumns::Ignore,
        invalid_lines: InvalidLines::Skip,
        ..options()
    }
}

/// Everything, with the last error and what was skipped.
fn skim(reader: impl Read) -> (Vec<Kept>, Option<String>, Skipped) {
    let mut log = match open(reader, skipping()) {
        Ok(log) => log,
        Err(error) => return (Vec::new(), Some(error.to_string()), Skipped::default()),
    };
    let mut kept = Vec::new();
    loop {
        match log.read() {
            Ok(Some(entry)) => kept.push(keep(&entry)),
            Ok(None) => return (kept, None, log.skipped().clone()),
            Err(error) => return (kept, Some(error.to_string()), log.skipped().clone()),
        }
    }
}

proptest! {
    #[test]
    fn any_split_into_reads_gives_the_same(
        log in prop_oneof![logs(), broken()],
        lengths in prop::collection::vec(0..40_usize, 1..8),
    ) {
        prop_assume!(lengths.iter().any(|length| *length > 0));
        let pieces = Pieces { text: &log, lengths: &lengths, turn: 0 };
        prop_assert_eq!(skim(pieces), skim(log.as_slice()));
    }

    #[test]
    fn any_bytes_are_a_log_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let (kept, error, _) = skim(bytes.as_slice());
        prop_assert!(error.is_some() || kept.is_empty());
    }

    #[test]
    fn what_can_be_read_of_a_broken_log_is_read_and_the_rest_is_counted(log in broken()) {
        let (kept, error, skipped) = skim(log.as_slice());
        let lines = log.split(|byte| *byte == b'\n').count() as u64;
        prop_assert!(kept.len() as u64 + skipped.lines <= lines);
        let counted: u64 = skipped.kinds.values().sum();
        prop_assert_eq!(counted, skipped.lines);
        if error.is_none() && skipped.lines == 0 {
            let options = Options { invalid_lines: InvalidLines::Stop, ..skipping() };
            let (strictly, error) = drain(log.as_slice(), options);
            prop_assert_eq!((strictly, error.is_none()), (kept, true));
        }
    }
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    let start = b"{\"time\":1790812800000,\"status\":200}\n{\"x\":\"".as_slice();
    let endless = start.chain(io::repeat(b'x').take(64 * 1024 * 1024));
    let mut log = open(endless, options()).unwrap();
    assert!(log.read().unwrap().is_some());
    let error = log.read().unwrap_err();
    assert!(error.to_string().starts_with("line 2: the line is longer"));
    assert!(log.bytes_read() < 4 * 1024 * 1024);
}

#[test]
fn lines_that_are_too_long_are_skipped_without_losing_those_after_them() {
    let long = "y".repeat(3 * LINE_BYTES_MAX);
    let line = r#"{"time":1790812800000,"status":200}"#;
    let (kept, error, skipped) = skim(format!("{line}\n{long}\n{line}\n").as_bytes());
    assert_eq!((kept.len(), error, skipped.lines), (2, None, 1));
    assert_eq!(skipped.kinds.keys().collect::<Vec<_>>(), [&"line too long"]);
    assert!(matches!(kept[1], Kept::Sample { line: 3, .. }));
}

#[test]
fn an_open_quote_costs_its_own_line_only() {
    let row = "1790812800000,200,m\n";
    let text = format!("time,status,model\n{row}1790812800000,200,\"m\n{row}{row}");
    let (kept, error, skipped) = skim(text.as_bytes());
    assert_eq!((kept.len(), error, skipped.lines), (3, None, 1));
    assert_eq!(skipped.first[0].line, 3);
}

#[test]
fn a_quote_that_the_row_after_it_closes_costs_its_own_line_only() {
    let quoted = "1790812800000,\"200\",m\n";
    let text = format!("time,status,model\n1790812800000,200,\"m\n{quoted}{quoted}");
    let (kept, error, skipped) = skim(text.as_bytes());
    assert_eq!((kept.len(), error, skipped.lines), (2, None, 1));
    assert_eq!(skipped.first[0].fault, Fault::AfterQuote);
}

#[test]
fn the_first_lines_that_are_skipped_are_kept_and_all_are_counted() {
    let text = format!("time,status\n{}", "x,200\n".repeat(100));
    let (kept, error, skipped) = skim(text.as_bytes());
    assert_eq!((kept.len(), error), (0, None));
    assert_eq!((skipped.lines, skipped.kinds["bad time"]), (100, 100));
    assert_eq!(skipped.first.len(), SKIPPED_KEPT_MAX);
    insta::assert_snapshot!(skipped.first[4], @"line 6, `time`: `x` is not a time: write RFC 3339, such as `2026-10-01T00:00:00Z`, or milliseconds since 1970");
}

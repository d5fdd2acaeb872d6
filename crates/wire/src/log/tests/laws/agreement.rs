//! The same lines read by other hands: `serde_json`, the `csv` crate, and a builder of cells.

use std::collections::BTreeMap;

use domain::cell::CellHourBuilder;
use domain::{Class, Fold, Hour};

use super::*;
use crate::log::careful;
use crate::log::csv::{Split, Splitter};
use crate::log::plain;
use crate::log::record::{Bad, Record, Shape};

/// What one of the two readers of JSON makes of a line.
fn outcome(
    line: &[u8],
    read: impl FnOnce(&[u8], &mut Record) -> Result<(), Bad>,
) -> Result<(Shape, Kept), Bad> {
    let mut record = Record::new();
    read(line, &mut record)?;
    let shape = record.finish()?;
    Ok((shape, keep(&record.entry(1, shape, &options()))))
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0",
            "01",
            "1e2",
            "1.50",
            "200",
            "-1",
            "1790812800000",
            "1790812800000.5",
            "[]",
            "[ \"a\" , \"b\" ]",
            "[1]",
            "{}",
            "{\"a\":[]}",
            "[\"a\",]",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "",
            "ok",
            "tls",
            "200",
            "a",
            "2026-10-01T00:00:00Z",
            "a\\u0062",
            "\\\"",
            "\\x",
            "ä",
            "a;b",
            "\t",
        ])
        .prop_map(|text| format!("\"{text}\"")),
    ]
}

fn objects() -> impl Strategy<Value = String> {
    let names = Column::ALL.iter().map(|column| column.as_str());
    let long = "a key that is longer than those that are kept from one line to the next";
    let others = ["other", "k\\u0041", "ö", long];
    let keys = names.chain(others).collect::<Vec<_>>();
    let space = || prop::sample::select(vec!["", "", "", " ", "\t"]);
    let pair = (prop::sample::select(keys), values(), space(), space());
    let start = prop::sample::select(vec![
        "{",
        " {\"time\":1790812800000,\"status\":200,",
        "{ \"time\" : 1790812800000 , \"outcome\" : \"dns\",",
    ]);
    let end = prop::sample::select(vec!["}", "}", "}", " } ", ",}", "", "}{}", "}x"]);
    (start, prop::collection::vec(pair, 0..5), end).prop_map(|(start, pairs, end)| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value, one, two)| format!("{one}\"{key}\"{two}:{one}{value}{two}"))
            .collect();
        let start = if pairs.is_empty() {
            start.trim_end_matches(',')
        } else {
            start
        };
        format!("{start}{}{end}", pairs.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn the_quick_reader_of_json_reads_what_serde_json_reads(
        lines in prop::collection::vec(objects(), 1..4),
    ) {
        let mut keys = plain::Keys::default();
        for line in &lines {
            let read = |line: &[u8], record: &mut Record| plain::read(line, &mut keys, record);
            let quick = outcome(line.as_bytes(), read);
            if serde_json::from_str::<serde_json::Value>(line).is_err() {
                prop_assert!(quick.is_err());
            }
            prop_assert_eq!(quick, outcome(line.as_bytes(), careful::read));
        }
    }

    #[test]
    fn rows_are_split_as_the_csv_crate_splits_them(
        row in "(([a-z \" ]{0,3}|\"([a-z,\n]|\"\"){0,5}\"),){0,4}([a-z]{0,3}|\"([a-z,\n]|\"\"){0,5}\")",
    ) {
        // Where a quote is open or text follows it, they differ: we refuse, it guesses.
        let mut splitter = Splitter::default();
        splitter.begin(100);
        let mut ends = row.match_indices('\n').map(|(at, _)| at).chain([row.len()]);
        let whole = ends.find_map(|end| match splitter.run(&row.as_bytes()[..end]) {
            Ok(Split::Open) => None,
            Ok(Split::Whole) => Some(Some(end)),
            Err(_) => Some(None),
        });
        if let Some(Some(end)) = whole && end > 0 {
            let mut fields: Vec<Vec<u8>> = Vec::new();
            splitter
                .for_each(&row.as_bytes()[..end], &mut Vec::new(), |_, field| {
                    fields.push(field.to_vec());
                    Ok::<(), ()>(())
                })
                .unwrap();
            let mut other = ::csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(row.as_bytes());
            let record = other.byte_records().next().unwrap().unwrap();
            let expected: Vec<Vec<u8>> = record.iter().map(<[u8]>::to_vec).collect();
            let trimmed = |fields: &[Vec<u8>]| -> Vec<Vec<u8>> {
                fields.iter().map(|f| f.trim_ascii().to_vec()).collect()
            };
            prop_assert_eq!(trimmed(&fields), trimmed(&expected));
        }
    }

    #[test]
    fn folding_a_log_counts_what_a_builder_per_hour_counts(log in logs()) {
        let mut fold = Fold::new();
        let mut reader = open(log.as_slice(), options()).unwrap();
        while let Some(entry) = reader.read().unwrap() {
            entry.count_into(&mut fold).unwrap();
        }
        let mut hours: BTreeMap<Hour, CellHourBuilder> = BTreeMap::new();
        let new = |hour| CellHourBuilder::new("here".parse().unwrap(), "this".parse().unwrap(), hour);
        for kept in read(&log) {
            match &kept {
                Kept::Sample { timeliness, .. } => {
                    let (sample, minute) = (kept.sample(), kept.sample().minute());
                    let hour = hours.entry(minute.hour()).or_insert_with(|| new(minute.hour()));
                    hour.add(minute, Class::of_view(&sample, *timeliness), 1);
                }
                Kept::Gap { reason, minutes, .. } => {
                    for (minute, slots) in minutes {
                        let hour = hours.entry(minute.hour()).or_insert_with(|| new(minute.hour()));
                        (0..*slots).for_each(|_| hour.miss(*minute, *reason));
                    }
                }
            }
        }
        let expected: Vec<_> = hours.into_values().map(CellHourBuilder::build).collect();
        prop_assert_eq!(fold.build(), expected);
    }
}

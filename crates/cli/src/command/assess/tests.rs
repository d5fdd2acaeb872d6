mod mistakes;

use std::fmt::Write as _;

use camino::Utf8PathBuf;
use clap::Parser;

use super::progress::Progress;
use super::*;
use crate::page::{Glyphs, Ink, Look};

/// When the tests run: long after what they judge.
const NOW: &str = "2026-11-22T00:00:00Z";

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

/// Files that live as long as the test.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write("contract.toml", include_str!("tests/contract.toml"));
        files
    }

    fn write(&self, name: &str, text: &str) -> Utf8PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.0.path().join(name)).unwrap()
    }

    /// What is asked of the contract here, with more arguments; `@name` is a file here.
    fn options(&self, more: &[&str]) -> Options {
        let contract = self.path("contract.toml");
        let mut args = vec![
            "nines".to_owned(),
            "--samples=-".to_owned(),
            "--period=2026-10-17".to_owned(),
        ];
        if !more.iter().any(|one| one.starts_with("--contract")) {
            args.push(format!("--contract={contract}"));
        }
        let dir = format!("={}/", self.0.path().to_str().unwrap());
        args.extend(more.iter().map(|one| one.replace("=@", &dir)));
        // What is given twice is taken from the later.
        let own: Vec<String> = more
            .iter()
            .filter_map(|one| one.split('=').next())
            .map(String::from)
            .collect();
        let flag = |arg: &str| arg.split('=').next().unwrap_or_default().to_owned();
        let later = args.len() - more.len();
        let mut at = 0;
        args.retain(|arg| {
            at += 1;
            at > later || !own.contains(&flag(arg))
        });
        Cli::try_parse_from(args).unwrap().options
    }

    fn report(&self, more: &[&str], log: &str) -> anyhow::Result<report::Report> {
        let options = self.options(more);
        let now = spans::instant(NOW).unwrap();
        let request = Request::of(&options, now)?;
        let mut progress = Progress::of("-".into());
        let mut counted = intake::read(log.as_bytes(), &request, &mut progress)?;
        "the log".clone_into(&mut counted.input.source);
        Ok(judge::judge(request, counted))
    }

    /// Why there is no result.
    fn refusal(&self, more: &[&str], log: &str) -> String {
        let error = self.report(more, log).unwrap_err();
        format!("{error:#}").replace(self.0.path().to_str().unwrap(), "")
    }
}

/// A day of one request a minute in two regions. In `eu`: six minutes of 500, then ten without a
/// sample, a shortage of ours, four minutes of 503.
fn day() -> String {
    let mut log = String::from("time,agent,region,model,status,total_ms\n");
    for minute in 0..1_440 {
        let (hour, rest) = (minute / 60, minute % 60);
        for region in ["eu", "us"] {
            let status = match (region, minute) {
                ("eu", 606..616) => continue,
                ("eu", 600..606) => 500,
                ("eu", 700) => 429,
                ("eu", 900..904) => 503,
                _ => 200,
            };
            writeln!(
                log,
                "2026-10-17T{hour:02}:{rest:02}:05Z,gw-1,{region},m,{status},900"
            )
            .unwrap();
        }
    }
    log
}

const MAINTENANCE: &str = "start,end,announced_at,reason\n\
    2026-10-17T04:00:00Z,2026-10-17T05:00:00Z,2026-10-15T00:00:00Z,new racks\n\
    2026-10-17T15:00:00Z,2026-10-17T16:00:00Z,2026-10-17T14:00:00Z,repair\n";

const FULL: [&str; 3] = [
    "--scope=account=acme",
    "--fees=1000",
    "--maintenance=@m.csv",
];

fn full() -> report::Report {
    let files = Files::new();
    files.write("m.csv", MAINTENANCE);
    files.report(&FULL, &day()).unwrap()
}

fn look(width: usize, glyphs: Glyphs) -> Look {
    Look {
        width,
        glyphs,
        ink: Ink::Plain,
    }
}

#[test]
fn the_page_tells_everything_that_decided() {
    insta::assert_snapshot!(text::page(&full(), look(80, Glyphs::Unicode)));
}

#[test]
fn the_page_is_readable_in_ascii_and_wide() {
    let page = text::page(&full(), look(120, Glyphs::Ascii));
    assert!(page.is_ascii(), "{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn no_line_of_the_page_is_wider_than_the_terminal() {
    for width in [80, 120] {
        let page = text::page(&full(), look(width, Glyphs::Unicode));
        let too_wide = page.lines().find(|line| line.chars().count() > width);
        assert_eq!(too_wide, None, "{width}");
    }
}

#[test]
fn json_has_every_part_and_the_input() {
    let report = full();
    let mut json = serde_json::to_value(report.json()).unwrap();
    // The minutes of a day are told by spans, which are many; two figures of each part will do.
    for part in json["parts"].as_array_mut().unwrap() {
        for result in part["assessment"]["commitments"].as_array_mut().unwrap() {
            let spans = result["timeline"].as_array().unwrap().len();
            result["timeline"] = spans.into();
        }
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap());
}

#[test]
fn csv_has_a_row_for_each_result() {
    insta::assert_snapshot!(rows::csv(&full()).unwrap());
}

#[test]
fn parts_of_the_partition_are_judged_apart_and_scope_narrows_them() {
    let files = Files::new();
    let both = files.report(&[], &day()).unwrap();
    let regions = |report: &report::Report| -> Vec<String> {
        let parts = report.parts.iter();
        parts
            .flat_map(|part| part.partition.values().cloned())
            .collect()
    };
    assert_eq!(regions(&both), ["eu", "us"]);
    let one = files.report(&["--scope=region=us"], &day()).unwrap();
    assert_eq!(regions(&one), ["us"]);
    assert_eq!((one.input.counted, one.input.elsewhere), (1_440, 1_430));
}

#[test]
fn what_is_known_of_a_target_makes_its_result_claimable() {
    let files = Files::new();
    let claim = |more: &[&str]| {
        let report = files.report(more, &day()).unwrap();
        report.parts[0].assessment.commitments[0].claim.clone()
    };
    assert_eq!(
        claim(&["--scope=account=acme"]),
        sla::Claimability::Claimable
    );
    assert!(matches!(claim(&[]), sla::Claimability::Indicative { .. }));
}

#[test]
fn a_window_that_runs_is_open_as_of_a_time() {
    let files = Files::new();
    let report = files
        .report(&["--as-of=2026-10-17T09:00:00Z"], &day())
        .unwrap();
    let result = &report.parts[0].assessment.commitments[0];
    assert_eq!(result.verdict, sla::Verdict::Open);
    assert_eq!(result.minutes.future, 900);
    let page = text::page(&report, look(80, Glyphs::Unicode));
    assert!(page.contains("Open until 2026-10-18 00:00 UTC"), "{page}");
}

#[test]
fn no_data_is_neither_good_nor_bad() {
    let files = Files::new();
    let more = ["--contract=azure-openai", "--period=2026-10"];
    let report = files.report(&more, &day()).unwrap();
    let page = text::page(&report, look(120, Glyphs::Unicode));
    assert!(
        page.contains("there is no attainment, neither good nor bad"),
        "{page}"
    );
}

#[test]
fn a_log_that_ends_early_is_told_from_an_outage_of_the_log() {
    let files = Files::new();
    let log = day();
    let is_early = |line: &&str| line.starts_with("time") || *line < "2026-10-17T09";
    let morning: String = log.split_inclusive('\n').filter(is_early).collect();
    let report = files
        .report(&["--as-of=2026-10-17T12:00:00Z"], &morning)
        .unwrap();
    let page = text::page(&report, look(120, Glyphs::Unicode));
    assert!(
        page.contains("--as-of 2026-10-17T09:00:00Z takes it for time to come"),
        "{page}"
    );
}

#[test]
fn lines_that_are_no_samples_are_counted_and_shown() {
    let files = Files::new();
    let log = day().replacen("m,200,900\n", "m,200,soon\n", 2);
    let report = files.report(&["--skip-invalid"], &log).unwrap();
    assert_eq!(report.input.skipped.lines, 2);
    let page = text::page(&report, look(80, Glyphs::Unicode));
    assert!(
        page.contains("2 lines that are no samples: 2 bad number"),
        "{page}"
    );
    assert!(
        page.contains("line 2, `total_ms`: `soon` is not a number"),
        "{page}"
    );
}

#[test]
fn nothing_from_a_log_can_steer_the_terminal() {
    let files = Files::new();
    let log = day().replace(",eu,", ",\u{1b}[2Jeu,");
    let report = files.report(&[], &log).unwrap();
    assert!(!text::page(&report, look(80, Glyphs::Unicode)).contains('\u{1b}'));
}

use clap::Parser;
use domain::Minute;

use super::*;
use crate::command::assess::{Options, spans};

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn now() -> Minute {
    spans::instant("2026-11-22T00:00:00Z").unwrap()
}

/// What a contract's text makes of a log, in October 2026.
fn counted(contract: &str, log: &str) -> anyhow::Result<Counted> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("contract.toml");
    std::fs::write(&path, contract).unwrap();
    let path = path.to_str().unwrap();
    let args = [
        "nines",
        "--samples=-",
        "--period=2026-10",
        "--contract",
        path,
    ];
    let options = Cli::try_parse_from(args).unwrap().options;
    let request = Request::of(&options, now())?;
    read(log.as_bytes(), &request, &mut Progress::of("-".into()))
}

fn contract(attribution: &str, metric: &str) -> String {
    format!(
        "schema = \"sla-contract/1\"\n\
         [contract]\nid = \"c\"\nprovider = \"p\"\nservice = \"s\"\ncurrency = \"USD\"\n\
         [window]\nkind = \"calendar_month\"\n\
         [events]\nattribution = \"{attribution}\"\ndefault = \"success\"\n\
         rule = [{{ class = \"error\", when = {{ status = [\"5xx\"] }} }}]\n\
         [[commitment]]\nid = \"u\"\ntarget = \"99\"\n[commitment.metric]\n{metric}\n"
    )
}

const RATIO: &str = "family = \"request_ratio\"";
const DEDUPED: &str =
    "family = \"request_ratio\"\ndedupe = { kind = \"repeat_errors\", window_s = 300 }";

#[test]
fn a_request_is_counted_where_the_contract_says() {
    let log = "time,status,total_ms\n2026-10-05T10:00:59Z,200,2000\n2026-10-05T10:05:59Z,500,\n";
    let minutes = |attribution: &str| -> Vec<u8> {
        let counted = counted(&contract(attribution, RATIO), log).unwrap();
        let cells = counted.parts.iter().flat_map(|part| &part.cells);
        cells
            .flat_map(|cell| cell.counts.iter().map(|count| count.minute))
            .collect()
    };
    assert_eq!(minutes("request_start"), [0, 5]);
    assert_eq!(minutes("request_end"), [1, 5]);
    let counted = counted(&contract("request_end", RATIO), log).unwrap();
    assert_eq!(counted.input.without_end, 1);
}

#[test]
fn samples_far_from_the_window_are_counted_apart() {
    let log = "time,status\n2026-09-29T00:00:00Z,200\n2026-09-30T12:00:00Z,200\n\
               2026-10-05T10:00:00Z,200\n2026-11-30T00:00:00Z,200\n";
    let input = counted(&contract("request_start", RATIO), log)
        .unwrap()
        .input;
    assert_eq!(
        (input.samples, input.counted, input.around, input.outside),
        (4, 1, 1, 2)
    );
}

#[test]
fn a_contract_that_needs_order_asks_for_it() {
    let hours = |hours: &[&str]| -> String {
        let lines = hours
            .iter()
            .map(|hour| format!("2026-10-05T{hour}:00Z,500\n"));
        format!("time,status\n{}", lines.collect::<String>())
    };
    let text = contract("request_start", DEDUPED);
    assert!(counted(&text, &hours(&["10:00", "10:30", "09:45"])).is_ok());
    let error = counted(&text, &hours(&["10:00", "12:00", "10:30"])).unwrap_err();
    let error = format!("{error:#}");
    assert!(
        error.contains("line 4: ") && error.contains("sort the input by time"),
        "{error}"
    );
    let plain = contract("request_start", RATIO);
    assert!(counted(&plain, &hours(&["10:00", "12:00", "10:30"])).is_ok());
}

#[test]
fn slots_that_were_not_run_belong_to_what_their_target_asks() {
    let log = r#"{"gap":"paused","agent":"a","target":"t","count":3,"first_ms":1791194400000,"last_ms":1791194520000}
{"time":"2026-10-05T11:00:00Z","agent":"a","target":"t","model":"m","status":200}
"#;
    let counted = counted(&contract("request_start", RATIO), log).unwrap();
    assert_eq!(counted.input.slots_missed, 3);
    let part = &counted.parts[0];
    assert_eq!(part.targets.len(), 1);
    let missed: Vec<u8> = part
        .cells
        .iter()
        .flat_map(|cell| cell.missed.iter().map(|missed| missed.minute))
        .collect();
    assert_eq!(missed.len(), 3);
}

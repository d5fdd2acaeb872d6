//! The log of five agents over a month, the same whenever it is written.

use std::io::{self, Write};

use domain::{Attribution, Kind, Outcome, Sample, Source, UnixMicros, UnixMillis};

/// 2026-10-01T00:00:00Z, milliseconds.
const START_MS: i64 = 1_790_812_800_000;
/// 31 days, milliseconds.
const LENGTH_MS: i64 = 31 * 86_400_000;
const AGENTS: [&str; 5] = [
    "eu-west-1",
    "eu-north-1",
    "us-east-1",
    "us-west-2",
    "ap-south-1",
];
const MODELS: [&str; 2] = ["gpt-4.1-mini", "claude-sonnet-4.5"];

/// Of every 1,000 requests: outcome, status, attribution.
const FAILURES: [(u64, Outcome, Option<u16>, Attribution); 6] = [
    (4, Outcome::Overloaded, Some(529), Attribution::Provider),
    (7, Outcome::ServerError, Some(500), Attribution::Provider),
    (9, Outcome::RateLimited, Some(429), Attribution::Ours),
    (10, Outcome::TtftTimeout, Some(200), Attribution::Provider),
    (11, Outcome::StreamCut, Some(200), Attribution::Provider),
    (12, Outcome::Tcp, None, Attribution::Unknown),
];

/// Numbers that look random (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (number ^ (number >> 31)) % limit
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        let at = self.below(all.len() as u64);
        all[usize::try_from(at).expect("an index")]
    }
}

/// Writes so many lines in one of the forms `core`, `minimal` and `csv`.
pub(crate) fn write(form: &str, count: u64, file: &mut impl Write) -> io::Result<()> {
    let mut numbers = Numbers(1);
    if form == "csv" {
        file.write_all(b"time,agent,region,model,status,outcome,ttft_ms,total_ms,output_tokens\n")?;
    }
    for i in 0..count {
        let sample = sample(i, count, &mut numbers);
        let agent = numbers.pick(&AGENTS);
        match form {
            "core" => {
                let line = serde_json::to_string(&sample).map_err(io::Error::other)?;
                // The stream stands in front, as in files of several.
                writeln!(file, "{{\"agent\":\"{agent}\",{}", &line[1..])?;
            }
            "csv" => csv(&sample, agent, file)?,
            _ => minimal(&sample, agent, file)?,
        }
    }
    Ok(())
}

fn sample(i: u64, count: u64, numbers: &mut Numbers) -> Sample {
    let position = i64::try_from(i).expect("few lines");
    let count = i64::try_from(count).expect("few lines");
    // Lines are about in order of time, as several agents write them.
    let jitter = i64::try_from(numbers.below(2_000)).expect("a small number");
    let slot_ms = START_MS + LENGTH_MS * position / count.max(1);
    let chance = numbers.below(1_000);
    let failure = FAILURES.iter().find(|(below, ..)| chance < *below);
    let (outcome, status, attribution) = failure.map_or(
        (Outcome::Ok, Some(200), Attribution::None),
        |(_, outcome, status, attribution)| (*outcome, *status, *attribution),
    );
    let is_answer = outcome == Outcome::Ok;
    let first_us = 150_000 + numbers.below(900_000);
    let last_us = first_us + numbers.below(4_000_000);
    let model = numbers.pick(&MODELS);
    Sample {
        asked_model: Some(model.to_owned()),
        asked_tier: None,
        attempt: 1,
        attribution,
        cred: Some("acme-prod".parse().expect("an alias")),
        deadline_ms: 60_000,
        detail: Some(domain::Digest::new([0xa7; 32])),
        end_us: last_us + numbers.below(2_000),
        features: Vec::new(),
        first_us: is_answer.then_some(first_us),
        i,
        input_tokens: is_answer.then_some(12),
        kind: Kind::Planned,
        last_us: is_answer.then_some(last_us),
        mono_us: 8_000_123_456 + i * 267_840,
        outcome,
        output_tokens: is_answer.then(|| 4 + numbers.below(60)),
        plan: 3,
        sent_us: Some(20_000 + numbers.below(9_000)),
        served_model: is_answer.then(|| format!("{model}-2026-04-14")),
        served_tier: is_answer.then(|| "default".to_owned()),
        slot_ms: UnixMillis::new(slot_ms),
        source: Source::Probe,
        status,
        stream: true,
        v: 1,
        wall_us: UnixMicros::new((slot_ms + jitter) * 1_000 + 417),
    }
}

fn time(sample: &Sample) -> String {
    sample.wall_us.to_millis().to_string()
}

/// Microseconds as a gateway writes them: milliseconds with one decimal.
fn ms(us: Option<u64>) -> String {
    us.map_or_else(String::new, |us| {
        format!("{}.{}", us / 1_000, us % 1_000 / 100)
    })
}

fn minimal(sample: &Sample, agent: &str, file: &mut impl Write) -> io::Result<()> {
    let time = time(sample);
    let model = sample.asked_model.as_deref().unwrap_or_default();
    let outcome = sample.outcome;
    write!(
        file,
        "{{\"time\":\"{time}\",\"agent\":\"{agent}\",\"region\":\"global\",\"model\":\"{model}\",\"outcome\":\"{outcome}\",\"total_ms\":{}",
        ms(Some(sample.end_us))
    )?;
    if let Some(status) = sample.status {
        write!(file, ",\"status\":{status}")?;
    }
    if let (Some(first), Some(tokens)) = (sample.first_us, sample.output_tokens) {
        write!(
            file,
            ",\"ttft_ms\":{},\"output_tokens\":{tokens}",
            ms(Some(first))
        )?;
    }
    file.write_all(b"}\n")
}

fn csv(sample: &Sample, agent: &str, file: &mut impl Write) -> io::Result<()> {
    let time = time(sample);
    let model = sample.asked_model.as_deref().unwrap_or_default();
    let status = sample.status.map(|s| s.to_string()).unwrap_or_default();
    let tokens = sample
        .output_tokens
        .map(|n| n.to_string())
        .unwrap_or_default();
    writeln!(
        file,
        "{time},{agent},global,{model},{status},{},{},{},{tokens}",
        sample.outcome,
        ms(sample.first_us),
        ms(Some(sample.end_us))
    )
}

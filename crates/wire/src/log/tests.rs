use std::io::Read;

use domain::cell::Timeliness;
use domain::{
    AgentId, Attribution, GapReason, Kind, Minute, Outcome, SampleView, Source, TargetId,
    UnixMicros, UnixMillis,
};

use super::*;

mod formats;
mod gaps;
mod laws;
mod mistakes;
mod packed;

/// A log of one line after the header.
const CSV: &str = "time,agent,region,model,status,outcome,ttft_ms,total_ms,output_tokens\n\
    2026-10-01T02:00:00.123+02:00,eu-1,fra,gpt-x,200,ok,123.4,1500,42\n";

fn options() -> Options {
    Options::strict("here".parse().unwrap(), "this".parse().unwrap())
}

/// An entry that outlives its line.
#[derive(Clone, Debug, PartialEq)]
enum Kept {
    Sample {
        line: u64,
        agent: AgentId,
        target: TargetId,
        region: Option<String>,
        model: Option<String>,
        timeliness: Timeliness,
        sample: Box<domain::Sample>,
    },
    Gap {
        line: u64,
        agent: AgentId,
        reason: GapReason,
        minutes: Vec<(Minute, u32)>,
    },
}

impl Kept {
    fn sample(&self) -> SampleView<'_> {
        let Self::Sample { sample, .. } = self else {
            panic!("not a sample: {self:?}");
        };
        SampleView {
            // A sample always has an end; a view of a log may have none.
            end_us: (sample.end_us != u64::MAX).then_some(sample.end_us),
            ..SampleView::from(&**sample)
        }
    }
}

fn keep(entry: &Entry<'_>) -> Kept {
    match entry {
        Entry::Sample(logged) => Kept::Sample {
            line: logged.line,
            agent: logged.agent.clone(),
            target: logged.target.clone(),
            region: logged.region.map(str::to_owned),
            model: logged.model.map(str::to_owned),
            timeliness: logged.timeliness,
            sample: Box::new(owned(&logged.sample)),
        },
        Entry::Gap(gap) => Kept::Gap {
            line: gap.line,
            agent: gap.agent.clone(),
            reason: gap.reason,
            minutes: gap.minutes().collect(),
        },
    }
}

fn owned(view: &SampleView<'_>) -> domain::Sample {
    domain::Sample {
        asked_model: None,
        asked_tier: None,
        attempt: 1,
        attribution: view.attribution,
        cred: None,
        deadline_ms: 0,
        detail: None,
        end_us: view.end_us.unwrap_or(u64::MAX),
        features: view.features.to_vec(),
        first_us: view.first_us,
        i: 0,
        input_tokens: view.input_tokens,
        kind: view.kind,
        last_us: view.last_us,
        mono_us: 0,
        outcome: view.outcome,
        output_tokens: view.output_tokens,
        plan: 0,
        sent_us: view.sent_us,
        served_model: view.served_model.map(str::to_owned),
        served_tier: view.served_tier.map(str::to_owned),
        slot_ms: UnixMillis::new(0),
        source: view.source,
        status: view.status,
        stream: view.stream,
        v: 1,
        wall_us: view.started,
    }
}

/// Everything in a log, and the error that ended it.
fn drain(reader: impl Read, options: Options) -> (Vec<Kept>, Option<LogError>) {
    let mut kept = Vec::new();
    let mut log = match open(reader, options) {
        Ok(log) => log,
        Err(error) => return (kept, Some(error)),
    };
    loop {
        match log.read() {
            Ok(Some(entry)) => kept.push(keep(&entry)),
            Ok(None) => return (kept, None),
            Err(error) => return (kept, Some(error)),
        }
    }
}

#[track_caller]
fn read(text: impl AsRef<[u8]>) -> Vec<Kept> {
    let (kept, error) = drain(text.as_ref(), options());
    if let Some(error) = error {
        panic!("{error}");
    }
    kept
}

#[track_caller]
fn error(text: impl AsRef<[u8]>) -> String {
    let (_, error) = drain(text.as_ref(), options());
    error.expect("there is something wrong with it").to_string()
}

//! `nines probe`: one attempt, its phases shown like a good curl.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;
use domain::Outcome;
use domain::detail::{Detail, Text};
use probe::{
    Attempt, Call, Connection, Engine, HttpRequest, Method, Request, STALL_AFTER_DEFAULT, Spec,
    TlsRoots, Via, Wire,
};
use secrecy::SecretString;

use super::runtime;
use crate::{environment, print};

/// Widest bar of the waterfall, characters.
const BAR_WIDTH: u64 = 40;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    kind: Kind,
    /// How long to wait for the whole answer, seconds.
    #[arg(long, default_value_t = 60, global = true)]
    deadline_s: u64,
    /// Environment variable that holds the provider key.
    #[arg(long, value_name = "NAME", global = true)]
    key_env: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// OpenAI-compatible chat completions.
    Chat {
        /// Everything before `/chat/completions`, like `https://api.openai.com/v1`.
        base_url: String,
        /// Model to ask for.
        #[arg(long)]
        model: String,
        /// Ask for a streamed answer.
        #[arg(long)]
        stream: bool,
        /// A gateway answers for the provider.
        #[arg(long)]
        gateway: bool,
        /// Cap on output tokens; leave room for reasoning.
        #[arg(long, default_value_t = 64)]
        max_output_tokens: u32,
    },
    /// Plain HTTP GET.
    Http {
        /// The whole URL.
        url: String,
        /// Statuses expected, like `200` or `200-299,304`.
        #[arg(long, default_value = "200")]
        expect_status: String,
        /// Text that the body must contain.
        #[arg(long)]
        expect_body: Option<String>,
    },
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let spec = spec(options)?;
    let attempt = runtime()?.block_on(async {
        let engine = Engine::new(&TlsRoots::Platform)?;
        anyhow::Ok(engine.attempt(&spec).await)
    })?;
    show(&attempt);
    Ok(if attempt.outcome == Outcome::Ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn spec(options: &Options) -> anyhow::Result<Spec> {
    let key = options.key_env.as_deref().map(|name| {
        let key = environment::var(name).with_context(|| format!("`{name}` is not set"))?;
        anyhow::Ok(SecretString::from(key.trim()))
    });
    let (request, path) = match &options.kind {
        Kind::Chat {
            base_url,
            model,
            stream,
            gateway,
            max_output_tokens,
        } => {
            let request = Request::Call(Box::new(Call {
                stream: *stream,
                max_output_tokens: *max_output_tokens,
                ..Call::new(Wire::Chat, base_url.parse()?, model.clone())
            }));
            (request, if *gateway { Via::Gateway } else { Via::Direct })
        }
        Kind::Http {
            url,
            expect_status,
            expect_body,
        } => {
            let request = Request::Http(HttpRequest {
                url: url.parse()?,
                method: Method::Get,
                expect_status: expect_status.parse()?,
                expect_body_contains: expect_body.clone(),
            });
            (request, Via::Direct)
        }
    };
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    Ok(Spec {
        request,
        key: key.transpose()?,
        deadline: Duration::from_secs(options.deadline_s),
        stall_after: STALL_AFTER_DEFAULT,
        slow_after: None,
        nonce: format!("pong-{:016x}", u64::from_le_bytes(random)).parse()?,
        path,
        connection: Connection::Fresh,
    })
}

fn show(attempt: &Attempt) {
    let status = attempt
        .status
        .map_or_else(|| "no answer".into(), |s| format!("HTTP {s}"));
    let fault = attempt.attribution;
    print::line(&format!("{}  {status}  fault: {fault}", attempt.outcome));
    if let Some(fault) = &attempt.detail.fault {
        print::line(&format!("  {}", text(fault)));
    }
    for line in waterfall(attempt) {
        print::line(&line);
    }
    if let (Some(input), Some(output)) = (attempt.input_tokens, attempt.output_tokens) {
        print::line(&format!("tokens: {input} in, {output} out"));
    }
    if let Some(model) = &attempt.served_model {
        print::line(&format!("served model: {model}"));
    }
    show_connection(&attempt.detail);
}

fn show_connection(detail: &Detail) {
    if let Some(net) = &detail.net {
        let part = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
        print::line(&format!(
            "remote: {}  tls: {}",
            part(&net.remote),
            part(&net.tls)
        ));
    }
    if let Some(id) = &detail.req {
        print::line(&format!("request id: {}", text(id)));
    }
    for (name, value) in &detail.hdr {
        print::line(&format!("  {name}: {}", text(value)));
    }
}

/// One line per phase that ended: when, and a bar from the phase before.
fn waterfall(attempt: &Attempt) -> Vec<String> {
    let phase = &attempt.detail.phase;
    let ends = [
        ("name resolved", phase.dns_us),
        ("TCP connected", phase.tcp_us),
        ("TLS established", phase.tls_us),
        ("request sent", attempt.sent_us),
        ("headers", phase.headers_us),
        ("first body byte", phase.first_byte_us),
        ("first visible text", attempt.first_us),
        ("last visible text", attempt.last_us),
        ("terminator", phase.terminator_us),
        ("end", Some(attempt.end_us)),
    ];
    let whole = attempt.end_us.max(1);
    let mut before = 0;
    let mut lines = Vec::new();
    for (name, end) in ends
        .into_iter()
        .filter_map(|(name, end)| Some((name, end?)))
    {
        let column = |us: u64| usize::try_from(us * BAR_WIDTH / whole).unwrap_or(0);
        let (from, to) = (column(before), column(end));
        let bar = format!(
            "{}{}",
            " ".repeat(from),
            "█".repeat((to - from.min(to)).max(1))
        );
        let ms = end;
        lines.push(format!(
            "{name:>20} {:>7}.{:03} ms  {bar}",
            ms / 1_000,
            ms % 1_000
        ));
        before = before.max(end);
    }
    lines
}

fn text(text: &Text) -> &str {
    match text {
        Text::Plain(text) => text,
        Text::Hex { hex } => hex,
    }
}

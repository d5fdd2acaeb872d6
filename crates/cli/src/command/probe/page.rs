//! One attempt as a page for people: the verdict first, then what it rests on.

use std::net::SocketAddr;

use domain::detail::{Detail, Net, Served, Text};
use domain::{Attribution, Outcome};
use probe::price::NanoUsd;

use super::Observed;
use super::asked::Asked;
use super::money::Money;
use super::{waterfall, words};
use crate::page::{Align, Look, Page, Table, Tone, count, plain, wrap};

/// Column of what is said about something.
const COLUMN: usize = 16;

/// Certificates with fewer days left than this are worth a word.
const LEAF_DAYS_FEW: i64 = 14;

/// The page of an attempt.
pub(super) fn page(seen: &Observed, look: Look) -> String {
    let mut page = Page::new(look);
    verdict(&mut page, seen);
    page.section("Phases, milliseconds");
    for line in waterfall::lines(&seen.attempt, look) {
        page.line(&line);
    }
    figures(&mut page, seen);
    answer(&mut page, seen);
    connection(&mut page, &seen.attempt.detail);
    headers(&mut page, &seen.attempt.detail);
    page.finish()
}

/// The sentence that everything else is there for.
fn verdict(page: &mut Page, seen: &Observed) {
    let attempt = &seen.attempt;
    let meaning = words::meaning(attempt.outcome);
    let status = attempt
        .status
        .map_or_else(String::new, |status| format!(" (HTTP {status})"));
    let word = attempt.outcome.as_str();
    let tone = tone(attempt.outcome, attempt.attribution);
    let sentence = format!("{word}: {}{status}", meaning.seen);
    for (nth, line) in wrap(&sentence, page.look.width).into_iter().enumerate() {
        // Painted after wrapping: colours have a length of their own.
        match line.strip_prefix(word) {
            Some(rest) if nth == 0 => {
                let word = page.look.paint(tone, word);
                page.line(&format!("{word}{rest}"));
            }
            _ => page.line(&line),
        }
    }
    if attempt.outcome != Outcome::Ok {
        let via = seen.asked.via();
        let fault = words::fault(attempt.outcome, attempt.attribution, via);
        page.labelled("fault", COLUMN, &fault);
        let next = match (attempt.outcome, seen.is_keyed) {
            (Outcome::Auth, false) => "give a key: none was sent",
            _ => meaning.next,
        };
        page.labelled("next", COLUMN, next);
    }
    if let Some(step) = &attempt.detail.fault {
        page.labelled("step", COLUMN, &shown(step));
    }
    let error: Vec<String> = [&attempt.detail.error_code, &attempt.detail.error_type]
        .into_iter()
        .flatten()
        .map(shown)
        .collect();
    said(page, "error", &error.join(", type "));
    if let Some(drill) = &seen.drill {
        page.labelled("drill", COLUMN, &drill.sentence(attempt.end_us));
    }
    said(page, "asked", &asked(&seen.asked));
    said(page, "key", &seen.key_place);
    if seen.is_keyed && seen.asked.is_plain() && !is_here(&attempt.detail) {
        let text = "the key went over plain HTTP, which anybody on the path can read";
        page.labelled("caution", COLUMN, text);
    }
}

/// Whether the other end is on this machine.
fn is_here(detail: &Detail) -> bool {
    let remote = detail.net.as_ref().and_then(|net| net.remote.as_deref());
    let address = remote.and_then(|remote| remote.parse::<SocketAddr>().ok());
    address.is_none_or(|address| address.ip().is_loopback())
}

pub(super) const fn tone(outcome: Outcome, attribution: Attribution) -> Tone {
    match (outcome, attribution) {
        (Outcome::Ok, _) => Tone::Good,
        (_, Attribution::Ours | Attribution::Agent | Attribution::Unknown) => Tone::Unsure,
        _ => Tone::Bad,
    }
}

fn asked(asked: &Asked) -> String {
    match asked {
        Asked::Http(page) => format!("{}, expecting {}", page.url, page.expect_status),
        Asked::Call(call) => {
            let mut parts = vec![format!("{} at {}", call.wire, call.base_url)];
            if !call.model.is_empty() {
                parts.push(format!("model {}", call.model));
            }
            parts.extend(call.stream.then(|| "streamed".to_owned()));
            parts.extend(call.tier.as_ref().map(|tier| format!("tier {tier}")));
            parts.extend(call.pin.as_ref().map(|pin| format!("held to {pin}")));
            parts.extend((call.via == "gateway").then(|| "by a gateway".to_owned()));
            plain(&parts.join(", "))
        }
    }
}

fn figures(page: &mut Page, seen: &Observed) {
    page.section("Figures");
    let figures = &seen.figures;
    let span = |us: u64| format!("{} ms", ms(us));
    if let Some(ttft) = figures.ttft_us {
        let text = format!("{} to the first visible text", span(ttft));
        page.labelled("TTFT", COLUMN, &text);
    }
    page.labelled("total", COLUMN, &span(figures.total_us));
    if let (Some(each), Some(rate)) = (figures.inter_token_us, figures.visible_per_s_milli) {
        let rate = format!("{}.{} tokens/s", count(rate / 1_000), rate % 1_000 / 100);
        let text = format!("{} from one visible token to the next, {rate}", span(each));
        page.labelled("inter-token", COLUMN, &text);
    }
    if let Some(gap) = &seen.attempt.detail.gap {
        let text = format!(
            "longest {}, median {}, of {} between pieces",
            span(gap.max_us),
            span(gap.p50_us),
            count(gap.count)
        );
        page.labelled("silence", COLUMN, &text);
    }
    if let Some(lag) = seen.attempt.detail.lag_us.filter(|lag| *lag > 1_000) {
        let text = format!(
            "this machine was late by up to {}: no instant is surer",
            span(lag)
        );
        page.labelled("precision", COLUMN, &text);
    }
    said(page, "tokens", &tokens(seen));
    if seen.asked.is_inference() {
        page.labelled("cost", COLUMN, &cost(&seen.money));
    }
}

fn tokens(seen: &Observed) -> String {
    let attempt = &seen.attempt;
    let part = |tokens: Option<u64>, of: &str| tokens.map(|n| format!("{} {of}", count(n)));
    let usage = attempt.detail.usage.clone().unwrap_or_default();
    let parts = [
        part(attempt.input_tokens, "in"),
        part(usage.cache_read, "of them from a cache"),
        part(usage.cache_write, "of them into a cache"),
        part(attempt.output_tokens, "out"),
        part(usage.reasoning, "of them reasoning"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() && attempt.status.is_some() && seen.asked.is_inference() {
        return "unknown: the answer does not count them".to_owned();
    }
    parts.join(", ")
}

/// A cost in words: what it is by which table, or why nobody knows.
pub(super) fn cost(money: &Money) -> String {
    match money {
        Money::Known {
            at_most,
            table,
            usd_nano,
        } => {
            let bound = if *at_most { "at most " } else { "" };
            format!("{bound}{} (prices of {table})", NanoUsd::new(*usd_nano))
        }
        Money::Unknown { unknown } => format!("unknown: {unknown}"),
    }
}

fn answer(page: &mut Page, seen: &Observed) {
    let attempt = &seen.attempt;
    let detail = &attempt.detail;
    if attempt.status.is_none() {
        return;
    }
    page.section("Answer");
    if seen.asked.is_inference() {
        let asked = attempt.asked_model.as_deref().unwrap_or_default();
        let model = match &attempt.served_model {
            None => "not named by the answer".to_owned(),
            Some(served) if served == asked => plain(served),
            Some(served) => format!("{}, asked for {}", plain(served), plain(asked)),
        };
        page.labelled("model", COLUMN, &model);
    }
    let tier = match (&attempt.served_tier, &attempt.asked_tier) {
        (Some(served), Some(asked)) if served != asked => {
            format!("{}, asked for {}", plain(served), plain(asked))
        }
        (Some(served), _) => plain(served),
        (None, Some(asked)) => format!("not named by the answer, asked for {}", plain(asked)),
        (None, None) => String::new(),
    };
    said(page, "tier", &tier);
    if let Some(by) = &detail.served {
        said(page, "served by", &served(by));
    }
    said(
        page,
        "finish",
        &detail.finish.as_ref().map_or_else(String::new, shown),
    );
    if let Some(id) = &detail.req {
        let text = format!("{} (quote it to support)", shown(id));
        page.labelled("request id", COLUMN, &text);
    }
    if let Some(bytes) = detail.resp_len {
        page.labelled("body", COLUMN, &format!("{} bytes", count(bytes)));
    }
    if let Some(body) = &detail.body {
        let cut = if detail.body_cut { " (cut)" } else { "" };
        let text = format!("{}{cut}", shown(body.text()));
        said(page, "it said", &text);
    }
}

fn served(by: &Served) -> String {
    let text = |before: &str, text: &Option<Text>| {
        text.as_ref().map(|text| format!("{before}{}", shown(text)))
    };
    let number = |count: Option<u64>, noun: &str| count.map(|n| crate::page::counted(n, noun));
    let parts = [
        text("", &by.provider),
        text("deployment ", &by.deployment),
        number(by.fallbacks, "fallback"),
        by.retries.map(|n| match n {
            1 => "1 retry".to_owned(),
            n => format!("{} retries", count(n)),
        }),
        text("cache ", &by.cache),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

fn connection(page: &mut Page, detail: &Detail) {
    let Some(net) = &detail.net else {
        return;
    };
    page.section("Connection");
    let family = net.family.map(|family| format!("IPv{family}"));
    let tried = net
        .tried
        .filter(|tried| *tried > 1)
        .map(|tried| format!("{tried} addresses tried"));
    let warm = if net.warm { "stood already" } else { "fresh" };
    let parts: Vec<String> = [net.remote.clone(), family, tried, Some(warm.to_owned())]
        .into_iter()
        .flatten()
        .collect();
    page.labelled("to", COLUMN, &plain(&parts.join(", ")));
    let version = detail
        .http
        .as_ref()
        .map(|version| format!("HTTP/{version}"));
    said(page, "protocol", &version.unwrap_or_default());
    page.labelled("TLS", COLUMN, &tls(net));
}

fn tls(net: &Net) -> String {
    let Some(version) = &net.tls else {
        return "none".to_owned();
    };
    let days = match net.leaf_days {
        None => return version.clone(),
        Some(days) if days < 0 => "certificate expired".to_owned(),
        Some(days) if days < LEAF_DAYS_FEW => {
            format!("certificate expires in only {days} days")
        }
        Some(days) => format!("certificate good for {days} more days"),
    };
    format!("{version}, {days}")
}

fn headers(page: &mut Page, detail: &Detail) {
    if detail.hdr.is_empty() {
        return;
    }
    page.section("Headers kept as evidence");
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    for (name, value) in &detail.hdr {
        table.row([plain(name), shown(value)]);
    }
    page.table(2, &table);
}

fn said(page: &mut Page, label: &str, text: &str) {
    if !text.is_empty() {
        page.labelled(label, COLUMN, text);
    }
}

/// A text from outside, as it is safe to print.
pub(super) fn shown(text: &Text) -> String {
    match text {
        Text::Plain(text) => plain(text),
        Text::Hex { hex } => format!("0x{hex}"),
    }
}

/// Microseconds as milliseconds, exactly: `1,204.318`.
pub(super) fn ms(us: u64) -> String {
    format!("{}.{:03}", count(us / 1_000), us % 1_000)
}

/// One attempt as one line, for runs of several.
pub(super) fn line(seen: &Observed, nth: u32, of: u32, look: Look) -> String {
    let attempt = &seen.attempt;
    let number = format!("{nth:>width$}/{of}", width = of.to_string().len());
    let tone = tone(attempt.outcome, attempt.attribution);
    let word = look.paint(tone, &format!("{:<16}", attempt.outcome.as_str()));
    let status = attempt
        .status
        .map_or_else(|| " - ".to_owned(), |status| status.to_string());
    let first = seen
        .figures
        .ttft_us
        .map_or_else(String::new, |us| format!("  TTFT {:>9} ms", ms(us)));
    let total = ms(seen.figures.total_us);
    let id = attempt.detail.req.as_ref().map(shown);
    let id = id.map_or_else(String::new, |id| format!("  {id}"));
    format!("{number}  {word}  {status}{first}  total {total:>9} ms{id}")
}

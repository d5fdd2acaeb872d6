//! Numbers, times and words as people read them. Rounding never changes what a number says: a
//! value below a target is never printed as the target.

use chrono::{DateTime, Datelike, Months, SecondsFormat, Utc};
use domain::{Minute, UnixMillis, Window};
use maud::{Markup, html};
use sla::contract::{Basis, Purpose};
use sla::{Due, Fraction, UnmeasuredReason, Verdict};

/// Longest exact fraction that is printed, in characters; longer ones are in the JSON.
const FRACTION_CHARS_MAX: usize = 40;

/// The sign with a space that keeps it on the line of its number.
const PERCENT: &str = "\u{a0}%";

/// A percentage that its decimals give exactly, such as a target: `99.9 %`.
pub(super) fn exact_percent(value: &Fraction) -> String {
    let exact = (0..=9)
        .map(|digits| value.percent_string(digits))
        .find(|text| Fraction::from_percent(text).is_ok_and(|shown| shown == *value));
    format!(
        "{}{PERCENT}",
        exact.unwrap_or_else(|| value.percent_string(9))
    )
}

/// An uptime with three decimals, or as many more as it takes to stay on its side of the target,
/// of 0 and of 100 %.
pub(super) fn uptime(value: &Fraction, target: &Fraction) -> String {
    let marks = [target.clone(), Fraction::one(), Fraction::zero()];
    let is_faithful = |text: &String| {
        Fraction::from_percent(text)
            .is_ok_and(|shown| marks.iter().all(|mark| shown.cmp(mark) == value.cmp(mark)))
    };
    let text = (3..=9)
        .map(|digits| value.percent_string(digits))
        .find(is_faithful);
    format!(
        "{}{PERCENT}",
        text.unwrap_or_else(|| value.percent_string(9))
    )
}

/// The exact fraction, where it is short enough to be read.
pub(super) fn fraction(value: &Fraction) -> Option<String> {
    Some(value.to_string()).filter(|text| text.len() <= FRACTION_CHARS_MAX)
}

/// A number exactly, where three decimals suffice; else rounded to two, but never to zero.
pub(super) fn quantity(value: &Fraction) -> String {
    let den = value.den().to_string().parse::<u64>().unwrap_or(u64::MAX);
    if let Some(digits) = (0..=3).find(|digits| 10_u64.pow(u32::from(*digits)) % den == 0) {
        return value.decimal_string(digits);
    }
    let rounded = value.decimal_string(2);
    if rounded.trim_start_matches('-') == "0.00" {
        value.decimal_string(6)
    } else {
        rounded
    }
}

/// `43,200`.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 agent`, `5 agents`.
pub(super) fn counted(value: u64, noun: &str) -> String {
    let ending = if value == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(value))
}

/// `46 min`, `1 h 05 min`, `2 d 3 h`.
pub(super) fn minutes(value: u64) -> String {
    match (value / 1_440, value / 60 % 24, value % 60) {
        (0, 0, min) => format!("{min} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, min) => format!("{hours} h {min:02} min"),
        (days, 0, 0) => format!("{days} d"),
        (days, hours, 0) => format!("{days} d {hours} h"),
        (days, hours, min) => format!("{days} d {hours} h {min:02} min"),
    }
}

/// How long ago, in its largest unit.
pub(super) fn age(at: UnixMillis, now: UnixMillis) -> String {
    let seconds = u64::try_from(now.get().saturating_sub(at.get()) / 1_000).unwrap_or(0);
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// `412 ms`, `3.2 s`.
pub(super) fn latency(us: u64) -> String {
    match us / 1_000 {
        ms @ 0..10_000 => format!("{ms} ms"),
        ms => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
    }
}

pub(super) fn utc(minute: Minute) -> DateTime<Utc> {
    minute.start().to_micros().to_utc()
}

fn element(at: DateTime<Utc>, format: &str) -> Markup {
    html! {
        time datetime=(at.to_rfc3339_opts(SecondsFormat::Secs, true)) { (at.format(format)) }
    }
}

/// An instant to the second.
pub(super) fn time(at: UnixMillis) -> Markup {
    element(at.to_micros().to_utc(), "%Y-%m-%d %H:%M:%S UTC")
}

/// A minute, with its zone.
pub(super) fn minute(at: Minute) -> Markup {
    element(utc(at), "%Y-%m-%d %H:%M UTC")
}

/// A minute in a column or sentence that names the zone.
pub(super) fn minute_bare(at: Minute) -> Markup {
    element(utc(at), "%Y-%m-%d %H:%M")
}

/// An instant to the second in a column that names the zone.
pub(super) fn time_bare(at: UnixMillis) -> Markup {
    element(at.to_micros().to_utc(), "%Y-%m-%d %H:%M:%S")
}

/// A minute as plain text, for titles and descriptions.
pub(super) fn minute_text(at: Minute) -> String {
    utc(at).format("%Y-%m-%d %H:%M").to_string()
}

/// `November 2026 (UTC)`, `2026-11-22 (UTC)`, or both ends.
pub(super) fn window(window: Window) -> String {
    let (start, end) = (utc(window.start()), utc(window.end()));
    let is_midnight = start.time() == chrono::NaiveTime::MIN;
    if is_midnight && start.day() == 1 && start.checked_add_months(Months::new(1)) == Some(end) {
        return format!("{} (UTC)", start.format("%B %Y"));
    }
    if is_midnight && window.minutes() == 1_440 {
        return format!("{} (UTC)", start.format("%Y-%m-%d"));
    }
    format!(
        "{} to {} (UTC)",
        minute_text(window.start()),
        minute_text(window.end())
    )
}

/// Until when, and what is left of it.
pub(super) fn due(due: Due, now: UnixMillis) -> Markup {
    let left = due.before().start().get().saturating_sub(now.get());
    let left = match u64::try_from(left / 60_000) {
        Ok(0) | Err(_) if left <= 0 => "passed".to_owned(),
        Ok(left @ 0..2_880) => format!("{} left", minutes(left)),
        Ok(left) => format!("{} days left", left / 1_440),
        Err(_) => "passed".to_owned(),
    };
    html! {
        @match due {
            Due::Day(day) => { "until the end of " time datetime=(day) { (day) } " UTC" }
            Due::Instant(minute) => { "before " (self::minute(minute)) }
        }
        " " span .left .passed[left == "passed"] { (left) }
    }
}

pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "Met",
        Verdict::Breached => "Breached",
        Verdict::Indeterminate => "Indeterminate",
        Verdict::NoData => "No data",
        Verdict::Open => "Open",
    }
}

pub(super) const fn verdict_meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "Kept, even if everything unmeasured was down.",
        Verdict::Breached => "Missed, even if everything unmeasured was up.",
        Verdict::Indeterminate => "What was not measured decides.",
        Verdict::NoData => "Nothing was measured.",
        Verdict::Open => "The window still runs, and what is left of it decides.",
    }
}

pub(super) const fn unmeasured(reason: UnmeasuredReason) -> &'static str {
    match reason {
        UnmeasuredReason::Unknown => "the contract cannot tell what the samples are",
        UnmeasuredReason::Late => "all samples came too late",
        UnmeasuredReason::AgentDown => "the agent was not running",
        UnmeasuredReason::Overloaded => "the agent was overloaded",
        UnmeasuredReason::Budget => "the probing budget was used up",
        UnmeasuredReason::Paused => "an operator paused the target",
        UnmeasuredReason::NoKey => "the agent lacked the provider key",
        UnmeasuredReason::SpoolFull => "the agent's spool was full",
        UnmeasuredReason::NoData => "no sample, and no record of a slot that was not run",
    }
}

pub(super) const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Notice => "Notice of the incident",
        Purpose::Claim => "Claim",
    }
}

/// What to add to a clause that the contract's text does not state; empty where it does.
pub(super) const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Stated => "",
        Basis::Inferred => "inferred from the text",
        Basis::Unknown => "the text is silent; open",
        Basis::Assumed => "assumed; the text is silent",
    }
}

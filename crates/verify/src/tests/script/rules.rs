//! Spans that come again, expanded by both: the rules of RFC 5545 that contracts may have, in zones
//! whose clocks change.

use std::process::Command;

use domain::{Minute, Window};
use serde_json::{Value, json};
use sla::contract::TimeZone;
use sla::contract::recurrence::Recurrence;

use super::bend::Dice;
use super::cases::python;
use super::number;

/// Rules that are compared where `NINES_RULES` gives no other number.
const RULES: u64 = 400;

/// Zones whose clocks change at night, at midnight, by half an hour, by two, over a whole day, in
/// Ramadan, to the other side of the year, or never.
pub(super) const ZONES: [&str; 18] = [
    "UTC",
    "Europe/Paris",
    "Europe/Dublin",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Havana",
    "Atlantic/Azores",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Antarctica/Troll",
];

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// `[exclusion.recurs]`.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) rrule: String,
    pub(super) from: String,
    pub(super) minutes: usize,
    pub(super) timezone: &'static str,
    pub(super) starts: Option<String>,
}

impl Told {
    /// Anything that may stand in a contract, and some that may not.
    pub(super) fn at_random(dice: &mut Dice) -> Self {
        let night = dice.below(3) > 0;
        let hour = dice.below(if night { 4 } else { 24 });
        let longest = *dice.of(&[90, 600, 10_080]);
        let timezone = *dice.of(&ZONES);
        Self {
            rrule: rule(dice),
            from: format!("{hour:02}:{:02}", dice.of(&[0, 0, 30, 15, 59])),
            minutes: 1 + dice.below(longest),
            timezone,
            starts: (dice.below(6) > 0).then(|| {
                let (month, day) = (1 + dice.below(12), 1 + dice.below(28));
                format!("{}-{month:02}-{day:02}", 2005 + dice.below(9))
            }),
        }
    }

    fn json(&self) -> Value {
        let mut told = json!({
            "rrule": self.rrule, "from": self.from, "minutes": self.minutes, "timezone": self.timezone,
        });
        if let Some(starts) = &self.starts {
            told["starts"] = json!(starts);
        }
        told
    }

    /// An inline table.
    pub(super) fn toml(&self) -> String {
        let starts = self.starts.as_ref();
        let starts = starts.map_or_else(String::new, |day| format!(", starts = {day}"));
        format!(
            "{{ rrule = \"{}\", from = \"{}\", minutes = {}, timezone = \"{}\"{starts} }}",
            self.rrule, self.from, self.minutes, self.timezone
        )
    }
}

fn list(dice: &mut Dice, one: impl Fn(&mut Dice) -> String) -> String {
    let many = 1 + dice.below(3);
    let all: Vec<String> = (0..many).map(|_| one(dice)).collect();
    all.join(",")
}

fn signed(dice: &mut Dice, most: usize) -> String {
    let sign = *dice.of(&["", "", "-", "+"]);
    format!("{sign}{}", 1 + dice.below(most))
}

fn rule(dice: &mut Dice) -> String {
    let freq = *dice.of(&["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    let mut parts = vec![format!("FREQ={freq}")];
    if dice.below(5) == 0 {
        parts.push(format!("INTERVAL={}", 1 + dice.below(5)));
    }
    if dice.below(4) == 0 {
        parts.push(format!("WKST={}", dice.of(&WEEKDAYS)));
    }
    if dice.below(8) == 0 {
        let months = list(dice, |dice| (1 + dice.below(12)).to_string());
        parts.push(format!("BYMONTH={months}"));
    }
    if dice.below(6) == 0 && (freq != "WEEKLY" || dice.below(20) == 0) {
        let days = list(dice, |dice| signed(dice, 31));
        parts.push(format!("BYMONTHDAY={days}"));
    }
    if dice.below(6) == 0 && (freq == "YEARLY" || dice.below(20) == 0) {
        let days = list(dice, |dice| signed(dice, 366));
        parts.push(format!("BYYEARDAY={days}"));
    }
    let numbered = matches!(freq, "MONTHLY" | "YEARLY") && dice.below(2) == 0;
    if dice.below(2) == 0 {
        let days = list(dice, |dice| {
            let nth = (numbered || dice.below(60) == 0).then(|| signed(dice, 5));
            format!("{}{}", nth.unwrap_or_default(), dice.of(&WEEKDAYS))
        });
        parts.push(format!("BYDAY={days}"));
    }
    if dice.below(5) == 0 {
        let positions = list(dice, |dice| signed(dice, 4));
        parts.push(format!("BYSETPOS={positions}"));
    }
    parts.extend(end(dice));
    let rule = parts.join(";");
    if dice.below(30) == 0 {
        return rule.to_lowercase();
    }
    rule
}

fn end(dice: &mut Dice) -> Option<String> {
    let day = format!(
        "{}{:02}{:02}",
        2014 + dice.below(13),
        1 + dice.below(12),
        1 + dice.below(29)
    );
    let time = format!(
        "{:02}{:02}{:02}",
        dice.below(4),
        dice.below(60),
        dice.below(60)
    );
    match dice.below(14) {
        0 => Some(format!("COUNT={}", dice.below(200))),
        1 => Some(format!("UNTIL={day}")),
        2 => Some(format!("UNTIL={day}T{time}")),
        3 => Some(format!("UNTIL={day}T{time}Z")),
        _ => None,
    }
}

/// Whether clocks of a zone change within a window.
pub(super) fn changes(zone: TimeZone, window: Window) -> bool {
    let ahead = |minute: Minute| {
        let local = zone.local(minute).and_utc().timestamp();
        local - minute.get() * 60
    };
    ahead(window.start()) != ahead(window.end())
}

const SPANS: &str = "import json, sys\nsys.path.insert(0, sys.argv[1])\nimport verify\n\
    for line in open(sys.argv[2], encoding='utf-8'):\n    told = json.loads(line)\n    \
    try:\n        found = verify.Recurrence(told['recurs']).spans(tuple(told['window']))\n    \
    except verify.Bad:\n        found = None\n    \
    print(json.dumps(found))\n";

/// The seed of a rule that differs is in its message.
#[test]
fn both_expand_rules_made_at_random_alike() {
    let Some(python) = python() else { return };
    let (first, many) = (number("NINES_SEED", 0), number("NINES_RULES", RULES));
    let (mut asked, mut found, mut turning) = (Vec::new(), Vec::new(), 0_u64);
    for seed in first..first + many {
        let mut dice = Dice::new(seed);
        let told = Told::at_random(&mut dice);
        // From 2012 to 2026.
        let start = Minute::new(22_089_600 + i64::try_from(dice.below(7_450_000)).unwrap());
        let length = i64::try_from(1 + dice.below(150_000)).unwrap();
        let window = Window::new(start, start.plus(length)).unwrap();
        let rule: Option<Recurrence> = serde_json::from_value(told.json()).ok();
        let spans = rule.map(|rule| rule.spans(window));
        let some = spans.as_ref().is_some_and(|spans| !spans.is_empty());
        turning += u64::from(some && changes(told.timezone.parse().unwrap(), window));
        let (start, end) = (window.start().get(), window.end().get());
        asked.push(json!({ "recurs": told.json(), "window": [start, end] }).to_string());
        found.push((seed, told, spans));
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), asked.join("\n")).unwrap();
    let run = Command::new(python)
        .args(["-B", "-c", SPANS])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python"))
        .arg(file.path())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let answers = String::from_utf8(run.stdout).unwrap();
    assert_eq!(answers.lines().count(), found.len());
    let mut refused = 0_u64;
    for ((seed, told, spans), answer) in found.iter().zip(answers.lines()) {
        let answer: Option<Vec<(i64, i64)>> = serde_json::from_str(answer).unwrap();
        let ends = |span: &Window| (span.start().get(), span.end().get());
        let spans = spans
            .as_ref()
            .map(|all| all.iter().map(ends).collect::<Vec<_>>());
        assert_eq!(answer, spans, "seed {seed}: {told:?}");
        refused += u64::from(spans.is_none());
    }
    let told = format!("{refused} of {many} refused, {turning} over a change of clocks");
    assert!(
        20 * refused > many && 3 * refused < many && 10 * turning > many,
        "{told}"
    );
}

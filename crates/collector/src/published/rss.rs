//! RSS as AWS (a feed per service and region, an item per message) and Azure (one feed, an item
//! per open incident) write it. A feed without an open incident is operational.
//!
//! Invariants: what an item does not say is unknown. No feed has a field for the start or the end
//! of trouble: a start is known where an item is one message, whose time is then that of the first;
//! an end where a later message says that it is over. No severity follows from prose.

use chrono::{DateTime, TimeDelta, Utc};

use super::feed::{self, Item};
use super::json::kept;
use super::parts::{Listed, with_incidents};
use super::{Incident, Level, Observation};

/// For how long an open incident of which nothing more is said is taken to go on.
const SILENT_MAX: TimeDelta = TimeDelta::days(14);

/// What titles of AWS begin with, and what it means.
const WORDS: [(&str, Level); 5] = [
    ("service is operating normally", Level::Operational),
    ("informational message", Level::Degraded),
    ("performance issues", Level::Degraded),
    ("service degradation", Level::Degraded),
    // The worst word there is, and not one for all being down.
    ("service disruption", Level::PartialOutage),
];

/// What an item says.
#[derive(Debug)]
struct Message {
    item: Item,
    /// Of which service it is, where an item is one message of several.
    service: Option<String>,
    /// The same in all messages about an incident.
    subject: String,
    word: Option<(&'static str, Level)>,
    is_over: bool,
}

/// An incident as its messages tell it.
#[derive(Debug)]
struct Story {
    service: Option<String>,
    subject: String,
    level: Level,
    is_over: bool,
    incident: Incident,
}

pub(super) fn read(body: &[u8], wanted: &[String], now: DateTime<Utc>) -> Observation {
    let items = match feed::read(body) {
        Ok(items) => items,
        Err(why) => return Observation::unknown(why.to_string()),
    };
    let messages = items.into_iter().map(message);
    let mut messages: Vec<Message> = messages.filter(|one| concerns(one, wanted)).collect();
    messages.reverse(); // Feeds begin with the newest; where times are equal or missing, that counts.
    messages.sort_by_key(|one| one.item.at);
    let mut stories: Vec<Story> = Vec::new();
    for message in messages {
        tell(&mut stories, message);
    }
    stories.reverse();
    said(stories, now)
}

fn said(mut stories: Vec<Story>, now: DateTime<Utc>) -> Observation {
    let is_silent = |one: &Story| {
        let last = one.incident.updated_at;
        !one.is_over && last.is_some_and(|last| now - last > SILENT_MAX)
    };
    // What was never called over, and was followed by other messages, is not told of again.
    let newest = stories.first().map(|one| one.incident.id.clone());
    stories.retain(|one| !is_silent(one) || newest.as_ref() == Some(&one.incident.id));
    let open = |one: &&Story| !one.is_over && !is_silent(one);
    let worst = stories.iter().filter(open).map(|one| one.level).max();
    let silent = stories.iter().any(is_silent);
    let mut said = Observation {
        level: worst.unwrap_or(Level::Operational),
        note: None,
        components: Vec::new(),
        uptimes: Vec::new(),
        incidents: Vec::new(),
    };
    if worst.is_none() && silent {
        said.level = Level::Unknown;
        said.note = Some("its newest incident has no end, and nothing was said since".to_owned());
    }
    let listed = stories.into_iter().map(|one| Listed {
        is_over: one.is_over,
        is_harmless: is_silent(&one),
        incident: one.incident,
    });
    with_incidents(said, listed.collect())
}

/// Adds a message to the incident that it is about, or begins one.
fn tell(stories: &mut Vec<Story>, message: Message) {
    let at = message.item.at;
    let is_well = message
        .word
        .is_some_and(|(_, level)| level == Level::Operational);
    let mut is_told = false;
    if message.service.is_some() {
        for story in stories.iter_mut().filter(|one| !one.is_over) {
            let is_same = story.subject == message.subject;
            if story.service != message.service || !(is_same || is_well) {
                continue;
            }
            story.go_on(&message);
            is_told = true;
        }
    }
    let id = kept(if message.item.guid.is_empty() {
        &message.item.title
    } else {
        &message.item.guid
    });
    let is_known = stories.iter().any(|one| one.incident.id == id);
    if is_told || is_known || id.is_empty() {
        return;
    }
    let is_message = message.service.is_some();
    stories.push(Story {
        level: message.word.map_or(Level::Degraded, |(_, level)| level),
        is_over: message.is_over,
        incident: Incident {
            id,
            title: kept(&message.item.title),
            impact: message.impact(),
            started_at: at.filter(|_| is_message && !message.is_over),
            resolved_at: at.filter(|_| is_message && message.is_over),
            updated_at: at,
            url: Some(kept(&message.item.link)).filter(|url| url.starts_with("https://")),
        },
        service: message.service,
        subject: message.subject,
    });
}

impl Story {
    fn go_on(&mut self, message: &Message) {
        self.incident.updated_at = message.item.at.or(self.incident.updated_at);
        if message.is_over {
            self.is_over = true;
            self.incident.resolved_at = message.item.at;
            return;
        }
        if let Some((_, level)) = message.word {
            self.level = level;
            self.incident.impact = message.impact();
        }
        self.incident.title = kept(&message.item.title);
    }
}

impl Message {
    /// The feed's own word for how bad it is, where it has one.
    fn impact(&self) -> Option<String> {
        let (word, level) = self.word?;
        (level != Level::Operational).then(|| word.to_owned())
    }
}

fn message(item: Item) -> Message {
    let (word, rest) = word(&item.title);
    let is_well = word.is_some_and(|(_, level)| level == Level::Operational);
    let is_over = is_well || is_called_over(rest);
    // Titles in two languages have a bar between them; English is the last.
    let subject = rest.rsplit_once(" | ").map_or(rest, |(_, english)| english);
    let lower = subject.trim().to_ascii_lowercase();
    let subject = lower.strip_prefix("[resolved]").unwrap_or(&lower).trim();
    Message {
        service: service(&item.guid),
        subject: subject.to_owned(),
        word,
        is_over,
        item,
    }
}

/// The word that a title begins with, and the rest of it.
fn word(title: &str) -> (Option<(&'static str, Level)>, &str) {
    let Some((first, rest)) = title.split_once(':') else {
        return (None, title);
    };
    let found = WORDS
        .into_iter()
        .find(|(word, _)| first.trim().eq_ignore_ascii_case(word));
    found.map_or((None, title), |found| (Some(found), rest))
}

/// Whether a title itself says that it is over: in brackets, or as its first word. What is resolved
/// in part is not.
fn is_called_over(title: &str) -> bool {
    let title = title.trim().to_ascii_lowercase();
    let first = title.strip_prefix("resolved").map(str::trim_start);
    title.contains("[resolved]") || first.is_some_and(|rest| rest.starts_with([':', '-']))
}

/// The service of an id as AWS makes them: `http://status.aws.amazon.com/#SERVICE_UNIX-SECONDS`.
fn service(guid: &str) -> Option<String> {
    let (_, anchor) = guid.rsplit_once('#')?;
    let (service, second) = anchor.rsplit_once('_')?;
    let is_time = !second.is_empty() && second.bytes().all(|b| b.is_ascii_digit());
    (is_time && !service.is_empty()).then(|| service.to_owned())
}

/// Whether it is about what is asked for: by category, service or a part of its title. An item
/// that names nothing counts for all.
fn concerns(message: &Message, wanted: &[String]) -> bool {
    let named = message.item.categories.iter().chain(&message.service);
    let named: Vec<&String> = named.collect();
    let title = message.item.title.to_ascii_lowercase();
    let is_wanted = |one: &String| {
        title.contains(&one.to_ascii_lowercase())
            || named.iter().any(|name| name.eq_ignore_ascii_case(one))
    };
    wanted.is_empty() || named.is_empty() || wanted.iter().any(is_wanted)
}

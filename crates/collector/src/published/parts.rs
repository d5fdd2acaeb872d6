//! From the parts of a page to one level: what is asked for, or the page's own word.

use super::{Component, Incident, Level, Observation, PARTS_MAX};

/// A part as a page lists it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) level: Level,
    /// The page's own.
    pub(super) word: String,
}

/// What the page says of itself as a whole, where it does.
#[derive(Debug)]
pub(super) struct Overall {
    pub(super) level: Level,
    pub(super) word: String,
}

impl Part {
    /// A part whose word is of the dictionary that all share.
    pub(super) fn new(id: String, name: String, word: String) -> Self {
        let level = Level::of_word(&word);
        Self {
            id,
            name,
            level,
            word,
        }
    }

    /// Whether a configured component means this one.
    pub(super) fn is_named(&self, wanted: &str) -> bool {
        self.id == wanted || self.name.eq_ignore_ascii_case(wanted)
    }

    fn kept(&self) -> Component {
        Component {
            name: self.name.clone(),
            level: self.level,
            word: self.word.clone(),
        }
    }
}

/// The worst of what is asked for; where nothing is, the page's own word, or else the worst part.
/// What is asked for and absent is unknown: a page may have renamed it.
pub(super) fn settle(parts: &[Part], wanted: &[String], overall: Option<Overall>) -> Observation {
    let mut components: Vec<Component> = if wanted.is_empty() {
        let such = parts.iter();
        let such = such.filter(|part| part.level != Level::Operational);
        such.map(Part::kept).collect()
    } else {
        let named = wanted.iter().flat_map(|name| found(parts, name));
        named.collect()
    };
    let worst = if wanted.is_empty() {
        parts.iter().map(|part| part.level).max()
    } else {
        components.iter().map(|one| one.level).max()
    };
    components.truncate(PARTS_MAX);
    let overall = overall.filter(|_| wanted.is_empty());
    let said = overall.as_ref().map(|one| one.level);
    let said = said.filter(|level| *level != Level::Unknown);
    let level = said.or(worst).unwrap_or(Level::Unknown);
    let note = (level == Level::Unknown).then(|| note(&components, overall.as_ref()));
    Observation {
        level,
        note,
        components,
        uptimes: Vec::new(),
        incidents: Vec::new(),
    }
}

fn found(parts: &[Part], name: &str) -> Vec<Component> {
    let such = parts.iter().filter(|part| part.is_named(name));
    let found: Vec<Component> = such.map(Part::kept).collect();
    if !found.is_empty() {
        return found;
    }
    vec![Component {
        name: name.to_owned(),
        level: Level::Unknown,
        word: "not on the page".to_owned(),
    }]
}

fn note(components: &[Component], overall: Option<&Overall>) -> String {
    let unknown = components.iter().find(|one| one.level == Level::Unknown);
    match (overall, unknown) {
        (Some(overall), _) => format!("the page's word `{}` is not known", overall.word),
        (None, Some(one)) => format!("the state of `{}` is `{}`", one.name, one.word),
        (None, None) => "the page does not say how it is".to_owned(),
    }
}

/// An incident and what is needed to weigh it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) incident: Incident,
    /// Whether it is over, as far as the page says.
    pub(super) is_over: bool,
    /// Whether the provider itself says that it is no trouble, or announced work.
    pub(super) is_harmless: bool,
}

/// Adds incidents. One that is open is an admission, whatever the state of its components says.
pub(super) fn with_incidents(mut said: Observation, listed: Vec<Listed>) -> Observation {
    let mut listed = listed;
    listed.truncate(super::INCIDENTS_MAX);
    let is_open = listed.iter().any(|one| !one.is_over && !one.is_harmless);
    if is_open && said.level < Level::Degraded {
        said.level = Level::Degraded;
        said.note = None;
    }
    said.incidents = listed.into_iter().map(|one| one.incident).collect();
    said
}

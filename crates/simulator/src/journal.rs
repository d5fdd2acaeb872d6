//! What was answered to whom: the last requests, without keys, prompts or unknown model names.

use std::collections::VecDeque;

use serde::Serialize;

use crate::script::Route;
use crate::wire::Wire;

/// Entries kept: enough for a drill, bounded for a simulator that runs for months.
const ENTRIES_MAX: usize = 1_000;

/// One request and its fate, as decided before the first byte was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Number of the request, from 0.
    pub request: u64,
    /// Milliseconds since the simulator's start.
    pub offset_ms: u64,
    /// The route asked.
    pub route: Route,
    /// The wire format spoken; none on the status page.
    pub wire: Option<Wire>,
    /// The model asked for, if it is one of the simulator's own: other text is the caller's.
    pub model: Option<String>,
    /// The response status; none if the connection was closed instead.
    pub status: Option<u16>,
    /// The kind of the fault that struck first.
    pub fault: Option<&'static str>,
    /// Names of the rules that struck, in order; `limits` and `outage` are names, too.
    pub rules: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Journal(VecDeque<Entry>);

impl Journal {
    pub(crate) fn push(&mut self, entry: Entry) {
        if self.0.len() == ENTRIES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.0.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_last_thousand() {
        let mut journal = Journal::default();
        for request in 0..1_001 {
            let (route, offset_ms) = (Route::Chat, 0);
            journal.push(Entry {
                request,
                offset_ms,
                route,
                wire: None,
                model: None,
                status: None,
                fault: None,
                rules: Vec::new(),
            });
        }
        let entries = journal.entries();
        assert_eq!(entries.len(), 1_000);
        assert_eq!(entries.first().map(|entry| entry.request), Some(1));
    }
}

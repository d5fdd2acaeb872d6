//! What a revision of the plan changes. Pure.

use std::collections::BTreeMap;

use wire::plan::Plan;

/// Names of what is added, removed and changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    agents: Edits,
    targets: Edits,
    /// Whether agents take turns otherwise, so that the slots of all of them move.
    moves_slots: bool,
    /// Targets at another place than before: their slots move, too.
    shifted: Vec<String>,
}

/// Edits of a list, by name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Edits {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<String>,
}

impl Edits {
    fn between<T: PartialEq>(former: &[T], newer: &[T], name: impl Fn(&T) -> &str) -> Self {
        let find = |list: &[T], id: &str| list.iter().position(|item| name(item) == id);
        let mut edits = Self::default();
        for item in newer {
            let id = name(item);
            match find(former, id).and_then(|at| former.get(at)) {
                None => edits.added.push(id.to_owned()),
                Some(known) if known != item => edits.changed.push(id.to_owned()),
                Some(_) => {}
            }
        }
        let gone = former.iter().map(&name);
        let gone = gone.filter(|id| find(newer, id).is_none());
        edits.removed = gone.map(str::to_owned).collect();
        edits
    }

    fn lines(&self, what: &str) -> Vec<String> {
        let line = |done: &str, names: &[String]| {
            (!names.is_empty()).then(|| format!("{what} {done}: {}", names.join(", ")))
        };
        [
            line("added", &self.added),
            line("removed", &self.removed),
            line("changed", &self.changed),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Changes {
    pub(super) fn between(former: &Plan, newer: &Plan) -> Self {
        let order =
            |plan: &Plan| -> Vec<String> { plan.agents.iter().map(|a| a.id.to_string()).collect() };
        let places: BTreeMap<_, _> = (0..)
            .zip(&former.targets)
            .map(|(nth, t)| (&t.id, nth))
            .collect();
        let shifted = (0_usize..)
            .zip(&newer.targets)
            .filter(|(nth, target)| places.get(&target.id).is_some_and(|former| former != nth));
        Self {
            shifted: shifted.map(|(_, target)| target.id.to_string()).collect(),
            agents: Edits::between(&former.agents, &newer.agents, |a| a.id.as_str()),
            targets: Edits::between(&former.targets, &newer.targets, |t| t.id.as_str()),
            moves_slots: order(former) != order(newer),
        }
    }

    /// One sentence for each kind of change.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = self.agents.lines("agents");
        lines.extend(self.targets.lines("targets"));
        if self.moves_slots {
            lines.push("agents take turns otherwise: the slots of every target move".to_owned());
        } else if !self.shifted.is_empty() {
            let names = self.shifted.join(", ");
            lines.push(format!(
                "targets at another place, so that their slots move: {names}"
            ));
        }
        if lines.is_empty() {
            lines.push("agents and targets stay as they are".to_owned());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(agents: &[&str], targets: &[(&str, u32)]) -> Plan {
        let mut text = "revision = 1\neffective_from_ms = 0\n".to_owned();
        text.extend(
            agents
                .iter()
                .map(|id| format!("[[agent]]\nid = \"{id}\"\nregion = \"r\"\nnetwork = \"n\"\n")),
        );
        text.extend(targets.iter().map(|(id, interval_s)| {
            format!(
                "[[target]]\nid = \"{id}\"\nprovider = \"p\"\ninterval_s = {interval_s}\n\
                 deadline_ms = 1\nrequest = {{ kind = \"http\", url = \"http://x.invalid\" }}\n"
            )
        }));
        Plan::parse(&text).unwrap()
    }

    #[track_caller]
    fn check(former: &Plan, newer: &Plan, lines: &[&str]) {
        assert_eq!(Changes::between(former, newer).lines(), lines);
    }

    #[test]
    fn every_addition_removal_and_change_is_said() {
        let former = plan(&["a", "b"], &[("s", 60), ("t", 60), ("u", 60)]);
        check(&former, &former, &["agents and targets stay as they are"]);
        let newer = plan(&["b", "c"], &[("s", 60), ("t", 30), ("v", 60)]);
        let moved = "agents take turns otherwise: the slots of every target move";
        let wanted = [
            "agents added: c",
            "agents removed: a",
            "targets added: v",
            "targets removed: u",
            "targets changed: t",
            moved,
        ];
        check(&former, &newer, &wanted);
        check(
            &plan(&["a", "b"], &[("t", 1)]),
            &plan(&["b", "a"], &[("t", 1)]),
            &[moved],
        );
    }

    #[test]
    fn a_target_put_before_others_moves_their_slots_and_one_at_the_end_none() {
        let former = plan(&["a"], &[("s", 60), ("t", 60)]);
        let at_the_end = plan(&["a"], &[("s", 60), ("t", 60), ("u", 60)]);
        check(&former, &at_the_end, &["targets added: u"]);
        let between = plan(&["a"], &[("s", 60), ("u", 60), ("t", 60)]);
        let moved = "targets at another place, so that their slots move: t";
        check(&former, &between, &["targets added: u", moved]);
    }
}

//! A plan's text and body, some targets at a time: the trees between text and plan take many times
//! the memory of either, and an allocator keeps what was once asked of it.
//!
//! Invariants: a text that is read here is read to the same plan as in one, and whatever else is
//! told about a text is told by who reads it in one; a body is spelled as in one.

use domain::UnixMillis;
use evidence::hash::Hash;
use evidence::jcs::{self, JcsError, LINE_BYTES_MAX};
use serde::{Deserialize, Serialize};

use super::{Plan, PlanAgent, PlanTarget};

/// Targets of one piece.
const TARGETS: usize = 32;
/// What begins a target, at the start of a line.
const HEADING: &str = "[[target]]";

/// What stands before the first target.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    agent: Vec<PlanAgent>,
    effective_from_ms: UnixMillis,
    #[serde(default)]
    nonces: Option<Hash>,
    revision: u64,
}

/// Some targets and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Piece {
    target: Vec<PlanTarget>,
}

/// Reads a plan of many targets, cut before lines that begin one. `None` where that does not come
/// to a plan: a mistake, or a text of few targets or in another order.
///
/// A cut inside a string or an array leaves it open, and the piece before is refused; else what
/// stands between two headings speaks of these targets alone.
pub(super) fn read(text: &str) -> Option<Plan> {
    let headings: Vec<usize> = line_starts(text)
        .filter(|at| text[*at..].starts_with(HEADING))
        .collect();
    if headings.len() <= TARGETS {
        return None;
    }
    let head: Head = toml::from_str(&text[..headings[0]]).ok()?;
    let mut targets = Vec::with_capacity(headings.len());
    let cuts: Vec<usize> = headings.into_iter().step_by(TARGETS).collect();
    let ends = cuts.iter().skip(1).copied().chain([text.len()]);
    for (from, to) in cuts.iter().copied().zip(ends) {
        let piece: Piece = toml::from_str(&text[from..to]).ok()?;
        targets.extend(piece.target);
    }
    Some(Plan {
        agents: head.agent,
        effective_from_ms: head.effective_from_ms,
        nonces: head.nonces,
        revision: head.revision,
        targets,
    })
}

fn line_starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1))
}

/// The canonical line of a plan.
pub(super) fn to_line(plan: &Plan) -> Result<String, JcsError> {
    #[derive(Serialize)]
    struct Head<'a> {
        agent: &'a [PlanAgent],
        effective_from_ms: UnixMillis,
        #[serde(skip_serializing_if = "Option::is_none")]
        nonces: Option<Hash>,
        revision: u64,
    }
    // The name matters to nobody: it puts targets as deep as they stand in the plan.
    #[derive(Serialize)]
    struct Piece<'a> {
        target: &'a [PlanTarget],
    }
    let mut line = jcs::to_line(&Head {
        agent: &plan.agents,
        effective_from_ms: plan.effective_from_ms,
        nonces: plan.nonces,
        revision: plan.revision,
    })?;
    // Its key sorts behind the others.
    line.truncate(line.len() - "}".len());
    line.push_str(r#","target":["#);
    for (nth, target) in plan.targets.chunks(TARGETS).enumerate() {
        let piece = jcs::to_line(&Piece { target })?;
        if nth > 0 {
            line.push(',');
        }
        line.push_str(&piece[r#"{"target":["#.len()..piece.len() - "]}".len()]);
    }
    line.push_str("]}");
    if line.len() > LINE_BYTES_MAX {
        return Err(JcsError::TooLong { bytes: line.len() });
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::document;

    /// A plan of `targets` targets with all that may stand between two of them.
    fn text(targets: usize) -> String {
        let mut text = String::from(
            "revision = 3\neffective_from_ms = 5\n[[agent]]\nid = \"a\"\nregion = \"r\"\nnetwork = \"n\"\n",
        );
        for nth in 0..targets {
            write!(
                text,
                "\n# Target {nth}.\n[[target]]\nid = \"t-{nth}\"\nprovider = \"p\"\ninterval_s = 60\n\
                 deadline_ms = 30000\nrequest = {{ kind = \"http\", url = \"http://h/\", \
                 expect_body = '''x''', expect_json = {{ a = [1, {{ b = true }}] }} }}\n\
                 [target.scope]\nregion = \"eu\"\n"
            )
            .unwrap();
        }
        text
    }

    #[test]
    fn a_plan_in_pieces_is_the_plan_in_one() {
        for targets in [TARGETS + 1, 2 * TARGETS, 3 * TARGETS - 1] {
            let text = text(targets);
            let whole: Plan = document::read(&text).unwrap();
            assert_eq!(whole.targets.len(), targets);
            assert_eq!(read(&text), Some(whole.clone()));
            let line = to_line(&whole).unwrap();
            assert_eq!(line, jcs::to_line(&whole).unwrap());
            assert_eq!(Plan::from_body(line.as_bytes()).unwrap(), whole);
        }
    }

    #[test]
    fn few_targets_are_left_to_the_whole() {
        assert_eq!(read(&text(TARGETS)), None);
        let none = Plan {
            targets: Vec::new(),
            ..Plan::parse(&text(1)).unwrap()
        };
        assert_eq!(to_line(&none).unwrap(), jcs::to_line(&none).unwrap());
    }

    #[test]
    fn a_heading_inside_a_string_cuts_nothing() {
        let quoted = text(3 * TARGETS).replace("'''x", "'''\n[[target]]\n");
        let plan = Plan::parse(&quoted).unwrap();
        assert_eq!(plan.targets.len(), 3 * TARGETS);
        assert_eq!(plan, document::read(&quoted).unwrap());
    }

    #[test]
    fn what_stands_in_another_order_is_read_in_one() {
        let (agent, targets) = (
            "[[agent]]\nid = \"b\"\nregion = \"r\"\nnetwork = \"n\"\n",
            text(2 * TARGETS),
        );
        let plan = Plan::parse(&format!("{targets}{agent}")).unwrap();
        assert_eq!((plan.agents.len(), plan.targets.len()), (2, 2 * TARGETS));
    }

    #[test]
    fn a_mistake_is_told_at_its_place_in_the_whole_text() {
        let wrong = format!("{}deadline = 1\n", text(2 * TARGETS));
        let told = std::error::Error::source(&Plan::parse(&wrong).unwrap_err())
            .and_then(std::error::Error::source)
            .unwrap()
            .to_string();
        let line = wrong.lines().count();
        assert!(told.contains(&format!("line {line}, ")), "{told}");
    }

    #[test]
    fn a_line_that_is_too_long_or_too_deep_is_refused_as_in_one() {
        let long = format!("http://h/{}", "x".repeat(20_000));
        let plan = Plan::parse(&text(64).replace("http://h/", &long)).unwrap();
        let refused = (to_line(&plan), jcs::to_line(&plan));
        let (Err(JcsError::TooLong { bytes }), Err(JcsError::TooLong { bytes: in_one })) = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!(bytes, in_one);
        for depth in 20..40 {
            let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
            let plan = Plan::parse(&text(2).replace("[1,", &format!("[{deep},"))).unwrap();
            let (pieces, whole) = (to_line(&plan), jcs::to_line(&plan));
            assert_eq!(pieces.is_err(), whole.is_err(), "{depth}");
        }
    }
}

//! Which samples are errors, where nobody has said so.

use domain::{Attribution, Outcome};
use sla::contract::{Attributed, Condition, EventRule, EventRules, StatusPattern};
use sla::{Basis, EventClass};

/// The classes that hold where a provider's fault is what answers with 5xx or not at all. Nothing
/// of it is stated: OpenSLO leaves it to the metric source.
pub(super) fn assumed() -> EventRules {
    use Attribution as Whose;
    let rule = |class, when| EventRule {
        class,
        when,
        otherwise: None,
        basis: Basis::Assumed,
        provenance: None,
        note: None,
    };
    let whose = |attribution| Condition {
        attribution,
        ..Condition::default()
    };
    let status = |first| Condition {
        status: vec![StatusPattern::Hundred(first)],
        ..Condition::default()
    };
    let unanswered = Condition {
        outcome: UNANSWERED.to_vec(),
        ..Condition::default()
    };
    EventRules {
        attribution: Attributed::RequestStart,
        default: EventClass::Success,
        rules: vec![
            rule(EventClass::NotValid, whose(vec![Whose::Ours])),
            rule(
                EventClass::Unknown,
                whose(vec![Whose::Agent, Whose::Network, Whose::Unknown]),
            ),
            rule(EventClass::Error, status(5)),
            rule(EventClass::NotValid, status(4)),
            rule(EventClass::Error, unanswered),
        ],
    }
}

/// No answer, or half of one, which must not pass as a success for want of a status.
const UNANSWERED: [Outcome; 12] = [
    Outcome::Dns,
    Outcome::Tcp,
    Outcome::Tls,
    Outcome::ConnectTimeout,
    Outcome::TtfbTimeout,
    Outcome::TtftTimeout,
    Outcome::Stall,
    Outcome::Deadline,
    Outcome::StreamCut,
    Outcome::Malformed,
    Outcome::Overloaded,
    Outcome::ServerError,
];

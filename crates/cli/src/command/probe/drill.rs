//! A failover drill by hand: what it showed, beside an attempt without the hook.

use domain::Outcome;
use probe::Attempt;
use probe::drill::{self, Hook, Proof, Verdict};
use serde::Serialize;

/// What is tried.
#[derive(Clone, Debug)]
pub(super) struct Drill {
    pub(super) hook: Hook,
    /// Model, provider or deployment that must not have served.
    pub(super) primary: Option<String>,
}

/// What a drill showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Drilled {
    pub(super) verdict: Word,
    /// What shows that a fallback served.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<ProofWord>,
    /// The whole attempt without the hook, made just before; absent where that one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    healthy_us: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    Held,
    Changed,
    PrimaryAnswered,
    Unproven,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum ProofWord {
    Counted,
    OtherNamed,
}

impl Drilled {
    pub(super) fn of(attempt: &Attempt, drill: &Drill, healthy: &Attempt) -> Self {
        let proof = |proof| {
            Some(match proof {
                Proof::Counted => ProofWord::Counted,
                Proof::OtherNamed => ProofWord::OtherNamed,
            })
        };
        let (verdict, proof) = match drill::judge(attempt, drill.primary.as_deref()) {
            Verdict::Held(shown) => (Word::Held, proof(shown)),
            Verdict::Changed(shown) => (Word::Changed, proof(shown)),
            Verdict::PrimaryAnswered => (Word::PrimaryAnswered, None),
            Verdict::Unproven => (Word::Unproven, None),
            Verdict::Failed => (Word::Failed, None),
        };
        Self {
            verdict,
            proof,
            healthy_us: (healthy.outcome == Outcome::Ok).then_some(healthy.end_us),
        }
    }

    /// In words; times are in `end_us` of the drill's attempt and of the one without the hook.
    pub(super) fn sentence(&self, end_us: u64) -> String {
        let said = match (self.verdict, self.proof) {
            (Word::Held, Some(ProofWord::Counted)) => "a fallback served: the gateway counts it",
            (Word::Held, _) => "a fallback served: the answer names another than the primary",
            (Word::Changed, _) => "a fallback served, but not what was asked for",
            (Word::PrimaryAnswered, _) => "the primary answered: the hook did not make it fail",
            (Word::Unproven, _) => {
                "an answer came, and nothing shows who gave it; name the primary with --primary"
            }
            (Word::Failed, _) => "no answer came: the gateway did not fall back",
        };
        let ms = |us: u64| format!("{}.{:03} ms", us / 1_000, us % 1_000);
        match self.healthy_us {
            Some(healthy) => format!("{said}; {} in all, {} without", ms(end_us), ms(healthy)),
            None => format!("{said}; {} in all, the one without failed", ms(end_us)),
        }
    }
}

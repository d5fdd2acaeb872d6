//! Six verdicts over one bundle, and how they are told to people and programs.
//!
//! What was not checked is never reported as passed: it is a verdict of its own, with its own
//! exit code.

use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::layout::claim::Claim;

/// Most remarks that one verdict keeps; the rest are counted.
const REMARKS_MAX: usize = 20;

/// What is checked, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// V1: names, listing, hashes, the manifest's signature.
    Container,
    /// V2: batches chain up and are signed; disclosed lines hang in them.
    Chain,
    /// V3: the log holds them all, once, and others vouch for it.
    Log,
    /// V4: times are vouched for by others, and agents' clocks agree.
    Time,
    /// V5: every planned slot is there.
    Coverage,
    /// V6: the result follows from lines and contract.
    Result,
}

impl Check {
    /// All six.
    pub const ALL: [Self; 6] = [
        Self::Container,
        Self::Chain,
        Self::Log,
        Self::Time,
        Self::Coverage,
        Self::Result,
    ];

    /// Its number, as `V1`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Container => "V1",
            Self::Chain => "V2",
            Self::Log => "V3",
            Self::Time => "V4",
            Self::Coverage => "V5",
            Self::Result => "V6",
        }
    }

    /// Its name.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Chain => "chain",
            Self::Log => "log",
            Self::Time => "time",
            Self::Coverage => "coverage",
            Self::Result => "result",
        }
    }
}

/// What came of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// All of it holds.
    Pass,
    /// Something does not hold.
    Fail {
        /// The member, and where in it.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// It could not be checked, which is no reason to believe it.
    NotChecked {
        /// What was missing.
        reason: String,
    },
}

/// One check with its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Which check.
    pub check: Check,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What a reader has to know beside it.
    pub remarks: Vec<String>,
}

/// The outcome of a verification.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether the bundle is a demonstration.
    pub simulated: bool,
    /// What it claims; absent where that cannot be read.
    pub claim: Option<Claim>,
    /// In the order of [`Check::ALL`].
    pub verdicts: [Judged; 6],
}

/// The exit code for a file that is no bundle at all.
pub const EXIT_UNREADABLE: u8 = 3;

impl Report {
    /// 0: all passed; 1: something failed; 2: nothing failed, but something was not checked.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let any = |wanted: fn(&Verdict) -> bool| self.verdicts.iter().any(|j| wanted(&j.verdict));
        if any(|verdict| matches!(verdict, Verdict::Fail { .. })) {
            1
        } else if any(|verdict| matches!(verdict, Verdict::NotChecked { .. })) {
            2
        } else {
            0
        }
    }
}

/// The report for people, plain text.
#[must_use]
pub fn render_text(report: &Report) -> String {
    let mut out = String::new();
    render(report, &mut out).expect("writing to a string cannot fail");
    out
}

fn render(report: &Report, out: &mut String) -> fmt::Result {
    if report.simulated {
        writeln!(
            out,
            "SIMULATED: made for a demonstration, evidence of nothing."
        )?;
    }
    if let Some(claim) = &report.claim {
        writeln!(out, "claim     {} of {}", claim.violation, claim.origin)?;
        let (start, end) = (claim.window.start().start(), claim.window.end().start());
        writeln!(out, "contract  {}, {start} to {end}", claim.contract)?;
        writeln!(out, "as of     {}\n", claim.as_of.start())?;
    }
    for judged in &report.verdicts {
        let (word, tail) = match &judged.verdict {
            Verdict::Pass => ("PASS", String::new()),
            Verdict::Fail { place, reason } => ("FAIL", format!("  {place}: {reason}")),
            Verdict::NotChecked { reason } => ("NOT-CHECKED", format!("  {reason}")),
        };
        let (id, title) = (judged.check.id(), judged.check.title());
        let line = format!("{id} {title:<10} {word:<11}{tail}");
        writeln!(out, "{}", line.trim_end())?;
        for remark in &judged.remarks {
            writeln!(out, "   - {remark}")?;
        }
    }
    let conclusion = match report.exit_code() {
        0 if report.simulated => "Everything was checked and holds, within the demonstration.",
        0 => "Everything was checked and holds.",
        1 => "Do not rely on this bundle.",
        _ => "Nothing failed, but not everything was checked.",
    };
    writeln!(out, "\n{conclusion}")
}

/// Why a check ends early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// It fails.
    Fail { place: String, reason: String },
    /// It cannot be made.
    Blocked { reason: String },
}

/// What a part of a bundle was read to.
pub(crate) type Checked<T = ()> = Result<T, Halt>;

impl Halt {
    /// A failure with its reason in words.
    pub(crate) fn fail(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Fail {
            place: place.into(),
            reason: reason.into(),
        }
    }

    /// A failure whose reason is an error with all its causes.
    pub(crate) fn error(place: impl Into<String>, error: &dyn std::error::Error) -> Self {
        Self::fail(place, causes(error))
    }

    /// The same seen from a check that needs what failed in another.
    fn elsewhere(&self, what: &str) -> Self {
        let reason = match self {
            Self::Fail { place, reason } => format!("needs {what}, but {place}: {reason}"),
            Self::Blocked { reason } => reason.clone(),
        };
        Self::Blocked { reason }
    }
}

/// What another check is responsible for: its failure only keeps this one from being made.
pub(crate) fn needed<'a, T>(part: &'a Checked<T>, what: &str) -> Checked<&'a T> {
    part.as_ref().map_err(|halt| halt.elsewhere(what))
}

/// What this check is responsible for.
pub(crate) fn owned<T>(part: &Checked<T>) -> Checked<&T> {
    part.as_ref().map_err(Halt::clone)
}

/// An error and its causes, in one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// Runs one check.
pub(crate) fn judge(check: Check, run: impl FnOnce(&mut Remarks) -> Checked) -> Judged {
    let mut remarks = Remarks::default();
    let verdict = match run(&mut remarks) {
        Ok(()) => Verdict::Pass,
        Err(Halt::Fail { place, reason }) => Verdict::Fail { place, reason },
        Err(Halt::Blocked { reason }) => Verdict::NotChecked { reason },
    };
    Judged {
        check,
        verdict,
        remarks: remarks.finish(),
    }
}

/// Remarks of one check, a bounded number of them.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    kept: Vec<String>,
    more: usize,
}

impl Remarks {
    pub(crate) fn add(&mut self, remark: impl Into<String>) {
        if self.kept.len() < REMARKS_MAX {
            self.kept.push(remark.into());
        } else {
            self.more += 1;
        }
    }

    fn finish(mut self) -> Vec<String> {
        if self.more > 0 {
            self.kept.push(format!("and {} more", self.more));
        }
        self.kept
    }
}

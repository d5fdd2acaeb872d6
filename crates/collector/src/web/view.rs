//! What pages show: plain, owned data, complete before a page is made.

mod claim;
mod fleet;
mod listing;
mod published;
mod target;

use domain::{AgentId, Attribution, ContractId, Minute, Outcome, TargetId, UnixMillis, Window};
use sla::{Assessment, Change, CommitmentAssessment, Condition, Contract, Money, Vantage};

use crate::condition::Run;

pub(crate) use claim::ClaimPage;
pub(crate) use fleet::{
    AgentOwn, AgentRow, AgentStanding, Checkpoint, LogRow, LogTrouble, NewestBatch,
};
pub(crate) use listing::{Asked, FEW, Listing};
pub(crate) use published::{PublishedPart, PublishedStory, PublishedWindow};
pub(crate) use target::TargetPage;

/// What stands on every page.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// Log origin of the installation.
    pub(crate) origin: String,
    /// Whether traffic, keys and clock are made up; every page says so.
    pub(crate) simulated: bool,
    /// Now, by the installation's clock; ages and days left count from it.
    pub(crate) now: UnixMillis,
}

/// The front page.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    /// On every page.
    pub(crate) site: Site,
    /// Contracts, in the order they are to be shown.
    pub(crate) contracts: Vec<ContractCard>,
    /// What the targets of this page are like now.
    pub(crate) now: Vec<TargetNow>,
    /// Which ones these are.
    pub(crate) listing: Listing,
    /// The newest sample of every stream of these targets.
    pub(crate) matrix: Matrix,
    /// Violations, newest first; withdrawn ones are marked.
    pub(crate) violations: Vec<ViolationRow>,
    /// Claims, the newest window first.
    pub(crate) claims: Vec<crate::claim::Claim>,
    /// Notices of incidents, the newest first.
    pub(crate) notices: Vec<crate::claim::Notice>,
    /// Enrolled agents.
    pub(crate) fleet: Vec<AgentRow>,
    /// The log.
    pub(crate) log: LogRow,
    /// A command that enrols an agent here, shown while there is none.
    pub(crate) enrol_command: String,
}

/// A contract on the front page.
#[derive(Clone, Debug)]
pub(crate) struct ContractCard {
    /// The contract.
    pub(crate) contract: Contract,
    /// Its running window; absent before the first assessment.
    pub(crate) judged: Option<Judged>,
}

/// An assessment with its place in the series of its window.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    /// Whether it may still change.
    pub(crate) stage: Stage,
    /// 0 for the first.
    pub(crate) revision: i32,
    /// What the contract says.
    pub(crate) assessment: Assessment,
}

/// Whether an assessment may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is replaced as samples arrive.
    Live,
    /// Only a new revision can follow.
    Final,
}

/// What a target is like now; no verdict rests on it.
#[derive(Clone, Debug)]
pub(crate) struct TargetNow {
    /// The target.
    pub(crate) target: TargetId,
    /// Its state in the last minute that is in.
    pub(crate) condition: Condition,
    /// Since when; absent where that is longer than 30 days.
    pub(crate) since: Option<Minute>,
    /// First minute that is not in yet.
    pub(crate) as_of: Minute,
    /// What each region can tell.
    pub(crate) regions: Vec<(String, Vantage)>,
    /// Minutes of each state in the last 24 hours and 30 days.
    pub(crate) totals: Vec<(Condition, u64, u64)>,
    /// The last 24 hours, oldest first.
    pub(crate) day: Vec<Run>,
}

/// A final assessment that followed another.
#[derive(Clone, Debug)]
pub(crate) struct RevisionNote {
    /// Its number.
    pub(crate) revision: i32,
    /// The number of the one it replaces.
    pub(crate) replaces: i32,
    /// SHA-256 of the replaced one's JSON, in hexadecimal, where it was kept.
    pub(crate) replaces_sha256: Option<String>,
    /// Why it was made, where that was kept.
    pub(crate) cause: Option<&'static str>,
    /// When it was made, where that was kept.
    pub(crate) revised_at: Option<UnixMillis>,
    /// What it says otherwise.
    pub(crate) changes: Vec<Change>,
    /// What it says.
    pub(crate) assessment: Assessment,
}

/// The newest sample of every stream, targets by agents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matrix {
    /// The columns.
    pub(crate) agents: Vec<MatrixAgent>,
    /// The rows.
    pub(crate) rows: Vec<MatrixRow>,
}

/// A column of the matrix.
#[derive(Clone, Debug)]
pub(crate) struct MatrixAgent {
    /// The agent.
    pub(crate) id: AgentId,
    /// Where it stands.
    pub(crate) region: String,
}

/// A row of the matrix.
#[derive(Clone, Debug)]
pub(crate) struct MatrixRow {
    /// The target.
    pub(crate) target: TargetId,
    /// What it is: model, mode, endpoint, in a few words; may be empty.
    pub(crate) label: String,
    /// The newest sample per agent, in the order of [`Matrix::agents`].
    pub(crate) latest: Vec<Option<Latest>>,
}

/// The newest sample of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Latest {
    /// When the attempt started.
    pub(crate) at: UnixMillis,
    /// What was observed.
    pub(crate) outcome: Outcome,
    /// Whose fault it was.
    pub(crate) attribution: Attribution,
    /// HTTP status, where one arrived.
    pub(crate) status: Option<u16>,
    /// From the start of the attempt to the first visible text, where there was any.
    pub(crate) ttft_us: Option<u64>,
    /// Whether only a preview tells it.
    pub(crate) is_preview: bool,
}

/// A violation in a list.
#[derive(Clone, Debug)]
pub(crate) struct ViolationRow {
    /// Its name, as in its address.
    pub(crate) name: String,
    /// The contract.
    pub(crate) contract: ContractId,
    /// The commitment.
    pub(crate) commitment: String,
    /// The window.
    pub(crate) window: Window,
    /// When it was first found.
    pub(crate) detected_at: UnixMillis,
    /// When a correction took it back.
    pub(crate) withdrawn_at: Option<UnixMillis>,
    /// What the newest assessment says about the commitment, where it is at hand.
    pub(crate) conclusion: Option<CommitmentAssessment>,
}

/// The page of a contract.
#[derive(Clone, Debug)]
pub(crate) struct ContractPage {
    /// On every page.
    pub(crate) site: Site,
    /// The contract.
    pub(crate) contract: Contract,
    /// Targets whose samples it is judged on.
    pub(crate) targets: Vec<String>,
    /// Fees of one window, where known.
    pub(crate) fees: Option<Money>,
    /// The window shown; absent before the first assessment.
    pub(crate) judged: Option<Judged>,
    /// Other windows, newest first.
    pub(crate) past: Vec<PastWindow>,
    /// Final assessments that followed others, newest first.
    pub(crate) revisions: Vec<RevisionNote>,
    /// Violations of this contract, newest first.
    pub(crate) violations: Vec<ViolationRow>,
    /// What pages of the provider's say beside what was verified.
    pub(crate) published: Vec<PublishedPart>,
    /// Where the API serves the same.
    pub(crate) json_href: String,
    /// Where the contract's text is served.
    pub(crate) text_href: String,
}

/// A window before the one shown.
#[derive(Clone, Debug)]
pub(crate) struct PastWindow {
    /// What was said about it.
    pub(crate) judged: Judged,
    /// Where it is shown or served.
    pub(crate) href: String,
}

/// The page of a violation.
#[derive(Clone, Debug)]
pub(crate) struct ViolationPage {
    /// On every page.
    pub(crate) site: Site,
    /// Its name.
    pub(crate) name: String,
    /// The contract.
    pub(crate) contract: Contract,
    /// The result's name in the assessment.
    pub(crate) commitment: String,
    /// The newest assessment of the window.
    pub(crate) judged: Judged,
    /// When the violation was first found.
    pub(crate) detected_at: UnixMillis,
    /// When a correction took it back.
    pub(crate) withdrawn_at: Option<UnixMillis>,
    /// Revisions of the window's final assessment, newest first.
    pub(crate) revisions: Vec<RevisionNote>,
    /// What each agent saw in the periods of downtime, agents without a valid request included.
    pub(crate) sightings: Vec<Sighting>,
    /// Endpoints asked, as `https://host/path` or target names.
    pub(crate) endpoints: Vec<String>,
    /// Newest samples that count as errors, newest first, a few dozen at most.
    pub(crate) samples: Vec<FailingSample>,
    /// The claim that it stands in.
    pub(crate) claim: Option<crate::claim::Claim>,
    /// What pages of the provider's tell of the time of the downtime.
    pub(crate) published: Vec<PublishedStory>,
    /// Where the evidence bundle is served.
    pub(crate) bundle_href: String,
    /// Where the API serves the same.
    pub(crate) json_href: String,
    /// The command that checks the downloaded bundle.
    pub(crate) verify_command: String,
}

/// What one agent saw in the periods of downtime of the commitment.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    /// The agent.
    pub(crate) agent: AgentId,
    /// Where it stands.
    pub(crate) region: String,
    /// Whose network it uses.
    pub(crate) network: String,
    /// Valid requests by the contract's event rules.
    pub(crate) valid: u64,
    /// Errors among them.
    pub(crate) errors: u64,
    /// What those errors were, most frequent first.
    pub(crate) outcomes: Vec<OutcomeCount>,
}

/// How often something was observed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutcomeCount {
    /// What.
    pub(crate) outcome: Outcome,
    /// HTTP status, where one arrived.
    pub(crate) status: Option<u16>,
    /// How often.
    pub(crate) count: u64,
}

/// A sample that counts as an error.
#[derive(Clone, Debug)]
pub(crate) struct FailingSample {
    /// When the attempt started.
    pub(crate) at: UnixMillis,
    /// Where.
    pub(crate) agent: AgentId,
    /// What was probed.
    pub(crate) target: TargetId,
    /// What was observed.
    pub(crate) outcome: Outcome,
    /// Whose fault it was.
    pub(crate) attribution: Attribution,
    /// HTTP status, where one arrived.
    pub(crate) status: Option<u16>,
    /// The provider's request id, where it is still stored.
    pub(crate) request_id: Option<String>,
}

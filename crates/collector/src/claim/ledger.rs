//! Claims as the command line reads and moves them.

use chrono::{DateTime, Utc};
use domain::Clock;
use serde::Serialize;
use sla::money::MoneyError;
use sla::{Currency, Money};
use sqlx::{Connection as _, PgConnection};

use super::letter::LetterError;
use super::{Claim, ClaimEvent, ClaimState, Notice, NoticeState};
use crate::keys::KeysError;
use crate::store::claim::Happened;
use crate::store::{self, StoreError};

/// Claims listed and added up.
const CLAIMS_MAX: i64 = 10_000;
/// Events of one claim shown.
const EVENTS_MAX: i64 = 1_000;
/// Longest reference or reason, in characters.
const WORDS_MAX: usize = 500;

/// A claim that was not shown or moved.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The installation's keys cannot be used.
    #[error(transparent)]
    Keys(KeysError),
    /// There is none of this name.
    #[error("there is no claim `{name}`; `nines claim list` shows all")]
    Unknown {
        /// Which.
        name: String,
    },
    /// There is no notice of this name.
    #[error("there is no notice `{name}`; `nines claim list` shows all")]
    UnknownNotice {
        /// Which.
        name: String,
    },
    /// A notice that was sent, or is not to be sent.
    #[error("notice `{name}` is {state}: it does not wait to be sent")]
    NotWaiting {
        /// Which.
        name: String,
        /// Its state.
        state: NoticeState,
    },
    /// It cannot go from its state to that.
    #[error("claim `{name}` is {from}: it cannot become {to}, only {allowed}")]
    Transition {
        /// Which.
        name: String,
        /// Its state.
        from: ClaimState,
        /// The state that was asked for.
        to: ClaimState,
        /// The states that it can go to.
        allowed: String,
    },
    /// A correction left nothing to file.
    #[error("claim `{name}` asks for nothing: a correction took back what it stood on")]
    Void {
        /// Which.
        name: String,
    },
    /// A reference or reason that cannot be kept.
    #[error("a reference, reason or name is one line of 1 to {WORDS_MAX} visible characters")]
    Words,
    /// Not an amount of the claim's currency.
    #[error("`{given}` cannot have been paid")]
    Amount {
        /// What was given.
        given: String,
        /// Why not.
        #[source]
        source: MoneyError,
    },
    /// Nothing was paid.
    #[error("an amount that was paid is more than 0")]
    Zero,
    /// What is enclosed cannot be written.
    #[error("failed to write what is enclosed")]
    Enclose(#[source] std::io::Error),
    /// Its letter cannot be written.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a person says happened to a claim.
#[derive(Clone, Debug)]
pub enum ClaimStep {
    /// It was sent.
    File {
        /// The provider's number of it.
        reference: String,
    },
    /// The provider confirmed that it has it.
    Acknowledge,
    /// The provider paid, all or a further part.
    Pay {
        /// How much, in the claim's currency: `12.34`.
        amount: String,
    },
    /// The provider refused.
    Deny {
        /// Why.
        reason: String,
    },
}

/// What all claims in one currency came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimTotal {
    /// The currency.
    pub currency: Currency,
    /// How many claims.
    pub claims: u64,
    /// How many of them hang on fees that are not known: nothing of them is in the amounts.
    pub unknown: u64,
    /// Asked in drafts, minor units.
    pub drafted_minor: u64,
    /// Asked in claims that were filed and are not settled, minor units.
    pub filed_minor: u64,
    /// Paid, minor units.
    pub paid_minor: u64,
    /// Asked in claims that were denied, minor units.
    pub denied_minor: u64,
    /// Asked in claims that were never filed in time, minor units.
    pub expired_minor: u64,
}

impl ClaimStep {
    const fn state(&self) -> ClaimState {
        match self {
            Self::File { .. } => ClaimState::Filed,
            Self::Acknowledge => ClaimState::Acknowledged,
            Self::Pay { .. } => ClaimState::Paid,
            Self::Deny { .. } => ClaimState::Denied,
        }
    }
}

pub(super) async fn connect(database_url: &str) -> Result<PgConnection, StoreError> {
    let conn = PgConnection::connect(database_url).await;
    conn.map_err(StoreError::query("connect"))
}

pub(super) async fn get(conn: &mut PgConnection, name: &str) -> Result<Claim, ClaimError> {
    let found = store::claim::find(conn, name).await?;
    found.ok_or_else(|| ClaimError::Unknown {
        name: name.to_owned(),
    })
}

/// All claims, the newest window first.
pub async fn list_claims(database_url: &str) -> Result<Vec<Claim>, ClaimError> {
    let mut conn = connect(database_url).await?;
    Ok(store::claim::list(&mut conn, CLAIMS_MAX).await?)
}

/// A claim with its history, oldest first.
pub async fn show_claim(
    database_url: &str,
    name: &str,
) -> Result<(Claim, Vec<ClaimEvent>), ClaimError> {
    let mut conn = connect(database_url).await?;
    let claim = get(&mut conn, name).await?;
    let history = store::claim::history(&mut conn, name, EVENTS_MAX).await?;
    Ok((claim, history))
}

/// All notices, the newest incident first.
pub async fn list_notices(database_url: &str) -> Result<Vec<Notice>, ClaimError> {
    let mut conn = connect(database_url).await?;
    Ok(store::claim::notice::list(&mut conn, CLAIMS_MAX).await?)
}

pub(super) async fn get_notice(conn: &mut PgConnection, name: &str) -> Result<Notice, ClaimError> {
    let found = store::claim::notice::find(conn, name).await?;
    found.ok_or_else(|| ClaimError::UnknownNotice {
        name: name.to_owned(),
    })
}

/// Records that a notice was sent; gives it as it stands then.
pub async fn send_notice(
    database_url: &str,
    name: &str,
    (reference, actor): (&str, &str),
    clock: &dyn Clock,
) -> Result<Notice, ClaimError> {
    let said = (words(reference)?, words(actor)?);
    let mut conn = connect(database_url).await?;
    let notice = get_notice(&mut conn, name).await?;
    if store::claim::notice::send(&mut conn, name, said, clock.now_utc()).await? {
        return get_notice(&mut conn, name).await;
    }
    Err(ClaimError::NotWaiting {
        name: notice.name,
        state: notice.state,
    })
}

/// Records what happened to a claim; gives the claim as it stands then.
pub async fn step_claim(
    database_url: &str,
    name: &str,
    (step, actor): (&ClaimStep, &str),
    clock: &dyn Clock,
) -> Result<Claim, ClaimError> {
    let mut conn = connect(database_url).await?;
    let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
    store::claim::lock(&mut tx, name).await?;
    let claim = get(&mut tx, name).await?;
    let to = step.state();
    if !claim.state.next().contains(&to) {
        return Err(refused(&claim, to));
    }
    take(&mut tx, &claim, (step, actor), clock.now_utc()).await?;
    tx.commit().await.map_err(StoreError::query("commit"))?;
    get(&mut conn, name).await
}

fn refused(claim: &Claim, to: ClaimState) -> ClaimError {
    let allowed = claim.state.next().iter().map(|state| state.as_str());
    ClaimError::Transition {
        name: claim.name.clone(),
        from: claim.state,
        to,
        allowed: allowed.collect::<Vec<_>>().join(" or "),
    }
}

async fn take(
    conn: &mut PgConnection,
    claim: &Claim,
    (step, actor): (&ClaimStep, &str),
    now: DateTime<Utc>,
) -> Result<(), ClaimError> {
    let actor = words(actor)?;
    let (mut reference, mut reason, mut paid) = (None, None, None);
    let mut detail = String::new();
    match step {
        ClaimStep::File { .. } if claim.is_void() => {
            return Err(ClaimError::Void {
                name: claim.name.clone(),
            });
        }
        ClaimStep::File { reference: given } => reference = Some(words(given)?),
        ClaimStep::Deny { reason: given } => reason = Some(words(given)?),
        ClaimStep::Pay { amount } => {
            let amount = parse(amount, claim.paid.currency())?;
            detail = amount.to_string();
            paid = Some(amount);
        }
        ClaimStep::Acknowledge => {}
    }
    let to = step.state();
    store::claim::advance(conn, &claim.name, (to, reference, reason), now).await?;
    let happened = Happened {
        actor,
        what: to.as_str(),
        detail: reference.or(reason).unwrap_or(&detail),
        paid,
    };
    Ok(store::claim::note(conn, &claim.name, happened, now).await?)
}

fn parse(given: &str, currency: Currency) -> Result<Money, ClaimError> {
    let amount = Money::parse(given, currency).map_err(|source| ClaimError::Amount {
        given: given.chars().take(40).collect(),
        source,
    })?;
    if amount.minor() == 0 {
        return Err(ClaimError::Zero);
    }
    Ok(amount)
}

fn words(given: &str) -> Result<&str, ClaimError> {
    let given = given.trim();
    let is_kept =
        !given.is_empty() && given.chars().count() <= WORDS_MAX && !given.chars().any(is_hidden);
    is_kept.then_some(given).ok_or(ClaimError::Words)
}

/// Characters that change how a line is read and are not seen: controls, and those that turn text
/// around or join it.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// What claims came to, by currency in the order of their codes.
#[must_use]
pub fn claim_totals(claims: &[Claim]) -> Vec<ClaimTotal> {
    let mut totals: Vec<ClaimTotal> = Vec::new();
    for claim in claims {
        let currency = claim.paid.currency();
        let at = totals.iter().position(|total| total.currency == currency);
        let at = at.unwrap_or_else(|| {
            totals.push(ClaimTotal::none(currency));
            totals.len() - 1
        });
        if let Some(total) = totals.get_mut(at) {
            total.add(claim);
        }
    }
    totals.sort_by_key(|total| total.currency);
    totals
}

impl ClaimTotal {
    const fn none(currency: Currency) -> Self {
        Self {
            currency,
            claims: 0,
            unknown: 0,
            drafted_minor: 0,
            filed_minor: 0,
            paid_minor: 0,
            denied_minor: 0,
            expired_minor: 0,
        }
    }

    fn add(&mut self, claim: &Claim) {
        self.claims += 1;
        self.paid_minor = self.paid_minor.saturating_add(claim.paid.minor());
        let Some(asked) = claim.asked else {
            self.unknown += 1;
            return;
        };
        let sum = match claim.state {
            ClaimState::Drafted => &mut self.drafted_minor,
            ClaimState::Filed | ClaimState::Acknowledged => &mut self.filed_minor,
            ClaimState::Denied => &mut self.denied_minor,
            ClaimState::Expired => &mut self.expired_minor,
            ClaimState::Paid => return,
        };
        *sum = sum.saturating_add(asked.minor());
    }
}

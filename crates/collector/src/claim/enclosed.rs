//! Letters, and the log files that go with them.

use std::io;

use sla::Contract;
use sla::contract::CONTRACT_SCHEMA;
use sqlx::PgConnection;

use super::client_ids::ClientIds;
use super::ledger::{self, ClaimError};
use super::letter::{self, Forms, Source};
use super::period::{Period, periods};
use super::requests::{Cited, Requests};
use super::seen::Sightings;
use super::{Claim, Notice, draft, table};
use crate::store::claim::Judged;
use crate::store::{self, StoreError};

/// A claim or notice, and where what is enclosed with it goes.
#[derive(Debug)]
pub struct Enclosed<'a, W> {
    /// The log of failed requests: CSV with one line for each.
    pub requests: &'a mut W,
    /// The list of intervals below 100 %, as CSV; nothing is written where no formula counts by
    /// intervals.
    pub intervals: &'a mut W,
    /// What the failed requests named themselves.
    pub client_ids: ClientIds,
}

/// What letters and logs are about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Log<'a> {
    /// A claim.
    Claim(&'a Claim),
    /// A notice.
    Notice(&'a Notice),
}

/// Reads the log of failed requests piece by piece.
#[derive(Debug)]
pub(crate) struct LogReader {
    requests: Requests,
    is_begun: bool,
}

/// A claim or notice with all that its letter follows from.
struct Whole {
    contract: Contract,
    targets: Vec<String>,
    /// Absent for a notice.
    judged: Option<Judged>,
}

impl LogReader {
    /// The log of a claim or notice; nothing is read yet.
    pub(crate) async fn of(
        conn: &mut PgConnection,
        about: Log<'_>,
        client_ids: ClientIds,
    ) -> Result<Self, ClaimError> {
        let whole = Whole::find(conn, about).await?;
        let requests = Requests::of(conn, whole.cited(about)?, client_ids).await?;
        Ok(Self {
            requests,
            is_begun: false,
        })
    }

    /// The next piece of text, the headings first; none at the end.
    pub(crate) async fn next(
        &mut self,
        conn: &mut PgConnection,
    ) -> Result<Option<String>, StoreError> {
        if !std::mem::replace(&mut self.is_begun, true) {
            return Ok(Some(table::REQUESTS_HEAD.to_owned()));
        }
        let found = self.requests.next(conn).await?;
        Ok(found.map(|found| table::requests(&found)))
    }
}

impl Whole {
    async fn find(conn: &mut PgConnection, about: Log<'_>) -> Result<Self, ClaimError> {
        let (found, judged, name) = match about {
            Log::Claim(claim) => {
                let judged = store::claim::judged(conn, &claim.name).await?;
                let gone = || StoreError::inconsistent("claim", &claim.name);
                let judged = Some(judged.ok_or_else(gone)?);
                (
                    store::claim::terms(conn, &claim.name).await?,
                    judged,
                    &claim.name,
                )
            }
            Log::Notice(notice) => {
                let found = store::claim::notice::terms(conn, &notice.name).await?;
                (found, None, &notice.name)
            }
        };
        let (terms, targets) = found.ok_or_else(|| StoreError::inconsistent("claim", name))?;
        let contract = Contract::parse(&terms)
            .map_err(|_| StoreError::inconsistent("claim.terms", CONTRACT_SCHEMA))?;
        Ok(Self {
            contract,
            targets,
            judged,
        })
    }

    /// Which requests it cites.
    fn cited(&self, about: Log<'_>) -> Result<Cited, StoreError> {
        let parts = self
            .judged
            .iter()
            .flat_map(|one| &one.assessment.commitments);
        let parts: Vec<_> = parts.filter(|part| draft::is_claimable(part)).collect();
        let commitments = self.contract.commitments.iter();
        let (periods, commitments) = match about {
            Log::Claim(_) => {
                let named = parts.iter().map(|part| part.commitment.clone());
                (periods(&self.contract, &parts), named.collect())
            }
            Log::Notice(notice) => {
                let all = commitments.map(|one| one.id.to_string());
                (vec![Period::of(notice)], all.collect())
            }
        };
        let targets = self.targets.iter().map(|target| {
            let parsed = target.parse();
            parsed.map_err(|e| StoreError::inconsistent("contract.targets", e))
        });
        Ok(Cited {
            contract: self.contract.clone(),
            commitments,
            targets: targets.collect::<Result<_, _>>()?,
            periods,
        })
    }

    async fn sightings(
        &self,
        conn: &mut PgConnection,
        about: Log<'_>,
    ) -> Result<Sightings, StoreError> {
        let none = ClientIds::default(); // Letters quote the provider's ids only.
        let requests = Requests::of(conn, self.cited(about)?, none).await?;
        Sightings::read(conn, requests).await
    }
}

/// A claim's letter in a form.
pub(crate) async fn letter_text(
    conn: &mut PgConnection,
    claim: &Claim,
    (forms, form): (&Forms, &str),
) -> Result<String, ClaimError> {
    forms.check(form)?; // Before hours of requests are read.
    let whole = Whole::find(conn, Log::Claim(claim)).await?;
    let sightings = whole.sightings(conn, Log::Claim(claim)).await?;
    let gone = || StoreError::inconsistent("claim", &claim.name);
    let judged = whole.judged.as_ref().ok_or_else(gone)?;
    let facts = letter::facts(Source {
        claim,
        contract: &whole.contract,
        assessment: &judged.assessment,
        targets: &whole.targets,
        sightings: &sightings,
    });
    Ok(forms.letter(form, &facts)?)
}

/// The text of a notice.
pub(crate) async fn notice_text(
    conn: &mut PgConnection,
    notice: &Notice,
    forms: &Forms,
) -> Result<String, ClaimError> {
    let whole = Whole::find(conn, Log::Notice(notice)).await?;
    let sightings = whole.sightings(conn, Log::Notice(notice)).await?;
    let said = (whole.targets.as_slice(), &sightings);
    let facts = letter::incident_facts(notice, &whole.contract, said);
    Ok(forms.notice(&facts)?)
}

/// Writes what is enclosed with a claim or notice, an hour of requests at a time.
async fn enclose<W: io::Write>(
    conn: &mut PgConnection,
    about: Log<'_>,
    enclosed: Enclosed<'_, W>,
) -> Result<(), ClaimError> {
    let mut log = LogReader::of(conn, about, enclosed.client_ids).await?;
    while let Some(text) = log.next(conn).await? {
        let written = enclosed.requests.write_all(text.as_bytes());
        written.map_err(ClaimError::Enclose)?;
    }
    if let Some(text) = intervals(conn, about).await? {
        let written = enclosed.intervals.write_all(text.as_bytes());
        written.map_err(ClaimError::Enclose)?;
    }
    Ok(())
}

async fn intervals(conn: &mut PgConnection, about: Log<'_>) -> Result<Option<String>, ClaimError> {
    let whole = Whole::find(conn, about).await?;
    let parts = whole
        .judged
        .iter()
        .flat_map(|one| &one.assessment.commitments);
    let parts: Vec<_> = parts.filter(|part| draft::is_claimable(part)).collect();
    Ok(table::intervals(&parts))
}

/// A claim's letter in a form; what is enclosed with it is written where it is asked for.
pub async fn claim_letter<W: io::Write>(
    database_url: &str,
    name: &str,
    (forms, form): (&Forms, &str),
    enclosed: Option<Enclosed<'_, W>>,
) -> Result<String, ClaimError> {
    let mut conn = ledger::connect(database_url).await?;
    let claim = ledger::get(&mut conn, name).await?;
    let letter = letter_text(&mut conn, &claim, (forms, form)).await?;
    if let Some(enclosed) = enclosed {
        enclose(&mut conn, Log::Claim(&claim), enclosed).await?;
    }
    Ok(letter)
}

/// The text of a notice; the log that is enclosed with it is written where it is asked for.
pub async fn notice_letter<W: io::Write>(
    database_url: &str,
    name: &str,
    forms: &Forms,
    enclosed: Option<Enclosed<'_, W>>,
) -> Result<String, ClaimError> {
    let mut conn = ledger::connect(database_url).await?;
    let notice = ledger::get_notice(&mut conn, name).await?;
    let letter = notice_text(&mut conn, &notice, forms).await?;
    if let Some(enclosed) = enclosed {
        enclose(&mut conn, Log::Notice(&notice), enclosed).await?;
    }
    Ok(letter)
}

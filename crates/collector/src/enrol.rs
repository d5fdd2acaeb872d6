//! Enrolment: a one-time token and proof of the key make an agent known, and its key logged.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::{AgentId, Clock};
use evidence::hash::Hash;
use evidence::note::{KeyError, NoteError, SignedNote, VerifierKey};
use evidence::registry::RegistryType;
use sqlx::{Connection as _, PgConnection};
use verify::layout::registry::{EnrolBody, SupersedeBody};
use wire::names::Origin;
use wire::plan::Plan;
use wire::protocol::{EnrolAnswer, EnrolRequest, enrol_text};

use crate::app::App;
use crate::known;
use crate::plans;
use crate::registry::{self, Entry, RecordError};
use crate::retire;
use crate::store::agent::{Agent, NewAgent};
use crate::store::token::NewToken;
use crate::store::{self, StoreError};

/// Bytes of randomness in a join token.
const TOKEN_BYTES: usize = 24;
/// How long a token is good: long enough to walk to another cloud's console.
const TOKEN_HOURS: i64 = 24;

/// An enrolment that was refused.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The plan does not know the agent.
    #[error("the plan has no agent `{agent}`; add it to the plan first")]
    NotPlanned {
        /// Which.
        agent: AgentId,
    },
    /// The token was not minted for this agent, is used up, or expired.
    #[error("the join token is unknown, used, expired, or meant for another agent than `{agent}`")]
    Token {
        /// Who presented it.
        agent: AgentId,
    },
    /// The key cannot be read.
    #[error("the verifier key cannot be used")]
    Key(#[source] KeyError),
    /// The key does not go by the agent's name.
    #[error("the key is named `{found}`, but must be named `{expected}`")]
    KeyName {
        /// What the key says.
        found: String,
        /// What it must say.
        expected: String,
    },
    /// The proof does not verify.
    #[error("the proof of possession does not verify")]
    Proof(#[source] NoteError),
    /// The proof is about something else.
    #[error("the proof of possession is not about this agent, key and token")]
    ProofText,
    /// The name is taken.
    #[error("agent `{agent}` is already enrolled; a re-enrolled agent gets a new name")]
    Exists {
        /// Which.
        agent: AgentId,
    },
    /// The agent whose place is to be taken is not there.
    #[error("agent `{agent}` is not enrolled here, so that nothing can take its place")]
    Predecessor {
        /// Which.
        agent: AgentId,
    },
    /// Another took that place before.
    #[error("agent `{agent}` has a successor already")]
    Superseded {
        /// Whose place.
        agent: AgentId,
    },
    /// No randomness.
    #[error("failed to get randomness for a token")]
    Random(#[source] getrandom::Error),
    /// The record could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Mints a token that lets one agent of the newest plan enrol once, within a day: the recorded
/// plan, and before there is one, the collector's file.
pub async fn mint_token(
    database_url: &str,
    (origin, file): (&Origin, &Plan),
    agent: &AgentId,
    clock: &dyn Clock,
) -> Result<String, EnrolError> {
    let mut conn = connect_for(database_url, (origin, file), agent).await?;
    insert_token(&mut conn, agent, clock).await
}

/// As [`mint_token`], for an agent that takes the place of a lost one: its enrolment ends the
/// other's keys, and the registry says so.
pub async fn mint_successor_token(
    database_url: &str,
    (origin, file): (&Origin, &Plan),
    (agent, supersedes): (&AgentId, &AgentId),
    clock: &dyn Clock,
) -> Result<String, EnrolError> {
    let mut conn = connect_for(database_url, (origin, file), agent).await?;
    insert_successor_token(&mut conn, (agent, supersedes), clock).await
}

/// Connects, once the newest plan, recorded or in the file, is known to have the agent.
async fn connect_for(
    database_url: &str,
    (origin, file): (&Origin, &Plan),
    agent: &AgentId,
) -> Result<PgConnection, EnrolError> {
    let conn = PgConnection::connect(database_url).await;
    let mut conn = conn.map_err(StoreError::query("connect"))?;
    let records = store::registry::list(&mut conn, &origin.fleet_chain()).await?;
    let recorded = known::plans(&records)?;
    let newest = recorded.last().into_iter().chain([file]);
    let newest = newest.max_by_key(|plan| plan.revision).unwrap_or(file);
    if !newest.agents.iter().any(|planned| planned.id == *agent) {
        return Err(EnrolError::NotPlanned {
            agent: agent.clone(),
        });
    }
    Ok(conn)
}

/// Makes a token and stores its hash.
pub(crate) async fn insert_token(
    conn: &mut PgConnection,
    agent: &AgentId,
    clock: &dyn Clock,
) -> Result<String, EnrolError> {
    store_token(conn, (agent, None), clock).await
}

/// As [`insert_token`], for the place of a lost agent.
pub(crate) async fn insert_successor_token(
    conn: &mut PgConnection,
    (agent, supersedes): (&AgentId, &AgentId),
    clock: &dyn Clock,
) -> Result<String, EnrolError> {
    check_predecessor(store::agent::find(conn, supersedes).await?, supersedes)?;
    store_token(conn, (agent, Some(supersedes)), clock).await
}

async fn store_token(
    conn: &mut PgConnection,
    (agent, supersedes): (&AgentId, Option<&AgentId>),
    clock: &dyn Clock,
) -> Result<String, EnrolError> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(EnrolError::Random)?;
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let now = clock.now_utc();
    let new = NewToken {
        agent,
        supersedes,
        created_at: now,
        expires_at: now + chrono::TimeDelta::hours(TOKEN_HOURS),
    };
    let hash = Hash::of(token.as_bytes());
    store::token::insert(conn, hash.as_bytes(), &new).await?;
    Ok(token)
}

/// A lost agent whose place is still to be had.
fn check_predecessor(found: Option<Agent>, agent: &AgentId) -> Result<Agent, EnrolError> {
    let agent = || agent.clone();
    match found {
        None => Err(EnrolError::Predecessor { agent: agent() }),
        Some(found) if found.successor.is_some() => Err(EnrolError::Superseded { agent: agent() }),
        Some(found) => Ok(found),
    }
}

/// Checks an enrolment and stores it; the key's record is in the log before its first batch.
pub(crate) async fn enrol(app: &App, request: &EnrolRequest) -> Result<EnrolAnswer, EnrolError> {
    let agent = &request.agent;
    plans::look(app).await?;
    let plans = app.plans();
    let planned = plans.agent(agent).ok_or_else(|| EnrolError::NotPlanned {
        agent: agent.clone(),
    })?;
    check_proof(app, request)?;
    let now = app.clock.now_utc();
    let token = Hash::of(request.token.as_bytes());
    let mut tx = app.pool.begin().await.map_err(StoreError::query("begin"))?;
    if let Some(known) = store::agent::find(&mut tx, agent).await? {
        // The same key again: its first answer was lost on the way.
        let same = is_first_key(&known, &request.vkey);
        return if same {
            Ok(answer(app))
        } else {
            Err(EnrolError::Exists {
                agent: agent.clone(),
            })
        };
    }
    let redeemed = store::token::redeem(&mut tx, token.as_bytes(), agent, now).await?;
    let redeemed = redeemed.ok_or_else(|| EnrolError::Token {
        agent: agent.clone(),
    })?;
    let new = NewAgent {
        id: agent,
        vkey: &request.vkey,
        region: &planned.region,
        network: &planned.network,
        enrolled_at: now,
    };
    let key = store::agent::insert(&mut tx, &new).await?;
    let body = registry::body(&EnrolBody {
        agent: agent.clone(),
        network: planned.network.clone(),
        proof: STANDARD.encode(&request.proof),
        region: planned.region.clone(),
        vkey: request.vkey.clone(),
    })?;
    record(app, &mut tx, RegistryType::Enrol, body).await?;
    if let Some(supersedes) = &redeemed.supersedes {
        supersede(app, &mut tx, (agent, key), supersedes).await?;
    }
    tx.commit().await.map_err(StoreError::query("commit"))?;
    tracing::info!(agent.id = %agent, "enrolled agent {agent}");
    Ok(answer(app))
}

/// Ends the lost agent whose place a new one takes.
async fn supersede(
    app: &App,
    conn: &mut PgConnection,
    (agent, key): (&AgentId, i32),
    supersedes: &AgentId,
) -> Result<(), EnrolError> {
    let lost = store::agent::lock(conn, supersedes).await?;
    let lost = check_predecessor(lost, supersedes)?;
    let from_batch = retire::retire(conn, &lost, app.clock.now_utc()).await?;
    store::agent::set_successor(conn, lost.key, key).await?;
    let body = registry::body(&SupersedeBody {
        agent: agent.clone(),
        from_batch,
        supersedes: supersedes.clone(),
    })?;
    record(app, conn, RegistryType::Supersede, body).await?;
    tracing::info!(agent.id = %agent, "agent {agent} takes the place of {supersedes}");
    Ok(())
}

async fn record(
    app: &App,
    conn: &mut PgConnection,
    kind: RegistryType,
    body: String,
) -> Result<(), RecordError> {
    let at = app.clock.now_utc();
    let entry = Entry { kind, at, body };
    let chain = app.origin.fleet_chain();
    registry::append(conn, &chain, entry, &app.keys.operator).await?;
    Ok(())
}

/// Whether an agent enrolled with this key.
fn is_first_key(agent: &Agent, vkey: &str) -> bool {
    let first = agent.keys.iter().next();
    first.is_some_and(|(_, key)| key.to_string() == vkey)
}

fn answer(app: &App) -> EnrolAnswer {
    EnrolAnswer {
        origin: app.origin.to_string(),
        log_vkey: app.keys.log.verifier_key().to_string(),
        operator_vkey: app.keys.operator.verifier_key().to_string(),
        now_us: app.clock.now(),
    }
}

fn check_proof(app: &App, request: &EnrolRequest) -> Result<(), EnrolError> {
    let key: VerifierKey = request.vkey.parse().map_err(EnrolError::Key)?;
    let expected = app.origin.agent(&request.agent);
    if key.name() != expected {
        return Err(EnrolError::KeyName {
            found: key.name().to_owned(),
            expected,
        });
    }
    let proof = SignedNote::parse(request.proof.as_bytes()).map_err(EnrolError::Proof)?;
    proof.verify(&key).map_err(EnrolError::Proof)?;
    if proof.text() != enrol_text(&request.agent, &request.vkey, &request.token) {
        return Err(EnrolError::ProofText);
    }
    Ok(())
}

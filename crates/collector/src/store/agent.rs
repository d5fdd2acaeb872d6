//! Enrolled agents and their keys.

use std::collections::BTreeMap;

use domain::AgentId;
use evidence::note::VerifierKey;
use sqlx::PgConnection;
use wire::keys::AgentKeys;

use super::{StoreError, to_i64, to_u64};

/// An enrolled agent.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) key: i32,
    pub(crate) id: AgentId,
    /// Its keys over time.
    pub(crate) keys: AgentKeys,
    pub(crate) region: String,
    pub(crate) network: String,
    pub(crate) revoked: bool,
    /// The agent that goes on in its place.
    pub(crate) successor: Option<i32>,
}

struct Row {
    id: i32,
    name: String,
    vkey: String,
    region: String,
    network: String,
    revoked: bool,
    successor_id: Option<i32>,
    from_seqs: Vec<i64>,
    vkeys: Vec<String>,
}

impl TryFrom<Row> for Agent {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let keys = read_keys(&row)?;
        let Row {
            id: key,
            name,
            region,
            network,
            revoked,
            successor_id: successor,
            ..
        } = row;
        let id = name
            .parse()
            .map_err(|_| StoreError::inconsistent("agent.name", &name))?;
        Ok(Self {
            key,
            id,
            keys,
            region,
            network,
            revoked,
            successor,
        })
    }
}

/// The key of the enrolment stands in both tables.
fn read_keys(row: &Row) -> Result<AgentKeys, StoreError> {
    let read = |vkey: &String| -> Result<VerifierKey, StoreError> {
        vkey.parse()
            .map_err(|_| StoreError::inconsistent("agent_key.vkey", vkey))
    };
    let mut keys = AgentKeys::new(read(&row.vkey)?);
    for (from, vkey) in row.from_seqs.iter().zip(&row.vkeys) {
        if *vkey != row.vkey {
            keys.push(to_u64("agent_key.from_seq", *from)?, read(vkey)?);
        }
    }
    Ok(keys)
}

pub(crate) async fn list(conn: &mut PgConnection) -> Result<Vec<Agent>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT a.id, a.name, a.vkey, a.region, a.network, a.successor_id,
                  a.revoked_at IS NOT NULL AS "revoked!",
                  ARRAY(SELECT k.from_seq FROM agent_key k WHERE k.agent_id = a.id
                        ORDER BY k.from_seq, k.id) AS "from_seqs!",
                  ARRAY(SELECT k.vkey FROM agent_key k WHERE k.agent_id = a.id
                        ORDER BY k.from_seq, k.id) AS "vkeys!"
           FROM agent a ORDER BY a.name"#
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list agents"))?;
    rows.into_iter().map(Agent::try_from).collect()
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: &AgentId,
) -> Result<Option<Agent>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT a.id, a.name, a.vkey, a.region, a.network, a.successor_id,
                  a.revoked_at IS NOT NULL AS "revoked!",
                  ARRAY(SELECT k.from_seq FROM agent_key k WHERE k.agent_id = a.id
                        ORDER BY k.from_seq, k.id) AS "from_seqs!",
                  ARRAY(SELECT k.vkey FROM agent_key k WHERE k.agent_id = a.id
                        ORDER BY k.from_seq, k.id) AS "vkeys!"
           FROM agent a WHERE a.name = $1"#,
        id.as_str()
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find an agent"))?;
    row.map(Agent::try_from).transpose()
}

/// Finds an agent and holds off its batches until the transaction ends, so that what follows from
/// the last one stays true.
pub(crate) async fn lock(
    conn: &mut PgConnection,
    id: &AgentId,
) -> Result<Option<Agent>, StoreError> {
    sqlx::query!(
        "SELECT id FROM agent WHERE name = $1 FOR UPDATE",
        id.as_str()
    )
    .fetch_optional(&mut *conn)
    .await
    .map_err(StoreError::query("lock an agent"))?;
    find(conn, id).await
}

/// Holds the keys of agents as they are until the transaction ends; gives how many each has. Revoked
/// agents are left out, but for those whose old batches a restored log is owed.
pub(crate) async fn hold_keys(
    conn: &mut PgConnection,
    agents: &[i32],
) -> Result<BTreeMap<i32, usize>, StoreError> {
    let locked = sqlx::query!(
        "SELECT id FROM agent WHERE id = ANY($1) ORDER BY id FOR SHARE",
        agents
    );
    locked
        .fetch_all(&mut *conn)
        .await
        .map_err(StoreError::query("hold the keys of agents"))?;
    let rows = sqlx::query!(
        r#"SELECT a.id, count(k.id) AS "keys!"
           FROM agent a LEFT JOIN agent_key k ON k.agent_id = a.id AND k.vkey <> a.vkey
           WHERE a.id = ANY($1)
             AND (a.revoked_at IS NULL OR EXISTS (SELECT FROM log_owed o WHERE o.agent = a.name))
           GROUP BY a.id"#,
        agents
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("count the keys of agents"))?;
    let count = |keys: i64| usize::try_from(keys).map(|keys| keys + 1);
    rows.into_iter()
        .map(|row| {
            let keys = count(row.keys);
            let keys = keys.map_err(|_| StoreError::inconsistent("count(agent_key)", row.keys))?;
            Ok((row.id, keys))
        })
        .collect()
}

/// A new agent with its first key; the caller has checked its token and its proof.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    agent: &NewAgent<'_>,
) -> Result<i32, StoreError> {
    sqlx::query_scalar!(
        r#"WITH new AS (
               INSERT INTO agent (name, vkey, region, network, enrolled_at)
               VALUES ($1, $2, $3, $4, $5) RETURNING id, vkey
           ),
           key AS (INSERT INTO agent_key (agent_id, from_seq, vkey) SELECT id, 0, vkey FROM new)
           SELECT id AS "id!" FROM new"#,
        agent.id.as_str(),
        agent.vkey,
        agent.region,
        agent.network,
        agent.enrolled_at,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("insert an agent"))
}

pub(crate) struct NewAgent<'a> {
    pub(crate) id: &'a AgentId,
    pub(crate) vkey: &'a str,
    pub(crate) region: &'a str,
    pub(crate) network: &'a str,
    pub(crate) enrolled_at: chrono::DateTime<chrono::Utc>,
}

/// A key that signs from a batch on, by a record of the fleet's chain.
pub(crate) async fn insert_key(
    conn: &mut PgConnection,
    agent: i32,
    (from_seq, vkey): (u64, &str),
    registry_entry: u64,
) -> Result<(), StoreError> {
    let entry = i32::try_from(registry_entry).map_err(|_| StoreError::Range {
        what: "registry.entry",
    })?;
    sqlx::query!(
        "INSERT INTO agent_key (agent_id, from_seq, vkey, registry_entry) VALUES ($1, $2, $3, $4)",
        agent,
        to_i64("agent_key.from_seq", from_seq)?,
        vkey,
        entry,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store an agent's key"))?;
    Ok(())
}

/// Ends an agent; the moment of the first end stays.
pub(crate) async fn revoke(
    conn: &mut PgConnection,
    agent: i32,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE agent SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1",
        agent,
        at,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("revoke an agent"))?;
    Ok(())
}

/// Notes who goes on in an agent's place.
pub(crate) async fn set_successor(
    conn: &mut PgConnection,
    agent: i32,
    successor: i32,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE agent SET successor_id = $2 WHERE id = $1",
        agent,
        successor,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note an agent's successor"))?;
    Ok(())
}

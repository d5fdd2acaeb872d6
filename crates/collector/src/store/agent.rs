//! Enrolled agents.

use domain::AgentId;
use evidence::note::VerifierKey;
use sqlx::PgConnection;

use super::StoreError;

/// An enrolled agent.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) key: i32,
    pub(crate) id: AgentId,
    pub(crate) vkey: VerifierKey,
    pub(crate) region: String,
    pub(crate) network: String,
    pub(crate) revoked: bool,
}

struct Row {
    id: i32,
    name: String,
    vkey: String,
    region: String,
    network: String,
    revoked: bool,
}

impl TryFrom<Row> for Agent {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let Row {
            id: key,
            name,
            vkey,
            region,
            network,
            revoked,
        } = row;
        let id = name
            .parse()
            .map_err(|_| StoreError::inconsistent("agent.name", &name))?;
        let vkey = vkey
            .parse()
            .map_err(|_| StoreError::inconsistent("agent.vkey", &vkey))?;
        Ok(Self {
            key,
            id,
            vkey,
            region,
            network,
            revoked,
        })
    }
}

pub(crate) async fn list(conn: &mut PgConnection) -> Result<Vec<Agent>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, name, vkey, region, network, revoked_at IS NOT NULL AS "revoked!"
           FROM agent ORDER BY name"#
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
        r#"SELECT id, name, vkey, region, network, revoked_at IS NOT NULL AS "revoked!"
           FROM agent WHERE name = $1"#,
        id.as_str()
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find an agent"))?;
    row.map(Agent::try_from).transpose()
}

/// A new agent; the caller has checked its token and its proof.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    agent: &NewAgent<'_>,
) -> Result<i32, StoreError> {
    sqlx::query_scalar!(
        "INSERT INTO agent (name, vkey, region, network, enrolled_at)
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
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

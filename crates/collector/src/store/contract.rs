//! Contracts as registered: the text, and what it is bound to here.

use domain::ContractId;
use evidence::hash::Hash;
use sqlx::PgConnection;

use super::{StoreError, to_hash};

/// A registered contract.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) key: i32,
    pub(crate) id: ContractId,
    pub(crate) toml: String,
    pub(crate) sha256: Hash,
    pub(crate) targets: Vec<String>,
    pub(crate) fees: Option<String>,
}

struct Row {
    id: i32,
    name: String,
    toml: String,
    sha256: Vec<u8>,
    targets: Vec<String>,
    fees: Option<String>,
}

impl TryFrom<Row> for Registered {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let Row {
            id: key,
            name,
            toml,
            sha256,
            targets,
            fees,
        } = row;
        let id = name
            .parse()
            .map_err(|_| StoreError::inconsistent("contract.name", &name))?;
        let sha256 = to_hash("contract.sha256", &sha256)?;
        Ok(Self {
            key,
            id,
            toml,
            sha256,
            targets,
            fees,
        })
    }
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: &ContractId,
) -> Result<Option<Registered>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, name, toml, sha256, targets, fees FROM contract WHERE name = $1",
        id.as_str()
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find a contract"))?;
    row.map(Registered::try_from).transpose()
}

/// Stores a contract, or its new text and binding.
pub(crate) async fn upsert(
    conn: &mut PgConnection,
    contract: &Registered,
    registered_at: chrono::DateTime<chrono::Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO contract (name, toml, sha256, targets, fees, registered_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (name) DO UPDATE
         SET toml = EXCLUDED.toml, sha256 = EXCLUDED.sha256, targets = EXCLUDED.targets,
             fees = EXCLUDED.fees, registered_at = EXCLUDED.registered_at",
        contract.id.as_str(),
        contract.toml,
        &contract.sha256.as_bytes()[..],
        &contract.targets,
        contract.fees,
        registered_at,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store a contract"))?;
    Ok(())
}

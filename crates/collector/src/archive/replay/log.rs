//! The log of a replayed database: made from the entries, and held against what was signed.

use evidence::checkpoint::Checkpoint;
use evidence::note::SignedNote;
use evidence::tree::Tree;
use sqlx::{Connection as _, PgConnection};

use super::{Progress, refuse};
use crate::archive::ArchiveError;
use crate::archive::check::ArchiveTask;
use crate::archive::lines::{self, CheckpointLine};
use crate::archive::manifest::ObjectKind;
use crate::store::log::Signed;
use crate::store::replay::Cosignature;
use crate::store::{self, StoreError};
use crate::witness;

/// What the log has become.
pub(super) struct Made {
    pub(super) entries: u64,
    pub(super) checkpoints: u64,
}

/// Makes the log, checks and stores the checkpoints that it reaches, and dates the batches.
pub(super) async fn make(
    task: &ArchiveTask,
    conn: &mut PgConnection,
    progress: &Progress,
    manifests: &[String],
) -> Result<Made, ArchiveError> {
    let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
    let entries = store::replay::make_log(&mut tx).await?;
    let mut tree = Tree::default();
    for hash in store::log::leaf_hashes(&mut tx, 0).await? {
        tree.append(hash);
    }
    let mut checkpoints = 0;
    for name in manifests {
        let manifest = task.archive.manifest(name, &task.origin).await?;
        let kept = |kind| kind == ObjectKind::Checkpoints;
        for object in manifest.objects.iter().filter(|o| kept(o.kind)) {
            let bytes = task
                .archive
                .get_checked(&object.path, &object.sha256)
                .await?;
            for line in lines::read::<CheckpointLine>(object, &bytes)? {
                if line.size <= entries {
                    checkpoint(&mut tx, progress, (&object.path, &line), &tree).await?;
                    checkpoints += 1;
                }
            }
        }
    }
    for (size, signed_at) in store::replay::anchors(&mut tx).await? {
        store::log::anchor(&mut tx, size, signed_at).await?;
    }
    tx.commit().await.map_err(StoreError::query("commit"))?;
    Ok(Made {
        entries,
        checkpoints,
    })
}

async fn checkpoint(
    conn: &mut PgConnection,
    progress: &Progress,
    (path, line): (&str, &CheckpointLine),
    tree: &Tree,
) -> Result<(), ArchiveError> {
    let note = SignedNote::parse(line.note.as_bytes()).map_err(|e| refuse(path, e))?;
    let key = progress.keys.log.verifier_key();
    let signed = Checkpoint::open(&note, &key).map_err(|e| refuse(path, e))?;
    let head = tree.head_at(line.size).map_err(|e| refuse(path, e))?;
    if signed.head() != head {
        let what = format!(
            "the log does not have the root that was signed at {}",
            line.size
        );
        return Err(refuse(path, what));
    }
    let stored = Signed {
        size: head.size,
        root: head.root,
        note: line.note.clone(),
        created_at: line.created_us.to_utc(),
    };
    store::log::insert_checkpoint(conn, &stored).await?;
    for one in &line.cosignatures {
        let agent = one.agent.parse().ok();
        let agent = agent.and_then(|id: domain::AgentId| progress.agents.get(&id));
        let agent = agent.ok_or_else(|| refuse(path, "cosigned by an unknown agent"))?;
        let mut checked = agent
            .keys
            .iter()
            .map(|(_, key)| witness::check(&line.note, &one.line, key));
        let signed_at = checked.find_map(Result::ok);
        let signed_at = signed_at
            .ok_or_else(|| refuse(path, "a cosignature is by none of the agent's keys"))?;
        let cosignature = Cosignature {
            id: one.id,
            size: line.size,
            agent: agent.key,
            signed_at,
            line: &one.line,
        };
        store::replay::insert_cosignature(conn, &cosignature).await?;
    }
    Ok(())
}

//! Records that change the keys of agents: one hands over to the next, or none is believed any more.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::AgentId;
use evidence::registry::RegistryNote;
use wire::keys::Rotation;

use super::{Chain, Enrolled, Registry, Retired};
use crate::layout::registry::{RevokeBody, RotateBody, SupersedeBody};
use crate::verdict::{Checked, Halt, causes};

/// Characters of a reason that are shown.
const REASON_CHARS_MAX: usize = 200;

impl Registry {
    /// A new key, which both keys agreed to.
    pub(super) fn take_rotate(
        &mut self,
        body: &RotateBody,
        chain: &Chain,
        note: &RegistryNote,
    ) -> Checked {
        let fail = |reason: String| chain.fail(note, reason);
        let enrolled = self.believed(&body.agent, chain, note)?;
        let rotation = Rotation {
            agent: body.agent.clone(),
            old_vkey: body.old_vkey.clone(),
            new_vkey: body.new_vkey.clone(),
            from_batch: body.from_batch,
        };
        let proof = STANDARD.decode(&body.proof);
        let proof = proof.map_err(|error| fail(format!("proof of rotation: {error}")))?;
        let verified = rotation.verify(&proof, &enrolled.keys);
        let key = verified.map_err(|error| fail(causes(&error)))?;
        enrolled.keys.push(body.from_batch, key);
        enrolled.rotations.push((body.from_batch, note.entry));
        Ok(())
    }

    /// An agent that is no longer believed.
    pub(super) fn take_revoke(
        &mut self,
        body: &RevokeBody,
        chain: &Chain,
        note: &RegistryNote,
    ) -> Checked {
        let enrolled = self.believed(&body.agent, chain, note)?;
        if enrolled.keys.newest().to_string() != body.vkey {
            return Err(chain.fail(note, "the key is not the agent's newest"));
        }
        enrolled.retired = Some(Retired {
            from_batch: body.from_batch,
            entry: note.entry,
            how: format!("revoked ({})", shortened(&body.reason)),
            successor: None,
        });
        Ok(())
    }

    /// An agent in place of another. One that was revoked before may still be given a successor.
    pub(super) fn take_supersede(
        &mut self,
        body: &SupersedeBody,
        chain: &Chain,
        note: &RegistryNote,
    ) -> Checked {
        if body.agent == body.supersedes {
            return Err(chain.fail(note, "an agent cannot supersede itself"));
        }
        self.believed(&body.agent, chain, note)?;
        let enrolled = self.enrolled(&body.supersedes, chain, note)?;
        let retired = enrolled.retired.get_or_insert_with(|| Retired {
            from_batch: body.from_batch,
            entry: note.entry,
            how: format!("superseded by `{}`", body.agent),
            successor: None,
        });
        if retired.successor.is_some() {
            return Err(chain.fail(note, "the agent is superseded already"));
        }
        if retired.from_batch != body.from_batch {
            return Err(chain.fail(note, "the agent was revoked from another batch on"));
        }
        retired.successor = Some(body.agent.clone());
        Ok(())
    }

    fn enrolled(
        &mut self,
        agent: &AgentId,
        chain: &Chain,
        note: &RegistryNote,
    ) -> Checked<&mut Enrolled> {
        let enrolled = self.agents.get_mut(agent);
        enrolled.ok_or_else(|| chain.fail(note, format!("agent `{agent}` is not enrolled")))
    }

    /// An enrolled agent whose keys nothing has ended so far.
    fn believed(
        &mut self,
        agent: &AgentId,
        chain: &Chain,
        note: &RegistryNote,
    ) -> Checked<&mut Enrolled> {
        let enrolled = self.enrolled(agent, chain, note)?;
        match &enrolled.retired {
            None => Ok(enrolled),
            Some(retired) => {
                let reason = format!("agent `{agent}` was {} before", retired.how);
                Err(Halt::fail(
                    format!("{}, entry {}", chain.path, note.entry),
                    reason,
                ))
            }
        }
    }
}

/// A reason as it is shown: it comes from outside, and lists of remarks are read by people.
fn shortened(reason: &str) -> String {
    reason.chars().take(REASON_CHARS_MAX).collect()
}

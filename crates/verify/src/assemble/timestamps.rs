//! Timestamps as members: of checkpoints before the manifest is written, of the manifest after.

use std::collections::BTreeMap;

use evidence::bundle::Packed;
use evidence::manifest::TIMESTAMP_PATH;

use super::members::packing;
use super::{AssembleError, Contents, Members};
use crate::layout;

/// A token over a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Size of the checkpoint, which is one of the anchors.
    pub size: u64,
    /// The authority's whole answer, an RFC 3161 response.
    pub response: Vec<u8>,
}

pub(super) fn add(members: &mut Members, contents: &Contents) -> Result<(), AssembleError> {
    let mut numbers: BTreeMap<u64, u32> = BTreeMap::new();
    for token in &contents.timestamps {
        let number = numbers.entry(token.size).or_default();
        *number += 1;
        let path = layout::timestamp(token.size, *number);
        members.add(&path, token.response.as_slice())?;
    }
    if let Some(roots) = &contents.tsa_roots {
        members.add(layout::TSA_ROOTS, roots.as_str())?;
    }
    Ok(())
}

/// Adds tokens over the manifest's text to an assembled bundle, which stays as it was signed.
pub fn add_to_manifest(members: &mut Packed, responses: Vec<Vec<u8>>) -> Result<(), AssembleError> {
    for (number, response) in (0_u16..).zip(responses) {
        let path = match number {
            0 => TIMESTAMP_PATH.to_owned(),
            number => format!("{TIMESTAMP_PATH}.{number}"),
        };
        members.add(&path, &response).map_err(packing)?;
    }
    Ok(())
}

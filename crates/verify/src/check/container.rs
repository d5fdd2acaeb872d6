//! V1: the file holds exactly what its manifest lists, an export key of the installation signed the
//! manifest, and the file's own bytes are those that were written, or it was packed anew.

use std::io::{Read, Seek};

use evidence::bundle::{Bundle, FileSum};
use evidence::manifest::{MANIFEST_PATH, Manifest, Profile};
use evidence::note::SignedNote;

use super::{Parts, member};
use crate::layout;
use crate::verdict::{Checked, Halt, Remarks, needed};

/// The place of what is wrong with no member.
const FILE: &str = "the ZIP file";

pub(super) fn check<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    parts: &Parts<'_>,
    remarks: &mut Remarks,
) -> Checked {
    let file = check_sum(bundle.sum(), remarks);
    let members = check_members(bundle, parts, remarks);
    match members {
        // Says more than that some byte of the file is another.
        Err(Halt::Fail { .. }) => members,
        Ok(()) | Err(Halt::Blocked { .. }) => file.and(members),
    }
}

/// Whether the bytes of the file are those that were written. A copy that was packed anew cannot be
/// told from another, which is said, and its members are judged all the same.
fn check_sum(sum: FileSum, remarks: &mut Remarks) -> Checked {
    const AGAIN: &str = "get the file again from whoever handed it on. A copy that was unpacked and \
        packed anew, without a comment, is judged by its members alone";
    let wrong = match sum {
        FileSum::Holds => {
            remarks.add("the bytes of the file are those whose SHA-256 its comment names");
            return Ok(());
        }
        FileSum::Absent => {
            remarks.add(
                "the file was packed anew, without the comment that names the SHA-256 of its bytes: \
                 what is checked are its members, not the ZIP around them",
            );
            return Ok(());
        }
        FileSum::Differs => "its bytes are not those whose SHA-256 its comment names",
        FileSum::Strange => {
            "it ends neither with the comment that names the SHA-256 of its bytes nor without any"
        }
    };
    Err(Halt::fail(FILE, format!("{wrong}: {AGAIN}")))
}

fn check_members<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    parts: &Parts<'_>,
    remarks: &mut Remarks,
) -> Checked {
    let (note, manifest) = read_manifest(bundle)?;
    check_files(bundle, &manifest)?;
    if manifest.claim != parts.claim.violation {
        let reason = format!("names claim `{}`, claim.json another", manifest.claim);
        return Err(Halt::fail(MANIFEST_PATH, reason));
    }
    if manifest.profile != Profile::Claim {
        let reason = "profile `light` carries no log segment; this version reads `claim` only";
        return Err(Halt::Blocked {
            reason: reason.to_owned(),
        });
    }
    if parts.claim.simulated != parts.origin.is_simulated() {
        let reason = "`simulated` contradicts the origin";
        return Err(Halt::fail(layout::CLAIM, reason));
    }
    let registry = needed(&parts.registry, "the export key")?;
    note.verify(&registry.export_key)
        .map_err(|error| Halt::error(MANIFEST_PATH, &error))?;
    let unknown = bundle.names().filter(|name| !is_known(name)).count();
    if unknown > 0 {
        remarks.add(format!(
            "{unknown} members are listed, but of no known purpose"
        ));
    }
    Ok(())
}

/// All that can be checked of a bundle that does not say what it is.
pub(super) fn listing<R: Read + Seek>(bundle: &mut Bundle<R>, remarks: &mut Remarks) -> Checked {
    let file = check_sum(bundle.sum(), remarks);
    let (_, manifest) = read_manifest(bundle)?;
    check_files(bundle, &manifest).and(file)
}

fn read_manifest<R: Read + Seek>(bundle: &mut Bundle<R>) -> Checked<(SignedNote, Manifest)> {
    let bytes = member::bytes(bundle, MANIFEST_PATH)?;
    let note = SignedNote::parse(&bytes).map_err(|error| Halt::error(MANIFEST_PATH, &error))?;
    let manifest =
        Manifest::parse(note.text()).map_err(|error| Halt::error(MANIFEST_PATH, &error))?;
    Ok((note, manifest))
}

fn check_files<R: Read + Seek>(bundle: &mut Bundle<R>, manifest: &Manifest) -> Checked {
    let findings = manifest.check(bundle);
    match findings.as_slice() {
        [] => Ok(()),
        [first, rest @ ..] => {
            let more = match rest.len() {
                0 => String::new(),
                n => format!(", and {n} more findings"),
            };
            Err(Halt::fail(MANIFEST_PATH, format!("{first}{more}")))
        }
    }
}

fn is_known(name: &str) -> bool {
    const FIXED: [&str; 16] = [
        layout::README,
        layout::CLAIM,
        layout::CONTRACT,
        layout::FLEET_CHAIN,
        layout::CONTRACT_CHAIN,
        layout::PROOFS,
        layout::PREFIX,
        layout::ANCHORS,
        layout::INPUTS,
        layout::RESULT,
        layout::REPORT,
        layout::POLICY,
        layout::TSA_ROOTS,
        layout::SPEC,
        layout::SCRIPT,
        MANIFEST_PATH,
    ];
    FIXED.contains(&name)
        || evidence::manifest::is_exempt(name)
        || layout::parse_segment(name).is_some()
        || layout::parse_timestamp(name).is_some()
        || layout::is_minutes(name)
        || layout::is_legal(name)
        || name.starts_with("registry/bodies/")
        || name.starts_with("agents/")
}

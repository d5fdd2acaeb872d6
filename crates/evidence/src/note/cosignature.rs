//! C2SP `cosignature/v1`: a witness states that it saw a checkpoint, grown from all it saw before,
//! at a time of its own clock. Time in our proofs comes from these statements, not from the log.

use super::{KeyKind, NoteError, SignatureLine, SignedNote, SigningKey, VerifierKey};

/// Cosigns the text of a checkpoint at `time_s` (seconds since the Unix epoch).
pub fn cosign(
    checkpoint_text: &str,
    time_s: u64,
    key: &SigningKey,
) -> Result<SignatureLine, NoteError> {
    super::check_text(checkpoint_text)?;
    check_time(time_s)?;
    let signature = key.sign_bytes(message(time_s, checkpoint_text).as_bytes());
    let timestamped = [time_s.to_be_bytes().as_slice(), &signature].concat();
    Ok(SignatureLine::new(&key.cosigner_key(), timestamped))
}

/// Verifies that `key`, of [`KeyKind::Cosigner`], cosigned the note, and returns when (seconds
/// since the Unix epoch, by the witness's clock). Every line of the key must be genuine; of several
/// the earliest time counts.
pub fn verify_cosignature(note: &SignedNote, key: &VerifierKey) -> Result<u64, NoteError> {
    let mut earliest_s = u64::MAX;
    for line in note.lines_of(key, KeyKind::Cosigner)? {
        let bad = || NoteError::BadSignature {
            name: key.name().to_owned(),
        };
        let (time, signature) = line.signature().split_first_chunk::<8>().ok_or_else(bad)?;
        let time_s = u64::from_be_bytes(*time);
        check_time(time_s)?;
        if !key.verifies(message(time_s, note.text()).as_bytes(), signature) {
            return Err(bad());
        }
        earliest_s = earliest_s.min(time_s);
    }
    Ok(earliest_s)
}

fn message(time_s: u64, checkpoint_text: &str) -> String {
    format!("cosignature/v1\ntime {time_s}\n{checkpoint_text}")
}

fn check_time(time_s: u64) -> Result<(), NoteError> {
    if i64::try_from(time_s).is_ok() {
        Ok(())
    } else {
        Err(NoteError::Time { time_s })
    }
}

#[cfg(test)]
mod tests;

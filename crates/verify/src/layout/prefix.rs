//! `log/prefix.hashes`: the log before the segment, as a compact range. First its size in
//! decimal, then one hash a line, the largest subtree first.

use evidence::tree::{CompactRange, TreeError};

/// Bytes that are no compact range.
#[derive(Debug, thiserror::Error)]
pub enum PrefixError {
    /// Not the lines that it has to have.
    #[error("expected a decimal size and one base64 hash a line")]
    Form,
    /// Not as many hashes as the size asks for.
    #[error("the hashes do not fit the size")]
    Range(#[source] TreeError),
}

/// The member's bytes.
#[must_use]
pub fn write(prefix: &CompactRange) -> Vec<u8> {
    let mut text = format!("{}\n", prefix.size());
    for hash in prefix.hashes() {
        text.push_str(&hash.to_string());
        text.push('\n');
    }
    text.into_bytes()
}

/// Reads what [`write()`] writes, and nothing else.
pub fn read(bytes: &[u8]) -> Result<CompactRange, PrefixError> {
    let text = std::str::from_utf8(bytes).map_err(|_| PrefixError::Form)?;
    let mut lines = text.split_terminator('\n');
    let size = lines.next().and_then(|line| line.parse().ok());
    let size = size.ok_or(PrefixError::Form)?;
    let hashes = lines.map(|line| line.parse().map_err(|_| PrefixError::Form));
    let prefix = CompactRange::from_hashes(size, hashes.collect::<Result<_, _>>()?)
        .map_err(PrefixError::Range)?;
    if write(&prefix) == bytes {
        Ok(prefix)
    } else {
        Err(PrefixError::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_reads_back_and_has_one_spelling() {
        let mut prefix = CompactRange::default();
        for n in 0..11_u8 {
            prefix.append(evidence::tree::leaf_hash(&[n]));
        }
        let bytes = write(&prefix);
        assert_eq!(read(&bytes).unwrap(), prefix);
        assert!(read(&bytes[..bytes.len() - 1]).is_err());
        assert!(read(&[b"0".as_slice(), &bytes].concat()).is_err());
        assert_eq!(read(b"0\n").unwrap(), CompactRange::default());
    }
}

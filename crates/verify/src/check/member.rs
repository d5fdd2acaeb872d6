//! Members as bytes and as JSON, within limits.

use std::io::{Read, Seek};

use evidence::bundle::Bundle;
use serde::de::DeserializeOwned;

use crate::layout::TEXT_BYTES_MAX;
use crate::verdict::{Checked, Halt};

/// A member whole.
pub(super) fn bytes<R: Read + Seek>(bundle: &mut Bundle<R>, path: &str) -> Checked<Vec<u8>> {
    bundle.read(path).map_err(|error| Halt::error(path, &error))
}

/// A member that is text.
pub(super) fn text<R: Read + Seek>(bundle: &mut Bundle<R>, path: &str) -> Checked<String> {
    let bytes = bytes(bundle, path)?;
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(Halt::fail(
            path,
            format!("longer than {TEXT_BYTES_MAX} bytes"),
        ));
    }
    String::from_utf8(bytes).map_err(|error| Halt::error(path, &error))
}

/// A member that is one JSON value.
pub(super) fn json<R: Read + Seek, T: DeserializeOwned>(
    bundle: &mut Bundle<R>,
    path: &str,
) -> Checked<T> {
    let text = text(bundle, path)?;
    serde_json::from_str(&text).map_err(|error| Halt::error(path, &error))
}

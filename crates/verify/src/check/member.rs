//! Members as bytes and as JSON, within limits.

use std::io::{Read, Seek};

use evidence::bundle::Bundle;
use serde::de::DeserializeOwned;

use crate::layout::TEXT_BYTES_MAX;
use crate::layout::paths::StreamPath;
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

/// The paths of a stream with their places, each continuing the one before; every line ends.
pub(super) fn stream_paths<'a>(
    text: &'a str,
    member: &'a str,
) -> impl Iterator<Item = Checked<(String, StreamPath)>> + use<'a> {
    let mut last: Option<StreamPath> = None;
    text.split_inclusive('\n')
        .enumerate()
        .map(move |(nth, line)| {
            let place = format!("{member}, line {}", nth + 1);
            let Some(line) = line.strip_suffix('\n') else {
                return Err(Halt::fail(place, "the line does not end"));
            };
            let path: StreamPath = line.parse().map_err(|error| Halt::error(&place, &error))?;
            if last.as_ref().is_some_and(|last| !last.continues_in(&path)) {
                let reason = format!("index {} does not continue the stream", path.first_i);
                return Err(Halt::fail(place, reason));
            }
            last = Some(path.clone());
            Ok((place, path))
        })
}

/// A member that is one JSON value.
pub(super) fn json<R: Read + Seek, T: DeserializeOwned>(
    bundle: &mut Bundle<R>,
    path: &str,
) -> Checked<T> {
    let text = text(bundle, path)?;
    serde_json::from_str(&text).map_err(|error| Halt::error(path, &error))
}

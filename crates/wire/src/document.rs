//! TOML files that people write: where one says a key that nobody knows, the nearest known one is
//! named, with line and column.

use domain::spelling;
use serde::de::DeserializeOwned;

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A key that means nothing.
    #[error("unknown key; did you mean `{nearest}`?")]
    UnknownKey {
        /// The known key that is most like it.
        nearest: String,
        /// Where it stands.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Not TOML, or a value of the wrong type.
    #[error("failed to parse")]
    Parse(#[source] Box<toml::de::Error>),
}

/// Reads a document into a type that denies unknown fields.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, DocumentError> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let nearest = nearest_key(error.message());
        let source = Box::new(error);
        match nearest {
            Some(nearest) => DocumentError::UnknownKey { nearest, source },
            None => DocumentError::Parse(source),
        }
    })
}

/// The nearest of the keys that serde expected, from its message: ``unknown field `x`, expected
/// one of `a`, `b` ``.
fn nearest_key(message: &str) -> Option<String> {
    let mut quoted = message
        .strip_prefix("unknown field ")?
        .split('`')
        .skip(1)
        .step_by(2);
    let given = quoted.next()?;
    quoted
        .min_by_key(|known| spelling::distance(given, known))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its keys matter")]
    struct File {
        interval_s: u32,
        deadline_ms: u32,
    }

    #[test]
    fn an_unknown_key_is_answered_with_the_nearest_known_one_and_its_place() {
        let error = read::<File>("deadline_ms = 1\nintervall_s = 5\n").unwrap_err();
        assert_eq!(error.to_string(), "unknown key; did you mean `interval_s`?");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("line 2, column 1"), "{source}");
    }

    #[test]
    fn other_mistakes_are_left_to_the_parser() {
        let error = read::<File>("deadline_ms = \"x\"").unwrap_err();
        assert!(matches!(error, DocumentError::Parse(_)));
    }
}

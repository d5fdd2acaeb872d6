//! Members of a preview that stand in its JSON as text.

/// The id of a run: 16 hexadecimal digits, as in the note of a batch.
pub(super) mod boot {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands members on by reference"
    )]
    pub(in crate::preview) fn serialize<S: Serializer>(
        boot: &u64,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{boot:016x}"))
    }

    pub(in crate::preview) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u64, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let boot = u64::from_str_radix(&digits, 16).map_err(D::Error::custom)?;
        (format!("{boot:016x}") == digits)
            .then_some(boot)
            .ok_or_else(|| D::Error::custom("not 16 hexadecimal digits"))
    }
}

/// The name of an installation.
pub(super) mod origin {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::names::Origin;

    pub(in crate::preview) fn serialize<S: Serializer>(
        origin: &Origin,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(origin)
    }

    pub(in crate::preview) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Origin, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

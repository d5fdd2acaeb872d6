//! Tables of a plan whose keys a canonical line does not take as they are.
//!
//! Values that an answer must hold stand by JSON Pointer: a plan's text spells them as a table, its
//! body as a list of `at` and `is`, by ascending `at`. Both are read in either. Names of headers are
//! read in any case, and mean the same in lower case (RFC 9110, section 5.1).

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

#[derive(Serialize)]
struct Entry<'a> {
    at: &'a str,
    is: &'a Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    at: String,
    is: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Spelling {
    List(Vec<Read>),
    Table(BTreeMap<String, Value>),
}

pub(super) fn serialize<S: Serializer>(
    values: &BTreeMap<String, Value>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|(at, is)| Entry { at, is }))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Value>, D::Error> {
    let Ok(spelling) = Spelling::deserialize(deserializer) else {
        return Err(D::Error::custom(
            "expect_json is a table of values by JSON Pointer, such as { \"/status\" = \"ok\" }",
        ));
    };
    let list = match spelling {
        Spelling::Table(table) => return Ok(table),
        Spelling::List(list) => list,
    };
    let many = list.len();
    let table: BTreeMap<String, Value> = list.into_iter().map(|one| (one.at, one.is)).collect();
    if table.len() < many {
        return Err(D::Error::custom(
            "expect_json has two values of one pointer",
        ));
    }
    Ok(table)
}

/// Texts by the names of headers.
pub(super) fn headers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let table = BTreeMap::<String, String>::deserialize(deserializer)?;
    let many = table.len();
    let lower = |(name, text): (String, String)| (name.to_ascii_lowercase(), text);
    let table: BTreeMap<String, String> = table.into_iter().map(lower).collect();
    if table.len() < many {
        return Err(D::Error::custom(
            "a header stands twice, in different cases",
        ));
    }
    Ok(table)
}

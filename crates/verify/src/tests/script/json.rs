//! Changes of JSON members: values, keys, types, spellings.

use serde_json::{Value, json};

use super::super::fixture::World;
use super::Members;
use super::bend::Dice;
use crate::layout;

const MEMBERS: [&str; 6] = [
    layout::CLAIM,
    layout::INPUTS,
    layout::INPUTS,
    layout::RESULT,
    layout::RESULT,
    layout::PROOFS,
];

/// Changes one value of a JSON member, or how it is spelled.
pub(super) fn value(_: &World, members: &mut Members, dice: &mut Dice) -> String {
    let path = *dice.of(&MEMBERS);
    let bytes = members.get_mut(path).unwrap();
    let mut whole: Value = serde_json::from_slice(bytes).unwrap();
    let mut pointers = Vec::new();
    list(&whole, String::new(), &mut pointers);
    let pointer = dice.of(&pointers).clone();
    if dice.below(10) == 0 {
        return spell(path, bytes, dice);
    }
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let what = match dice.below(6) {
        0 => {
            remove(whole.pointer_mut(parent).unwrap(), key);
            "removed"
        }
        1 => {
            add(whole.pointer_mut(parent).unwrap());
            "given a neighbour"
        }
        2 => {
            let odd = [
                json!(null),
                json!(1.0),
                json!("x"),
                json!([]),
                json!({}),
                json!(true),
            ];
            *whole.pointer_mut(&pointer).unwrap() = dice.of(&odd).clone();
            "made something else"
        }
        _ => {
            change(whole.pointer_mut(&pointer).unwrap(), dice);
            "changed"
        }
    };
    *bytes = serde_json::to_vec(&whole).unwrap();
    format!("{pointer} {what} in {path}")
}

fn list(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                list(value, format!("{at}/{key}"), pointers);
            }
        }
        Value::Array(values) => {
            for (nth, value) in values.iter().enumerate() {
                list(value, format!("{at}/{nth}"), pointers);
            }
        }
        _ => {}
    }
    if !at.is_empty() {
        pointers.push(at);
    }
}

fn remove(parent: &mut Value, key: &str) {
    match parent {
        Value::Object(map) => {
            map.remove(key);
        }
        Value::Array(values) => {
            values.remove(key.parse().unwrap());
        }
        _ => {}
    }
}

fn add(parent: &mut Value) {
    match parent {
        Value::Object(map) => {
            map.insert("extra".to_owned(), json!(1));
        }
        Value::Array(values) => {
            let last = values.last().cloned().unwrap_or(json!(1));
            values.push(last);
        }
        _ => {}
    }
}

fn change(value: &mut Value, dice: &mut Dice) {
    let changed = match &*value {
        Value::Bool(yes) => json!(!yes),
        Value::Number(number) => {
            let near = [1, -1, 60, 1 << 40];
            json!(
                number
                    .as_i64()
                    .unwrap_or_default()
                    .wrapping_add(*dice.of(&near))
            )
        }
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) => json!((number + 1).to_string()),
            Err(_) => json!(format!("{text}x")),
        },
        Value::Array(values) => json!(values.iter().rev().collect::<Vec<_>>()),
        Value::Object(map) => {
            let rest = map
                .iter()
                .skip(1)
                .map(|(key, value)| (key.clone(), value.clone()));
            Value::Object(rest.collect())
        }
        Value::Null => json!(0),
    };
    *value = changed;
}

/// Other spellings: some mean the same, some are no JSON, some are read differently by each reader.
fn spell(path: &str, bytes: &mut Vec<u8>, dice: &mut Dice) -> String {
    let text = String::from_utf8(bytes.clone()).unwrap();
    let (first, rest) = text.split_once(',').unwrap();
    let (what, spelled) = match dice.below(6) {
        0 => {
            let all = text.split_once('{').unwrap().1;
            ("the first key twice", format!("{first},{all}"))
        }
        1 => ("white space", format!("{first} ,\n\t{rest}\n ")),
        2 => ("a byte order mark", format!("\u{feff}{text}")),
        3 => ("a comma too many", format!("{first},,{rest}")),
        4 => ("a tail", format!("{text}{{}}")),
        _ => ("an escape", text.replacen("\"a", "\"\\u0061", 1)),
    };
    *bytes = spelled.into_bytes();
    format!("{what} in {path}")
}

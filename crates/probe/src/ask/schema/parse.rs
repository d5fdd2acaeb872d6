//! From JSON to rules, with the place of what is not understood.

use serde_json::{Map, Value};

use super::{DEPTH_MAX, ENUM_MAX, Node, Rules, SchemaError, Type};

/// Keys that say nothing about a value.
const READ_OVER: [&str; 7] = [
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
];

/// A node, and all below it. `at` is the way to it, and is left as it came.
pub(super) fn node(value: &Value, at: &mut Vec<String>) -> Result<Node, SchemaError> {
    if at.len() > DEPTH_MAX {
        return Err(part(at, "is nested too deeply"));
    }
    match value {
        Value::Bool(true) => Ok(Node::Anything),
        Value::Bool(false) => Ok(Node::Nothing),
        Value::Object(members) => rules(members, at).map(|rules| Node::Rules(Box::new(rules))),
        _ => Err(part(at, "is not an object, `true` or `false`")),
    }
}

fn rules(members: &Map<String, Value>, at: &mut Vec<String>) -> Result<Rules, SchemaError> {
    let mut rules = Rules {
        types: None,
        one_of: None,
        exactly: None,
        required: Vec::new(),
        properties: std::collections::BTreeMap::new(),
        other_properties: Node::Anything,
        items: Node::Anything,
        pattern: None,
    };
    for (key, value) in members {
        at.push(key.clone());
        rule(&mut rules, key, value, at)?;
        at.pop();
    }
    Ok(rules)
}

fn rule(
    rules: &mut Rules,
    key: &str,
    value: &Value,
    at: &mut Vec<String>,
) -> Result<(), SchemaError> {
    match key {
        "type" => rules.types = Some(types(value, at)?),
        "const" => rules.exactly = Some(value.clone()),
        "enum" => {
            let values = value
                .as_array()
                .filter(|values| (1..=ENUM_MAX).contains(&values.len()))
                .ok_or_else(|| part(at, "is not a list of 1 to 64 values"))?;
            rules.one_of = Some(values.clone());
        }
        "required" => rules.required = names(value, at)?,
        "properties" => {
            let members = value
                .as_object()
                .ok_or_else(|| part(at, "is not an object"))?;
            for (name, value) in members {
                at.push(name.clone());
                rules.properties.insert(name.clone(), node(value, at)?);
                at.pop();
            }
        }
        "additionalProperties" => rules.other_properties = node(value, at)?,
        "items" => rules.items = node(value, at)?,
        "pattern" => {
            let text = value.as_str().ok_or_else(|| part(at, "is not a string"))?;
            let pattern = text.parse().map_err(|source| SchemaError::Pattern {
                at: pointer(at),
                source,
            })?;
            rules.pattern = Some(pattern);
        }
        _ if READ_OVER.contains(&key) => {}
        _ => return Err(part(at, "is a key that is not known")),
    }
    Ok(())
}

fn names(value: &Value, at: &[String]) -> Result<Vec<String>, SchemaError> {
    value
        .as_array()
        .and_then(|names| {
            names
                .iter()
                .map(|name| name.as_str().map(str::to_owned))
                .collect()
        })
        .ok_or_else(|| part(at, "is not a list of names"))
}

fn types(value: &Value, at: &[String]) -> Result<Vec<Type>, SchemaError> {
    let one = |value: &Value| match value.as_str()? {
        "null" => Some(Type::Null),
        "boolean" => Some(Type::Boolean),
        "integer" => Some(Type::Integer),
        "number" => Some(Type::Number),
        "string" => Some(Type::String),
        "array" => Some(Type::Array),
        "object" => Some(Type::Object),
        _ => None,
    };
    let found = match value {
        Value::Array(words) => words.iter().map(one).collect(),
        word => one(word).map(|known| vec![known]),
    };
    found.ok_or_else(|| part(at, "is not a type, nor a list of types"))
}

fn part(at: &[String], problem: &'static str) -> SchemaError {
    SchemaError::Part {
        at: pointer(at),
        problem,
    }
}

fn pointer(at: &[String]) -> String {
    let steps: Vec<String> = at
        .iter()
        .map(|step| step.replace('~', "~0").replace('/', "~1"))
        .collect();
    format!("/{}", steps.join("/"))
}

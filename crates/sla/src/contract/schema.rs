//! The JSON Schema of a contract file, generated from the types that read it.
//!
//! What the schema generator says about JSON is made true of TOML as [`super::tree`] reads it:
//! there is no null, lists are not empty and not endless, whole numbers have their type's range.
//! Rules across keys are not in it; `nines contract check` knows them.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{CONTRACT_SCHEMA, LIST_ENTRIES_MAX};

#[cfg(test)]
mod tests;

/// The schema of a document type whose key `schema` names the version, in draft 2020-12 and always in the same order.
#[must_use]
pub(crate) fn schema_of<T: JsonSchema>(title: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut schema = schema.to_value();
    normalise(&mut schema);
    if let Value::Object(root) = &mut schema {
        root.insert("title".to_owned(), title.into());
        name_version(root);
    }
    schema.sort_all_objects();
    schema
}

/// Says which value of `schema` this version reads.
fn name_version(root: &mut Map<String, Value>) {
    let Some(Value::Object(keys)) = root.get_mut("properties") else {
        return;
    };
    let description = keys
        .get("schema")
        .and_then(|schema| schema.get("description"))
        .cloned()
        .unwrap_or_else(|| "The version of the format.".into());
    let version = json!({
        "const": CONTRACT_SCHEMA,
        "description": description,
        "type": "string",
    });
    keys.insert("schema".to_owned(), version);
    let required = root.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required
        && !required.contains(&"schema".into())
    {
        required.insert(0, "schema".into());
    }
}

fn normalise(schema: &mut Value) {
    let Value::Object(schema) = schema else {
        return;
    };
    for named in ["properties", "$defs"] {
        if let Some(Value::Object(schemas)) = schema.get_mut(named) {
            schemas.values_mut().for_each(normalise);
        }
    }
    for listed in ["anyOf", "oneOf", "allOf", "prefixItems"] {
        if let Some(Value::Array(schemas)) = schema.get_mut(listed) {
            schemas.iter_mut().for_each(normalise);
        }
    }
    for one in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(one) {
            normalise(inner);
        }
    }
    close_variants(schema);
    remove_nothing(schema);
    bound_list(schema);
    bound_number(schema);
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace("[`", "`").replace("`]", "`");
    }
}

/// A variant that has no keys of its own takes no others either; the generator leaves that open.
fn close_variants(schema: &mut Map<String, Value>) {
    let Some(Value::Array(variants)) = schema.get_mut("oneOf") else {
        return;
    };
    for variant in variants.iter_mut().filter_map(Value::as_object_mut) {
        if variant.contains_key("properties") && !variant.contains_key("$ref") {
            variant
                .entry("additionalProperties")
                .or_insert(Value::Bool(false));
        }
    }
}

/// What TOML cannot say, and empty lists and tables, which are left out instead.
fn remove_nothing(schema: &mut Map<String, Value>) {
    let nothing = [json!(null), json!([]), json!({})];
    if schema.get("default").is_some_and(|v| nothing.contains(v)) {
        schema.remove("default");
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = &mut kinds[..] {
            let kind = kind.take();
            schema.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(options)) = schema.get_mut("anyOf") {
        let null = json!({ "type": "null" });
        options.retain(|option| *option != null);
        if let [Value::Object(option)] = &mut options[..] {
            let only = std::mem::take(option);
            schema.remove("anyOf");
            for (key, value) in only {
                schema.entry(key).or_insert(value);
            }
        }
    }
}

fn bound_list(schema: &mut Map<String, Value>) {
    if schema.get("type").is_some_and(|kind| kind == "array") {
        let bounds = [("minItems", 1), ("maxItems", LIST_ENTRIES_MAX)];
        for (key, bound) in bounds {
            schema.entry(key).or_insert_with(|| bound.into());
        }
    }
}

/// Turns the generator's own format names into bounds that every reader of schemas knows.
fn bound_number(schema: &mut Map<String, Value>) {
    let bounds: &[(&str, i64)] = match schema.get("format").and_then(Value::as_str) {
        Some("uint8" | "uint16" | "int8" | "int16" | "uint64" | "uint" | "int64" | "int") => &[],
        Some("uint32") => &[("maximum", 4_294_967_295)],
        Some("int32") => &[("minimum", -2_147_483_648), ("maximum", 2_147_483_647)],
        _ => return,
    };
    schema.remove("format");
    for (key, bound) in bounds {
        schema.entry(*key).or_insert_with(|| (*bound).into());
    }
}

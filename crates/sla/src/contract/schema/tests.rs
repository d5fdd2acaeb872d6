use super::*;
use crate::contract::tree::tests::Sample;

/// One part of the sample's schema, a key per line.
#[track_caller]
fn part(pointer: &str) -> String {
    let schema = schema_of::<Sample>("A document");
    serde_json::to_string_pretty(schema.pointer(pointer).unwrap()).unwrap()
}

#[test]
fn the_root_names_its_draft_its_title_and_the_version_it_is_for() {
    insta::assert_snapshot!(part("/$schema"), @r#""https://json-schema.org/draft/2020-12/schema""#);
    insta::assert_snapshot!(part("/title"), @r#""A document""#);
    insta::assert_snapshot!(part("/properties/schema"), @r#"
    {
      "const": "sla-contract/1",
      "description": "The version of the format.",
      "type": "string"
    }
    "#);
    insta::assert_snapshot!(part("/properties/opened"), @r#"
    {
      "description": "First day.",
      "examples": [
        "2026-10-01"
      ],
      "format": "date",
      "title": "date",
      "type": "string"
    }
    "#);
    insta::assert_snapshot!(part("/required"), @r#"
    [
      "schema",
      "owner",
      "events",
      "promise"
    ]
    "#);
}

#[test]
fn a_table_with_a_tag_is_one_of_the_tables_that_the_tag_chooses() {
    insta::assert_snapshot!(part("/$defs/family/oneOf"), @r##"
    [
      {
        "additionalProperties": false,
        "description": "A mean over intervals.",
        "properties": {
          "family": {
            "const": "mean",
            "type": "string"
          },
          "seconds": {
            "description": "Length of an interval, in seconds.",
            "maximum": 4294967295,
            "minimum": 1,
            "type": "integer"
          }
        },
        "required": [
          "family",
          "seconds"
        ],
        "type": "object"
      },
      {
        "additionalProperties": false,
        "description": "A share of minutes.",
        "properties": {
          "family": {
            "const": "minutes",
            "type": "string"
          },
          "rule": {
            "$ref": "#/$defs/kind",
            "description": "Which runs of bad minutes count."
          },
          "threshold": {
            "$ref": "#/$defs/Decimal",
            "description": "Share of errors above which a minute is bad."
          }
        },
        "required": [
          "family",
          "threshold",
          "rule"
        ],
        "type": "object"
      },
      {
        "additionalProperties": false,
        "description": "No formula.",
        "properties": {
          "family": {
            "const": "none",
            "type": "string"
          }
        },
        "required": [
          "family"
        ],
        "type": "object"
      }
    ]
    "##);
}

#[test]
fn lists_and_numbers_have_the_bounds_that_the_reader_keeps_to() {
    insta::assert_snapshot!(part("/$defs/When"), @r##"
    {
      "additionalProperties": false,
      "description": "Which events match.",
      "properties": {
        "feature": {
          "description": "Features; one in common is enough.",
          "items": {
            "$ref": "#/$defs/Text"
          },
          "maxItems": 1000,
          "minItems": 1,
          "type": "array"
        },
        "status": {
          "description": "HTTP status.",
          "items": {
            "$ref": "#/$defs/Status"
          },
          "maxItems": 1000,
          "minItems": 1,
          "type": "array"
        },
        "stream": {
          "description": "Whether it was streamed.",
          "type": "boolean"
        }
      },
      "type": "object"
    }
    "##);
    insta::assert_snapshot!(part("/$defs/Credit/properties/hours"), @r#"
    {
      "description": "Hours to claim it. One of `hours` and `days`.",
      "maximum": 4294967295,
      "minimum": 0,
      "type": "integer"
    }
    "#);
    insta::assert_snapshot!(part("/$defs/Percent"), @r#"
    {
      "description": "A percentage in quotes, read exactly and never rounded.",
      "examples": [
        "99.9"
      ],
      "pattern": "^[0-9]{1,9}(\\.[0-9]{1,9})?$",
      "title": "percentage in quotes",
      "type": "string"
    }
    "#);
}

#[test]
fn words_keep_their_meanings_and_keys_their_defaults() {
    insta::assert_snapshot!(part("/$defs/Basis"), @r#"
    {
      "description": "How sure it is.",
      "oneOf": [
        {
          "const": "stated",
          "description": "The text states it.",
          "type": "string"
        },
        {
          "const": "inferred",
          "description": "It follows from the text.",
          "type": "string"
        }
      ]
    }
    "#);
    insta::assert_snapshot!(part("/$defs/Rule/properties/basis"), @r##"
    {
      "$ref": "#/$defs/Basis",
      "default": "stated",
      "description": "How sure it is. See `Basis`."
    }
    "##);
}

#[test]
fn a_schema_has_no_null_no_id_and_no_links_into_code() {
    let text = schema_of::<Sample>("A document").to_string();
    for absent in ["null", "$id", "[`", "uint"] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
}

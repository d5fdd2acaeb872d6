use super::*;

fn fill(params: &[(&str, &str)]) -> Fill<'static> {
    let params = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Fill {
        params: params.collect(),
        ..Fill::default()
    }
}

#[test]
fn every_preset_makes_a_call_of_every_wire_it_speaks() {
    for preset in ALL {
        for wire in preset.wires {
            let mut fill = fill(&[]);
            fill.wire = Some(*wire);
            for part in preset.params() {
                fill.params.insert(part, "part".to_owned());
            }
            if preset.base_url.is_none() {
                fill.base_url = Some("http://127.0.0.1:4000/v1");
            }
            let call = preset.call("model", &fill).unwrap();
            assert_eq!(
                (call.wire, call.model.as_str()),
                (*wire, "model"),
                "{}",
                preset.name
            );
            assert!(!call.base_url.to_string().contains('{'), "{}", preset.name);
        }
    }
}

#[test]
fn names_are_unique_and_found() {
    for (index, preset) in ALL.iter().enumerate() {
        let first = ALL.iter().position(|other| other.name == preset.name);
        assert_eq!(first, Some(index), "{}", preset.name);
        assert_eq!(named(preset.name).unwrap().name, preset.name);
    }
    assert!(named("nobody").is_none());
}

#[test]
fn every_preset_has_its_row_in_the_documentation() {
    let text = include_str!("../../../../docs/providers.md");
    for preset in ALL {
        assert!(
            text.contains(&format!("| `{}` |", preset.name)),
            "{}",
            preset.name
        );
    }
}

#[test]
fn parts_of_an_address_are_filled_in_and_checked() {
    let bedrock = named("bedrock").unwrap();
    let call = bedrock
        .call("m", &fill(&[("region", "eu-west-1")]))
        .unwrap();
    assert_eq!(
        call.base_url.to_string(),
        "https://bedrock-runtime.eu-west-1.amazonaws.com/"
    );
    let refused =
        |params: &[(&str, &str)]| bedrock.call("m", &fill(params)).unwrap_err().to_string();
    assert_eq!(
        refused(&[]),
        "the address of `bedrock` needs `region`; give it in `params`"
    );
    assert_eq!(
        refused(&[("region", "a/b")]),
        "`region` may hold letters, digits, `-`, `_`, `.` and `:` only"
    );
    assert_eq!(
        refused(&[("region", "r"), ("zone", "z")]),
        "`bedrock` has no part `zone` in its address; it has `region`"
    );
}

#[test]
fn a_wire_that_is_not_spoken_is_refused_with_those_that_are() {
    let fill = Fill {
        wire: Some(Wire::Gemini),
        ..Fill::default()
    };
    assert_eq!(
        named("mistral")
            .unwrap()
            .call("m", &fill)
            .unwrap_err()
            .to_string(),
        "`mistral` does not speak `gemini`; it speaks `chat`, `embeddings`, `models`"
    );
}

#[test]
fn a_gateway_is_held_to_one_upstream_in_its_own_way() {
    let pinned = |name: &str, params: &[(&str, &str)]| {
        let fill = Fill {
            pin: Some("deepinfra"),
            base_url: (name == "litellm").then_some("http://127.0.0.1:4000"),
            ..fill(params)
        };
        named(name).unwrap().call("m", &fill)
    };
    let extra = |name| serde_json::Value::from(pinned(name, &[]).unwrap().extra).to_string();
    assert_eq!(
        extra("openrouter"),
        r#"{"provider":{"allow_fallbacks":false,"only":["deepinfra"]}}"#
    );
    assert_eq!(extra("litellm"), r#"{"disable_fallbacks":true}"#);
    assert_eq!(pinned("litellm", &[]).unwrap().model, "deepinfra");
    let cloudflare = pinned(
        "cloudflare-ai-gateway",
        &[("account", "a"), ("gateway", "g")],
    );
    assert_eq!(cloudflare.unwrap().model, "deepinfra/m");
    assert_eq!(
        pinned("groq", &[]).unwrap_err(),
        PresetError::Pin(PinError::Unknown)
    );
}

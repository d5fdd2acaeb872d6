//! Embeddings in the `OpenAI` shape: vectors that are equal for equal text and mean nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Endpoint, Wire, decimal};
use crate::failure::Failure;
use crate::headers::Ids;
use crate::random::Random;
use crate::request::{count, named_model, pieces, shaped};

/// Numbers in a vector, unless the request asks for fewer or more.
const DIMENSIONS: usize = 64;

/// Most numbers in a vector.
const DIMENSIONS_MAX: usize = 4_096;

/// Most texts in one request.
const INPUTS_MAX: usize = 256;

/// A request for embeddings. It holds the caller's text, so it cannot be printed.
pub(crate) struct EmbeddingsRequest {
    pub(crate) model: String,
    inputs: Vec<String>,
    dimensions: usize,
    encoding: Encoding,
}

#[derive(Deserialize)]
struct Body {
    input: Input,
    dimensions: Option<usize>,
    #[serde(default)]
    encoding_format: Encoding,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    /// Little-endian 32-bit floats; the official Python client asks for it on its own.
    Base64,
}

/// Reads a request for embeddings.
pub(crate) fn parse(endpoint: &Endpoint, body: Value) -> Result<EmbeddingsRequest, Failure> {
    let model = match &endpoint.model {
        Some(model) => model.clone(),
        None => named_model(&body)?,
    };
    let body: Body = shaped(body, "input")?;
    let inputs = match body.input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    let dimensions = body.dimensions.unwrap_or(DIMENSIONS);
    if inputs.len() > INPUTS_MAX || !(1..=DIMENSIONS_MAX).contains(&dimensions) {
        return Err(Failure::invalid("input"));
    }
    let encoding = body.encoding_format;
    Ok(EmbeddingsRequest {
        model,
        inputs,
        dimensions,
        encoding,
    })
}

impl EmbeddingsRequest {
    pub(crate) fn tokens(&self) -> u64 {
        let counts = self.inputs.iter().map(|text| count(&pieces(text)).max(1));
        counts.sum()
    }

    /// The vectors as one document; `OpenAI` and Azure give it no id.
    pub(crate) fn whole(&self, wire: Wire, ids: &Ids) -> Bytes {
        let data: Vec<Value> = (0_u32..)
            .zip(&self.inputs)
            .map(|(index, text)| {
                json!({ "object": "embedding", "index": index, "embedding": self.vector(text) })
            })
            .collect();
        let tokens = self.tokens();
        let usage = json!({ "prompt_tokens": tokens, "total_tokens": tokens });
        let mut list =
            json!({ "object": "list", "data": data, "model": self.model, "usage": usage });
        if matches!(wire, Wire::Mistral | Wire::OpenRouter) {
            list["id"] = Value::from(ids.call.as_str());
        }
        Bytes::from(list.to_string())
    }

    /// Eighths from 0 to below 1, drawn from the text: exact in both encodings.
    fn vector(&self, text: &str) -> Value {
        let parts: Vec<u64> = text.bytes().map(u64::from).collect();
        let mut random = Random::for_parts(&parts);
        let eighths = std::iter::repeat_with(|| random.below(8)).take(self.dimensions);
        match self.encoding {
            Encoding::Float => eighths
                .map(|part| decimal((part * 125).into(), 3))
                .collect(),
            Encoding::Base64 => {
                let floats = eighths.map(|part| f32::from(u8::try_from(part).unwrap_or(0)) / 8.0);
                let bytes: Vec<u8> = floats.flat_map(f32::to_le_bytes).collect();
                Value::from(STANDARD.encode(bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Verb;

    fn embedded(body: Value) -> Value {
        let endpoint = Endpoint {
            wire: Wire::OpenAi,
            verb: Verb::Embed,
            model: None,
        };
        let Ok(request) = parse(&endpoint, body) else {
            panic!("a valid request")
        };
        let ids = crate::wire::tests::stamp(crate::config::Persona::Direct).ids;
        serde_json::from_slice(&request.whole(Wire::OpenAi, &ids)).expect("JSON")
    }

    #[test]
    fn equal_texts_have_equal_vectors_and_tokens_are_counted() {
        let list = embedded(json!({"model": "m", "input": ["one two", "one two", "three"]}));
        let vector = |index: usize| list["data"][index]["embedding"].clone();
        assert_eq!(vector(0), vector(1));
        assert_ne!(vector(0), vector(2));
        assert_eq!(vector(0).as_array().map(Vec::len), Some(DIMENSIONS));
        assert_eq!(list["usage"]["total_tokens"], 2 + 2 + 2);
    }

    #[test]
    fn base64_holds_the_same_numbers_as_the_list() {
        let body = |format: &str| json!({"model": "m", "input": "x", "dimensions": 9, "encoding_format": format});
        let list = embedded(body("float"))["data"][0]["embedding"].take();
        let text = embedded(body("base64"))["data"][0]["embedding"].take();
        let bytes = STANDARD
            .decode(text.as_str().expect("text"))
            .expect("base64");
        let floats: Vec<Value> = bytes
            .chunks(4)
            .map(|chunk| f32::from_le_bytes(chunk.try_into().expect("four bytes")).into())
            .collect();
        assert_eq!(Value::from(floats), list);
    }

    #[test]
    fn too_much_is_refused() {
        let endpoint = Endpoint {
            wire: Wire::OpenAi,
            verb: Verb::Embed,
            model: None,
        };
        let body = json!({"model": "m", "input": "x", "dimensions": 1_000_000});
        assert!(parse(&endpoint, body).is_err());
        let body = json!({"model": "m", "input": vec!["x"; INPUTS_MAX + 1]});
        assert!(parse(&endpoint, body).is_err());
    }
}

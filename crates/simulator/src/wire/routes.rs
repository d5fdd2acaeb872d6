//! Where each wire format listens: the one table of the provider's routes.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use axum::routing::MethodFilter;

use super::{Endpoint, Verb, Wire};
use crate::failure::{Class, Failure};

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The path in axum's syntax; a capture `{model}` names the model.
    pub(crate) path: &'static str,
    pub(crate) wire: Wire,
    pub(crate) verb: Verb,
}

/// What a request's head says beside its path.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// The path's captures.
    pub(crate) path: BTreeMap<String, String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    /// The path itself, as rules compare it.
    pub(crate) url: String,
}

const fn row(path: &'static str, wire: Wire, verb: Verb) -> Row {
    Row { path, wire, verb }
}

/// Base URLs are those that official clients are configured with: what follows them is theirs.
pub(crate) const TABLE: &[Row] = &[
    row("/v1/chat/completions", Wire::OpenAi, Verb::Answer),
    row("/v1/responses", Wire::Responses, Verb::Answer),
    row("/v1/embeddings", Wire::OpenAi, Verb::Embed),
    row("/v1/models", Wire::OpenAi, Verb::ListModels),
    row("/api/v1/chat/completions", Wire::OpenRouter, Verb::Answer),
    row("/api/v1/responses", Wire::Responses, Verb::Answer),
    row("/api/v1/messages", Wire::Anthropic, Verb::Answer),
    row("/api/v1/embeddings", Wire::OpenRouter, Verb::Embed),
    row("/api/v1/models", Wire::OpenRouter, Verb::ListModels),
    row("/openai/v1/chat/completions", Wire::Groq, Verb::Answer),
    row("/openai/v1/responses", Wire::Responses, Verb::Answer),
    row("/openai/v1/embeddings", Wire::Groq, Verb::Embed),
    row("/openai/v1/models", Wire::Groq, Verb::ListModels),
    row(
        "/openai/deployments/{model}/chat/completions",
        Wire::Azure,
        Verb::Answer,
    ),
    row(
        "/openai/deployments/{model}/embeddings",
        Wire::Azure,
        Verb::Embed,
    ),
    row("/chat/completions", Wire::DeepSeek, Verb::Answer),
    row("/models", Wire::DeepSeek, Verb::ListModels),
    row("/mistral/v1/chat/completions", Wire::Mistral, Verb::Answer),
    row("/mistral/v1/embeddings", Wire::Mistral, Verb::Embed),
    row("/mistral/v1/models", Wire::Mistral, Verb::ListModels),
    row("/v1/messages", Wire::Anthropic, Verb::Answer),
    row(
        "/v1/messages/count_tokens",
        Wire::Anthropic,
        Verb::CountTokens,
    ),
    row("/anthropic/v1/messages", Wire::Anthropic, Verb::Answer),
    row("/anthropic/v1/models", Wire::Anthropic, Verb::ListModels),
    row("/v1/models/{model}", Wire::Gemini, Verb::InModel),
    row("/v1beta/models/{model}", Wire::Gemini, Verb::InModel),
    row("/v1beta/models", Wire::Gemini, Verb::ListModels),
    row(
        "/v1/projects/{project}/locations/{location}/publishers/google/models/{model}",
        Wire::Vertex,
        Verb::InModel,
    ),
    row(
        "/v1beta1/projects/{project}/locations/{location}/publishers/google/models/{model}",
        Wire::Vertex,
        Verb::InModel,
    ),
    row("/model/{model}/converse", Wire::Bedrock, Verb::Whole),
    row(
        "/model/{model}/converse-stream",
        Wire::Bedrock,
        Verb::Events,
    ),
];

impl Row {
    pub(crate) const fn method(&self) -> MethodFilter {
        match self.verb {
            Verb::ListModels => MethodFilter::GET,
            _ => MethodFilter::POST,
        }
    }

    /// The endpoint that this route and a request's head make together; a path that ends in a verb
    /// nobody knows makes none.
    pub(crate) fn endpoint(&self, head: &Head) -> Result<Endpoint, Endpoint> {
        let wire = self.wire.told_by(self.verb, head);
        let model = head.path.get("model").cloned();
        let (Verb::InModel, Some(path)) = (self.verb, &model) else {
            let verb = self.verb;
            return Ok(Endpoint { wire, verb, model });
        };
        let (model, action) = path.rsplit_once(':').unwrap_or((path, ""));
        let sse = head.query.get("alt").is_some_and(|alt| alt == "sse");
        let verb = match action {
            "generateContent" => Verb::Whole,
            "streamGenerateContent" if sse => Verb::Events,
            "streamGenerateContent" => Verb::List,
            "countTokens" => Verb::CountTokens,
            _ => Verb::InModel,
        };
        let model = Some(model.to_owned());
        let endpoint = Endpoint { wire, verb, model };
        if verb == Verb::InModel {
            Err(endpoint)
        } else {
            Ok(endpoint)
        }
    }
}

impl Head {
    fn has(&self, header: &str) -> bool {
        self.headers.contains_key(header)
    }

    /// Whether the caller wants to be told which upstreams were tried, in `OpenRouter`'s words.
    pub(crate) fn asks_for_routing(&self) -> bool {
        let wish = self.headers.get("x-openrouter-metadata");
        wish.is_some_and(|wish| wish == "enabled")
    }

    fn asks(&self, parameter: &str) -> bool {
        self.query.contains_key(parameter)
    }
}

impl Wire {
    /// Tells apart those that share a path: by the header that only one of them knows.
    fn told_by(self, verb: Verb, head: &Head) -> Self {
        match (self, verb) {
            (Self::Groq, _) if head.has("api-key") || head.asks("api-version") => Self::Azure,
            (Self::OpenAi, Verb::ListModels) if head.has("anthropic-version") => Self::Anthropic,
            (Self::OpenAi, Verb::ListModels) if head.has("x-goog-api-key") || head.asks("key") => {
                Self::Gemini
            }
            _ => self,
        }
    }
}

impl Endpoint {
    /// Whether the head fixes the version, where the provider insists on it.
    pub(crate) fn check_version(&self, head: &Head) -> Result<(), Failure> {
        let deployment = self.model.is_some();
        let fixed = match self.wire {
            Wire::Anthropic => head.has("anthropic-version"),
            Wire::Azure if deployment => head.asks("api-version"),
            _ => true,
        };
        if fixed {
            Ok(())
        } else {
            Err(Class::MissingVersion.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(model: &str, query: &[(&str, &str)], headers: &[&'static str]) -> Head {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Head {
            path: BTreeMap::from([("model".to_owned(), model.to_owned())]),
            query: query.iter().map(pair).collect(),
            headers: headers
                .iter()
                .map(|name| {
                    let value = axum::http::HeaderValue::from_static("x");
                    (axum::http::HeaderName::from_static(name), value)
                })
                .collect(),
            url: String::new(),
        }
    }

    fn row_of(path: &str) -> &'static Row {
        let row = TABLE.iter().find(|row| row.path == path);
        row.expect("a route of the table")
    }

    #[test]
    fn every_route_is_in_the_table_once() {
        for (index, row) in TABLE.iter().enumerate() {
            let same = |other: &Row| other.path == row.path && other.method() == row.method();
            assert!(!TABLE[index + 1..].iter().any(same), "{}", row.path);
        }
    }

    #[test]
    fn the_verb_of_a_google_path_stands_after_the_models_colon() {
        let row = row_of("/v1beta/models/{model}");
        let verb = |path, query| {
            row.endpoint(&head(path, query, &[]))
                .map(|endpoint| endpoint.verb)
        };
        assert_eq!(verb("m:generateContent", &[]), Ok(Verb::Whole));
        assert_eq!(
            verb("m:streamGenerateContent", &[("alt", "sse")]),
            Ok(Verb::Events)
        );
        assert_eq!(verb("m:streamGenerateContent", &[]), Ok(Verb::List));
        assert_eq!(verb("m:countTokens", &[]), Ok(Verb::CountTokens));
        assert!(verb("m:embedContent", &[]).is_err() && verb("m", &[]).is_err());
        let endpoint = row.endpoint(&head("m:v1:generateContent", &[], &[]));
        assert_eq!(
            endpoint.expect("an endpoint").model.as_deref(),
            Some("m:v1")
        );
    }

    #[test]
    fn wires_that_share_a_path_are_told_apart_by_their_headers() {
        let wire = |path, query, headers: &[&'static str]| {
            let endpoint = row_of(path).endpoint(&head("m", query, headers));
            endpoint.expect("an endpoint").wire
        };
        let chat = "/openai/v1/chat/completions";
        assert_eq!(wire(chat, &[], &["authorization"]), Wire::Groq);
        assert_eq!(wire(chat, &[], &["api-key"]), Wire::Azure);
        assert_eq!(wire(chat, &[("api-version", "x")], &[]), Wire::Azure);
        assert_eq!(wire("/v1/models", &[], &[]), Wire::OpenAi);
        assert_eq!(
            wire("/v1/models", &[], &["anthropic-version"]),
            Wire::Anthropic
        );
        assert_eq!(wire("/v1/models", &[("key", "x")], &[]), Wire::Gemini);
    }
}

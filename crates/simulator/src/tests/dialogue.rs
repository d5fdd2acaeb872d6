//! How a client of each wire asks, and where it looks in what comes back.

use serde_json::{Value, json};

use super::client::{Seen, message, send};
use crate::{Simulator, Wire};

/// A key that the simulator under test knows.
pub(super) const KEY: &str = "sk-sim-good";

/// One way to ask one wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialogue {
    pub(super) wire: Wire,
    /// Where whole answers are, and where streams are.
    paths: [&'static str; 2],
    /// What carries the key: everything before it on its header line.
    key: &'static str,
    /// Header lines that the wire needs.
    headers: &'static str,
    body: Body,
    /// Where a document holds the text, its prompt tokens and its answer tokens.
    whole: [&'static str; 3],
    /// Where an event holds a piece of text.
    piece: &'static str,
    /// Where an error names its class, if not in a header.
    pub(super) error: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Body {
    Chat,
    Responses,
    Messages,
    Contents,
    Converse,
}

const BEARER: &str = "authorization: Bearer ";
const CHAT: [&str; 3] = [
    "/choices/0/message/content",
    "/usage/prompt_tokens",
    "/usage/completion_tokens",
];
const CONTENTS: [&str; 3] = [
    "/candidates/0/content/parts/0/text",
    "/usageMetadata/promptTokenCount",
    "/usageMetadata/candidatesTokenCount",
];
const SIGNATURE: &str = "/20261122/us-east-1/bedrock/aws4_request, SignedHeaders=host, \
    Signature=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

const fn chat(wire: Wire, path: &'static str, error: &'static str) -> Dialogue {
    Dialogue {
        wire,
        paths: [path, path],
        key: BEARER,
        headers: "",
        body: Body::Chat,
        whole: CHAT,
        piece: "/choices/0/delta/content",
        error,
    }
}

const fn google(wire: Wire, paths: [&'static str; 2], key: &'static str) -> Dialogue {
    Dialogue {
        wire,
        paths,
        key,
        headers: "",
        body: Body::Contents,
        whole: CONTENTS,
        piece: "/candidates/0/content/parts/0/text",
        error: "/error/status",
    }
}

/// Every wire, and the second path of those that have two.
pub(super) const ALL: [Dialogue; 14] = [
    chat(Wire::OpenAi, "/v1/chat/completions", "/error/type"),
    chat(
        Wire::OpenRouter,
        "/api/v1/chat/completions",
        "/error/metadata/error_type",
    ),
    chat(Wire::Groq, "/openai/v1/chat/completions", "/error/type"),
    chat(Wire::DeepSeek, "/chat/completions", "/error/type"),
    chat(Wire::Mistral, "/mistral/v1/chat/completions", "/code"),
    Dialogue {
        key: "api-key: ",
        ..chat(
            Wire::Azure,
            "/openai/deployments/sim-1/chat/completions?api-version=2024-10-21",
            "/error/code",
        )
    },
    Dialogue {
        key: "api-key: ",
        ..chat(Wire::Azure, "/openai/v1/chat/completions", "/error/code")
    },
    Dialogue {
        wire: Wire::Responses,
        paths: ["/v1/responses", "/v1/responses"],
        key: BEARER,
        headers: "",
        body: Body::Responses,
        whole: [
            "/output/0/content/0/text",
            "/usage/input_tokens",
            "/usage/output_tokens",
        ],
        piece: "/delta",
        error: "/error/type",
    },
    Dialogue {
        wire: Wire::Anthropic,
        paths: ["/v1/messages", "/v1/messages"],
        key: "x-api-key: ",
        headers: "anthropic-version: 2023-06-01\r\n",
        body: Body::Messages,
        whole: [
            "/content/0/text",
            "/usage/input_tokens",
            "/usage/output_tokens",
        ],
        piece: "/delta/text",
        error: "/error/type",
    },
    google(
        Wire::Gemini,
        [
            "/v1beta/models/sim-1:generateContent",
            "/v1beta/models/sim-1:streamGenerateContent?alt=sse",
        ],
        "x-goog-api-key: ",
    ),
    google(
        Wire::Gemini,
        [
            "/v1/models/sim-1:generateContent",
            "/v1/models/sim-1:streamGenerateContent?alt=sse",
        ],
        "x-goog-api-key: ",
    ),
    google(
        Wire::Vertex,
        [
            "/v1/projects/p/locations/l/publishers/google/models/sim-1:generateContent",
            "/v1/projects/p/locations/l/publishers/google/models/sim-1:streamGenerateContent?alt=sse",
        ],
        BEARER,
    ),
    BEDROCK,
    Dialogue {
        key: "authorization: AWS4-HMAC-SHA256 Credential=",
        ..BEDROCK
    },
];

const BEDROCK: Dialogue = Dialogue {
    wire: Wire::Bedrock,
    paths: ["/model/sim%2D1/converse", "/model/sim%2D1/converse-stream"],
    key: BEARER,
    headers: "",
    body: Body::Converse,
    whole: [
        "/output/message/content/0/text",
        "/usage/inputTokens",
        "/usage/outputTokens",
    ],
    piece: "/delta/text",
    error: "",
};

impl Dialogue {
    /// What ends a sound stream, somewhere in its bytes.
    pub(super) const fn terminator(&self) -> &'static [u8] {
        match self.wire {
            Wire::Responses => b"event: response.completed",
            Wire::Anthropic => b"event: message_stop",
            Wire::Gemini | Wire::Vertex => b"\"finishReason\":\"STOP\"",
            Wire::Bedrock => b"\"inputTokens\"",
            _ => b"data: [DONE]",
        }
    }

    fn body(&self, prompt: &str, stream: &Value) -> Value {
        let turn = json!([{ "role": "user", "content": prompt }]);
        match self.body {
            Body::Chat => json!({ "model": "sim-1", "messages": turn, "stream": stream }),
            Body::Responses => json!({ "model": "sim-1", "input": prompt, "stream": stream }),
            Body::Messages => {
                json!({ "model": "sim-1", "messages": turn, "max_tokens": 99, "stream": stream })
            }
            Body::Contents => json!({ "contents": [{ "parts": [{ "text": prompt }] }] }),
            Body::Converse => {
                json!({ "messages": [{ "role": "user", "content": [{ "text": prompt }] }] })
            }
        }
    }

    fn request(&self, path: &str, key: &str, body: &Value) -> String {
        let end = if self.key.ends_with("Credential=") {
            SIGNATURE
        } else {
            ""
        };
        let headers = format!("{}{key}{end}\r\n{}", self.key, self.headers);
        message(&format!("POST {path}"), &headers, &body.to_string())
    }

    async fn ask(&self, simulator: &Simulator, path: &str, key: &str, body: &Value) -> Seen {
        send(simulator, &self.request(path, key, body)).await
    }

    /// A request for a stream, to be sent by hand.
    pub(super) fn streaming(&self, prompt: &str) -> String {
        self.request(self.paths[1], KEY, &self.body(prompt, &Value::from(true)))
    }

    pub(super) async fn whole(&self, simulator: &Simulator, prompt: &str) -> Seen {
        let body = self.body(prompt, &Value::from(false));
        self.ask(simulator, self.paths[0], KEY, &body).await
    }

    pub(super) async fn stream(&self, simulator: &Simulator, prompt: &str) -> Seen {
        let body = self.body(prompt, &Value::from(true));
        self.ask(simulator, self.paths[1], KEY, &body).await
    }

    pub(super) async fn with_key(&self, simulator: &Simulator, key: &str) -> Seen {
        let body = self.body("hi", &Value::from(false));
        self.ask(simulator, self.paths[0], key, &body).await
    }

    pub(super) async fn without_key(&self, simulator: &Simulator) -> Seen {
        let body = self.body("hi", &Value::from(false)).to_string();
        let request = format!("POST {}", self.paths[0]);
        // What tells Azure from Groq on the path they share is the header itself.
        let empty = if self.key == "api-key: " {
            "api-key: \r\n"
        } else {
            ""
        };
        let headers = format!("{empty}{}", self.headers);
        send(simulator, &message(&request, &headers, &body)).await
    }

    pub(super) async fn with_body(&self, simulator: &Simulator, body: &str) -> Seen {
        let headers = format!("{}{KEY}\r\n{}", self.key, self.headers);
        let request = format!("POST {}", self.paths[0]);
        send(simulator, &message(&request, &headers, body)).await
    }

    /// A document's text, prompt tokens and answer tokens.
    #[track_caller]
    pub(super) fn told(&self, document: &Value) -> [Value; 3] {
        self.whole
            .map(|pointer| document.pointer(pointer).cloned().unwrap_or_default())
    }

    /// The sound JSON events of a stream.
    #[track_caller]
    pub(super) fn events(&self, seen: &Seen) -> Vec<Value> {
        let (bytes, _) = seen.bytes();
        if self.wire == Wire::Bedrock {
            return payloads(&bytes);
        }
        let text = String::from_utf8(bytes).expect("events are text");
        let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// The text that a reader of the stream would have seen.
    #[track_caller]
    pub(super) fn text(&self, seen: &Seen) -> String {
        let events = self.events(seen);
        events
            .iter()
            .filter_map(|event| self.piece_of(event))
            .collect()
    }

    /// The piece of text in an event.
    pub(super) fn piece_of<'a>(&self, event: &'a Value) -> Option<&'a str> {
        event.pointer(self.piece)?.as_str()
    }
}

pub(super) fn has(bytes: &[u8], sought: &[u8]) -> bool {
    bytes.windows(sought.len()).any(|window| window == sought)
}

/// The payloads of those messages of an event stream whose checksum fits.
fn payloads(mut bytes: &[u8]) -> Vec<Value> {
    let mut payloads = Vec::new();
    while let Some((prelude, _)) = bytes.split_first_chunk::<8>() {
        let [total, headers] = [&prelude[..4], &prelude[4..]].map(|number| {
            let number = u32::from_be_bytes(number.try_into().expect("four bytes"));
            usize::try_from(number).expect("a length")
        });
        let Some((message, rest)) = bytes.split_at_checked(total) else {
            break; // Cut off, or no message at all.
        };
        let (content, crc) = message.split_at(total - 4);
        if crc == crc32fast::hash(content).to_be_bytes() {
            payloads.extend(serde_json::from_slice::<Value>(&content[12 + headers..]).ok());
        }
        bytes = rest;
    }
    payloads
}

//! What of a request the simulator reads, on whatever wire it came; the rest is accepted and
//! ignored.
//!
//! Neither [`Request`] nor [`Message`] can be printed: they hold the caller's prompt.

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;

/// Tokens counted for each message beside its text, and once for the answer's opening: the figures
/// that `OpenAI` publishes for its chat models. They stand for every provider here.
const TOKENS_PER_MESSAGE: u64 = 3;

/// Longest token, in characters, of the approximation in [`pieces`].
const TOKEN_CHARS_MAX: usize = 4;

/// How the answer is to travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// One document.
    Whole,
    /// The wire's own events.
    Events,
    /// A JSON list whose elements arrive one by one, which only Google has.
    List,
}

impl Delivery {
    /// The delivery that a body's `stream` key asks for.
    pub(crate) const fn of_stream_key(stream: Option<bool>) -> Self {
        match stream {
            Some(true) => Self::Events,
            Some(false) | None => Self::Whole,
        }
    }
}

/// What a caller switched about a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct StreamOptions {
    include_usage: Option<bool>,
    include_obfuscation: Option<bool>,
}

impl StreamOptions {
    /// Whether usage was asked for; it is left out otherwise.
    pub(crate) fn wants_usage(self) -> bool {
        self.include_usage.unwrap_or(false)
    }

    /// Whether padding is welcome; it is sent unless refused.
    pub(crate) fn wants_obfuscation(self) -> bool {
        self.include_obfuscation.unwrap_or(true)
    }
}

/// A request for an answer.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) model: String,
    /// The text of the last message of the user.
    pub(crate) prompt: String,
    pub(crate) prompt_tokens: u64,
    /// The caller's cap on answer tokens.
    pub(crate) tokens_max: usize,
    pub(crate) delivery: Delivery,
    pub(crate) options: StreamOptions,
}

impl Request {
    /// A request for a whole answer without a cap, with tokens counted over all `messages`.
    pub(crate) fn of_messages(model: String, messages: &[Message]) -> Self {
        let prompt_tokens = messages.iter().fold(TOKENS_PER_MESSAGE, |sum, message| {
            sum + TOKENS_PER_MESSAGE + count(&pieces(&message.text()))
        });
        let last = messages.iter().rev().find(|message| message.role == "user");
        Self {
            model,
            prompt: last.map(Message::text).unwrap_or_default(),
            prompt_tokens,
            tokens_max: usize::MAX,
            delivery: Delivery::Whole,
            options: StreamOptions::default(),
        }
    }

    pub(crate) fn capped(self, tokens_max: Option<usize>) -> Self {
        Self {
            tokens_max: tokens_max.unwrap_or(usize::MAX),
            ..self
        }
    }

    pub(crate) fn delivered(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }

    pub(crate) fn with_options(self, options: Option<StreamOptions>) -> Self {
        Self {
            options: options.unwrap_or_default(),
            ..self
        }
    }
}

/// One turn of a conversation. Missing roles are the user's, as Google has it.
#[derive(Clone, Deserialize)]
pub(crate) struct Message {
    #[serde(default = "user")]
    role: String,
    #[serde(alias = "parts")]
    content: Option<Content>,
}

/// Text, or a list of parts of which only those with text count.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Clone, Deserialize)]
pub(crate) struct Part {
    text: Option<String>,
}

fn user() -> String {
    "user".to_owned()
}

impl Message {
    /// What stands outside the conversation: a system prompt.
    pub(crate) fn of_system(content: Content) -> Self {
        Self {
            role: "system".to_owned(),
            content: Some(content),
        }
    }

    pub(crate) fn of_user(text: String) -> Self {
        Self {
            role: user(),
            content: Some(Content::Text(text)),
        }
    }

    fn text(&self) -> String {
        match &self.content {
            None => String::new(),
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Parts(parts)) => parts
                .iter()
                .filter_map(|part| part.text.as_deref())
                .collect(),
        }
    }
}

/// Reads a body as the wire's shape; the failure names `needed`, what a sound body has.
pub(crate) fn shaped<T: serde::de::DeserializeOwned>(
    body: Value,
    needed: &'static str,
) -> Result<T, Failure> {
    serde_json::from_value(body).map_err(|_| Failure::invalid(needed))
}

/// The model that a body names.
pub(crate) fn named_model(body: &Value) -> Result<String, Failure> {
    let model = body.get("model").and_then(Value::as_str);
    model.map(str::to_owned).ok_or_else(Failure::missing_model)
}

/// The number of pieces, as usage reports it.
pub(crate) fn count(pieces: &[String]) -> u64 {
    u64::try_from(pieces.len()).unwrap_or(u64::MAX)
}

/// Splits text into what the simulator counts and sends as tokens: words with the whitespace
/// before them, in runs of at most four characters. Real tokenisers differ by some tens of per
/// cent; what matters here is that usage, chunks and text agree exactly.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut inked = 0;
    for character in text.chars() {
        let starts_word = character.is_whitespace() && inked > 0;
        if starts_word || inked == TOKEN_CHARS_MAX {
            pieces.push(std::mem::take(&mut piece));
            inked = 0;
        }
        piece.push(character);
        inked += usize::from(!character.is_whitespace());
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn request(messages: Value) -> Request {
        let messages: Vec<Message> = serde_json::from_value(messages).expect("valid messages");
        Request::of_messages("m".to_owned(), &messages)
    }

    #[test]
    fn words_split_into_runs_of_four() {
        assert_eq!(pieces("pong-7f3a"), ["pong", "-7f3", "a"]);
        assert_eq!(pieces("one  three five"), ["one", "  thre", "e", " five"]);
        assert_eq!(pieces(""), Vec::<String>::new());
    }

    #[test]
    fn the_prompt_is_the_last_user_message_in_any_of_its_spellings() {
        let asked = request(json!([
            {"role": "user", "content": "first"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"image": 1}, {"text": "b"}]},
            {"role": "assistant", "content": null},
        ]));
        assert_eq!(asked.prompt, "ab");
        assert_eq!(request(json!([{"parts": [{"text": "c"}]}])).prompt, "c");
        assert_eq!(request(json!([])).prompt, "");
    }

    #[test]
    fn prompt_tokens_count_text_and_message_overhead() {
        let asked = request(json!([{"role": "user", "content": "one two"}]));
        assert_eq!(asked.prompt_tokens, 3 + 3 + 2);
    }

    #[test]
    fn padding_is_sent_unless_refused_and_usage_only_if_asked() {
        let options: StreamOptions = serde_json::from_str("{}").expect("all keys are optional");
        assert_eq!(
            (options.wants_usage(), options.wants_obfuscation()),
            (false, true)
        );
        let options: StreamOptions =
            serde_json::from_str(r#"{"include_usage":true,"include_obfuscation":false}"#)
                .expect("known keys");
        assert_eq!(
            (options.wants_usage(), options.wants_obfuscation()),
            (true, false)
        );
    }

    proptest! {
        #[test]
        fn pieces_join_to_the_text(text in ".{0,80}") {
            prop_assert_eq!(pieces(&text).concat(), text);
        }
    }
}

//! What of a chat request the simulator reads: the rest is accepted and ignored.

use serde::Deserialize;

/// Tokens counted for each message beside its text, and once for the answer's opening: the figures
/// that `OpenAI` publishes for its chat models.
const TOKENS_PER_MESSAGE: u64 = 3;

/// Longest token, in characters, of the approximation in [`pieces`].
const TOKEN_CHARS_MAX: usize = 4;

#[derive(Debug, Deserialize)]
pub(crate) struct ChatRequest {
    pub(crate) model: String,
    messages: Vec<Message>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
    include_obfuscation: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    text: Option<String>,
}

impl Message {
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

impl ChatRequest {
    pub(crate) fn streams(&self) -> bool {
        self.stream.unwrap_or(false)
    }

    pub(crate) fn wants_usage(&self) -> bool {
        self.stream_options
            .as_ref()
            .and_then(|options| options.include_usage)
            .unwrap_or(false)
    }

    pub(crate) fn wants_obfuscation(&self) -> bool {
        self.stream_options
            .as_ref()
            .and_then(|options| options.include_obfuscation)
            .unwrap_or(true)
    }

    /// The caller's cap on answer tokens, in either spelling.
    pub(crate) fn tokens_max(&self) -> usize {
        self.max_completion_tokens
            .or(self.max_tokens)
            .unwrap_or(usize::MAX)
    }

    pub(crate) fn prompt_tokens(&self) -> u64 {
        self.messages
            .iter()
            .fold(TOKENS_PER_MESSAGE, |sum, message| {
                sum + TOKENS_PER_MESSAGE + count(&pieces(&message.text()))
            })
    }

    /// What the last user message asks to be repeated: the rest of its line after
    /// `Reply with exactly: `, trimmed.
    pub(crate) fn echo(&self) -> Option<String> {
        let last = self
            .messages
            .iter()
            .rev()
            .find(|message| message.role == "user")?;
        let text = last.text();
        let (_, rest) = text.split_once("Reply with exactly:")?;
        let line = rest
            .trim_start()
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end();
        Some(line.to_owned())
    }
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

    use super::*;

    fn request(json: &str) -> ChatRequest {
        serde_json::from_str(json).expect("a valid request")
    }

    #[test]
    fn words_split_into_runs_of_four() {
        assert_eq!(pieces("pong-7f3a"), ["pong", "-7f3", "a"]);
        assert_eq!(pieces("one  three five"), ["one", "  thre", "e", " five"]);
        assert_eq!(pieces(""), Vec::<String>::new());
    }

    #[test]
    fn the_last_user_message_is_echoed_to_the_end_of_its_line() {
        let asked = request(
            r#"{"model":"m","messages":[
                {"role":"user","content":"Reply with exactly: no"},
                {"role":"user","content":[{"type":"text","text":"Hi. Reply with exactly:  a b \nThanks"}]},
                {"role":"assistant","content":null}]}"#,
        );
        assert_eq!(asked.echo().as_deref(), Some("a b"));
        assert_eq!(request(r#"{"model":"m","messages":[]}"#).echo(), None);
    }

    #[test]
    fn prompt_tokens_count_text_and_message_overhead() {
        let asked = request(r#"{"model":"m","messages":[{"role":"user","content":"one two"}]}"#);
        assert_eq!(asked.prompt_tokens(), 3 + 3 + 2);
    }

    proptest! {
        #[test]
        fn pieces_join_to_the_text(text in ".{0,80}") {
            prop_assert_eq!(pieces(&text).concat(), text);
        }
    }
}

//! Token counts of an answer, in one meaning for every wire.

/// What an answer says it used, in one meaning for all wires: **the totals include their parts**.
///
/// `None` is "the answer does not say". A part that is not said is no reason for [`crate::price::Cost::Unknown`],
/// but where its price differs, the cost is only bounded; a reader who knows that its wire leaves
/// a part out where it is zero says `Some(0)`.
///
/// | here | OpenAI chat, Responses | Anthropic | Gemini | Bedrock Converse |
/// |---|---|---|---|---|
/// | `input_tokens` | `prompt_tokens`, `input_tokens` | `input_tokens` and both cache fields | `promptTokenCount` | `inputTokens` and both cache fields |
/// | `output_tokens` | `completion_tokens`, `output_tokens` | `output_tokens` | `candidatesTokenCount` and `thoughtsTokenCount` | `outputTokens` |
/// | `cache_read_tokens` | `..._details.cached_tokens`; `DeepSeek`: `prompt_cache_hit_tokens` | `cache_read_input_tokens` | `cachedContentTokenCount` | `cacheReadInputTokens` |
/// | `cache_write_tokens` | Responses: `cache_write_tokens` | `cache_creation_input_tokens` | - | `cacheWriteInputTokens` |
/// | `reasoning_tokens` | `..._details.reasoning_tokens` | - | `thoughtsTokenCount` | - |
///
/// Anthropic and Bedrock count cached tokens apart from `input_tokens`, Gemini thoughts apart from
/// the answer: [`Usage::with_cache_apart`] and [`Usage::with_reasoning_apart`] bring those in line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All input tokens, with those read from and written to a cache.
    pub input_tokens: Option<u64>,
    /// All output tokens, with reasoning.
    pub output_tokens: Option<u64>,
    /// Input tokens that a cache gave.
    pub cache_read_tokens: Option<u64>,
    /// Input tokens that were put into a cache, at its shortest lifetime.
    pub cache_write_tokens: Option<u64>,
    /// Output tokens that were reasoning, shown or not.
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// Brings counts in line whose input leaves out cached tokens: Anthropic, Bedrock Converse.
    /// Cache fields that are not said count as none, as on those wires.
    #[must_use]
    pub fn with_cache_apart(mut self) -> Self {
        let cached = [self.cache_read_tokens, self.cache_write_tokens];
        let cached = cached.into_iter().flatten();
        self.input_tokens = cached.fold(self.input_tokens, |sum, part| sum?.checked_add(part));
        self.cache_read_tokens.get_or_insert(0);
        self.cache_write_tokens.get_or_insert(0);
        self
    }

    /// Brings counts in line whose output leaves out reasoning: Gemini. Reasoning that is not said
    /// counts as none, as on that wire.
    #[must_use]
    pub fn with_reasoning_apart(mut self) -> Self {
        let reasoning = *self.reasoning_tokens.get_or_insert(0);
        self.output_tokens = self
            .output_tokens
            .and_then(|sum| sum.checked_add(reasoning));
        self
    }

    /// Takes over what `later` knows: streams repeat and complete their counts.
    pub fn update(&mut self, later: Self) {
        let fields = [
            (&mut self.input_tokens, later.input_tokens),
            (&mut self.output_tokens, later.output_tokens),
            (&mut self.cache_read_tokens, later.cache_read_tokens),
            (&mut self.cache_write_tokens, later.cache_write_tokens),
            (&mut self.reasoning_tokens, later.reasoning_tokens),
        ];
        for (known, later) in fields {
            *known = later.or(*known);
        }
    }
}

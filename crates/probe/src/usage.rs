//! Token counts of an answer, in one meaning for every wire.

/// What the provider's `usage` said. Absent is unknown, not 0.
///
/// `input_tokens` counts all tokens of the input, cached ones included: as OpenAI and Gemini count
/// them; Anthropic and Bedrock leave the cached ones out, and their readers add them.
/// `output_tokens` counts all that is billed as output, reasoning included: Gemini leaves thoughts
/// out of its candidates' count, and its reader adds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All input tokens.
    pub input_tokens: Option<u64>,
    /// All output tokens.
    pub output_tokens: Option<u64>,
    /// Of the input: read from the provider's cache.
    pub cache_read_tokens: Option<u64>,
    /// Of the input: written to the provider's cache.
    pub cache_write_tokens: Option<u64>,
    /// Of the output: reasoning.
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
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

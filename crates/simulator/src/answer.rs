//! What the model would have said: content, refusal, finish and usage, before any wire format.

use serde::Serialize;

use crate::fault::Fault;
use crate::request::{ChatRequest, count, pieces};

/// Said when the prompt asks for no echo.
const SENTENCE: &str = "This answer comes from a simulator: no model has read the question.";

/// Said when the model is made to decline.
const REFUSAL: &str = "I'm sorry, but I can't help with that request.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Finish {
    Stop,
    Length,
    ContentFilter,
}

/// The answer's text, in the pieces that are counted and streamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Content(Vec<String>),
    Refusal(Vec<String>),
}

impl Said {
    pub(crate) fn pieces(&self) -> &[String] {
        match self {
            Self::Content(pieces) | Self::Refusal(pieces) => pieces,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

impl Usage {
    fn new(prompt_tokens: u64, completion_tokens: u64) -> Self {
        Self {
            prompt_tokens,
            completion_tokens,
            total_tokens: prompt_tokens + completion_tokens,
            prompt_tokens_details: PromptDetails { cached_tokens: 0 },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: 0,
            },
        }
    }

    /// Cost in billionths of a dollar at 0.15 and 0.60 dollars a million tokens, the list price of
    /// a small model; gateways report a cost, so the simulated one needs a price.
    pub(crate) fn cost_usd_nanos(&self) -> u64 {
        self.prompt_tokens * 150 + self.completion_tokens * 600
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The model that answered, which a fault may make another than the one asked.
    pub(crate) model: String,
    pub(crate) said: Said,
    pub(crate) finish: Finish,
    pub(crate) usage: Usage,
}

impl Answer {
    pub(crate) fn new(request: &ChatRequest, fault: Option<&Fault>) -> Self {
        let mut content = pieces(&request.echo().unwrap_or_else(|| SENTENCE.to_owned()));
        let mut finish = Finish::Stop;
        if content.len() > request.tokens_max() {
            content.truncate(request.tokens_max());
            finish = Finish::Length;
        }
        let half = content.len() / 2;
        let (said, finish) = match fault {
            Some(Fault::Empty {}) => (Said::Content(Vec::new()), Finish::Stop),
            Some(Fault::Refusal {}) => (Said::Refusal(pieces(REFUSAL)), Finish::Stop),
            Some(Fault::ContentFilter {}) => {
                content.truncate(half);
                (Said::Content(content), Finish::ContentFilter)
            }
            Some(Fault::Truncated {}) => {
                content.truncate(half);
                (Said::Content(content), Finish::Length)
            }
            _ => (Said::Content(content), finish),
        };
        let model = match fault {
            Some(Fault::WrongModel { model }) => model.clone(),
            _ => request.model.clone(),
        };
        let usage = Usage::new(request.prompt_tokens(), count(said.pieces()));
        Self {
            model,
            said,
            finish,
            usage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(extra: &str, fault: Option<&Fault>) -> Answer {
        let json = format!(
            r#"{{"model":"sim-1","messages":[{{"role":"user","content":"Reply with exactly: pong-7f3a"}}]{extra}}}"#
        );
        Answer::new(
            &serde_json::from_str(&json).expect("a valid request"),
            fault,
        )
    }

    #[test]
    fn usage_counts_what_is_said() {
        let healthy = answer("", None);
        assert_eq!(healthy.said.pieces().concat(), "pong-7f3a");
        assert_eq!(healthy.usage, Usage::new(healthy.usage.prompt_tokens, 3));
        assert_eq!(
            answer("", Some(&Fault::Empty {})).usage.completion_tokens,
            0
        );
    }

    #[test]
    fn the_callers_cap_ends_the_answer_with_length() {
        for cap in [r#","max_tokens":2"#, r#","max_completion_tokens":2"#] {
            let capped = answer(cap, None);
            assert_eq!(capped.finish, Finish::Length);
            assert_eq!(capped.said.pieces().concat(), "pong-7f3");
        }
        assert_eq!(answer(r#","max_tokens":3"#, None).finish, Finish::Stop);
    }

    #[test]
    fn faults_of_content_change_text_and_finish() {
        let truncated = answer("", Some(&Fault::Truncated {}));
        assert_eq!(
            (truncated.finish, truncated.said.pieces().len()),
            (Finish::Length, 1)
        );
        let filtered = answer("", Some(&Fault::ContentFilter {}));
        assert_eq!(filtered.finish, Finish::ContentFilter);
        assert!(matches!(
            answer("", Some(&Fault::Refusal {})).said,
            Said::Refusal(_)
        ));
        let wrong = Fault::WrongModel {
            model: "other".to_owned(),
        };
        assert_eq!(answer("", Some(&wrong)).model, "other");
    }
}

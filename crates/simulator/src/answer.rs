//! What the model would have said: content, refusal, finish and usage, before any wire format.

mod prompt;

use crate::plan::{self, Plan};
use crate::request::{Request, count, pieces};

/// Said when the model is made to decline.
const REFUSAL: &str = "I'm sorry, but I can't help with that request.";

/// What reasoning says, over and over.
const THOUGHT: &str = " The simulator is asked, and so it thinks.";

/// Most tokens of reasoning that are shown, each an event; what is beyond is only counted.
const THOUGHTS_MAX: usize = 2_000;

/// Why an answer ended; each wire has its own words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    pub(crate) fn text(&self) -> String {
        self.pieces().concat()
    }
}

/// Tokens counted for an exchange.
#[expect(
    clippy::struct_field_names,
    reason = "tokens are the unit, and units stand last"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: u64,
    /// What was said, and the reasoning before it.
    pub(crate) completion_tokens: u64,
    pub(crate) reasoning_tokens: u64,
}

impl Usage {
    /// Tokens of what was said.
    pub(crate) fn content_tokens(self) -> u64 {
        self.completion_tokens.saturating_sub(self.reasoning_tokens)
    }

    pub(crate) fn total(self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }

    /// Cost in billionths of a dollar at 0.15 and 0.60 dollars a million tokens, the list price of
    /// a small model; gateways report a cost, so the simulated one needs a price.
    pub(crate) fn cost_usd_nanos(self) -> u64 {
        self.prompt_tokens * 150 + self.completion_tokens * 600
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The model that answered, which a fault may make another than the one asked.
    pub(crate) model: String,
    /// The reasoning before it, in pieces; wires without a place for it leave it out.
    pub(crate) reasoning: Vec<String>,
    pub(crate) said: Said,
    pub(crate) finish: Finish,
    pub(crate) usage: Usage,
}

impl Answer {
    pub(crate) fn new(request: &Request, plan: &Plan) -> Self {
        let mut content = pieces(&prompt::reply_to(&request.prompt));
        let mut finish = Finish::Stop;
        if content.len() > request.tokens_max {
            content.truncate(request.tokens_max);
            finish = Finish::Length;
        }
        let half = content.len() / 2;
        let shape = plan.shape();
        let (said, finish) = match shape.map(|shape| shape.said).unwrap_or_default() {
            plan::Said::All => (Said::Content(content), finish),
            plan::Said::Nothing => (Said::Content(Vec::new()), Finish::Stop),
            plan::Said::Refusal => (Said::Refusal(pieces(REFUSAL)), Finish::Stop),
            plan::Said::Filtered => {
                content.truncate(half);
                (Said::Content(content), Finish::ContentFilter)
            }
            plan::Said::Truncated => {
                content.truncate(half);
                (Said::Content(content), Finish::Length)
            }
        };
        let model = shape.and_then(|shape| shape.model.clone());
        let reasoning_tokens = u64::from(plan.pace.reasoning_tokens);
        let usage = Usage {
            prompt_tokens: request.prompt_tokens,
            completion_tokens: count(said.pieces()).saturating_add(reasoning_tokens),
            reasoning_tokens,
        };
        Self {
            model: model.unwrap_or_else(|| request.model.clone()),
            reasoning: thoughts(plan.pace.reasoning_tokens),
            said,
            finish,
            usage,
        }
    }
}

/// So many tokens of reasoning.
fn thoughts(tokens: u32) -> Vec<String> {
    let shown = usize::try_from(tokens)
        .unwrap_or(usize::MAX)
        .min(THOUGHTS_MAX);
    pieces(THOUGHT).into_iter().cycle().take(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;
    use crate::plan::Pace;
    use crate::request::Message;

    fn answer(cap: Option<usize>, fault: Option<&Fault>) -> Answer {
        let asked = Message::of_user("Reply with exactly: pong-7f3a".to_owned());
        let request = Request::of_messages("sim-1".to_owned(), &[asked]).capped(cap);
        Answer::new(&request, &Plan::struck_by(fault))
    }

    #[test]
    fn reasoning_is_counted_and_only_so_much_of_it_is_shown() {
        let thought = |reasoning_tokens| {
            let request = Request::of_messages("sim-1".to_owned(), &[]);
            let pace = Pace {
                reasoning_tokens,
                ..Pace::default()
            };
            let answer = Answer::new(&request, &Plan::healthy(pace));
            assert_eq!(answer.usage.reasoning_tokens, u64::from(reasoning_tokens));
            assert_eq!(answer.usage.content_tokens(), count(answer.said.pieces()));
            answer.reasoning.len()
        };
        assert_eq!([0, 5, 1_000_000].map(thought), [0, 5, THOUGHTS_MAX]);
    }

    #[test]
    fn usage_counts_what_is_said() {
        let healthy = answer(None, None);
        assert_eq!(healthy.said.text(), "pong-7f3a");
        assert_eq!(healthy.usage.completion_tokens, 3);
        assert_eq!(healthy.usage.total(), healthy.usage.prompt_tokens + 3);
        let empty = answer(None, Some(&Fault::Empty {}));
        assert_eq!(empty.usage.completion_tokens, 0);
    }

    #[test]
    fn the_callers_cap_ends_the_answer_with_length() {
        let capped = answer(Some(2), None);
        assert_eq!(capped.finish, Finish::Length);
        assert_eq!(capped.said.text(), "pong-7f3");
        assert_eq!(answer(Some(3), None).finish, Finish::Stop);
    }

    #[test]
    fn faults_of_content_change_text_and_finish() {
        let truncated = answer(None, Some(&Fault::Truncated {}));
        assert_eq!(
            (truncated.finish, truncated.said.pieces().len()),
            (Finish::Length, 1)
        );
        let filtered = answer(None, Some(&Fault::ContentFilter {}));
        assert_eq!(filtered.finish, Finish::ContentFilter);
        assert!(matches!(
            answer(None, Some(&Fault::Refusal {})).said,
            Said::Refusal(_)
        ));
        let wrong = Fault::WrongModel {
            model: "other".to_owned(),
        };
        assert_eq!(answer(None, Some(&wrong)).model, "other");
    }
}

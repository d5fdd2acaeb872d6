//! llama.cpp's server with a model of 135 million parameters: real tokens at a real pace.

use crate::peer;
use crate::probe::{Endpoint, Mode};

/// So small a model gets about one answer in sixty wrong.
const ATTEMPTS_MAX: usize = 4;

/// Fails unless a sound answer comes; until then, answers must at least be whole.
pub(crate) async fn assert_answers(endpoint: &Endpoint, model: &str, mode: Mode) {
    for _ in 0..ATTEMPTS_MAX {
        let seen = endpoint.ask(model, mode).await;
        if seen.outcome == "ok" {
            assert_eq!(seen.served_model.as_deref(), Some(model), "{seen:?}");
            return;
        }
        let whole = ["wrong_answer", "truncated"];
        assert!(whole.contains(&seen.outcome.as_str()), "{mode:?}: {seen:?}");
    }
    panic!("{mode:?}: no sound answer in {ATTEMPTS_MAX}");
}

#[tokio::test]
async fn a_real_model_is_a_success_whole_and_streamed() {
    let endpoint = Endpoint {
        preset: "openai-compatible",
        url: peer::llama(),
        key: "none",
        headers: Vec::new(),
    };
    for mode in Mode::ALL {
        assert_answers(&endpoint, "smollm2", mode).await;
    }
}

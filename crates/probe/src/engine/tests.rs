//! End to end over real sockets: scripted servers on loopback, real time, loose bounds.

mod faults;
mod phases;
mod server;
mod successes;

use std::time::Duration;

use super::*;
use crate::spec::{
    ChatRequest, HttpRequest, Method, ModelMatch, STALL_AFTER_DEFAULT, TokenField, Via,
};
use server::Server;

const NONCE: &str = "pong-7f3a";
const KEY: &str = "sk-very-secret";

/// Long enough for a busy machine, short enough to fail a test that waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

fn engine() -> Engine {
    Engine::new(&server::roots()).unwrap()
}

/// A chat attempt against `base`, with nothing unusual about it.
fn chat(base: &str) -> (ChatRequest, Spec) {
    let chat = ChatRequest {
        base_url: base.parse().unwrap(),
        model: "gpt-4o-mini".to_owned(),
        stream: true,
        max_output_tokens: 64,
        tier: None,
        token_field: TokenField::MaxCompletionTokens,
        model_match: ModelMatch::Prefix,
    };
    let spec = Spec {
        request: Request::Chat(chat.clone()),
        key: Some(KEY.into()),
        deadline: PATIENCE,
        stall_after: STALL_AFTER_DEFAULT,
        slow_after: None,
        nonce: NONCE.parse().unwrap(),
        path: Via::Direct,
    };
    (chat, spec)
}

fn streaming(server: &Server) -> Spec {
    chat(&server.base()).1
}

fn whole(server: &Server) -> Spec {
    let (chat, spec) = chat(&server.base());
    Spec {
        request: Request::Chat(ChatRequest {
            stream: false,
            ..chat
        }),
        ..spec
    }
}

fn page(server: &Server, expect_body_contains: Option<&str>) -> Spec {
    let (_, spec) = chat(&server.base());
    Spec {
        request: Request::Http(HttpRequest {
            url: server.base().parse().unwrap(),
            method: Method::Get,
            expect_status: "200-299".parse().unwrap(),
            expect_body_contains: expect_body_contains.map(str::to_owned),
        }),
        ..spec
    }
}

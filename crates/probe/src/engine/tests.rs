//! End to end over real sockets: scripted servers on loopback, real time, loose bounds.

mod bedrock;
mod faults;
mod phases;
mod said;
mod server;
mod signals;
mod successes;
mod warm;

use std::time::Duration;

use super::*;
use crate::spec::{Call, Connection, HttpRequest, Method, STALL_AFTER_DEFAULT, TokenField, Via};
use server::Server;

const NONCE: &str = "pong-7f3a";
const KEY: &str = "sk-very-secret";

/// Long enough for a busy machine, short enough to fail a test that waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

fn engine() -> Engine {
    Engine::new(&server::roots()).unwrap()
}

/// A chat attempt against `base`, with nothing unusual about it.
fn chat(base: &str) -> (Call, Spec) {
    let call = Call {
        stream: true,
        token_field: TokenField::MaxCompletionTokens,
        ..Call::new(Wire::Chat, base.parse().unwrap(), "gpt-4o-mini".to_owned())
    };
    let spec = Spec {
        request: Request::Call(Box::new(call.clone())),
        key: Some(KEY.into()),
        deadline: PATIENCE,
        stall_after: STALL_AFTER_DEFAULT,
        slow_after: None,
        nonce: NONCE.parse().unwrap(),
        path: Via::Direct,
        connection: Connection::Fresh,
    };
    (call, spec)
}

fn streaming(server: &Server) -> Spec {
    chat(&server.base()).1
}

fn whole(server: &Server) -> Spec {
    let (chat, spec) = chat(&server.base());
    Spec {
        request: Request::Call(Box::new(Call {
            stream: false,
            ..chat
        })),
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
            expect_headers: Vec::new(),
            expect_body_contains: expect_body_contains.map(str::to_owned),
            expect_json: Vec::new(),
        }),
        ..spec
    }
}

//! A collector for tests: answers by a script, and remembers what it was sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::watch;

/// What the collector of a test does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Json(u16, Value),
    Text(String),
    RetryAfter(u64),
    /// A good answer under an entity tag.
    Tagged(&'static str, Value),
    NotModified,
    /// Waits until so many requests have come in all, then answers by what was sent.
    Together(usize, Arc<Vec<(Vec<u8>, Answer)>>),
    /// Takes the request and never answers.
    Held,
    /// Takes the request and hangs up.
    Lost,
}

/// A collector that answers by a script and remembers what it was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scripted {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<(String, Bytes)>>>,
    arrived: watch::Sender<usize>,
}

impl Scripted {
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let script = script.clone();
                let service = service_fn(move |request| script.clone().answer(request));
                let io = TokioIo::new(stream);
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(io, service),
                );
            }
        });
        address
    }

    async fn answer(
        self,
        request: Request<hyper::body::Incoming>,
    ) -> Result<Response<Full<Bytes>>, std::io::Error> {
        let path = request.uri().to_string();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        self.requests.lock().unwrap().push((path, body.clone()));
        self.arrived.send_modify(|arrived| *arrived += 1);
        let scripted = self.answers.lock().unwrap().pop_front();
        let mut answer = scripted.expect("a scripted answer");
        if let Answer::Together(count, by_body) = answer {
            let mut arrived = self.arrived.subscribe();
            arrived.wait_for(|arrived| *arrived >= count).await.unwrap();
            let known = by_body.iter().find(|(sent, _)| *sent == body);
            answer = known.expect("an answer to this body").1.clone();
        }
        let response = Response::builder();
        Ok(match answer {
            Answer::Json(status, body) => response
                .status(status)
                .body(Full::from(body.to_string()))
                .unwrap(),
            Answer::Text(text) => response.body(Full::from(text)).unwrap(),
            Answer::RetryAfter(s) => response
                .status(503)
                .header("retry-after", s)
                .body(Full::default())
                .unwrap(),
            Answer::Tagged(tag, body) => response
                .header("etag", tag)
                .body(Full::from(body.to_string()))
                .unwrap(),
            Answer::NotModified => response.status(304).body(Full::default()).unwrap(),
            Answer::Held => std::future::pending().await,
            Answer::Together(..) => panic!("answers by body are plain"),
            Answer::Lost => return Err(std::io::Error::other("scripted")),
        })
    }

    pub(crate) fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.answers.lock().unwrap().extend(answers);
    }

    pub(crate) fn requests(&self) -> Vec<(String, Bytes)> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

//! An agent's connection to the collector.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    pub(crate) async fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.expect("it listens");
        stream.set_nodelay(true).expect("an option of TCP");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("it answers");
        tokio::spawn(connection);
        Self {
            sender,
            host: addr.to_string(),
        }
    }

    /// Delivers a batch; on return its receipt is here.
    pub(crate) async fn deliver(&mut self, body: Vec<u8>) {
        self.ask(Method::POST, "/api/v1/batches", body).await;
    }

    /// Reads a page whole.
    pub(crate) async fn get(&mut self, path: &str) -> usize {
        self.ask(Method::GET, path, Vec::new()).await
    }

    async fn ask(&mut self, method: Method, path: &str, body: Vec<u8>) -> usize {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .body(Full::new(Bytes::from(body)))
            .expect("a request");
        self.sender.ready().await.expect("a connection that stays");
        let response = self.sender.send_request(request).await.expect("an answer");
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .expect("a whole answer");
        let body = body.to_bytes();
        assert!(status.is_success(), "{status}: {body:?}");
        body.len()
    }
}

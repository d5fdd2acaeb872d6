//! Somebody outside, for tests: takes POSTs, one a connection, and answers them by a script.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Status, content type, body.
pub(crate) type Reply = (u16, &'static str, String);

/// Listens until it is dropped.
pub(crate) struct Outsider {
    pub(crate) addr: SocketAddr,
    pub(crate) received: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Outsider {
    /// `answer` sees the body of every request.
    pub(crate) async fn start(mut answer: impl FnMut(&str) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = received.clone();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read(&mut stream).await;
                let (_, body) = request.split_once("\r\n\r\n").unwrap();
                let (status, content_type, reply) = answer(body);
                log.lock().unwrap().push(request.clone());
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n{reply}",
                    reply.len()
                );
                stream.write_all(head.as_bytes()).await.unwrap();
            }
        });
        Self {
            addr,
            received,
            task,
        }
    }

    /// Heads and bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Outsider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A whole request.
async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let head = head.to_lowercase();
            let length = head.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next());
            body.len() >= length.map_or(0, |length| length.parse().unwrap())
        });
        if whole || count == 0 {
            return text;
        }
    }
}

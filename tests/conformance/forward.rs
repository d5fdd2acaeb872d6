//! A forwarder that adds headers to requests, as a company's own egress does. Portkey's gateway is
//! configured by headers.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Longest request head, bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// A forwarder that ends when dropped. Of every connection only the first request gets the headers:
/// a probe sends one.
#[derive(Debug)]
pub(crate) struct Forwarder {
    url: String,
    task: JoinHandle<()>,
}

impl Forwarder {
    /// Starts one in front of `http://HOST:PORT`; `headers` are whole lines.
    pub(crate) async fn start(url: &str, headers: &[String]) -> Self {
        let host = url.strip_prefix("http://").expect("peers speak HTTP");
        let host = host.to_owned();
        let lines = headers.join("\r\n") + "\r\n";
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (host, lines) = (host.clone(), lines.clone());
                // A connection that breaks is told to the client by its end.
                tokio::spawn(async move { pass(client, &host, &lines).await.ok() });
            }
        });
        Self {
            url: format!("http://127.0.0.1:{port}"),
            task,
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut client: TcpStream, host: &str, lines: &str) -> std::io::Result<()> {
    let mut server = TcpStream::connect(host).await?;
    let mut request = Vec::new();
    let line_end = loop {
        if let Some(end) = request.windows(2).position(|two| two == b"\r\n") {
            break end + 2;
        }
        if request.len() >= HEAD_BYTES_MAX || client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    };
    server.write_all(&request[..line_end]).await?;
    server.write_all(lines.as_bytes()).await?;
    server.write_all(&request[line_end..]).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

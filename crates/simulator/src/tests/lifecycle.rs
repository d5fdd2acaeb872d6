use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{STREAM, WHOLE, chat, connect, faulty, message, quick, start};
use crate::{Config, Fault, Millis, Pacing, Persona, SimulatorError};

#[tokio::test]
async fn the_base_url_names_the_address_and_a_taken_one_is_an_error() {
    let simulator = start(quick()).await;
    assert_eq!(simulator.base_url(), format!("http://{}", simulator.addr()));
    let taken = Config {
        listen: simulator.addr(),
        ..quick()
    };
    let error = crate::Simulator::start(taken)
        .await
        .expect_err("the port is taken");
    let SimulatorError::Listen { addr, .. } = error;
    assert_eq!(addr, simulator.addr());
}

#[tokio::test]
async fn shutdown_lets_an_answer_finish_and_frees_the_port() {
    let pacing = Pacing {
        ttft_ms: Millis::clamped(300),
        ..quick().pacing
    };
    let simulator = start(Config { pacing, ..quick() }).await;
    let addr = simulator.addr();
    let mut stream = connect(&simulator).await;
    let request = message("POST /v1/chat/completions", "", STREAM);
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("assistant") {
        assert_ne!(stream.read_buf(&mut seen).await.expect("data"), 0);
    }
    simulator.shutdown().await;
    stream.read_to_end(&mut seen).await.expect("a clean end");
    assert!(String::from_utf8_lossy(&seen).contains("[DONE]"));
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_stalled_answer() {
    let simulator = faulty(Fault::Stall { after_chunks: 1 }, Persona::Direct).await;
    let mut stream = connect(&simulator).await;
    let request = message("POST /v1/chat/completions", "", STREAM);
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("pong") {
        assert_ne!(stream.read_buf(&mut seen).await.expect("data"), 0);
    }
    simulator.shutdown().await;
    stream
        .read_to_end(&mut seen)
        .await
        .expect("the connection is closed");
}

#[tokio::test]
async fn dropping_it_ends_it() {
    let simulator = start(quick()).await;
    chat(&simulator, WHOLE).await;
    let addr = simulator.addr();
    drop(simulator);
    while TcpStream::connect(addr).await.is_ok() {} // The aborted task lets go of the listener.
}

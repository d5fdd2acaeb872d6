//! A server that repeats whatever it is sent, in headers and in error bodies.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use crate::{nines, output, text};

const KEY: &str = "sk-CANARY-key-0123456789";
const PART: &str = "CANARY-second-9876";
const HEADER: &str = "CANARY77header77value";

/// Serves so many connections, each with what it asked for as the answer's headers and body.
fn serve(connections: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let addr = listener.local_addr().expect("it listens somewhere");
    let base = format!("--base-url=http://{addr}/v1");
    std::thread::spawn(move || {
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().expect("a connection comes");
            let mut told = Vec::new();
            for line in BufReader::new(&stream).lines() {
                let line = line.expect("a request is text");
                if line.is_empty() {
                    break;
                }
                told.extend(line.split(' ').map(str::to_owned));
            }
            let told = told.join(" ");
            let body =
                format!(r#"{{"error":{{"message":"{told}","type":"{told}","code":"{HEADER}"}}}}"#);
            let length = body.len();
            // A client that does not read on is no failure here.
            let _gone = write!(
                stream,
                "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\n\
                 x-request-id: {HEADER}\r\nx-litellm-echo: {told}\r\nserver: {PART}\r\n\
                 x-ratelimit-{HEADER}: 1\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    base
}

#[test]
fn no_secret_is_printed_however_it_comes_back() {
    let base = serve(4);
    for (format, logs) in [
        ("text", "off"),
        ("json", "off"),
        ("jsonl", "off"),
        ("text", "trace"),
    ] {
        let header = format!("--header=x-extra={HEADER}");
        let args = [
            "portkey",
            &base,
            "--model=m",
            "--second-key-env=SECOND",
            &header,
            "--header=x-plain=anthropic",
            "--format",
            format,
        ];
        let mut command = nines(&args);
        command.env("NINES_LOG", logs);
        command.env("OPENAI_API_KEY", KEY).env("SECOND", PART);
        let output = output(&mut command);
        let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(3), "{all}");
        assert!(!all.to_lowercase().contains("canary"), "{format}:\n{all}");
        assert!(
            all.contains("[masked]"),
            "the server did repeat them:\n{all}"
        );
    }
}

#[test]
fn a_header_that_cannot_be_sent_is_refused_without_its_value() {
    for header in ["CANARY", "x y=CANARY", "x-a=CANARY\u{1}"] {
        let args = ["openai", "--no-key", "--model=m", "--header", header];
        let output = output(&mut nines(&args));
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(
            complaint.contains("--header") && !complaint.contains("CANARY"),
            "{complaint}"
        );
    }
}

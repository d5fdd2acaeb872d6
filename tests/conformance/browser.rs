//! A browser, driven over `WebDriver` (W3C) with Chromium's own additions for widths and colours.

use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::peer;

/// For one command; a page of a busy machine takes seconds.
const ANSWERS_WITHIN: Duration = Duration::from_mins(1);

/// How somebody looks at a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// In CSS pixels.
    pub(crate) width: u32,
    pub(crate) scheme: &'static str,
}

/// Asks one thing after the other.
#[derive(Debug)]
pub(crate) struct Caller {
    runtime: Runtime,
    client: Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) is_success: bool,
    pub(crate) media: String,
    pub(crate) body: Vec<u8>,
}

impl Caller {
    pub(crate) fn new() -> Self {
        let client = Client::builder().timeout(ANSWERS_WITHIN).no_proxy();
        let runtime = Builder::new_current_thread().enable_all().build();
        Self {
            runtime: runtime.expect("a runtime can be made"),
            client: client.build().expect("a client needs no network"),
        }
    }

    pub(crate) fn get(&self, url: &str) -> Answer {
        self.call(Method::GET, url, None)
    }

    fn call(&self, method: Method, url: &str, body: Option<&Value>) -> Answer {
        let mut request = self.client.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = self.runtime.block_on(async {
            let answer: Response = request.send().await?;
            let media = answer.headers().get("content-type");
            let media = media.and_then(|media| media.to_str().ok());
            let media = media.unwrap_or_default().to_owned();
            let is_success = answer.status().is_success();
            let body = answer.bytes().await?.to_vec();
            Ok::<_, reqwest::Error>(Answer {
                is_success,
                media,
                body,
            })
        });
        answer.unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    fn command(&self, url: &str, body: &Value) -> Value {
        let answer = self.call(Method::POST, url, Some(body));
        let mut answer: Value = answer.json();
        let value = answer["value"].take();
        assert!(value.get("error").is_none(), "{url}: {value:#}");
        value
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("it speaks JSON")
    }
}

/// One window; closed with its browser when it is dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    caller: Caller,
    session: String,
}

impl Browser {
    pub(crate) fn open() -> Self {
        let caller = Caller::new();
        let options =
            json!({"args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage"]});
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let driver = format!("{}/session", peer::driver());
        let body = json!({"capabilities": {"alwaysMatch": wanted}});
        let opened = caller.command(&driver, &body);
        let id = opened["sessionId"].as_str().expect("a session has a name");
        Self {
            session: format!("{driver}/{id}"),
            caller,
        }
    }

    fn ask(&self, command: &str, body: &Value) -> Value {
        let url = format!("{}/{command}", self.session);
        self.caller.command(&url, body)
    }

    fn devtools(&self, command: &str, params: &Value) -> Value {
        self.ask(
            "goog/cdp/execute",
            &json!({"cmd": command, "params": params}),
        )
    }

    pub(crate) fn look(&self, look: Look) {
        let size =
            json!({"width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
        let scheme = json!({"name": "prefers-color-scheme", "value": look.scheme});
        self.devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [scheme] }),
        );
    }

    pub(crate) fn visit(&self, url: &str) {
        self.ask("url", &json!({ "url": url }));
    }

    /// What a script returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", &json!({"script": script, "args": []}))
    }

    /// What a script gives to its last argument, a function.
    pub(crate) fn wait_for(&self, script: &str) -> Value {
        self.ask("execute/async", &json!({"script": script, "args": []}))
    }

    /// What the console said since it was last asked, warnings and errors.
    pub(crate) fn console(&self) -> Vec<String> {
        let said = self.ask("se/log", &json!({"type": "browser"}));
        let lines = said.as_array().into_iter().flatten();
        let bad = lines.filter(|line| line["level"] == "SEVERE" || line["level"] == "WARNING");
        bad.map(|line| line["message"].to_string()).collect()
    }

    /// The page as a PDF of A4, in base64.
    pub(crate) fn print(&self) -> String {
        let paper = json!({"page": {"width": 21.0, "height": 29.7}});
        let printed = self.ask("print", &paper);
        printed.as_str().expect("a PDF is text here").to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.caller.call(Method::DELETE, &self.session, None);
    }
}

//! The bytes that are sent.

use bytes::Bytes;
use domain::UnixMicros;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use http_body_util::Full;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::Fault;
use super::sign::{self, Scope, SignError, Unsigned};
use crate::classify::Transport;
use crate::endpoint::Endpoint;
use crate::spec::{Auth, Call, HttpRequest, Method, Request, Spec};

const AGENT: &str = concat!("nines-probe/", env!("CARGO_PKG_VERSION"));

/// The versions of HTTP that are spoken; they write the address differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// A request, complete but for what the version of HTTP decides.
pub(super) struct Prepared {
    method: http::Method,
    headers: HeaderMap,
    body: Bytes,
}

impl Prepared {
    /// The request for `spec` to `endpoint`, signed as of `at` where it is signed. Fails where a
    /// secret cannot stand in a header or makes no signature.
    pub(super) fn of(spec: &Spec, endpoint: &Endpoint, at: UnixMicros) -> Result<Self, Fault> {
        let mut prepared = match &spec.request {
            Request::Call(call) => Self::call(call, spec),
            Request::Http(page) => Self::page(page),
        };
        let headers = &mut prepared.headers;
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let nonce = HeaderValue::from_str(spec.nonce.as_str()).expect("a nonce is visible ASCII");
        headers.insert("x-client-request-id", nonce);
        prepared.authorize(spec, endpoint, at)?;
        Ok(prepared)
    }

    fn call(call: &Call, spec: &Spec) -> Self {
        let accept = if call.stream {
            call.wire.stream_media_type()
        } else {
            "application/json"
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        headers.extend(call.headers.iter().cloned());
        let Some(mut body) = call.wire.body(call, &call.ask.prompt(&spec.nonce)) else {
            return Self {
                method: http::Method::GET,
                headers,
                body: Bytes::new(),
            };
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        lay_over(&mut body, &call.extra);
        Self {
            method: http::Method::POST,
            headers,
            body: Bytes::from(body.to_string()),
        }
    }

    fn page(page: &HttpRequest) -> Self {
        let method = match page.method {
            Method::Get => http::Method::GET,
            Method::Head => http::Method::HEAD,
        };
        Self {
            method,
            headers: HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("*/*"))]),
            body: Bytes::new(),
        }
    }

    fn authorize(&mut self, spec: &Spec, endpoint: &Endpoint, at: UnixMicros) -> Result<(), Fault> {
        let (auth, further) = match &spec.request {
            Request::Call(call) => (&call.auth, &call.secret_headers[..]),
            Request::Http(_) => (&Auth::Bearer, &[][..]),
        };
        for (name, secret) in further {
            self.headers.insert(name, secret_value("", secret)?);
        }
        let Some(key) = &spec.key else {
            return Ok(());
        };
        let (name, value): (HeaderName, HeaderValue) = match auth {
            Auth::Bearer => (AUTHORIZATION, secret_value("Bearer ", key)?),
            Auth::Header(name) => (name.clone(), secret_value("", key)?),
            // Bedrock's own keys have one part, those that sign have two or three.
            Auth::SigV4 { .. } if !key.expose_secret().contains(':') => {
                (AUTHORIZATION, secret_value("Bearer ", key)?)
            }
            Auth::SigV4 { region } => {
                let scope = Scope {
                    region,
                    service: "bedrock",
                    at,
                };
                return self.sign(endpoint, &scope, key);
            }
        };
        self.headers.insert(name, value);
        Ok(())
    }

    /// A signature covers address and body: nothing that it covers may change behind it.
    fn sign(
        &mut self,
        endpoint: &Endpoint,
        scope: &Scope<'_>,
        key: &SecretString,
    ) -> Result<(), Fault> {
        let unsigned = Unsigned {
            method: &self.method,
            endpoint,
            headers: &self.headers,
            body: &self.body,
        };
        let signed = sign::sign(&unsigned, scope, key).map_err(|e| {
            let transport = match e {
                SignError::Key | SignError::Region => Transport::KeyUnusable,
                SignError::Time | SignError::Sign(_) => Transport::LocalFailure,
            };
            Fault::from_error(transport, "sign", &e)
        })?;
        self.headers.extend(signed);
        Ok(())
    }

    /// The request, as `version` writes it.
    pub(super) fn build(self, endpoint: &Endpoint, version: Version) -> http::Request<Full<Bytes>> {
        let mut request = http::Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.headers_mut() = self.headers;
        let address = match version {
            Version::Http1 => endpoint.target.clone(),
            Version::Http2 => endpoint.to_string(),
        };
        *request.uri_mut() = address.parse().expect("it was parsed before");
        if version == Version::Http1 {
            let host = HeaderValue::from_str(&endpoint.authority()).expect("a host is ASCII");
            request.headers_mut().insert(HOST, host);
        }
        request
    }
}

/// A credential as a header value, which logs and compression leave alone.
fn secret_value(before: &str, secret: &SecretString) -> Result<HeaderValue, Fault> {
    let mut value =
        HeaderValue::try_from(format!("{before}{}", secret.expose_secret())).map_err(|_| {
            Fault::new(
                Transport::KeyUnusable,
                "the key holds characters that no header can carry",
            )
        })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Lays members over a body: objects member by member, everything else as a whole.
fn lay_over(body: &mut Value, extra: &serde_json::Map<String, Value>) {
    for (name, value) in extra {
        match (body.get_mut(name), value) {
            (Some(known @ Value::Object(_)), Value::Object(members)) => lay_over(known, members),
            _ => body[name] = value.clone(),
        }
    }
}

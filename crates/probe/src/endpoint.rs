//! Addresses of what is probed, parsed once at the edge.
//!
//! Userinfo is refused because it is a secret in a place that is shown, fragments because they
//! never reach a server, and an unreadable port because guessing one would probe another service.

use std::fmt;
use std::str::FromStr;

use http::Uri;

/// Longest accepted address, bytes.
pub const URL_BYTES_MAX: usize = 2048;

/// An address that cannot be probed. The address itself is not repeated: it may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is not an absolute URL of at most [`URL_BYTES_MAX`] bytes.
    #[error("not an absolute URL of at most {URL_BYTES_MAX} bytes")]
    Unreadable,
    /// Its scheme is neither `http` nor `https`.
    #[error("the scheme must be http or https")]
    Scheme,
    /// It names a user or a password.
    #[error("a URL must not hold a user or a password; keys have their own setting")]
    Userinfo,
    /// Its port is not a number from 1 to 65535.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// A base URL has a query.
    #[error("a base URL must not have a query")]
    Query,
    /// It has a fragment.
    #[error("a URL must not have a fragment")]
    Fragment,
}

/// Where to connect and what to ask for there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Whether TLS is spoken.
    pub(crate) transport: Scheme,
    /// Host name in lower case, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query, starting with a slash.
    pub(crate) target: String,
}

/// The two transports of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Endpoint {
    fn parse(text: &str) -> Result<Self, UrlError> {
        if text.len() > URL_BYTES_MAX {
            return Err(UrlError::Unreadable);
        }
        if text.contains('#') {
            return Err(UrlError::Fragment);
        }
        let uri: Uri = text.parse().map_err(|_| UrlError::Unreadable)?;
        let transport = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            Some(_) => return Err(UrlError::Scheme),
            None => return Err(UrlError::Unreadable),
        };
        let authority = uri.authority().ok_or(UrlError::Unreadable)?;
        if authority.as_str().contains('@') {
            return Err(UrlError::Userinfo);
        }
        let port = match authority.port_u16() {
            Some(0) => return Err(UrlError::Port),
            Some(port) => port,
            None if authority.as_str() == authority.host() => transport.default_port(),
            None => return Err(UrlError::Port),
        };
        let host = authority.host().trim_matches(['[', ']']);
        if host.is_empty() {
            return Err(UrlError::Unreadable);
        }
        Ok(Self {
            transport,
            host: host.to_ascii_lowercase(),
            port,
            target: uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
        })
    }

    /// Host and port as the `host` header carries them: a default port is left out.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == self.transport.default_port() {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}{}",
            self.transport.word(),
            self.authority(),
            self.target
        )
    }
}

/// Base URL of a model API, for example `https://api.openai.com/v1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Endpoint);

impl BaseUrl {
    /// The address of `path` below the base; `path` starts with a slash and may hold a query, to
    /// which `query` is added.
    pub(crate) fn below(&self, path: &str, query: Option<&str>) -> Endpoint {
        let base = self.0.target.trim_end_matches('/');
        let target = match query {
            Some(query) if path.contains('?') => format!("{base}{path}&{query}"),
            Some(query) => format!("{base}{path}?{query}"),
            None => format!("{base}{path}"),
        };
        Endpoint {
            target,
            ..self.0.clone()
        }
    }
}

impl FromStr for BaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let endpoint = Endpoint::parse(text)?;
        if endpoint.target.contains('?') {
            return Err(UrlError::Query);
        }
        Ok(Self(endpoint))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Address of a plain HTTP probe; unlike a base it may have a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl(Endpoint);

impl HttpUrl {
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.0.clone()
    }
}

impl FromStr for HttpUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Endpoint::parse(text).map(Self)
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_gains_the_path_whatever_its_trailing_slash() {
        for text in ["https://API.openai.com/v1", "https://api.openai.com/v1/"] {
            let base: BaseUrl = text.parse().unwrap();
            assert_eq!(
                base.below("/chat/completions", None).to_string(),
                "https://api.openai.com/v1/chat/completions"
            );
            assert_eq!(
                base.below("/a?b=1", Some("c=2")).to_string(),
                "https://api.openai.com/v1/a?b=1&c=2"
            );
        }
    }

    #[test]
    fn the_host_header_names_only_unusual_ports() {
        let authority = |text: &str| text.parse::<HttpUrl>().unwrap().endpoint().authority();
        assert_eq!(authority("https://a.example:443/x"), "a.example");
        assert_eq!(authority("http://a.example:8080"), "a.example:8080");
        assert_eq!(authority("http://[::1]:81/"), "[::1]:81");
    }

    #[test]
    fn an_address_literal_connects_without_its_brackets() {
        assert_eq!(
            "http://[::1]/".parse::<HttpUrl>().unwrap().endpoint().host,
            "::1"
        );
    }

    #[track_caller]
    fn refused(text: &str, error: UrlError) {
        assert_eq!(text.parse::<BaseUrl>(), Err(error), "{text}");
    }

    #[test]
    fn unusable_addresses_are_refused_each_for_its_reason() {
        refused("ftp://a.example/", UrlError::Scheme);
        refused("/v1", UrlError::Unreadable);
        refused("https://", UrlError::Unreadable);
        refused("https://user:secret@a.example/v1", UrlError::Userinfo);
        refused("https://a.example:99999/v1", UrlError::Port);
        refused("https://a.example:0/v1", UrlError::Port);
        refused("https://a.example/v1?key=1", UrlError::Query);
        refused("https://a.example/v1#x", UrlError::Fragment);
    }
}

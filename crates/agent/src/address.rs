//! The collector's address, parsed once.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;
use serde::{Deserialize, Serialize};

/// Base URL of a collector, `http` or `https`, with a path that ends in `/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CollectorUrl(Url);

/// Text that is no collector's address. It is not repeated, since it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a collector's address looks like `https://nines.example/`, without user, query and fragment"
)]
pub struct CollectorUrlError;

impl CollectorUrl {
    /// The address of an endpoint below the base; `path` has no leading slash.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(p, q)| (p, Some(q)));
        url.set_path(&format!("{}{path}", self.0.path()));
        url.set_query(query);
        url
    }

    /// Whether it names this machine, to which no proxy stands in between.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self
            .0
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']']);
        let address: Option<std::net::IpAddr> = host.parse().ok();
        host == "localhost" || address.is_some_and(|address| address.is_loopback())
    }
}

impl FromStr for CollectorUrl {
    type Err = CollectorUrlError;

    fn from_str(text: &str) -> Result<Self, CollectorUrlError> {
        let mut url: Url = text.parse().map_err(|_| CollectorUrlError)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err(CollectorUrlError);
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self(url))
    }
}

impl TryFrom<String> for CollectorUrl {
    type Error = CollectorUrlError;

    fn try_from(text: String) -> Result<Self, CollectorUrlError> {
        text.parse()
    }
}

impl From<CollectorUrl> for String {
    fn from(url: CollectorUrl) -> Self {
        url.0.into()
    }
}

impl fmt::Display for CollectorUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_lie_below_the_base_with_or_without_its_slash() {
        for base in ["https://a.example/nines", "https://a.example/nines/"] {
            let base: CollectorUrl = base.parse().unwrap();
            let url = base.endpoint("api/v1/log/checkpoint?from=0");
            assert_eq!(
                url.as_str(),
                "https://a.example/nines/api/v1/log/checkpoint?from=0"
            );
        }
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let loopback = |url: &str| url.parse::<CollectorUrl>().unwrap().is_loopback();
        assert!(loopback("http://127.0.0.1:1/") && loopback("http://[::1]/x"));
        assert!(loopback("http://localhost:8090") && !loopback("https://10.0.0.1/"));
    }

    #[test]
    fn an_address_with_a_secret_or_of_another_scheme_is_refused() {
        for bad in [
            "ftp://a.example/",
            "https://u:p@a.example/",
            "a.example",
            "https://a.example/?q",
        ] {
            assert_eq!(bad.parse::<CollectorUrl>(), Err(CollectorUrlError), "{bad}");
        }
    }
}

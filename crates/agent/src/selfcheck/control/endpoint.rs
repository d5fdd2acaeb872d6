//! What a control is: a name and where it answers.

use std::collections::BTreeSet;
use std::str::FromStr;

use domain::ControlId;
use http::Uri;
use probe::HttpUrl;

/// Controls of one agent.
pub const CONTROLS_MAX: usize = 16;

/// Something that has nothing to do with any target, and should always answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its name in the agent's lines.
    pub name: ControlId,
    /// Where it answers.
    pub endpoint: Endpoint,
}

/// Where a control answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Any answer to a `HEAD` will do.
    Http(HttpUrl),
    /// A TCP connection will do; `host:port`.
    Tcp(String),
}

/// Controls that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The address is none.
    #[error("a control's url is `http://..`, `https://..` or `tcp://host:port`")]
    Url,
    /// A single one would make its own outage ours.
    #[error("one control is none: name at least two, of operators that do not share a network")]
    Single,
    /// More than are ever needed.
    #[error("at most {CONTROLS_MAX} controls are asked")]
    Many,
    /// Two of the same name.
    #[error("two controls are called `{name}`")]
    Name {
        /// The name.
        name: ControlId,
    },
    /// Two at the same host.
    #[error("controls `{first}` and `{second}` ask the same host, so they are not independent")]
    Host {
        /// The one.
        first: ControlId,
        /// The other.
        second: ControlId,
    },
}

impl FromStr for Endpoint {
    type Err = ControlError;

    fn from_str(text: &str) -> Result<Self, ControlError> {
        match text.strip_prefix("tcp://") {
            Some(address) => host_and_port(address, None)
                .map(Self::Tcp)
                .ok_or(ControlError::Url),
            None => text.parse().map(Self::Http).map_err(|_| ControlError::Url),
        }
    }
}

impl Endpoint {
    fn host(&self) -> String {
        let text = match self {
            Self::Http(url) => url.to_string(),
            Self::Tcp(address) => format!("tcp://{address}"),
        };
        let uri: Option<Uri> = text.parse().ok();
        uri.and_then(|uri| uri.host().map(str::to_ascii_lowercase))
            .unwrap_or_default()
    }
}

/// Whether these controls can tell anything together.
pub fn check_set(controls: &[Control]) -> Result<(), ControlError> {
    match controls.len() {
        0 => return Ok(()),
        1 => return Err(ControlError::Single),
        2..=CONTROLS_MAX => {}
        _ => return Err(ControlError::Many),
    }
    let mut names = BTreeSet::new();
    for control in controls {
        let name = &control.name;
        if !names.insert(name) {
            return Err(ControlError::Name { name: name.clone() });
        }
    }
    for (at, first) in controls.iter().enumerate() {
        let host = first.endpoint.host();
        let twin = controls.iter().skip(at + 1);
        if let Some(second) = twin.into_iter().find(|other| other.endpoint.host() == host) {
            return Err(ControlError::Host {
                first: first.name.clone(),
                second: second.name.clone(),
            });
        }
    }
    Ok(())
}

/// `host:port` of a text that may leave out the port where there is a usual one.
pub(in super::super) fn host_and_port(text: &str, usual: Option<u16>) -> Option<String> {
    let authority: http::uri::Authority = text.parse().ok()?;
    let host = authority.host();
    let bare = host.trim_matches(['[', ']']);
    if bare.is_empty() || text.contains('@') || (bare.contains(':') != host.starts_with('[')) {
        return None;
    }
    match authority.port_u16() {
        Some(0) => None,
        Some(port) => Some(format!("{host}:{port}")),
        None if text == host => usual.map(|port| format!("{host}:{port}")),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(name: &str, url: &str) -> Control {
        Control {
            name: name.parse().unwrap(),
            endpoint: url.parse().unwrap(),
        }
    }

    #[test]
    fn a_control_is_a_page_or_a_port() {
        let tcp: Endpoint = "tcp://1.1.1.1:53".parse().unwrap();
        assert_eq!(tcp, Endpoint::Tcp("1.1.1.1:53".to_owned()));
        assert!("https://example.org/".parse::<Endpoint>().is_ok());
        for bad in [
            "tcp://1.1.1.1",
            "ftp://x/",
            "x",
            "tcp://u@h:1",
            "https://u:p@h/",
        ] {
            assert_eq!(bad.parse::<Endpoint>(), Err(ControlError::Url), "{bad}");
        }
    }

    #[test]
    fn a_set_of_controls_is_none_or_several_that_are_independent() {
        let (a, b) = (
            control("a", "tcp://a.example:53"),
            control("b", "https://b.example/"),
        );
        assert_eq!(check_set(&[]), Ok(()));
        assert_eq!(check_set(&[a.clone(), b.clone()]), Ok(()));
        assert_eq!(
            check_set(std::slice::from_ref(&a)),
            Err(ControlError::Single)
        );
        let same_host = control("c", "https://A.example/other");
        let refused = check_set(&[a.clone(), b.clone(), same_host]).unwrap_err();
        assert!(matches!(refused, ControlError::Host { .. }), "{refused}");
        let refused = check_set(&[a.clone(), b, a]).unwrap_err();
        assert!(matches!(refused, ControlError::Name { .. }), "{refused}");
        let many: Vec<Control> = (0..=CONTROLS_MAX)
            .map(|n| control(&format!("c{n}"), &format!("tcp://h{n}:1")))
            .collect();
        assert_eq!(check_set(&many), Err(ControlError::Many));
    }
}

//! What the configuration says of the agent's own checks: `[clock]` and `[[control]]`.

use domain::ControlId;
use serde::Deserialize;

use super::ConfigError;
use crate::selfcheck::control::check_set;
use crate::selfcheck::{Control, SelfcheckSettings};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenClock {
    #[serde(default)]
    ntp: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenControl {
    name: ControlId,
    url: String,
}

pub(super) fn settings(
    clock: &GivenClock,
    controls: Vec<GivenControl>,
) -> Result<SelfcheckSettings, ConfigError> {
    let rule = |text: String| ConfigError::Rule(text);
    let ntp = clock.ntp.iter().map(|server| server.parse());
    let ntp: Result<_, crate::selfcheck::NtpServerError> = ntp.collect();
    let controls = controls.into_iter().map(|given| {
        let GivenControl { name, url } = given;
        let endpoint = url.parse();
        let endpoint = endpoint.map_err(|error| rule(format!("control {name}: {error}")))?;
        Ok(Control { name, endpoint })
    });
    let controls: Vec<Control> = controls.collect::<Result<_, ConfigError>>()?;
    check_set(&controls).map_err(|error| rule(format!("control: {error}")))?;
    Ok(SelfcheckSettings {
        ntp: ntp.map_err(|error| rule(format!("clock.ntp: {error}")))?,
        controls,
    })
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::super::AgentConfig;

    fn parse(text: &str) -> Result<AgentConfig, String> {
        let parsed = AgentConfig::parse(text, Utf8Path::new("/etc/nines"));
        parsed.map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_asked_unless_it_is_configured() {
        let asked = parse("").unwrap().selfcheck;
        assert!(asked.ntp.is_empty() && asked.controls.is_empty());
    }

    #[test]
    fn servers_and_controls_are_read() {
        let text = "clock.ntp = ['ntp.example']\n\
                    [[control]]\nname = 'dns'\nurl = 'tcp://9.9.9.9:53'\n\
                    [[control]]\nname = 'page'\nurl = 'https://example.org/'\n";
        let asked = parse(text).unwrap().selfcheck;
        assert_eq!(asked.ntp[0].to_string(), "ntp.example:123");
        let names: Vec<&str> = asked.controls.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["dns", "page"]);
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, told) in [
            ("clock.ntp = ['a b']", "clock.ntp: `a b` is no NTP server"),
            (
                "[[control]]\nname = 'a'\nurl = 'x'",
                "control a: a control's url",
            ),
            (
                "[[control]]\nname = 'a'\nurl = 'tcp://h:1'",
                "control: one control is none",
            ),
            (
                "clock.ntpp = []",
                "unknown key `clock.ntpp`; did you mean `clock.ntp`?",
            ),
            (
                "[[control]]\nname = 'a'\nurl = 'tcp://h:1'\nurll = ''",
                "unknown key `control.urll`; did you mean `control.url`?",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(told), "{error}");
        }
    }
}

//! Scenarios: rules, pacing, limits and routing in one file, and those that come with the program.

use crate::document::{Node, Reader, text};
use crate::gateway::Gateway;
use crate::limit::Limits;
use crate::pacing::Paces;
use crate::script::{Script, ScriptError};

/// A drill in one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// What happens, in one line.
    pub title: String,
    /// Faults.
    pub script: Script,
    /// Speed of healthy answers.
    pub paces: Paces,
    /// What each key may do.
    pub limits: Option<Limits>,
    /// The gateway that is played, if any.
    pub gateway: Option<Gateway>,
}

/// A scenario that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Name to ask for it by.
    pub name: &'static str,
    /// Its document, comments included.
    pub toml: &'static str,
}

/// The scenarios that come with the program, by name.
pub const SHIPPED: &[Shipped] = &[
    Shipped {
        name: "brownout",
        toml: include_str!("../scenarios/brownout.toml"),
    },
    Shipped {
        name: "cut-streams",
        toml: include_str!("../scenarios/cut-streams.toml"),
    },
    Shipped {
        name: "flapping",
        toml: include_str!("../scenarios/flapping.toml"),
    },
    Shipped {
        name: "gateway-fallback",
        toml: include_str!("../scenarios/gateway-fallback.toml"),
    },
    Shipped {
        name: "quota-exhausted",
        toml: include_str!("../scenarios/quota-exhausted.toml"),
    },
    Shipped {
        name: "silent-downgrade",
        toml: include_str!("../scenarios/silent-downgrade.toml"),
    },
    Shipped {
        name: "storm-529-eu",
        toml: include_str!("../scenarios/storm-529-eu.toml"),
    },
];

impl Scenario {
    /// Reads a scenario; unknown keys are refused. A script of rules is one, too.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        Self::from_node(&Node::from_toml(text)?)
    }

    /// Reads a scenario from JSON of the same keys.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ScriptError> {
        Self::from_node(&Node::from_json(bytes)?)
    }

    /// A scenario that comes with the program.
    pub fn shipped(name: &str) -> Result<Option<Self>, ScriptError> {
        let found = SHIPPED.iter().find(|shipped| shipped.name == name);
        found
            .map(|shipped| Self::from_toml(shipped.toml))
            .transpose()
    }

    fn from_node(node: &Node) -> Result<Self, ScriptError> {
        let mut reader = Reader::new(node)?;
        let scenario = Self {
            title: reader.optional("title", text)?.unwrap_or_default(),
            script: Script::read(&mut reader)?,
            paces: reader
                .table("pacing")?
                .map(Paces::read)
                .transpose()?
                .unwrap_or_default(),
            limits: reader.table("limits")?.map(Limits::read).transpose()?,
            gateway: reader.table("gateway")?.map(Gateway::read).transpose()?,
        };
        let targets = scenario.gateway.iter().flat_map(|gateway| &gateway.targets);
        let names: Vec<&str> = targets.map(|target| target.name.as_str()).collect();
        let unknown = scenario.script.rules().iter().find_map(|rule| {
            let target = rule.target.as_deref()?;
            let known = target.ends_with('*') || names.contains(&target);
            (!known).then(|| (rule.name.clone(), target.to_owned()))
        });
        if let Some((rule, target)) = unknown {
            let flaw = format!("no `[gateway]` here has a target `{target}`");
            return Err(ScriptError::Rule { rule, flaw });
        }
        reader.finish()?;
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_program_is_valid_titled_and_in_order() {
        for shipped in SHIPPED {
            let scenario = Scenario::from_toml(shipped.toml);
            let scenario = scenario.unwrap_or_else(|error| panic!("{}: {error}", shipped.name));
            assert!(!scenario.title.is_empty(), "{}", shipped.name);
            assert!(Scenario::shipped(shipped.name).expect("valid").is_some());
        }
        assert!(SHIPPED.is_sorted_by_key(|shipped| shipped.name));
        assert_eq!(Scenario::shipped("nothing").expect("no mistake"), None);
    }

    #[test]
    fn every_sample_in_the_manual_is_valid_and_every_scenario_fault_and_wire_is_in_it() {
        let manual = include_str!("../../../docs/simulator.md");
        let samples: Vec<&str> = manual
            .split("```toml\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .collect();
        assert_eq!(samples.len(), 4);
        for sample in samples {
            let read = Scenario::from_toml(sample);
            assert!(read.is_ok(), "{sample}: {read:?}");
        }
        let names = SHIPPED.iter().map(|shipped| shipped.name);
        let wires = crate::Wire::ALL.map(crate::Wire::name);
        for name in names.chain(crate::fault::kinds()).chain(wires) {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn a_rule_for_a_target_needs_the_target() {
        let rule = "[[rules]]\ntarget = \"primray\"\nfault = { kind = \"empty\" }\n";
        let error = Scenario::from_toml(rule).expect_err("no gateway");
        assert!(error.to_string().contains("primray"), "{error}");
        let with_gateway = format!("[gateway]\nkind = \"litellm\"\n{rule}");
        assert!(Scenario::from_toml(&with_gateway).is_err());
        let right = with_gateway.replace("primray", "primary");
        assert!(Scenario::from_toml(&right).is_ok());
    }

    #[test]
    fn sections_are_checked_by_key() {
        let error = Scenario::from_toml("[limit]\nrequests_per_minute = 3").expect_err("unknown");
        assert!(
            error.to_string().contains("did you mean `limits`?"),
            "{error}"
        );
        let error = Scenario::from_toml("[limits]\nrequests_per_minute = 0").expect_err("zero");
        assert!(error.to_string().contains("from 1"), "{error}");
    }
}

//! The objects of an OpenSLO file: which SLO is meant, and what it refers to.

use anyhow::{bail, ensure};

use super::Warnings;
use super::yaml::{At, Node, cut};

/// The version of OpenSLO that is read and written.
pub(super) const API_VERSION: &str = "openslo/v1";

/// Kinds that an SLO may refer to.
const REFERRED: [&str; 4] = ["SLO", "SLI", "Service", "DataSource"];

/// The objects of a file, all of [`API_VERSION`].
#[derive(Debug)]
pub(super) struct File<'a>(Vec<Object<'a>>);

/// One object.
#[derive(Clone, Debug)]
pub(super) struct Object<'a> {
    kind: &'a str,
    /// Its `metadata.name`.
    pub(super) name: &'a str,
    /// The object itself.
    pub(super) at: At<'a>,
}

impl<'a> File<'a> {
    /// Reads what all objects have.
    pub(super) fn read(documents: &'a [Node]) -> anyhow::Result<Self> {
        let objects = documents.iter().flat_map(Node::objects);
        Ok(Self(objects.map(Object::read).collect::<Result<_, _>>()?))
    }

    /// The SLO with a name; without one, the only SLO.
    pub(super) fn slo(&self, name: Option<&str>) -> anyhow::Result<&Object<'a>> {
        let slos: Vec<&Object<'a>> = self.0.iter().filter(|o| o.kind == "SLO").collect();
        let listed = list(slos.iter().map(|slo| cut(slo.name)));
        if let Some(name) = name {
            let mut named = slos.iter().filter(|slo| slo.name == name);
            return match (named.next(), named.next()) {
                (Some(slo), None) => Ok(slo),
                (Some(_), Some(again)) => Err(again
                    .at
                    .fault(format_args!("another SLO is named `{}`", cut(name)))),
                (None, _) if slos.is_empty() => bail!("{}", self.without_slo()),
                (None, _) => bail!("there is no SLO `{}`; there is {listed}", cut(name)),
            };
        }
        match slos.as_slice() {
            [slo] => Ok(slo),
            [] => bail!("{}", self.without_slo()),
            _ => bail!(
                "the file has {} SLOs: choose one with --slo: {listed}",
                slos.len()
            ),
        }
    }

    /// The object of a kind that a reference names.
    pub(super) fn find(&self, kind: &str, name: &str) -> Option<&Object<'a>> {
        let mut objects = self.0.iter();
        objects.find(|object| object.kind == kind && object.name == name)
    }

    /// Says which objects no SLO can refer to for what a contract holds.
    pub(super) fn warn_of_others(&self, warnings: &mut Warnings) {
        for object in self.0.iter().filter(|o| !REFERRED.contains(&o.kind)) {
            warnings.push(object.at.say(format_args!(
                "{} `{}` is left out: a contract has no place for it",
                cut(object.kind),
                cut(object.name)
            )));
        }
    }

    fn without_slo(&self) -> String {
        if self.0.is_empty() {
            return "the file is empty: there is no SLO".to_owned();
        }
        let kinds = self
            .0
            .iter()
            .map(|o| format!("{} (line {})", cut(o.kind), o.at.line));
        format!("the file has no object of kind SLO, but {}", list(kinds))
    }
}

impl<'a> Object<'a> {
    fn read(at: At<'a>) -> anyhow::Result<Self> {
        let version = at.get("apiVersion")?;
        ensure!(
            version.text()? == API_VERSION,
            version.fault(format_args!(
                "`{}` is not read; only `{API_VERSION}` is",
                cut(version.text()?)
            ))
        );
        Ok(Self {
            kind: at.get("kind")?.text()?,
            name: at.get("metadata")?.get("name")?.text()?,
            at,
        })
    }
}

fn list(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

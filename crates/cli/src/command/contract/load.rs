//! Where a contract comes from: a file, or a template that comes with the program.

use anyhow::{Context as _, anyhow};
use camino::Utf8Path;
use sla::Contract;
use sla::library;

/// A contract and where it was found.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) contract: Contract,
    pub(crate) origin: Origin,
}

/// Where a contract was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In somebody's file.
    File,
    /// In the program.
    Template,
}

/// The contract of a file or of a template; a file is preferred where there is one.
pub(crate) fn load(name: &str) -> anyhow::Result<Loaded> {
    let path = Utf8Path::new(name);
    if is_there(path) {
        return Ok(Loaded {
            contract: read(path)?,
            origin: Origin::File,
        });
    }
    let template = library::find(name).ok_or_else(|| unknown(name))?;
    let contract = Contract::parse(template.toml)
        .with_context(|| format!("the template `{name}` cannot be read"))?;
    Ok(Loaded {
        contract,
        origin: Origin::Template,
    })
}

/// The contract of a file.
pub(crate) fn read(path: &Utf8Path) -> anyhow::Result<Contract> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{path}`"))?;
    Contract::parse(&text).with_context(|| format!("`{path}` is not a contract"))
}

/// The text of a contract file or of a template.
pub(crate) fn toml(name: &str) -> anyhow::Result<String> {
    let path = Utf8Path::new(name);
    if is_there(path) {
        return std::fs::read_to_string(path).with_context(|| format!("cannot read `{path}`"));
    }
    let template = library::find(name).ok_or_else(|| unknown(name))?;
    Ok(template.toml.to_owned())
}

fn unknown(name: &str) -> anyhow::Error {
    let what = if is_path(name) {
        format!("there is no file `{name}`")
    } else {
        format!("there is neither a file nor a template `{name}`")
    };
    let list = "`nines contract list` shows all templates";
    match library::nearest(name) {
        Some(near) => anyhow!("{what}; did you mean the template `{near}`? {list}"),
        None => anyhow!("{what}; {list}"),
    }
}

/// Whether something can be read there: a file, or a pipe of the shell.
fn is_there(path: &Utf8Path) -> bool {
    path.exists() && !path.is_dir()
}

fn is_path(name: &str) -> bool {
    name.contains('/') || Utf8Path::new(name).extension() == Some("toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> String {
        load(name).unwrap_err().to_string()
    }

    #[test]
    fn a_template_is_found_by_its_name() {
        let found = load("aws-bedrock").unwrap();
        assert_eq!(found.contract.id().as_str(), "aws-bedrock");
        assert_eq!(found.origin, Origin::Template);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_and_with_where_to_look() {
        let text = refusal("aws-bedrok");
        assert!(
            text.contains("did you mean the template `aws-bedrock`?"),
            "{text}"
        );
        assert!(text.contains("`nines contract list`"), "{text}");
    }

    #[test]
    fn a_path_that_leads_nowhere_is_a_missing_file() {
        let text = refusal("contracts/mine.toml");
        assert!(
            text.starts_with("there is no file `contracts/mine.toml`"),
            "{text}"
        );
    }
}

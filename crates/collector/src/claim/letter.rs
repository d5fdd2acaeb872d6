//! The text of a claim: one set of facts, poured into a form.
//!
//! A form is plain text with `{{placeholders}}`. What may stand in a letter is exactly the list of
//! placeholders: figures of the contract and the assessment, and of requests their times, numbers,
//! outcomes and the provider's ids. No content can reach a letter, because no fact holds any.
//! Placeholders in facts are not expanded.

mod facts;
mod incident;
mod witnessed;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

pub(crate) use facts::{Source, facts};
pub(crate) use incident::facts as incident_facts;

/// The form of the notice of an incident, which is no claim.
const NOTICE: &str = "notice";

/// Longest form, in bytes.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// The forms that are compiled in, by name.
const BUILT_IN: [(&str, &str); 5] = [
    ("aws", include_str!("forms/aws.txt")),
    ("azure", include_str!("forms/azure.txt")),
    ("generic", include_str!("forms/generic.txt")),
    ("google", include_str!("forms/google.txt")),
    (NOTICE, include_str!("forms/notice.txt")),
];

/// The form where none is named.
pub(crate) const DEFAULT_FORM: &str = "generic";

/// What a form can be filled with, by the name of the placeholder.
pub(crate) type Facts = BTreeMap<&'static str, String>;

/// Forms of letters: those compiled in, and copies that take their place.
#[derive(Clone, Debug)]
pub struct Forms(BTreeMap<String, String>);

/// A form that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// There is none of this name.
    #[error("there is no form `{form}`; there are {known}")]
    Unknown {
        /// Which.
        form: String,
        /// Those that there are.
        known: String,
    },
    /// Its file cannot be read.
    #[error("failed to read the form `{path}`")]
    Read {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Its file is too long.
    #[error("the form `{path}` is longer than {} bytes", FORM_BYTES_MAX)]
    TooLong {
        /// Which.
        path: Utf8PathBuf,
    },
    /// It has a placeholder that nothing fills.
    #[error("the form has `{{{{{placeholder}}}}}`, which nothing fills; there are {known}")]
    Placeholder {
        /// Which.
        placeholder: String,
        /// Those that there are.
        known: String,
    },
}

impl Default for Forms {
    fn default() -> Self {
        let own = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
        Self(BUILT_IN.into_iter().map(own).collect())
    }
}

impl Forms {
    /// The forms compiled in, with every `NAME.txt` of a directory in the place of its namesake.
    pub fn with_copies(dir: &Utf8Path) -> Result<Self, LetterError> {
        let mut forms = Self::default();
        for (name, text) in &mut forms.0 {
            let path = dir.join(format!("{name}.txt"));
            match std::fs::read_to_string(&path) {
                Ok(copy) if copy.len() > FORM_BYTES_MAX => {
                    return Err(LetterError::TooLong { path });
                }
                Ok(copy) => *text = copy,
                Err(absent) if absent.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(LetterError::Read { path, source }),
            }
        }
        Ok(forms)
    }

    /// A letter in the form of this name.
    pub(crate) fn letter(&self, form: &str, facts: &Facts) -> Result<String, LetterError> {
        fill(self.check(form)?, facts)
    }

    /// Names of the forms of claims.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0
            .keys()
            .filter(|name| *name != NOTICE)
            .cloned()
            .collect()
    }

    /// The form of this name, where it is one of a claim.
    pub(crate) fn check(&self, form: &str) -> Result<&str, LetterError> {
        let text = self.0.get(form).filter(|_| form != NOTICE);
        text.map(String::as_str)
            .ok_or_else(|| LetterError::Unknown {
                form: form.chars().filter(|c| !c.is_control()).take(40).collect(),
                known: self.names().join(", "),
            })
    }

    /// The notice of an incident.
    pub(crate) fn notice(&self, facts: &Facts) -> Result<String, LetterError> {
        fill(self.0.get(NOTICE).map_or("", String::as_str), facts)
    }
}

/// Fills a form in one pass, so that what is filled in is never read as a form.
fn fill(form: &str, facts: &Facts) -> Result<String, LetterError> {
    let mut letter = String::with_capacity(form.len());
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("{{") {
        letter.push_str(before);
        let Some((name, behind)) = after.split_once("}}") else {
            letter.push_str("{{");
            rest = after;
            continue;
        };
        let fact = facts
            .get(name.trim())
            .ok_or_else(|| LetterError::Placeholder {
                placeholder: name.chars().take(40).collect(),
                known: facts.keys().copied().collect::<Vec<_>>().join(", "),
            })?;
        letter.push_str(fact);
        rest = behind;
    }
    letter.push_str(rest);
    Ok(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_filled_once_and_a_fact_is_never_read_as_a_form() {
        let facts = Facts::from([("claim", "{{asked}}".to_owned()), ("asked", "5".to_owned())]);
        let letter = fill("a {{claim}} b {{ asked }} {{", &facts).unwrap();
        assert_eq!(letter, "a {{asked}} b 5 {{");
    }

    #[test]
    fn a_placeholder_that_nothing_fills_is_named_with_those_that_there_are() {
        let facts = Facts::from([("asked", "5".to_owned())]);
        let refused = fill("{{prompt}}", &facts).unwrap_err().to_string();
        assert!(refused.contains("`{{prompt}}`"), "{refused}");
        assert!(refused.ends_with("there are asked"), "{refused}");
    }

    #[test]
    fn a_copy_takes_the_place_of_its_namesake_only() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("aws.txt"), "ours: {{asked}}").unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        let forms = Forms::with_copies(dir).unwrap();
        let facts = Facts::from([("asked", "5".to_owned())]);
        assert_eq!(forms.letter("aws", &facts).unwrap(), "ours: 5");
        let refused = forms.letter("fax", &facts).unwrap_err().to_string();
        assert_eq!(
            refused,
            "there is no form `fax`; there are aws, azure, generic, google"
        );
    }
}

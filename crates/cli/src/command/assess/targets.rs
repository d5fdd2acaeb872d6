//! What was asked: one target for each combination of the log's target, region and model.

use std::collections::{BTreeSet, HashMap};

use anyhow::bail;
use domain::TargetId;
use sla::Contract;
use sla::terms::PLACES_MAX;

use super::narrow::{self, Admission, Scope};

/// Longest name of a target, in bytes.
const NAME_BYTES_MAX: usize = domain::ids::NAME_BYTES_MAX;

/// Characters of a region or model that a name keeps, so that both fit.
const PART_CHARS_MAX: usize = 28;

/// One combination.
#[derive(Debug)]
pub(super) struct Known {
    /// Its name in the assessment.
    pub(super) id: TargetId,
    /// The target that the log names.
    logged: TargetId,
    region: Option<String>,
    pub(super) scope: Scope,
    /// Position of its part, where its samples are judged.
    pub(super) part: Option<usize>,
    /// What becomes of its samples.
    pub(super) admission: Admission,
}

/// All combinations, and the parts of the contract's partition that they lie in.
#[derive(Debug)]
pub(super) struct Targets<'a> {
    contract: &'a Contract,
    asked: &'a Scope,
    /// Target of lines that name none: it says nothing, so names leave it out.
    unnamed: &'a TargetId,
    pub(super) known: Vec<Known>,
    pub(super) parts: Vec<Scope>,
    numbers: HashMap<String, usize>,
    names: BTreeSet<TargetId>,
    key: String,
}

/// What a line says about what it asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) target: &'a TargetId,
    pub(super) region: Option<&'a str>,
    pub(super) model: Option<&'a str>,
}

impl<'a> Targets<'a> {
    pub(super) fn new(contract: &'a Contract, asked: &'a Scope, unnamed: &'a TargetId) -> Self {
        Self {
            contract,
            asked,
            unnamed,
            known: Vec::new(),
            parts: Vec::new(),
            numbers: HashMap::new(),
            names: BTreeSet::new(),
            key: String::new(),
        }
    }

    /// The position of a combination, which is made where it is new.
    pub(super) fn find(&mut self, asked: Asked<'_>) -> anyhow::Result<usize> {
        // No control character stands in a name, so combinations cannot be taken for each other
        // but by a log that wants to be.
        self.key.clear();
        self.key.push_str(asked.target.as_str());
        for text in [asked.region, asked.model] {
            self.key.push('\u{1f}');
            if let Some(text) = text {
                self.key.push('=');
                self.key.push_str(text);
            }
        }
        if let Some(number) = self.numbers.get(&self.key) {
            return Ok(*number);
        }
        if self.known.len() == PLACES_MAX {
            bail!(
                "the log has more than {PLACES_MAX} combinations of target, region and model; \
                 narrow it with --scope or before it is read"
            );
        }
        let known = self.make(asked);
        let number = self.known.len();
        self.known.push(known);
        self.numbers.insert(self.key.clone(), number);
        Ok(number)
    }

    /// The combinations that a gap of a target stands for. Gaps do not say which model would have
    /// been asked.
    pub(super) fn of_gap(&mut self, asked: Asked<'_>) -> anyhow::Result<Vec<usize>> {
        let mine = |known: &Known| {
            known.logged == *asked.target
                && asked
                    .region
                    .is_none_or(|region| known.region.as_deref() == Some(region))
        };
        let found = (0..).zip(&self.known).filter(|(_, known)| mine(known));
        let found: Vec<usize> = found.map(|(number, _)| number).collect();
        if found.is_empty() {
            return Ok(vec![self.find(asked)?]);
        }
        Ok(found)
    }

    fn make(&mut self, asked: Asked<'_>) -> Known {
        let (scope, admission) =
            narrow::admit(self.contract, self.asked, asked.region, asked.model);
        let part = (admission == Admission::Judged).then(|| self.part(&scope));
        Known {
            id: self.name(asked),
            logged: asked.target.clone(),
            region: asked.region.map(ToOwned::to_owned),
            scope,
            part,
            admission,
        }
    }

    fn part(&mut self, scope: &Scope) -> usize {
        let part = narrow::part(self.contract, scope);
        let found = self.parts.iter().position(|other| *other == part);
        found.unwrap_or_else(|| {
            self.parts.push(part);
            self.parts.len() - 1
        })
    }

    /// A name that nothing else has: what the log says, as far as names can say it.
    fn name(&mut self, asked: Asked<'_>) -> TargetId {
        let said = [asked.region, asked.model].into_iter().flatten();
        let mut words: Vec<String> = said.map(slug).collect();
        if words.is_empty() || asked.target != self.unnamed {
            words.insert(0, asked.target.as_str().to_owned());
        }
        let whole = words.join(".");
        let mut name = asked.target.clone();
        for nth in 1_u64.. {
            let ending = if nth == 1 {
                String::new()
            } else {
                format!("-{nth}")
            };
            let room = NAME_BYTES_MAX - ending.len();
            let text = format!("{}{ending}", whole.get(..room).unwrap_or(&whole));
            name = text.parse().unwrap_or(name);
            if self.names.insert(name.clone()) {
                break;
            }
        }
        name
    }
}

/// A text as part of a name: lower-case letters, digits, `.`, `_` and `-`.
fn slug(text: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9' | '.' | '_' | '-') => c,
        _ => '-',
    };
    let text: String = text.chars().map(plain).take(PART_CHARS_MAX).collect();
    let text = text.trim_start_matches(['.', '_', '-']);
    if text.is_empty() {
        "x".to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        let text = include_str!("../../../../sla/contracts/demo-direct.toml");
        let text = text.replace("partition = [\"account\"]", "partition = [\"region\"]");
        Contract::parse(&text).unwrap()
    }

    #[test]
    fn combinations_get_names_of_their_own_and_parts_by_the_partition() {
        let (contract, asked, unnamed) = (contract(), Scope::new(), "log".parse().unwrap());
        let mut targets = Targets::new(&contract, &asked, &unnamed);
        let chat: TargetId = "chat".parse().unwrap();
        let mut find = |target, region, model| {
            let asked = Asked {
                target,
                region,
                model,
            };
            targets.find(asked).unwrap()
        };
        let all = [
            find(&unnamed, Some("eu-west-1"), Some("gpt-5")),
            find(&unnamed, Some("eu-west-1"), Some("GPT 5")),
            find(&unnamed, Some("eu-west-1"), Some("gpt/5")),
            find(&chat, Some("us"), None),
            find(&unnamed, None, None),
        ];
        assert_eq!(all, [0, 1, 2, 3, 4]);
        assert_eq!(find(&unnamed, Some("eu-west-1"), Some("gpt-5")), 0);
        let names: Vec<&str> = targets
            .known
            .iter()
            .map(|known| known.id.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "eu-west-1.gpt-5",
                "eu-west-1.gpt-5-2",
                "eu-west-1.gpt-5-3",
                "chat.us",
                "log"
            ]
        );
        let parts: Vec<Option<usize>> = targets.known.iter().map(|known| known.part).collect();
        assert_eq!(parts, [0, 0, 0, 1, 2].map(Some));
    }

    #[test]
    fn a_gap_belongs_to_whatever_its_target_asks() {
        let (contract, asked, unnamed) = (contract(), Scope::new(), "log".parse().unwrap());
        let mut targets = Targets::new(&contract, &asked, &unnamed);
        let chat: TargetId = "chat".parse().unwrap();
        let at = |region, model| Asked {
            target: &chat,
            region,
            model,
        };
        assert_eq!(targets.find(at(Some("eu"), Some("m"))).unwrap(), 0);
        assert_eq!(targets.find(at(Some("us"), Some("m"))).unwrap(), 1);
        assert_eq!(targets.of_gap(at(None, None)).unwrap(), [0, 1]);
        assert_eq!(targets.of_gap(at(Some("us"), None)).unwrap(), [1]);
        assert_eq!(targets.of_gap(at(Some("ap"), None)).unwrap(), [2]);
    }
}

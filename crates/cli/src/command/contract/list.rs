//! `nines contract list`: the templates, two lines each.

use anyhow::Context as _;
use sla::Contract;
use sla::contract::{Purpose, Remedy};
use sla::library::{TEMPLATES, Template};

use super::phrase;
use crate::page::{Look, Page, TIE, Tone, counted, width};

/// Column of what is said about a template.
const COLUMN: usize = 30;

/// All templates that a word is found in.
pub(super) fn page(word: &str, look: Look) -> anyhow::Result<String> {
    let mut page = Page::new(look);
    let found: Vec<&Template> = TEMPLATES.iter().filter(|one| is_about(one, word)).collect();
    for template in &found {
        let contract = Contract::parse(template.toml)
            .with_context(|| format!("the template `{}` cannot be read", template.name))?;
        entry(&mut page, template, &contract);
    }
    page.gap();
    let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
    page.paragraph(
        0,
        &format!(
            "{}. `nines contract show NAME` says what one promises, in full; with --toml it prints \
             the text to start your own from.",
            counted(count, "template")
        ),
    );
    page.paragraph(
        0,
        "How well a template is known: official, read in the provider's own text; quoted, read in \
         somebody's word-for-word quotation; secondary, read in a paraphrase; inferred, concluded; \
         not found, looked for in vain; negotiated, whatever your own agreement says. Compare every \
         figure with the provider's page before you claim anything.",
    );
    Ok(page.finish())
}

fn is_about(template: &Template, word: &str) -> bool {
    let word = word.to_lowercase();
    template.name.contains(&word) || template.title.to_lowercase().contains(&word)
}

fn entry(page: &mut Page, template: &Template, contract: &Contract) {
    let name = page.look.paint(Tone::Strong, template.name);
    let pad = " ".repeat(COLUMN.saturating_sub(width(template.name)).max(1));
    page.line(&format!("{name}{pad}{}", contract.provider));
    let promises: Vec<String> = contract.commitments.iter().map(promise).collect();
    if promises.is_empty() {
        page.paragraph(2, "nothing is promised");
    }
    for promise in promises {
        page.paragraph(2, &promise);
    }
    let known = contract.source.provenance.map(phrase::provenance);
    let parts = [
        credits(contract),
        claim(contract),
        known.map(ToOwned::to_owned),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    page.paragraph(
        2,
        &parts.join(&format!("{TIE}{} ", page.look.pick("·", "-"))),
    );
}

fn promise(commitment: &sla::Commitment) -> String {
    format!(
        "{}: {} {}",
        commitment.id.as_str(),
        phrase::promised(commitment),
        phrase::formula_in_short(&commitment.metric)
    )
}

fn credits(contract: &Contract) -> Option<String> {
    let schedules = contract
        .commitments
        .iter()
        .filter_map(|one| one.credit.as_ref());
    let mut worths: Vec<String> = schedules.map(phrase::credits_in_short).collect();
    worths.dedup();
    match contract.remedy {
        Remedy::None if contract.commitments.is_empty() => None,
        Remedy::None => Some("no remedy".to_owned()),
        Remedy::Termination => Some("termination".to_owned()),
        Remedy::Credit if worths.is_empty() => Some("credits not found".to_owned()),
        Remedy::Credit => Some(format!("credits {}", worths.join(" and "))),
    }
}

fn claim(contract: &Contract) -> Option<String> {
    let claim = contract.claim.as_ref()?;
    let mut deadlines = claim.deadlines.iter();
    let deadline = deadlines.find(|one| one.purpose == Purpose::Claim)?;
    Some(format!("claim {}", phrase::anchor(deadline.anchor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Glyphs, Ink};

    const LOOK: Look = Look {
        width: 80,
        glyphs: Glyphs::Unicode,
        ink: Ink::Plain,
    };

    #[test]
    fn every_template_is_listed_with_its_promise() {
        let page = page("", LOOK).unwrap();
        for template in TEMPLATES {
            assert!(page.contains(template.name), "{}", template.name);
        }
    }

    #[test]
    fn a_word_narrows_the_list() {
        let page = page("bedrock", LOOK).unwrap();
        assert!(page.starts_with("aws-bedrock "), "{page}");
        assert!(page.contains("\n1 template. "), "{page}");
    }

    #[test]
    fn nothing_found_is_said() {
        let page = page("no-such-provider", LOOK).unwrap();
        assert!(page.starts_with("0\u{20}templates."), "{page}");
    }
}

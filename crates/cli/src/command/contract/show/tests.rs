use sla::library::TEMPLATES;

use super::*;
use crate::command::contract::load;
use crate::page::{Glyphs, Ink};

fn look(width: usize, glyphs: Glyphs) -> Look {
    Look {
        width,
        glyphs,
        ink: Ink::Plain,
    }
}

#[test]
fn a_contract_is_told_in_plain_words() {
    let text = include_str!("../../assess/tests/contract.toml");
    let loaded = Loaded {
        contract: Contract::parse(text).unwrap(),
        origin: Origin::File,
    };
    insta::assert_snapshot!(page(&loaded, look(80, Glyphs::Unicode)));
}

#[test]
fn every_template_can_be_shown() {
    for template in TEMPLATES {
        let page = page(&load::load(template.name).unwrap(), look(80, Glyphs::Ascii));
        assert!(page.starts_with(template.name), "{}", template.name);
        for line in page.lines() {
            let fits = line.chars().count() <= 80 || !line.trim().contains("  ");
            assert!(fits, "{}: {line}", template.name);
        }
    }
}

#[test]
fn a_template_warns_that_it_is_one() {
    let page = page(
        &load::load("aws-bedrock").unwrap(),
        look(80, Glyphs::Unicode),
    );
    assert!(page.contains("Compare every figure with the provider's own page"));
}

//! `nines probe --list`: what can be probed by name.

use std::collections::BTreeSet;

use probe::preset::{ALL, KeyPlace, Pin, Preset};

use crate::page::{Align, Look, Page, Table};

/// All presets, each with what only the user knows.
pub(super) fn page(look: Look) -> String {
    let mut page = Page::new(look);
    let mut table = Table::new([
        ("preset", Align::Left),
        ("key variable", Align::Left),
        ("wires, and what only you know", Align::Left),
    ]);
    for preset in ALL {
        let wires: Vec<&str> = preset.wires.iter().map(|wire| wire.as_str()).collect();
        let needs = needs(preset);
        let needs = if needs.is_empty() {
            String::new()
        } else {
            format!("; needs {}", needs.join(", "))
        };
        table.row([
            preset.name.to_owned(),
            preset.key_env.to_owned(),
            format!("{}{needs}", wires.join(", ")),
        ]);
    }
    page.table(0, &table);
    page.gap();
    page.paragraph(
        0,
        "The first wire is the default. Parts of an address are given with --param NAME=VALUE, a \
         second key with --second-key-env. What is known of each, and how well: \
         docs/providers.md.",
    );
    let pinned = ALL.iter().filter(|preset| Pin::of(preset) != Pin::Unknown);
    let pinned: Vec<&str> = pinned.map(|preset| preset.name).collect();
    let text = format!("Held to one upstream by --pin: {}.", pinned.join(", "));
    page.paragraph(0, &text);
    page.finish()
}

/// What has to be given beside a model and a key.
fn needs(preset: &Preset) -> Vec<String> {
    let mut needs = preset.params();
    if preset.auth == KeyPlace::SigV4 {
        needs.push("region".to_owned());
    }
    if preset.base_url.is_none() {
        needs.push("--base-url".to_owned());
    }
    if preset.second_key.is_some() {
        needs.push("second key".to_owned());
    }
    let mut seen = BTreeSet::new();
    needs.retain(|need| seen.insert(need.clone()));
    needs
}

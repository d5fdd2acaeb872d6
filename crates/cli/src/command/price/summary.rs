//! What an import says about what it took and what it left.

use probe::price::litellm::{Imported, Skip};

/// Most names of entries that are quoted for one reason.
const NAMES_MAX: usize = 3;

/// One line for the whole, then a warning for each reason.
pub(super) fn lines(imported: &Imported) -> Vec<String> {
    let priced = imported.table.prices().len();
    let mut lines = vec![format!("models with a price: {priced}")];
    // These are no loss: nothing of a model's price is missing for them.
    let harmless = [Skip::Sample, Skip::Mode, Skip::Twice];
    for (why, names) in &imported.skipped {
        let quoted: Vec<String> = names
            .iter()
            .take(NAMES_MAX)
            .map(|name| format!("`{}`", shown(name)))
            .collect();
        let more = if names.len() > NAMES_MAX { ", .." } else { "" };
        let kind = if harmless.contains(why) {
            "skipped"
        } else {
            "warning: skipped"
        };
        let (count, quoted) = (names.len(), quoted.join(", "));
        lines.push(format!("{kind} {count}: {why} ({quoted}{more})"));
    }
    for ((why, key), count) in &imported.dropped {
        let key = shown(key);
        lines.push(format!("warning: left out of {count}: `{key}` {why}"));
    }
    lines
}

/// A name from the file, as it is safe to print.
fn shown(name: &str) -> String {
    let letters = name.chars().filter(|letter| !letter.is_control());
    letters.take(100).collect()
}

#[cfg(test)]
mod tests {
    use probe::price::litellm;

    use super::*;

    #[test]
    fn an_import_says_what_it_took_and_what_it_left() {
        // After the documented shape.
        let json = br#"{
            "sample_spec": {"mode": "one of: chat, embedding"},
            "acme-1": {"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 1e-07,
                "output_cost_per_token": 4e-07, "input_cost_per_image": 0.001},
            "acme-free": {"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 0.0,
                "output_cost_per_token": 0.0}
        }"#;
        let day = "2026-11-22".parse().unwrap();
        let imported = litellm::import(json, day).unwrap();
        insta::assert_snapshot!(lines(&imported).join("\n"), @r#"
        models with a price: 1
        skipped 1: an explanation, not a model (`sample_spec`)
        warning: skipped 1: a price of zero, which may mean free or unknown (`acme-free`)
        warning: left out of 1: `input_cost_per_image` has no place in a price table
        "#);
    }
}

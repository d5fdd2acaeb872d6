//! Files that nobody means well with.

use proptest::prelude::*;

use super::*;
use crate::command::contract::openslo::yaml::YAML_BYTES_MAX;

#[test]
fn aliases_that_multiply_are_refused() {
    let level = |(from, to)| {
        let ten = vec![format!("*{from}"); 10].join(", ");
        format!("{to}: &{to} [{ten}]\n")
    };
    let levels = "abcdefgh".chars().zip("bcdefghi".chars()).map(level);
    let bomb: String = levels.collect();
    let told = refusal(&format!("a: &a [x, x, x, x, x, x, x, x, x, x]\n{bomb}"));
    assert!(told.contains("the aliases repeat more than"), "{told}");
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(500_000),
        "*a, ".repeat(100_000)
    );
    let told = refusal(&long);
    assert!(told.contains("the aliases repeat more than"), "{told}");
}

#[test]
fn an_alias_within_itself_and_one_of_nothing_are_refused() {
    let told = [refusal("a: &a [*a]"), refusal("a: *b")];
    insta::assert_snapshot!(told.join("\n"), @r"
    line 1: the alias stands inside of what it repeats
    line 1, column 4: while parsing node, found unknown anchor
    ");
}

#[test]
fn an_alias_stands_for_what_it_repeats() {
    let yaml = slo(
        MONTH,
        "Occurrences",
        "&one {displayName: One, target: 0.9}\n    - *one",
    );
    let contract = imported(&yaml);
    let ids: Vec<&str> = contract.commitments.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["one", "objective-2"]);
}

#[test]
fn depth_and_length_have_limits() {
    for deep in [
        "[".repeat(300_000),
        "- ".repeat(300_000),
        "{a: ".repeat(200_000),
        "? ".repeat(300_000),
    ] {
        let told = refusal(&deep);
        let limits = ["nested deeper than 64 levels", "recursion limit exceeded"];
        assert!(limits.iter().any(|limit| told.contains(limit)), "{told}");
    }
    let long = " ".repeat(YAML_BYTES_MAX + 1);
    assert!(refusal(&long).contains("at most 1048576 are read"));
    let many = "---\na\n".repeat(100_000);
    assert!(refusal(&many).contains("line 2: must have keys"));
}

#[test]
fn messages_quote_the_file_on_one_short_line() {
    let yaml = slo(
        MONTH,
        &format!("\"{}\\u001b[31m\\n\"", "x".repeat(10_000)),
        OBJECTIVE,
    );
    let told = refusal(&yaml);
    assert!(
        told.len() < 300 && !told.chars().any(char::is_control),
        "{told}"
    );
}

fn try_both(text: &str) {
    if let Ok(draft) = import::draft(text, &options()) {
        Contract::parse(&draft.toml).unwrap();
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        try_both(&text);
    }

    #[test]
    fn no_yaml_makes_it_panic(words in prop::collection::vec(prop::sample::select(vec![
        "{", "}", "[", "]", ":", ": ", "- ", "\n", "\n  ", "---\n", "...\n", "&a ", "*a", "!t ", "| \n", "> ",
        "'", "\"", "#", "?", "\t", "a", "0.5", "%YAML 1.2\n", "\\", ",", "apiVersion: openslo/v1\n",
        "kind: SLO\n", "metadata: {name: a}\n", "spec:\n", "\u{feff}", "\0",
    ]), 0..60)) {
        try_both(&words.concat());
    }

    #[test]
    fn no_slip_in_a_file_makes_it_panic(
        method in prop::sample::select(vec!["Occurrences", "Timeslices", "RatioTimeslices"]),
        at in 0..800_usize,
        length in 0..40_usize,
        text in "[ -~\\n]{0,8}",
    ) {
        let file = slo(MONTH, method, OBJECTIVE);
        let (from, to) = (at.min(file.len()), (at + length).min(file.len()));
        try_both(&format!("{}{text}{}", &file[..from], &file[to..]));
    }

    #[test]
    fn no_value_makes_it_panic(
        duration in "[0-9]{1,12}[mhdwMQYx]",
        start in "[0-9]{1,6}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}",
        target in "[0-9.e-]{1,12}",
        slice in "[0-9]{1,12}[mhdwM]?",
        zone in prop::sample::select(vec!["UTC", "America/New_York", "Africa/Monrovia"]),
    ) {
        let calendar = format!("{{duration: {duration}, calendar: {{startTime: {start}, timeZone: {zone}}}}}");
        let rolling = format!("{{duration: {duration}, isRolling: true}}");
        let objective = format!("{{target: {target}, timeSliceTarget: {target}, timeSliceWindow: {slice}}}");
        for method in ["Occurrences", "Timeslices", "RatioTimeslices"] {
            try_both(&slo(&calendar, method, &objective));
            try_both(&slo(&rolling, method, &objective));
            try_both(&slo(&calendar, method, OBJECTIVE));
        }
    }
}

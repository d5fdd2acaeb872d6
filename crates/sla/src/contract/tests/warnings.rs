//! What is taken, and pointed out.

use super::{COMPLETE, Contract};

/// The warnings about the complete contract after an edit.
#[track_caller]
fn warned(edits: &[(&str, &str)]) -> String {
    let warned = |(from, to): &(&str, &str)| {
        assert_eq!(COMPLETE.matches(from).count(), 1, "occurrences of {from}");
        let contract = Contract::parse(&COMPLETE.replacen(from, to, 1));
        let warnings = contract
            .unwrap_or_else(|error| panic!("{error}"))
            .warnings();
        assert!(!warnings.is_empty(), "taken silently: {from} -> {to}");
        warnings.join("\n")
    };
    edits.iter().map(warned).collect::<Vec<_>>().join("\n")
}

#[test]
fn contracts_that_mean_all_that_they_say_are_not_warned_about() {
    let complete = Contract::parse(COMPLETE).unwrap();
    assert_eq!(complete.warnings(), Vec::<String>::new());
    let templates = crate::library::TEMPLATES.iter().flat_map(|template| {
        let warnings = Contract::parse(template.toml).unwrap().warnings();
        warnings
            .into_iter()
            .map(|warning| format!("{}: {warning}", template.name))
    });
    insta::assert_snapshot!(templates.collect::<Vec<_>>().join("\n"), @r#"
    alibaba-model-studio: `contract.remedy` is `credit`, and no commitment has a credit table: nothing says what a breach is worth
    cloudflare-workers: `contract.remedy` is `credit`, and no commitment has a credit table: nothing says what a breach is worth
    groq-performance-tier: `contract.remedy` is `credit`, and no commitment has a credit table: nothing says what a breach is worth
    mistral-premium: `contract.remedy` is `credit`, and no commitment has a credit table: nothing says what a breach is worth
    openai-fast-mode: `contract.remedy` is `credit`, and no commitment has a credit table: nothing says what a breach is worth
    openai-scale-tier: `contract.remedy` is `credit`, and no commitment has a credit table: nothing says what a breach is worth
    truefoundry: `contract.remedy` is `credit`, and no commitment has a credit table: nothing says what a breach is worth
    "#);
}

#[test]
fn a_head_is_warned_about_that_lacks_its_source() {
    insta::assert_snapshot!(warned(&[
        ("provenance = \"negotiated\"\n", ""),
        ("text_url = \"https://acme.example/sla\"", "text_url = \"acme.example/sla\""),
        ("text_url = \"https://acme.example/sla\"", "text_url = \"file:///sla.pdf\""),
    ]), @r#"
    [contract] has no `provenance`: say how close to the provider's own words the file is
    `contract.text_url`: `acme.example/sla` does not begin with https:// or http://
    `contract.text_url`: `file:///sla.pdf` does not begin with https:// or http://
    "#);
}

#[test]
fn a_remedy_of_credit_without_any_credit_is_warned_about() {
    let text = "schema = \"sla-contract/1\"
        contract = { id = \"a\", provider = \"a\", service = \"a\", currency = \"USD\", provenance = \"official\" }
        window = { kind = \"calendar_month\" }
        events = { default = \"unknown\" }
        [[commitment]]
        id = \"a\"
        target = \"99\"
        metric = { family = \"request_ratio\" }";
    let warnings = Contract::parse(text).unwrap().warnings();
    insta::assert_snapshot!(warnings.join("\n"), @r#"`contract.remedy` is `credit`, and no commitment has a credit table: nothing says what a breach is worth"#);
}

#[test]
fn a_rule_that_never_matches_is_warned_about() {
    let rule = "[[events.rule]]\nclass = \"success\"\n";
    let last = "when = { outcome = [\"ok\"], tier = [\"priority\"] }\n";
    let with = |when: &str| format!("{last}\n{rule}when = {{ {when} }}\n");
    let covered = [
        "status = [500]",
        "status = [503, 502], stream = true",
        "attribution = [\"ours\"]",
        "outcome = [\"tls\"]",
        "outcome = [\"ok\"], tier = [\"priority\"], stream = false",
    ];
    let covered = covered.map(with);
    let edits: Vec<_> = covered.iter().map(|to| (last, &**to)).collect();
    insta::assert_snapshot!(warned(&edits), @r#"
    rule 6 of [[events.rule]] never matches: rule 3 matches all that it names
    rule 6 of [[events.rule]] never matches: rule 3 matches all that it names
    rule 6 of [[events.rule]] never matches: rule 1 matches all that it names
    rule 6 of [[events.rule]] never matches: rule 4 matches all that it names
    rule 6 of [[events.rule]] never matches: rule 5 matches all that it names
    "#);
    for open in [
        "status = [\"5xx\"]",
        "status = [500, 504]",
        "outcome = [\"ok\"]",
        "stream = true",
    ] {
        let text = COMPLETE.replacen(last, &with(open), 1);
        let warnings = Contract::parse(&text).unwrap().warnings();
        assert_eq!(warnings, Vec::<String>::new(), "{open}");
    }
}

#[test]
fn lists_that_nobody_uses_or_that_say_something_twice_are_warned_about() {
    insta::assert_snapshot!(warned(&[
        ("[model_lists]\n", "[model_lists]\nold = [\"acme-1\"]\n"),
        ("\"acme-mini-preview\"]", "\"acme-2-preview\"]"),
        ("endpoints = [\"/v1/chat/completions\"]", "endpoints = [\"/v1\", \"/v2\", \"/v1\"]"),
        ("region = [\"eu-west-1\", \"us-east-1\"]", "region = [\"eu-west-1\", \"eu-west-1\"]"),
        ("[\"America/Los_Angeles\"]", "[\"UTC\"]"),
        ("status = [500, \"502\", \"503\"]", "status = [502, \"502\"]"),
        ("[\"dns\", \"tcp\", \"tls\"]", "[\"dns\", \"tcp\", \"dns\"]"),
        ("regions = [\"eu-west-1\"]", "regions = [\"eu-west-1\", \"eu-west-1\"]"),
        ("sample = { status = [200]", "sample = { status = [200, 200]"),
        ("[\"log_files\", \"dates_times\"]", "[\"log_files\", \"log_files\"]"),
        ("\"provisioned_throughput\" }", "[\"a\", \"a\"] }"),
    ]), @r#"
    `model_lists.old`: no override refers to it
    model_lists.preview: `acme-2-preview` stands there twice
    scope.endpoints: `/v1` stands there twice
    scope.covers.region: `eu-west-1` stands there twice
    window.also_test_timezones: `UTC` stands there twice
    rule 3 of [[events.rule]], status: `502` stands there twice
    rule 4 of [[events.rule]], outcome: `dns` stands there twice
    exclusion `weekly`, regions: `eu-west-1` stands there twice
    commitment `speed`, sample.status: `200` stands there twice
    claim.evidence: `log_files` stands there twice
    commitment `uptime`, requires.consumption: `a` stands there twice
    "#);
}

#[test]
fn caps_that_limit_everything_and_sums_above_the_fees_are_warned_about() {
    insta::assert_snapshot!(warned(&[("cap_percent = \"50\"", "cap_percent = \"5\"")]), @r#"commitment `uptime`: `cap_percent`, 5, is below what the first band gives, 10"#);
    let uncapped = COMPLETE.replacen("cap_percent = \"50\"\ncap_amount = \"20000.00\"\n", "", 1);
    assert_eq!(
        Contract::parse(&uncapped).unwrap().warnings(),
        Vec::<String>::new()
    );
    let dearer = uncapped.replacen("percent = \"5\"\n", "percent = \"60\"\n", 1);
    insta::assert_snapshot!(Contract::parse(&dearer).unwrap().warnings().join("\n"), @r#"the credits of all commitments come to 110 percent of the fees, and never more than the fees are credited: state a `cap_percent` or `one_level_per_incident` if the text has one"#);
}

//! What pages say about a result beside its verdict.

use sla::Contract;

use super::fixtures::{contract_page, judged, site, violation_page};
use crate::web::view::Stage;
use crate::web::{contract, violation};

const MONTH: &str = include_str!("month.toml");

/// The month's contract with another piece of text in the place of one of its own.
fn with(from: &str, to: &str) -> Contract {
    assert!(MONTH.contains(from), "{from}");
    Contract::parse(&MONTH.replacen(from, to, 1)).unwrap()
}

/// The month's contract with more text at its end.
fn and(more: &str) -> Contract {
    Contract::parse(&format!("{MONTH}\n{more}\n")).unwrap()
}

fn on_contract(contract_file: Contract) -> String {
    let page = contract(&contract_page(site(), contract_file)).0;
    page.replace('\u{a0}', " ")
}

fn on_violation(contract_file: Contract) -> String {
    let page = violation(&violation_page(site(), contract_file)).0;
    page.replace('\u{a0}', " ")
}

#[track_caller]
fn says(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "`{text}` is missing");
    }
}

#[test]
fn a_result_that_cannot_be_claimed_on_says_why() {
    let scope = "[scope]\npartition = [\"account\", \"region\"]";
    for page in [on_contract(and(scope)), on_violation(and(scope))] {
        says(
            &page,
            &[
                "<span class=\"tag\">indicative</span>",
                "Indicative only.",
                "proves nothing against this contract",
                "not known here which account the target acme-chat belongs to",
                "not known here which region the target acme-chat belongs to",
            ],
        );
        assert!(!page.contains("Claimable:"));
    }
    says(&on_violation(and(scope)), &["What would be owed"]);
    for page in [on_contract(and("")), on_violation(and(""))] {
        says(
            &page,
            &["Claimable: all that was measured belongs to one part"],
        );
        assert!(!page.to_lowercase().contains("indicative"));
    }
}

#[test]
fn a_conclusion_that_hangs_on_the_reading_says_on_which_clauses() {
    let rule = "when = { status = [\"5xx\"] }";
    let open = || with(rule, &format!("{rule}\notherwise = \"not_valid\""));
    for page in [on_contract(open()), on_violation(open())] {
        says(
            &page,
            &[
                "The conclusion depends on how the contract is read.",
                "The reading that gives the claimant least: ",
                "a sample with status 5xx is not counted",
                "readings of the contract, the literal one among them",
                "depends on the reading",
            ],
        );
    }
    says(&on_contract(open()), &["by another reading: not counted"]);
}

#[test]
fn readings_that_come_to_the_same_are_said_to() {
    let page = on_violation(and(""));
    says(
        &page,
        &[
            "Verdict and credit are the same however the contract is read.",
            "<summary>",
        ],
    );
    assert!(!page.contains("The conclusion depends"));
}

#[test]
fn a_contract_that_can_be_read_in_one_way_speaks_of_no_readings() {
    let zone = "timezone_basis = \"assumed\"";
    let one = with(zone, "run_across_edge = \"cut\"");
    let mut view = contract_page(site(), one);
    let part = &mut view.judged.as_mut().unwrap().assessment.commitments[0];
    part.spread = None;
    part.least_favourable = None;
    let page = contract(&view).0;
    assert!(!page.contains("gives the claimant least") && !page.contains("however the contract"));
}

#[test]
fn every_span_that_was_looked_at_is_listed_with_what_became_of_it() {
    for page in [on_contract(and("")), on_violation(and(""))] {
        says(
            &page,
            &["1 exclusion considered", "left out of the fraction"],
        );
    }
    let kind = "kind = \"maintenance\"";
    let late = with(kind, &format!("{kind}\nnotice_hours = 48"));
    for page in [on_contract(late.clone()), on_violation(late)] {
        says(&page, &["not known to have been announced 48 hours before"]);
    }
    let other = with(kind, "kind = \"holiday\"");
    says(
        &on_violation(other),
        &["the contract does not know this kind"],
    );
}

#[test]
fn the_number_of_samples_and_the_edges_of_outages_are_judged_too() {
    for page in [on_contract(and("")), on_violation(and(""))] {
        says(
            &page,
            &[
                "Are the samples enough?",
                "A minute without an error needs 59 requests to tell",
                "Start known to",
                "2 min",
                "Which event rule decided how many samples",
            ],
        );
    }
}

#[test]
fn a_breach_that_is_worth_nothing_says_why() {
    let cap = "cap_percent = \"50\"";
    let small = with(cap, &format!("{cap}\nmin_amount = {{ ge = \"1000000\" }}"));
    for page in [on_contract(small.clone()), on_violation(small)] {
        says(
            &page,
            &[
                "No credit, because it would be below the smallest credit that the contract gives.",
                "Only where it is 1000000 USD or more.",
            ],
        );
    }
}

#[test]
fn a_credit_names_its_band_and_the_caps_that_cut_it() {
    let page = on_violation(with("cap_percent = \"50\"", "cap_percent = \"5\""));
    says(
        &page,
        &[
            "band 99 % up to below 99.9 %: 10 %",
            "Cut down to the cap in percent.",
        ],
    );
}

#[test]
fn a_window_before_the_text_came_into_force_is_marked() {
    let dated = |date: &str| {
        with(
            "text_date = 2026-01-01",
            &format!("effective_from = {date}"),
        )
    };
    let marked = "begins before this text came into force on";
    says(&on_contract(dated("2026-11-02")), &[marked, "2026-11-02"]);
    assert!(!on_contract(dated("2026-11-01")).contains(marked));
    let ended = with("text_date = 2026-01-01", "effective_until = 2026-11-01");
    says(&on_contract(ended), &["was in force until"]);
}

#[test]
fn a_contract_that_promises_nothing_says_so() {
    let (head, _) = MONTH.split_once("[[commitment]]").unwrap();
    let nothing = head.replace("remedy = \"credit\"", "remedy = \"none\"");
    let nothing = Contract::parse(&nothing).unwrap();
    let mut view = contract_page(site(), and(""));
    view.judged = Some(judged(&nothing, "2026-11-22T13:40:00Z", Stage::Live));
    view.contract = nothing;
    says(&contract(&view).0, &["This contract promises nothing."]);
}

/// The month's contract with another formula.
fn with_metric(metric: &str) -> Contract {
    let (head, rest) = MONTH.split_once("[commitment.metric]").unwrap();
    let (_, tail) = rest.split_once("[[exclusion]]").unwrap();
    let text = format!("{head}[commitment.metric]\n{metric}\n[[exclusion]]{tail}");
    Contract::parse(&text).unwrap()
}

#[test]
fn every_formula_that_is_judged_has_both_pages() {
    let families = [
        (
            "family = \"request_ratio\"",
            "share of all valid requests",
            "requests used",
        ),
        (
            "family = \"outage_proportional\"\nrule = \"any_fail\"\nmin_run_minutes = 3\n\
             affected_ratio = \"unknown\"",
            "the minutes of outages",
            "Start known to",
        ),
        (
            "family = \"interval_mean\"\ninterval_s = 300\nempty = \"skip\"",
            "the mean, over intervals of 5 min",
            "intervals used",
        ),
        (
            "family = \"target_only\"\nof = { family = \"request_ratio\" }",
            "It is a target only",
            "requests used",
        ),
    ];
    for (metric, sentence, noun) in families {
        let pages = [
            on_contract(with_metric(metric)),
            on_violation(with_metric(metric)),
        ];
        for page in &pages {
            says(page, &[sentence]);
        }
        let any = pages.iter().any(|page| page.contains(noun));
        assert!(any, "{metric}: {noun}");
    }
}

//! What each section tells.

use domain::Outcome;

use super::scene::{CONTRACT, Scene, Script};
use super::{MONTH, says, text_of};

fn of_days(days: i64) -> Script {
    Script {
        days,
        failing: vec![(100, 110, Outcome::ServerError, Some(503))],
        idle: Vec::new(),
        ..Script::default()
    }
}

#[test]
fn the_answer_stands_first_with_figure_promise_credit_and_deadline() {
    let (_, page) = &*MONTH;
    says(
        page,
        &[
            "In one minute uptime \u{2717} breached Breached: uptime was at most 99.823 %, promised \
             at least 99.9 % in each calendar month (UTC). Credit: 10 % of the fees, which is \
             1234.50 USD. Claim by 2026-04-02 10:50 UTC.",
            "44,610 requests in the window, 44,528 of them ok, 82 not: HTTP 503 server_error \u{d7} 46",
            "3 agents in 3 regions and 3 networks; failures in these times at 3 of them",
            "30 min of 31 d; 2 h excluded",
        ],
    );
    let text = text_of(page);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words}"));
    assert!(at("Breached: uptime") < at("What was promised"));
    assert!(at("What was promised") < at("What happened"));
    assert!(at("What happened") < at("How to check this"));
}

#[test]
fn the_promise_comes_with_formula_and_provenance() {
    says(
        &MONTH.1,
        &[
            "Uptime of at least 99.9 % in each calendar month (UTC) .",
            "A minute is bad when more than 5 % of its valid requests are errors",
            "contract/terms.toml , there [[commitment]] with id = \"uptime\"",
            "Read in the provider's own text. It bears the date 2026-01-15.",
            "A note in the terms: Read clause 4 & 5 together.",
        ],
    );
}

#[test]
fn every_outage_has_times_length_errors_regions_and_ids_to_look_up() {
    says(
        &MONTH.1,
        &[
            "2026-03-03 10:05 2026-03-03 10:51 46 min 46 of 46 HTTP 503 server_error \u{d7} 46 \
             aws:eu-central-1 15 of 15 gcp:us-east4 15 of 15 hetzner:sin 16 of 16",
            "2026-03-17 22:10 2026-03-17 22:40 30 min 30 of 30 HTTP 200 stall \u{d7} 30",
            "2026-03-03 10:05:03 req_011CVx3485 not revealed HTTP 503 server_error api_error sin-1, hetzner:sin",
            "with the provider in 30 minutes, and had an answer in 27.",
            "rate_limited the customer's own rate limit 429 3",
            "ok a complete answer in time 200 44,528",
        ],
    );
}

#[test]
fn the_meaning_is_told_in_exact_fractions_rules_and_readings() {
    says(
        &MONTH.1,
        &[
            "Promised 99.9 % 999/1000",
            "At best 99.823 % 44441/44520",
            "At worst 99.755 % 44411/44520",
            "status 5xx an error 49",
            "attribution ours not counted 3",
            "anything else a success 44,528",
            "2 readings of the contract",
            "least for the claimant 99.890 % 99.823 %",
            "a sample with outcome stall, stream_cut is a success",
        ],
    );
}

#[test]
fn the_credit_is_computed_step_by_step() {
    says(
        &MONTH.1,
        &[
            "What is owed 10 % of the fees, which is 1234.50 USD . So much is proven",
            "below the target of 99.9 %",
            "band 99 % up to below 99.9 %: 10 %.",
            "Fees of the window: 12345.00 USD.",
            "Before rounding: 123450 of the smallest unit of USD ( 123450/1 ).",
            "Claim at once 2026-04-02 10:50 UTC 2026-05-01 UTC",
            "The subject must contain \"SLA Credit Request\".",
        ],
    );
}

#[test]
fn what_was_not_measured_and_what_was_left_out_are_told_with_reasons() {
    says(
        &MONTH.1,
        &[
            "2026-03-12 00:00 2026-03-12 00:30 30 min the agent was not running",
            "3 batch reports of 12 speak against the agent's clock",
            "in 3 minutes of 30 with controls, an agent reached none",
            "2 spans considered for exclusion",
            "2026-03-20 02:00 2026-03-20 04:00 maintenance aws:eu-central-1 left out of the fraction \
             the claimant's",
            "14,870 of 14,880 (99.933 %) 0 10: the agent was not running",
        ],
    );
}

#[test]
fn how_to_check_names_commands_anchors_and_limits() {
    says(
        &MONTH.1,
        &[
            "unzip -q -o VIO-2026-03-acme.evidence.zip -d VIO-2026-03-acme",
            "python3 VIO-2026-03-acme/verify/verify.py VIO-2026-03-acme.evidence.zip --policy policy.txt",
            "It must not come from this bundle",
            "They cannot show that an agent told the truth while it recorded.",
            "agents/*/*.details.jsonl request ids and headers of what failed 3",
        ],
    );
}

#[test]
fn counts_of_lines_agree_with_the_assessment() {
    let (scene, _) = &*MONTH;
    let tally = scene.tally();
    let judged = &scene.assessment.commitments[0];
    let decided: u64 = judged.rules.iter().map(|rule| rule.samples).sum();
    assert_eq!(decided, tally.samples());
    let kinds: u64 = tally.kinds.ranked().iter().map(|(_, n)| n).sum();
    assert_eq!(kinds, tally.samples());
    let outages = super::super::outage::outages(judged);
    for (outage, seen) in outages.iter().zip(&tally.outages[0]) {
        assert_eq!(outage.counted.unwrap().valid, seen.samples);
    }
}

#[test]
fn a_promise_that_was_kept_is_told_as_kept() {
    let script = Script {
        failing: Vec::new(),
        ..of_days(31)
    };
    let page = Scene::play(&script).page();
    says(
        &page,
        &[
            "Met: uptime was 100.000 %, promised at least",
            "Nothing counted against it.",
        ],
    );
    assert!(!page.contains("Claim by"));
}

#[test]
fn a_window_that_still_runs_says_so() {
    let page = Scene::play(&of_days(3)).page();
    says(
        &page,
        &[
            "Open: uptime lies between",
            "27 d 22 h still to come",
            "As known at 2026-03-04 00:00 UTC, before the window was over.",
        ],
    );
}

#[test]
fn fees_that_are_not_known_give_a_share() {
    let script = Script {
        fees: None,
        failing: vec![(100, 160, Outcome::ServerError, Some(503))],
        ..of_days(3)
    };
    let page = Scene::play(&script).page();
    says(
        &page,
        &[
            "Credit: 10 % of the fees.",
            "The fees are not known here, so the credit is a share of them.",
        ],
    );
}

#[test]
fn errors_that_do_not_count_as_downtime_are_told_as_what_they_are() {
    let script = Script {
        contract: CONTRACT.replace("min_run_minutes = 1", "min_run_minutes = 30"),
        ..of_days(3)
    };
    let page = Scene::play(&script).page();
    says(
        &page,
        &[
            "No downtime by the contract's formula. Errors in 2026-03-01 01:40 to 01:50 UTC (10 min)",
            "Times with errors, none of which counts as downtime.",
            "2026-03-01 01:40 2026-03-01 01:50 10 min not downtime HTTP 503 server_error \u{d7} 10",
        ],
    );
}

#[test]
fn formulas_that_count_requests_have_their_own_fractions() {
    let (head, rest) = CONTRACT
        .split_once("family = \"downtime_minutes\"")
        .unwrap();
    let (_, rest) = rest.split_once("[commitment.credit]").unwrap();
    let script = Script {
        contract: format!("{head}family = \"request_ratio\"\n[commitment.credit]{rest}"),
        ..of_days(3)
    };
    let page = Scene::play(&script).page();
    says(
        &page,
        &[
            "Uptime is the share of all valid requests of the window that succeed.",
            "requests; 10 were lost.",
            "2026-03-01 01:40 2026-03-01 01:50 10 min 10 of 10",
        ],
    );
}

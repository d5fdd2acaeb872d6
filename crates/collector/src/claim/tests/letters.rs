use super::{Enclosed, Forms, Lab, NAME, january, letter, utc};
use crate::lab::CONTRACT;
use crate::{ClientIds, claim_letter};

/// The contract with a formula by intervals of five minutes.
fn by_intervals() -> String {
    let (before, metric) = CONTRACT.split_once("[commitment.metric]").unwrap();
    let (_, after) = metric.split_once("[commitment.credit]").unwrap();
    format!(
        "{before}[commitment.metric]\nfamily = \"interval_mean\"\ninterval_s = 300\n\
         empty = \"up\"\n[commitment.credit]{after}"
    )
}

#[tokio::test]
async fn each_form_is_exactly_what_the_provider_asks_for() {
    let lab = january("claim_forms", true).await;
    for (form, expected) in [
        ("aws", include_str!("letters/aws.txt")),
        ("azure", include_str!("letters/azure.txt")),
        ("generic", include_str!("letters/generic.txt")),
        ("google", include_str!("letters/google.txt")),
    ] {
        let letter = letter(&lab, NAME, (&Forms::default(), form)).await;
        if std::env::var_os("UPDATE_LETTERS").is_some() {
            let path = format!("src/claim/tests/letters/{form}.txt");
            std::fs::write(path, &letter).unwrap();
            continue;
        }
        assert_eq!(letter, expected, "{form}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn the_log_has_every_failed_request_of_the_downtime_and_no_more_of_it_than_is_allowed() {
    let lab = january("claim_log", true).await;
    let (mut requests, mut intervals) = (Vec::new(), Vec::new());
    let enclosed = Enclosed {
        requests: &mut requests,
        intervals: &mut intervals,
        client_ids: ClientIds::find(&lab.url, lab.state_dir(), &crate::lab::origin())
            .await
            .unwrap(),
    };
    let forms = Forms::default();
    let letter = claim_letter(&lab.url, NAME, (&forms, "google"), Some(enclosed)).await;
    let (letter, log) = (letter.unwrap(), String::from_utf8(requests).unwrap());
    let lines: Vec<&str> = log.split_terminator("\r\n").collect();
    let failed = "SELECT count(*) FROM sample WHERE started_at >= '2026-01-31T07:00Z'
                  AND started_at < '2026-01-31T19:00Z'";
    let listed = i64::try_from(lines.len() - 1).unwrap();
    assert_eq!(listed, lab.number(failed).await);
    assert_eq!(
        &lines[..2],
        [
            "time_utc,region,model,status,outcome,request_id,client_request_id",
            &format!(
                "2026-01-31T07:00:00.000007Z,r,,503,server_error,req_60,{}",
                own_name(&lab)
            )
        ]
    );
    assert!(lines[1..].is_sorted(), "in order of time");
    let total = format!(
        "By outcome and status: server_error, HTTP 503: {}\n",
        lines.len() - 1
    );
    assert!(letter.contains(&total), "{letter}");
    assert!(intervals.is_empty(), "no formula counts by intervals");
    for hidden in ["CANARY", "x-canary", "salt"] {
        assert!(
            !log.contains(hidden) && !letter.contains(hidden),
            "{hidden}"
        );
    }
    let path = format!("/api/v1/claims/{NAME}/requests.csv");
    let answer = lab.get(&path).await;
    assert!(
        answer.contains("filename=\"CLM-2026-01-acme-direct-1.requests.csv\""),
        "{answer}"
    );
    for line in &lines {
        assert!(answer.contains(line), "{line}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn raw_batches_that_are_gone_are_told_and_break_nothing() {
    let lab = january("claim_gone", true).await;
    lab.tamper("DELETE FROM batch_raw WHERE seq IN (4, 5)")
        .await;
    lab.tamper("UPDATE batch_raw SET body = '\\x00' WHERE seq = 6")
        .await;
    let letter = letter(&lab, NAME, (&Forms::default(), "aws")).await;
    assert!(
        letter.contains("3 batches of that time are no longer kept"),
        "{letter}"
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_formula_by_intervals_lists_each_below_100_percent() {
    let (from, to) = (utc("2026-01-31T06:00:00Z"), utc("2026-02-01T03:00:00Z"));
    let mut lab = Lab::start_judged("claim_intervals", from, by_intervals()).await;
    let outage = utc("2026-01-31T07:02:00Z")..utc("2026-01-31T19:00:00Z");
    let down = |at| outage.contains(&at);
    lab.measure((from, utc("2026-01-31T23:00:00Z")), down).await;
    lab.measure((utc("2026-01-31T23:00:00Z"), to), down).await;
    let (mut requests, mut intervals) = (Vec::new(), Vec::new());
    let enclosed = Enclosed {
        requests: &mut requests,
        intervals: &mut intervals,
        client_ids: ClientIds::default(),
    };
    let forms = Forms::default();
    let letter = claim_letter(&lab.url, NAME, (&forms, "aws"), Some(enclosed)).await;
    let letter = letter.unwrap();
    let first =
        "- uptime  2026-01-31 07:00 UTC  2026-01-31 07:05 UTC  40.000000 % (2/5) available\n";
    let second =
        "- uptime  2026-01-31 07:05 UTC  2026-01-31 07:10 UTC  0.000000 % (0/1) available\n";
    assert!(
        letter.contains(first) && letter.contains(second),
        "{letter}"
    );
    let listed = String::from_utf8(intervals).unwrap();
    assert_eq!(listed.lines().count(), 1 + 12 * 12, "{listed}");
    let line = "uptime,2026-01-31T07:00:00Z,2026-01-31T07:05:00Z,5,3,2/5";
    assert_eq!(listed.lines().nth(1), Some(line));
    lab.stop().await;
}

/// What the first failed request named itself.
fn own_name(lab: &Lab) -> String {
    let slot = domain::UnixMillis::from(utc("2026-01-31T07:00:00Z"));
    let attempt = wire::nonce::AttemptName {
        agent: &"a".parse().unwrap(),
        target: &crate::lab::TARGET.parse().unwrap(),
        kind: domain::Kind::Planned,
        slot,
        number: 1,
    };
    let seed = lab.collector.nonces().seed(wire::nonce::day_of(slot));
    seed.nonce(&attempt).unwrap()
}

use super::{Forms, Lab, utc};
use crate::claim::{Enclosed, Notice, NoticeState};
use crate::{ClientIds, list_notices, notice_letter, send_notice};

const NAME: &str = "NTC-acme-direct-20260131T0700";

/// An outage of two hours, not over yet.
async fn morning(name: &str) -> Lab {
    let from = utc("2026-01-31T06:00:00Z");
    let mut lab = Lab::start(name, from).await;
    let down = |at| at >= utc("2026-01-31T07:00:00Z");
    lab.measure((from, utc("2026-01-31T09:00:00Z")), down).await;
    lab
}

async fn only(lab: &Lab) -> Notice {
    let mut found = list_notices(&lab.url).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[tokio::test]
async fn an_incident_has_one_notice_from_its_first_minutes_until_it_is_over() {
    let mut lab = morning("notice_grows").await;
    let notice = only(&lab).await;
    assert_eq!(
        (notice.name.as_str(), notice.state),
        (NAME, NoticeState::Prepared)
    );
    assert!(notice.going_on);
    assert_eq!(notice.due_safe_at, Some(utc("2026-02-01T07:00:00Z")));
    lab.collector.run_jobs().await.unwrap();
    let end = utc("2026-01-31T10:00:00Z");
    let to = utc("2026-01-31T12:00:00Z");
    lab.measure((utc("2026-01-31T09:00:00Z"), to), |at| at < end)
        .await;
    let notice = only(&lab).await;
    assert_eq!((notice.name.as_str(), notice.going_on), (NAME, false));
    assert_eq!(notice.end_at, end);
    let again = utc("2026-01-31T13:00:00Z")..utc("2026-01-31T13:30:00Z");
    lab.measure((to, utc("2026-01-31T15:00:00Z")), |at| again.contains(&at))
        .await;
    assert_eq!(
        list_notices(&lab.url).await.unwrap().len(),
        2,
        "another incident"
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_notice_is_a_ticket_with_request_ids_and_its_log() {
    let lab = morning("notice_text").await;
    let (mut requests, mut intervals) = (Vec::new(), Vec::new());
    let enclosed = Enclosed {
        requests: &mut requests,
        intervals: &mut intervals,
        client_ids: ClientIds::default(),
    };
    let forms = Forms::default();
    let text = notice_letter(&lab.url, NAME, &forms, Some(enclosed))
        .await
        .unwrap();
    if std::env::var_os("UPDATE_LETTERS").is_some() {
        std::fs::write("src/claim/tests/letters/notice.txt", &text).unwrap();
    }
    assert_eq!(text, include_str!("letters/notice.txt"));
    let log = String::from_utf8(requests).unwrap();
    assert_eq!(
        log.lines().count(),
        1 + 120 - 2,
        "without slots that were not run"
    );
    assert!(!text.contains("CANARY") && !log.contains("CANARY"));
    let path = format!("/api/v1/notices/{NAME}");
    assert!(lab.get(&format!("{path}/letter")).await.ends_with(&text));
    assert!(
        lab.get(&format!("{path}/requests.csv"))
            .await
            .contains("req_60")
    );
    assert!(lab.get(&path).await.contains("\"state\":\"prepared\""));
    for path in ["/", "/api/v1/notices"] {
        assert!(lab.get(path).await.contains(NAME), "{path}");
    }
    assert!(
        lab.get("/api/v1/notices/none")
            .await
            .contains("there is no notice `none`")
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_notice_is_sent_once_and_lapses_where_nobody_sends_it() {
    for (name, is_sent) in [("notice_sent", true), ("notice_lapses", false)] {
        let lab = morning(name).await;
        if is_sent {
            let sent = send_notice(&lab.url, NAME, ("CASE-1", "ann"), &lab.clock).await;
            assert_eq!(sent.unwrap().state, NoticeState::Sent);
            let again = send_notice(&lab.url, NAME, ("CASE-2", "ann"), &lab.clock).await;
            assert_eq!(
                again.unwrap_err().to_string(),
                format!("notice `{NAME}` is sent: it does not wait to be sent")
            );
        }
        lab.clock.set(utc("2026-02-01T08:00:00Z").into());
        lab.collector.run_jobs().await.unwrap();
        let notices = list_notices(&lab.url).await.unwrap();
        let notice = notices.iter().find(|notice| notice.name == NAME).unwrap();
        let (state, reference) = if is_sent {
            (NoticeState::Sent, Some("CASE-1"))
        } else {
            (NoticeState::Lapsed, None)
        };
        assert_eq!(
            (notice.state, notice.reference.as_deref()),
            (state, reference)
        );
        lab.stop().await;
    }
}

#[tokio::test]
async fn what_is_no_downtime_any_more_is_withdrawn_and_comes_back_as_the_same_notice() {
    let lab = morning("notice_withdrawn").await;
    lab.tamper(
        "INSERT INTO claim_notice SELECT 'NTC-none', contract_id, '2026-01-31T06:10Z',
             '2026-01-31T06:20Z', false, terms, 'prepared', NULL, due_safe_at, due_literal_at,
             prepared_at, NULL, NULL FROM claim_notice;
         UPDATE claim_notice SET state = 'withdrawn' WHERE name <> 'NTC-none'",
    )
    .await;
    lab.collector.run_jobs().await.unwrap();
    let mut states = Vec::new();
    for notice in list_notices(&lab.url).await.unwrap() {
        states.push((notice.name, notice.state));
    }
    let expected = [
        (NAME.to_owned(), NoticeState::Prepared),
        ("NTC-none".to_owned(), NoticeState::Withdrawn),
    ];
    assert_eq!(states, expected);
    lab.stop().await;
}

use super::{ClaimError, ClaimStep, NAME, january, step};
use crate::{send_notice, show_claim};

#[tokio::test]
async fn words_that_hide_or_do_not_end_are_refused_and_others_are_shown_as_text() {
    let lab = january("claim_words", true).await;
    let long = "x".repeat(501);
    for bad in [
        "",
        "  ",
        "a\nb",
        "a\u{0}",
        "\u{1b}[2J",
        "a\u{202e}b",
        "\u{feff}",
        &long,
    ] {
        let reference = bad.to_owned();
        let refused = step(&lab, ClaimStep::File { reference }).await;
        assert!(matches!(refused, Err(ClaimError::Words)), "{bad:?}");
        let name = "NTC-acme-direct-20260131T0700";
        for said in [(bad, "ann"), ("CASE", bad)] {
            let refused = send_notice(&lab.url, name, said, &lab.clock).await;
            assert!(matches!(refused, Err(ClaimError::Words)), "{said:?}");
        }
    }
    let reference = "<script>alert('{{asked}}')</script> \u{fc}".to_owned();
    let given = reference.clone();
    step(&lab, ClaimStep::File { reference }).await.unwrap();
    let reason = "=HYPERLINK(\"x\") & <b>no</b>".to_owned();
    step(&lab, ClaimStep::Deny { reason }).await.unwrap();
    let (claim, _) = show_claim(&lab.url, NAME).await.unwrap();
    assert_eq!(
        claim.reference.as_deref(),
        Some(given.as_str()),
        "kept as it is"
    );
    for path in ["/", &format!("/claims/{NAME}")] {
        let page = lab.get(path).await;
        assert!(
            !page.contains("<script>alert") && !page.contains("<b>no"),
            "{path}"
        );
    }
    let page = lab.get(&format!("/claims/{NAME}")).await;
    assert!(page.contains("&lt;script&gt;alert"), "{page}");
    for path in ["/claims/%3Cscript%3E", "/claims/none", "/claims/%FF"] {
        let answer = lab.get(path).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.contains("<script>a"), "{path}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn an_amount_is_one_of_the_currency_and_more_than_nothing() {
    let lab = january("claim_amounts", true).await;
    step(&lab, super::file()).await.unwrap();
    for bad in [
        "",
        "0",
        "0.00",
        "-1",
        "1.234",
        "1e9",
        "12,50",
        "NaN",
        "99999999999999999999999",
    ] {
        let amount = bad.to_owned();
        let refused = step(&lab, ClaimStep::Pay { amount }).await;
        assert!(
            matches!(refused, Err(ClaimError::Amount { .. } | ClaimError::Zero)),
            "{bad:?}"
        );
    }
    let none = super::ClaimStep::Deny {
        reason: "r".repeat(500),
    };
    assert!(step(&lab, none).await.is_ok());
    lab.stop().await;
}

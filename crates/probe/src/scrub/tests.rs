use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use domain::detail::{Text, hex};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;

const PROMPT: &str = "Reply with exactly: pong-7f3a";

fn scrubber(secrets: &[&str]) -> Scrubber {
    let mut prompt = Needles::default();
    prompt.add_prompt(PROMPT);
    let secrets: Secrets = secrets.iter().map(|secret| (*secret).into()).collect();
    Scrubber {
        secrets: needles(&secrets),
        prompt,
        ..Scrubber::default()
    }
}

#[track_caller]
fn check(said: &str, kept: &str) {
    let (text, is_cut) = scrubber(&["canary+secret/1"]).scrub(said.as_bytes());
    assert_eq!((text.as_str(), is_cut), (kept, false));
}

#[test]
fn words_numbers_and_the_form_of_an_error_stay() {
    for said in [
        r#"{"error":{"message":"Rate limit reached for gpt-4o on requests per min (RPM): Limit 3, Used 3. Visit https://platform.example/account/rate-limits to learn more.","type":"requests","code":"rate_limit_exceeded"}}"#,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        "anthropic-ratelimit-input-tokens-remaining is 0, reset at 2026-11-22T10:30:00Z",
        r#"{"error":{"code":"user_location","param":"api_key"}}"#,
        "<html><head><title>502 Bad Gateway</title></head><hr>nginx</html>",
        "",
    ] {
        check(said, said);
    }
}

#[test]
fn what_looks_like_a_credential_is_removed() {
    check("provided: sk-proj-********abcd.", "provided: [removed:key]");
    check("was Bearer abc.def-ghi, sir", "was [removed:bearer], sir");
    check("AKIAIOSFODNN7EXAMPLE!", "[removed:key]!");
    check("AIzaSyA1234567890abcdefgh", "[removed:key]");
    check(
        "x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln y",
        "x [removed:key] y",
    );
    check(r#"{"api_key": "hunter22"}"#, r#"{"[removed:key]"}"#);
    check("via http://me:pw@proxy.example", "via http[removed:key]");
    check("0123456789abcdef0123456789abcdef", "[removed:run]");
    check("-----BEGIN PRIVATE KEY----- MC4", "[removed:key]");
}

#[test]
fn whose_account_it_is_and_from_where_is_removed() {
    check(
        "in organization org-AbC on",
        "in organization [removed:account] on",
    );
    check(
        "proj_abc and acct_1x2",
        "[removed:account] and [removed:account]",
    );
    check("user 123456789012 is", "[removed:account] is");
    check(
        "is arn:aws:iam::123456789012:user/x, not",
        "is [removed:account], not",
    );
    check("at 123456789012.", "at [removed:account].");
    check("projects/my-lab/models", "[removed:account]/models");
    check("ask me.too@lab.example, or", "ask [removed:email], or");
    check(
        "from 192.0.2.17 and 2001:db8::17 x",
        "from [removed:address] and [removed:address] x",
    );
}

#[test]
fn what_was_asked_and_what_a_model_wrote_are_removed() {
    check(
        "You said: Reply with exactly: pong-7f3a.",
        "You said: [removed:prompt].",
    );
    check(
        "You said: reply with\\nexactly: pong.",
        "You said: [removed:prompt].",
    );
    check(
        r#"{"failed_generation":"once \"upon\" a time","code":1}"#,
        r#"{[removed:answer],"code":1}"#,
    );
}

#[test]
fn a_long_request_id_stays_and_other_runs_do_not() {
    let id = "0123456789abcdef-0123456789abcdef";
    let said = format!("id={id} key=x{id}y0123456789abcdef0123456789abcdef");
    let (text, _) = scrubber(&[]).with_known(Some(id)).scrub(said.as_bytes());
    assert_eq!(text, format!("id={id} [removed:run]"));
}

#[test]
fn a_body_is_cut_before_a_mark_and_at_the_end_of_what_is_looked_at() {
    let said = format!(
        "{}\u{20ac} canary+secret/1",
        "x ".repeat(BODY_BYTES_MAX / 2 - 2)
    );
    let (text, is_cut) = scrubber(&["canary+secret/1"]).scrub(said.as_bytes());
    assert!(
        is_cut && text.len() <= BODY_BYTES_MAX && !text.contains('['),
        "{text}"
    );
    // So much is removed that what is cut off at the end would come into view.
    let said = format!(
        "{}canary+sec",
        "canary+secret/1".repeat(SCANNED_BYTES_MAX / 15)
    );
    let (text, is_cut) = scrubber(&["canary+secret/1"]).scrub(said.as_bytes());
    assert_eq!((text.as_str(), is_cut), ("[removed:run]", true));
}

#[test]
fn a_text_of_which_everything_is_secret_is_removed_as_a_whole() {
    let (text, _) = scrubber(&["e"]).scrub(b"one");
    assert_eq!(text, ALL_REMOVED);
}

#[test]
fn nothing_of_it_shows_in_debug() {
    let all = scrubber(&["canary+secret/1"]);
    let said = Unscrubbed::new(b"canary+secret/1");
    assert!(!format!("{all:?}{said:?}").contains("canary"));
}

/// How a secret may be written.
fn spelled(secret: &str) -> Vec<String> {
    let coded = |code: fn(char) -> String| secret.chars().map(code).collect::<String>();
    let json = coded(|c| format!("\\u{:04x}", u32::from(c)));
    let html = coded(|c| format!("&#{};", u32::from(c)));
    let percent = coded(|c| format!("%{:02X}", u32::from(c)));
    vec![
        secret.to_owned(),
        secret.to_uppercase(),
        json.replace('\\', "\\\\"),
        json,
        html,
        percent,
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        hex(secret.as_bytes()),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        STANDARD_NO_PAD.encode(format!("me:{secret}")),
    ]
}

proptest! {
    // Patterns are slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_bytes_give_a_short_plain_text_that_scrubbing_leaves_alone(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "(\\[removed:|key|secret|\\]|Bearer |sk-|@|://|%4|[0-9]{9,13}|\\\\u00|user |[a-z.:/=-]){0,60}"
                .prop_map(String::into_bytes),
            "[0-9a-zA-Z@:./ ]{2000,2100}".prop_map(String::into_bytes),
        ],
    ) {
        let scrubber = scrubber(&["canary+secret/1"]);
        let (body, _) = scrubber.body(&bytes);
        let Text::Plain(text) = body.text() else { panic!("it is text") };
        prop_assert!(text.len() <= BODY_BYTES_MAX && !text.contains(char::is_control));
        let (again, is_cut) = scrubber.body(text.as_bytes());
        prop_assert_eq!(again, body.clone());
        prop_assert!(!is_cut);
    }

    #[test]
    fn a_secret_is_removed_from_any_place_in_any_spelling(
        secret in "[A-Za-z0-9+/_.-]{12,48}",
        before in ".{0,40}",
        after in ".{0,40}",
        nth in 0_usize..12,
    ) {
        let spelled = spelled(&secret).swap_remove(nth);
        let said = format!("{before}{spelled}{after}");
        let (kept, _) = scrubber(&[&secret]).scrub(said.as_bytes());
        prop_assert!(!kept.contains(&spelled), "{} of {}", kept, said);
        let runs: Vec<&str> = (0..=secret.len() - 12).map(|at| &secret[at..at + 12]).collect();
        prop_assert!(!runs.iter().any(|run| kept.contains(run)), "{} of {}", kept, said);
    }

    #[test]
    fn a_prompt_is_removed_however_much_of_it_is_repeated(
        start in 0_usize..6,
        before in "[a-z ]{0,20}",
    ) {
        let said = format!("{before}{}", &PROMPT[start..]);
        let (kept, _) = scrubber(&[]).scrub(said.as_bytes());
        prop_assert!(!kept.contains("exactly"), "{}", kept);
    }
}

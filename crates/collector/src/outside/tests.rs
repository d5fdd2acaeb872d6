use evidence::note::SigningKey;

use super::*;

fn vkey(seed: u8) -> String {
    let key = SigningKey::from_seed("witness.example/w", &[seed; 32]).unwrap();
    key.cosigner_key().to_string()
}

fn witness(name: &str, vkey: &str, url: &str) -> WitnessConfig {
    WitnessConfig {
        name: name.to_owned(),
        vkey: vkey.to_owned(),
        url: url.to_owned(),
    }
}

fn post(name: &str, url: &str) -> CheckpointPost {
    CheckpointPost {
        name: name.to_owned(),
        url: url.to_owned(),
        format: PostFormat::Note,
    }
}

#[test]
fn witnesses_and_receivers_are_taken_as_configured() {
    let witnesses = [
        witness("customer", &vkey(1), "https://w.example/prefix/"),
        witness("inner", &vkey(2), "http://10.0.0.7:7380"),
    ];
    let posts = [post("customer", "https://example.com/hooks/x?y=z")];
    let outside = Outside::checked(&witnesses, 60, &posts).unwrap();
    let url = &outside.witnesses[0].url;
    assert_eq!(url, "https://w.example/prefix/add-checkpoint");
    assert_eq!(outside.every, Duration::from_mins(1));
}

#[test]
fn a_witness_that_cannot_be_asked_or_believed_is_refused() {
    let url = "https://w.example";
    let log = SigningKey::from_seed("x.example/log", &[1; 32]).unwrap();
    let log = log.verifier_key().to_string();
    for entry in [
        witness("", &vkey(1), url),
        witness("a:b", &vkey(1), url),
        witness("A", &vkey(1), url),
        witness("a", "none", url),
        witness("a", &log, url),
        witness("a", &vkey(1), "ftp://w.example"),
        witness("a", &vkey(1), "https://"),
        witness("a", &vkey(1), "https://u:p@w.example"),
        witness("a", &vkey(1), "https://w.example/ x"),
    ] {
        assert!(
            Outside::checked(std::slice::from_ref(&entry), 60, &[]).is_err(),
            "{entry:?}"
        );
    }
    let twice = [witness("a", &vkey(1), url), witness("a", &vkey(2), url)];
    assert!(Outside::checked(&twice, 60, &[]).is_err());
    let twice = [witness("a", &vkey(1), url), witness("b", &vkey(1), url)];
    assert!(Outside::checked(&twice, 60, &[]).is_err());
    assert!(Outside::checked(&[], 0, &[]).is_err());
}

#[test]
fn a_checkpoint_is_posted_over_https_only() {
    for url in [
        "http://example.com/x",
        "example.com",
        "https://u@example.com/",
        "file:///x",
    ] {
        assert!(
            Outside::checked(&[], 60, &[post("a", url)]).is_err(),
            "{url}"
        );
    }
    let twice = [
        post("a", "https://example.com"),
        post("a", "https://example.org"),
    ];
    assert!(Outside::checked(&[], 60, &twice).is_err());
}

#[test]
fn failures_are_counted_and_told_until_one_succeeds() {
    let failures = Failures::default();
    failures.failed("w", "one".into());
    failures.failed("w", "two".into());
    let failed = failures.of("w");
    assert_eq!((failed.count, failed.last.as_deref()), (2, Some("two")));
    failures.succeeded("w");
    let failed = failures.of("w");
    assert_eq!((failed.count, failed.last), (2, None));
    assert_eq!(failures.of("other").count, 0);
}

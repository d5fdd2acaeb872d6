use super::*;

fn read(toml: &str) -> Result<Published, PublishedError> {
    #[derive(Deserialize)]
    struct File {
        published: Vec<PublishedConfig>,
    }
    let file: File = toml::from_str(toml).expect("a configuration");
    Published::checked(&file.published)
}

fn one(rest: &str) -> Result<Published, PublishedError> {
    read(&format!("[[published]]\nname = \"a\"\n{rest}"))
}

#[test]
fn a_known_provider_needs_a_name_only() {
    for preset in preset::ALL.iter().filter(|one| one.provider != "aws") {
        let found = one(&format!("provider = \"{}\"", preset.provider)).unwrap();
        assert_eq!(found.sources.len(), 1, "{}", preset.provider);
    }
    let found = one("provider = \"openai\"\ntargets = [\"t\"]").unwrap();
    let source = found.find("a").unwrap();
    assert_eq!(source.interval, Duration::from_mins(1));
    let documents = source.documents();
    assert_eq!(
        documents[1].url,
        "https://status.openai.com/api/v2/incidents.json"
    );
    let contract = "c".parse().unwrap();
    assert_eq!(found.about(&contract, &["t".to_owned()]).count(), 1);
    assert_eq!(found.about(&contract, &["u".to_owned()]).count(), 0);
}

#[test]
fn the_feed_of_aws_is_chosen_by_service_and_region() {
    let found = one("provider = \"aws\"\nproduct = \"bedrock-us-east-1\"").unwrap();
    let source = found.find("a").unwrap();
    let documents = source.documents();
    assert_eq!(
        (documents[0].url.as_str(), documents[0].form),
        (
            "https://status.aws.amazon.com/rss/bedrock-us-east-1.rss",
            Form::Rss
        )
    );
    assert_eq!((source.kind.as_str(), documents.len()), ("rss", 1));
    let long = "a".repeat(65);
    for product in ["", "Bedrock", "../x", "a b", "{product}", &long] {
        let lines = format!("provider = \"aws\"\nproduct = \"{product}\"");
        let refused = one(&lines);
        assert!(
            matches!(refused, Err(PublishedError::Product { .. })),
            "{product}"
        );
    }
    assert!(
        one("provider = \"aws\"").is_err(),
        "all of AWS is no service"
    );
    assert!(one("provider = \"azure\"\nproduct = \"x\"").is_err());
}

#[test]
fn a_source_that_cannot_be_read_is_refused() {
    let page = "kind = \"statuspage\"\nurl = \"https://x.example/api/v2/summary.json\"\n";
    assert!(one(page).is_ok());
    for bad in [
        String::new(),
        "kind = \"statuspage\"".to_owned(),
        format!("{page}provider = \"openai\""),
        "provider = \"nobody\"".to_owned(),
        format!("{page}interval_s = 29"),
        format!("{page}interval_s = 3601"),
        format!("{page}keep_days = 61"),
        format!("{page}product = \"p\""),
        format!("{page}components = [\"\"]"),
        "kind = \"google\"\nurl = \"https://x.example/incidents.json\"".to_owned(),
        "kind = \"openrouter\"\nurl = \"http://x.example/\"".to_owned(),
        "kind = \"openrouter\"\nurl = \"https://u:p@x.example/\"".to_owned(),
        "kind = \"openrouter\"\nurl = \"https:///x\"".to_owned(),
    ] {
        assert!(one(&bad).is_err(), "{bad}");
    }
    let twice = format!("[[published]]\nname = \"a\"\n{page}[[published]]\nname = \"a\"\n{page}");
    assert!(matches!(read(&twice), Err(PublishedError::Twice { .. })));
    let named = format!("[[published]]\nname = \"A\"\n{page}");
    assert!(matches!(read(&named), Err(PublishedError::Name { .. })));
}

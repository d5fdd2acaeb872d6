use super::*;

const TEXT: &str = include_str!("../web/tests/month.toml");

const PLAN: &str = "revision = 1\neffective_from_ms = 0\n\
     [[agent]]\nid = \"a\"\nregion = \"r\"\nnetwork = \"n\"\n\
     [[target]]\nid = \"t\"\nprovider = \"p\"\ninterval_s = 60\ndeadline_ms = 1\n\
     request = { kind = \"http\", url = \"http://x.invalid\" }\n";

fn setup(toml: &str) -> ContractSetup {
    ContractSetup {
        toml: toml.to_owned(),
        targets: vec!["t".parse().unwrap()],
        fees: None,
    }
}

/// The text of a version that is in force from a day on.
fn version(from: &str) -> String {
    let date = "text_date = 2026-01-01";
    assert!(TEXT.contains(date));
    TEXT.replacen(date, &format!("effective_from = {from}"), 1)
}

fn loaded(toml: &str, key: i32) -> Loaded {
    let setup = setup(toml);
    let plan = wire::plan::Plan::parse(PLAN).unwrap();
    let checked = check(&setup, &plan).unwrap();
    Loaded {
        registered: Registered {
            key,
            id: checked.contract.id().clone(),
            toml: toml.to_owned(),
            sha256: Hash::of(toml.as_bytes()),
            targets: vec!["t".to_owned()],
            fees: None,
        },
        contract: checked.contract.clone(),
        targets: setup.targets.clone(),
        fees: None,
    }
}

fn minute(text: &str) -> Minute {
    let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
    domain::UnixMillis::from(at.to_utc()).minute()
}

#[test]
fn a_formula_that_needs_single_samples_is_refused_by_name() {
    let (head, rest) = TEXT.split_once("[commitment.metric]").unwrap();
    let (_, tail) = rest.split_once("[commitment.credit]").unwrap();
    let timed = format!(
        "{head}[commitment.metric]\nfamily = \"request_ratio\"\nsuccess_within_s = 30\n\
         [commitment.credit]{tail}"
    );
    let by_end = TEXT.replacen("[events]", "[events]\nattribution = \"request_end\"", 1);
    let plan = wire::plan::Plan::parse(PLAN).unwrap();
    for text in [timed, by_end] {
        let setup = setup(&text);
        let refused = check(&setup, &plan).err().unwrap().to_string();
        assert!(refused.contains("contract `acme-direct`"), "{refused}");
        assert!(refused.contains("commitment `uptime`"), "{refused}");
        assert!(refused.contains("`nines assess`"), "{refused}");
    }
    assert!(check(&setup(TEXT), &plan).is_ok());
}

#[test]
fn one_version_alone_judges_every_window() {
    let only = [loaded(&version("2026-11-15"), 1)];
    let judge = |at| judging(&only, 1, minute(at)).is_some();
    assert!(judge("2026-01-10T00:00:00Z") && judge("2026-12-10T00:00:00Z"));
    assert!(judging(&only, 2, minute("2026-12-10T00:00:00Z")).is_none());
}

#[test]
fn of_several_versions_the_latest_in_force_on_the_first_day_judges() {
    let all = [
        loaded(&version("2026-12-01"), 1),
        loaded(&version("2026-03-01"), 1),
        loaded(&version("2026-11-15"), 1),
    ];
    let from = |at| {
        let one = judging(&all, 1, minute(at))?;
        one.contract
            .source
            .effective_from
            .map(|from| from.to_string())
    };
    assert_eq!(from("2026-02-28T00:00:00Z"), None);
    assert_eq!(from("2026-03-01T00:00:00Z").unwrap(), "2026-03-01");
    assert_eq!(
        from("2026-11-20T00:00:00Z").unwrap(),
        "2026-03-01",
        "it began on the first"
    );
    assert_eq!(from("2026-12-01T00:00:00Z").unwrap(), "2026-12-01");
}

#[test]
fn a_contract_is_shown_once() {
    let all = [
        loaded(&version("2026-12-01"), 1),
        loaded(&version("2026-03-01"), 1),
        loaded(TEXT, 2),
    ];
    let shown = |at| {
        let shown = current(&all, minute(at)).into_iter();
        let from = |one: &Loaded| one.contract.source.effective_from;
        shown
            .map(|one| from(one).map(|day| day.to_string()))
            .collect::<Vec<_>>()
    };
    let of = |day: &str| vec![Some(day.to_owned()), None];
    assert_eq!(
        shown("2026-02-01T00:00:00Z"),
        of("2026-03-01"),
        "the next one"
    );
    assert_eq!(shown("2026-11-30T00:00:00Z"), of("2026-03-01"));
    assert_eq!(shown("2026-12-01T00:00:00Z"), of("2026-12-01"));
}

#[test]
fn versions_that_nothing_tells_apart_are_refused() {
    let plan = wire::plan::Plan::parse(PLAN).unwrap();
    let texts = [
        version("2026-03-01"),
        version("2026-12-01"),
        version("2026-03-01"),
    ];
    let setups = texts.map(|text| setup(&text));
    let checked = |range: std::ops::Range<usize>| {
        let all: Vec<_> = setups[range]
            .iter()
            .map(|one| check(one, &plan).unwrap())
            .collect();
        check_versions(&all)
    };
    assert!(checked(0..2).is_ok());
    let refused = checked(0..3).unwrap_err().to_string();
    assert!(refused.contains("configured twice"), "{refused}");
}

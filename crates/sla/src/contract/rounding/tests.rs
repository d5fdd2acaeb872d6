use proptest::prelude::*;

use super::*;

fn parse(toml: &str) -> Result<Rounding, String> {
    toml::from_str(toml).map_err(|error| error.message().to_owned())
}

fn percent(text: &str) -> Fraction {
    Fraction::from_percent(text).unwrap()
}

#[track_caller]
fn check_readings(toml: &str, expected: &[RoundingMode]) {
    assert_eq!(parse(toml).unwrap().readings(), expected, "{toml}");
}

#[test]
fn a_stated_rounding_has_one_reading() {
    check_readings("mode = \"none\"", &[RoundingMode::None]);
    check_readings(
        "mode = \"half_up\"\ndigits = 2",
        &[RoundingMode::HalfUp { digits: 2 }],
    );
    assert_eq!(Rounding::default().readings(), [RoundingMode::None]);
}

#[test]
fn an_unstated_rounding_is_read_in_every_way_the_literal_one_first() {
    let (none, up) = (RoundingMode::None, RoundingMode::HalfUp { digits: 1 });
    let floor = RoundingMode::Floor { digits: 1 };
    check_readings("mode = \"unknown\"\ndigits = 1", &[none, up, floor]);
    check_readings(
        "mode = \"half_up\"\ndigits = 1\nbasis = \"inferred\"",
        &[up, none, floor],
    );
    check_readings(
        "mode = \"floor\"\ndigits = 1\nbasis = \"assumed\"",
        &[floor, none, up],
    );
    check_readings("mode = \"none\"\nbasis = \"inferred\"", &[none]);
}

#[test]
fn a_mode_and_its_digits_belong_together() {
    for (toml, said) in [
        ("mode = \"none\"\ndigits = 1", "`digits`: mode"),
        ("mode = \"half_up\"", "`digits`: say"),
        ("mode = \"unknown\"", "`digits`: say"),
        ("mode = \"floor\"\ndigits = 7", "must be a whole number"),
        ("mode = \"round\"", "unknown variant"),
        ("mode = \"none\"\nmore = 1", "unknown field"),
    ] {
        let error = parse(toml).unwrap_err();
        assert!(error.starts_with(said), "{toml}: {error}");
    }
}

#[test]
fn a_rounding_is_written_as_it_was_read() {
    for toml in [
        "mode = \"none\"\n",
        "mode = \"floor\"\ndigits = 0\n",
        "mode = \"unknown\"\ndigits = 2\nbasis = \"inferred\"\nprovenance = \"quoted\"\nnote = \"holes\"\n",
    ] {
        assert_eq!(toml::to_string(&parse(toml).unwrap()).unwrap(), toml);
    }
}

#[test]
fn one_uptime_is_kept_or_missed_by_how_it_is_rounded() {
    let target = percent("99.5");
    let up = RoundingMode::HalfUp { digits: 1 };
    assert_eq!(up.apply(&percent("99.449")), percent("99.4"));
    assert_eq!(up.apply(&percent("99.45")), target);
    assert!(RoundingMode::None.apply(&percent("99.45")) < target);

    let between = percent("97.995");
    let (up, floor) = (
        RoundingMode::HalfUp { digits: 2 },
        RoundingMode::Floor { digits: 2 },
    );
    assert_eq!(up.apply(&between), percent("98"));
    assert_eq!(floor.apply(&between), percent("97.99"));
}

#[test]
fn a_mode_is_told_in_words_and_in_json() {
    let mode = RoundingMode::HalfUp { digits: 1 };
    assert_eq!(mode.to_string(), "rounded half-up to 1 decimal");
    let floor = RoundingMode::Floor { digits: 2 };
    assert_eq!(floor.to_string(), "cut off after 2 decimals");
    let json = r#"{"mode":"half_up","digits":1}"#;
    assert_eq!(serde_json::to_string(&mode).unwrap(), json);
    assert_eq!(serde_json::from_str::<RoundingMode>(json).unwrap(), mode);
}

proptest! {
    #[test]
    fn rounding_moves_an_uptime_by_less_than_one_unit_of_its_last_digit(
        num in 0_u64..=1_000_000_007, digits in 0..=ROUNDING_DIGITS_MAX,
    ) {
        let uptime = Fraction::new(num, std::num::NonZeroU64::new(1_000_000_007).unwrap());
        let unit = Fraction::new(1, std::num::NonZeroU64::new(100 * 10_u64.pow(digits.into())).unwrap());
        let floor = RoundingMode::Floor { digits }.apply(&uptime);
        let up = RoundingMode::HalfUp { digits }.apply(&uptime);
        prop_assert!(floor <= uptime && floor <= up);
        prop_assert!(uptime.ratio() - floor.ratio() < *unit.ratio());
        prop_assert!(up == floor || up.ratio() - floor.ratio() == *unit.ratio());
    }
}

use proptest::prelude::*;

use super::*;
use crate::document::Node;

fn read(toml: &str) -> Result<Window, DocumentError> {
    let node = Node::from_toml(toml)?;
    let mut reader = Reader::new(&node)?;
    let window = Window::read(&mut reader)?;
    reader.finish()?;
    Ok(window)
}

fn window(toml: &str) -> Window {
    read(toml).expect("a window")
}

/// 2026-11-22T00:00:00Z.
const MIDNIGHT: u64 = 1_795_305_600;

fn at(scenario_s: u64, unix_s: u64) -> Now {
    Now {
        scenario: Duration::from_secs(scenario_s),
        unix_s,
    }
}

#[test]
fn utc_windows_read_times_with_offsets_and_are_half_open() {
    let window = window("from = 2026-11-22T00:00:00Z\nuntil = \"2026-11-22T02:00:00+01:00\"");
    assert_eq!(window.from, Some(UtcSecond(MIDNIGHT)));
    assert_eq!(window.until, Some(UtcSecond(MIDNIGHT + 3_600)));
    assert!(!window.covers(at(0, MIDNIGHT - 1)));
    assert!(window.covers(at(0, MIDNIGHT)));
    assert!(!window.covers(at(0, MIDNIGHT + 3_600)));
}

#[test]
fn a_daily_window_may_cross_midnight() {
    let window = window("daily_from = \"22:30\"\ndaily_until = 06:00:00");
    for (minute, covered) in [
        (0, true),
        (359, true),
        (360, false),
        (1_349, false),
        (1_350, true),
    ] {
        assert_eq!(
            window.covers(at(0, MIDNIGHT + minute * 60)),
            covered,
            "minute {minute}"
        );
    }
}

#[test]
fn a_cycle_counts_from_the_windows_start() {
    let window = window("from_s = 10\nuntil_s = 100\ncycle_s = 30\ncycle_on_s = 5");
    let open: Vec<u64> = (0..120)
        .filter(|second| window.covers(at(*second, 0)))
        .collect();
    assert_eq!(
        open,
        [10, 11, 12, 13, 14, 40, 41, 42, 43, 44, 70, 71, 72, 73, 74]
    );
}

#[test]
fn windows_that_never_open_say_why() {
    for (toml, named) in [
        ("from_s = 9\nuntil_s = 9", "until_s"),
        (
            "from = 2026-01-02T00:00:00Z\nuntil = 2026-01-01T00:00:00Z",
            "until",
        ),
        (
            "daily_from = \"10:00\"\ndaily_until = \"10:00\"",
            "daily_until",
        ),
        ("cycle_s = 10", "cycle_on_s"),
        ("cycle_s = 10\ncycle_on_s = 11", "cycle_on_s"),
    ] {
        let flaw = window(toml).flaw().expect("a flaw");
        assert!(flaw.contains(named), "{flaw}");
    }
    for wrong in [
        "from = 2026-11-22T00:00:00",
        "from = 2026-11-22",
        "daily_from = \"24:00\"",
        "daily_from = \"9:00\"",
        "daily_from = \"09:00:30\"",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn times_read_back_as_they_are_written(unix_s in 0u64..253_402_300_800) {
        let text = UtcSecond(unix_s).to_string();
        let datetime = Datetime::from_str(&text).expect("RFC 3339");
        prop_assert_eq!(UtcSecond::of_datetime(datetime), Some(UtcSecond(unix_s)));
    }
}

//! Out and in again.

use proptest::prelude::*;
use sla::contract::WindowKind;

use super::*;

fn window() -> impl Strategy<Value = String> {
    let zone = prop::sample::select(vec![
        "UTC",
        "Europe/Paris",
        "America/Los_Angeles",
        "Asia/Kolkata",
    ]);
    let kind = prop_oneof![
        Just("kind = \"calendar_month\"".to_owned()),
        Just("kind = \"calendar_quarter\"".to_owned()),
        // The billing month that begins on the first is the calendar month.
        (2..=31_u8).prop_map(|day| format!("kind = \"billing_month\", anchor_day = {day}")),
        (1..=366_u16, 0..1_000_000_i64).prop_map(|(days, minutes)| {
            let at = chrono::DateTime::from_timestamp(1_700_000_040 + minutes * 60, 0).unwrap();
            let at = at.format("%Y-%m-%dT%H:%M:%SZ");
            format!("kind = \"fixed_days\", days = {days}, anchor = \"{at}\"")
        }),
        (1..=366_u16).prop_map(|days| format!("kind = \"trailing_days\", days = {days}")),
    ];
    (kind, zone).prop_map(|(kind, zone)| {
        // Rolling windows of OpenSLO have no zone.
        let zone = if kind.contains("trailing") {
            "UTC"
        } else {
            zone
        };
        format!("{kind}, timezone = \"{zone}\"")
    })
}

fn metric() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("family = \"request_ratio\"".to_owned()),
        (0..1_000_000_000_u32).prop_map(|billionths| format!(
            "family = \"downtime_minutes\", rule = \"rate_gt\", threshold = \"0.{billionths:09}\", min_run_minutes = 1"
        )),
        (1..=1_440_u32).prop_map(|minutes| format!(
            "family = \"interval_mean\", interval_s = {}, align = \"window_start\", empty = \"unknown\"",
            minutes * 60
        )),
        prop::sample::select(vec![60, 180, 300, 900]).prop_map(|seconds| format!(
            "family = \"interval_mean\", interval_s = {seconds}, empty = \"unknown\""
        )),
    ]
}

proptest! {
    #[test]
    fn formula_target_and_window_come_back(
        window in window(),
        metric in metric(),
        millionths in 1_000_000..=100_000_000_u32,
    ) {
        let mut before = contract(&window, &metric);
        let target = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
        before.commitments[0].target = target.parse().unwrap();
        let yaml = exported(&before);
        let after = imported(&yaml);
        prop_assert_eq!(after.id(), before.id());
        prop_assert_eq!(&after.provider, &before.provider);
        prop_assert_eq!(after.currency, before.currency);
        prop_assert_eq!(&after.service, &before.service);
        prop_assert_eq!(after.window.kind, before.window.kind, "{}", yaml);
        let (was, is) = (&before.commitments[0], &after.commitments[0]);
        prop_assert_eq!(&is.id, &was.id);
        prop_assert_eq!(&is.target, &was.target);
        let ours = |metric: &sla::contract::Metric| match metric {
            // The two words for where intervals begin, where they mean the same.
            sla::contract::Metric::IntervalMean(rule) => {
                let mut rule = rule.clone();
                rule.align = super::super::slices::window_start(rule.interval_minutes, &before.window);
                sla::contract::Metric::IntervalMean(rule)
            }
            other => other.clone(),
        };
        let aligned = !export::draft(&before).unwrap().warnings.0.iter().any(|w| w.contains("align"));
        if aligned {
            prop_assert_eq!(ours(&is.metric), ours(&was.metric));
        }
        if !matches!(before.window.kind, WindowKind::FixedDays { .. }) {
            prop_assert_eq!(after.window.timezone, before.window.timezone);
        }
        // What OpenSLO can say, it says the same twice.
        let again = exported(&after);
        let spec = |yaml: &str| yaml.split("timeWindow").nth(1).map(str::to_owned);
        prop_assert_eq!(spec(&again), spec(&yaml));
    }

    #[test]
    fn intervals_of_either_alignment_begin_together_where_that_is_said(
        window in window(),
        minutes in prop_oneof![1..=1_440_u32, prop::sample::select(vec![1_u32, 3, 5, 15, 30, 60, 720, 1_440])],
        at in 1_262_304_000_i64..2_000_000_000,
    ) {
        let window = contract(&window, "family = \"request_ratio\"").window;
        let interval = std::num::NonZeroU32::new(minutes).unwrap();
        if super::super::slices::epoch_is_window_start(interval, &window) {
            let found = window.window_at(domain::Minute::new(at / 60));
            prop_assert_eq!(found.start().get() % i64::from(minutes), 0);
        }
    }
}

#[test]
fn an_alignment_that_openslo_does_not_have_is_told_and_the_window_start_comes_back() {
    let odd = "family = \"interval_mean\", interval_s = 420, empty = \"unknown\"";
    let before = contract("kind = \"calendar_month\", timezone = \"UTC\"", odd);
    let told = export::draft(&before).unwrap().warnings.0;
    assert!(
        told.iter().any(|warning| warning.contains("metric.align")),
        "{told:?}"
    );
    let after = imported(&exported(&before));
    let sla::contract::Metric::IntervalMean(rule) = &after.commitments[0].metric else {
        panic!("{after:?}");
    };
    assert_eq!(rule.align, sla::contract::metric::Align::WindowStart);
}

#[test]
fn every_template_goes_out_and_what_went_out_comes_in() {
    let mut out = 0;
    for template in sla::library::TEMPLATES {
        let contract = Contract::parse(template.toml).unwrap();
        let Ok(draft) = export::draft(&contract) else {
            continue;
        };
        let names = draft
            .yaml
            .lines()
            .filter_map(|line| line.strip_prefix("  name: \""));
        for name in names.map(|rest| rest.trim_end_matches('"')) {
            let given = ImportOptions {
                slo: Some(name.to_owned()),
                ..options()
            };
            let back = import::draft(&draft.yaml, &given).unwrap();
            let back = Contract::parse(&back.toml).unwrap();
            assert_eq!(back.provider, contract.provider);
            out += 1;
        }
    }
    assert!(out >= 5, "{out}");
}

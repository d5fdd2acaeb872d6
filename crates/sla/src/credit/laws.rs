//! Laws of credits, over schedules of every kind.

use std::num::NonZeroU64;

use proptest::prelude::*;

use super::tests::{BANDS, Case, fraction, schedule, usd};
use super::*;
use crate::money::AmountUnit;

const ROUNDINGS: [&str; 4] = ["half_up", "floor", "ceil", "half_even"];

/// Schedules without holes, with limits and rounding of every sort.
fn schedules() -> impl Strategy<Value = CreditSchedule> {
    let minutes = r#"
kind = "bands"
basis = "invoice"
bands = [{ le_minutes = "100", percent = "5" }, { gt_minutes = "100", percent = "60" }]
"#;
    let days = r#"
kind = "daily_multiple"
basis = "invoice"
bands = [{ ge = "99", lt = "99.9", days = "1" }, { lt = "99", days = "40" }]
"#;
    let rules = prop::sample::select(vec![
        BANDS,
        minutes,
        days,
        "kind = \"flat\"\nbasis = \"invoice\"\namount = \"7.77\"\n",
        "kind = \"per_step\"\nbasis = \"invoice\"\nstep = \"0.3\"\npercent = \"7\"\nsteps = \"unknown\"\n",
        "kind = \"proportional\"\nbasis = \"invoice\"\nmultiplier = \"12.5\"\n",
    ]);
    let caps = prop::sample::subsequence(
        vec![
            "cap_percent = \"33.3\"\n",
            "cap_amount = \"12.34\"\n",
            "cap_12_months_amount = \"50.00\"\n",
            "min_amount = { gt = \"1.00\" }\n",
            "amount_unit = \"whole\"\n",
        ],
        0..=5,
    );
    (rules, caps, prop::sample::select(ROUNDINGS.to_vec())).prop_map(|(rule, caps, rounding)| {
        schedule(&format!(
            "rounding = \"{rounding}\"\n{}{rule}",
            caps.concat()
        ))
    })
}

fn case(down: u64, fees: u64, ceil: bool) -> Case {
    let mut case = Case::new("99.9", "0/1", "1.00");
    let minutes = NonZeroU64::new(43_200).unwrap();
    case.uptime = Fraction::new(minutes.get() - down, minutes);
    case.downtime_minutes = Fraction::new(down, NonZeroU64::MIN);
    case.fees = Some(Money::from_minor(fees, "USD".parse().unwrap()).unwrap());
    case.twelve_months = Some(TwelveMonths {
        credited: usd("45.67"),
        fees: None,
    });
    if ceil {
        case.steps = StepReading::Ceil;
    }
    case
}

fn minor(credit: &Result<Credit, NoCredit>) -> u64 {
    match credit {
        Ok(credit) => credit.amount.unwrap().minor(),
        Err(_) => 0,
    }
}

proptest! {
    #[test]
    fn more_downtime_never_lowers_a_credit(
        schedule in schedules(), down in 0_u64..=43_200, more in 0_u64..=43_200,
        fees in 0_u64..1_000_000, ceil in any::<bool>(),
    ) {
        let (less, more) = (down.min(more), down.max(more));
        let low = case(less, fees, ceil).credit(&schedule);
        let high = case(more, fees, ceil).credit(&schedule);
        prop_assert!(minor(&low) <= minor(&high), "{low:?} {high:?}");
        if let (Ok(low), Ok(high)) = (low, high) {
            prop_assert!(low.exact_minor <= high.exact_minor);
            prop_assert!(low.share <= high.share);
        }
    }

    #[test]
    fn a_credit_is_within_fees_and_caps_and_close_to_its_exact_amount(
        schedule in schedules(), down in 44_u64..=43_200, fees in 1_u64..1_000_000,
        ceil in any::<bool>(),
    ) {
        let Ok(credit) = case(down, fees, ceil).credit(&schedule) else {
            return Ok(());
        };
        let exact = credit.exact_minor.unwrap();
        let amount = credit.amount.unwrap();
        prop_assert!(*exact.ratio() <= whole(fees));
        prop_assert!(amount.minor() <= fees);
        if schedule.caps.amount.is_some() {
            prop_assert!(amount.minor() <= 1234 && exact <= fraction("1234/1"));
        }
        if schedule.caps.twelve_months.is_some() {
            prop_assert!(amount.minor() <= 433);
        }
        if schedule.caps.percent.is_some() {
            // Rounding may lift it as far as it lifts the cap itself.
            prop_assert!(amount.minor() <= (fees * 333).div_ceil(1000));
        }
        let unit = if schedule.amount_unit == AmountUnit::Minor { 1 } else { 100 };
        prop_assert_eq!(amount.minor() % unit, 0);
        let off = amount.exact().ratio() - exact.ratio();
        let off = if off < num_traits::Zero::zero() { -off } else { off };
        prop_assert!(off < whole(unit));
        let share = credit.share.unwrap();
        prop_assert_eq!(share.ratio() * whole(fees), exact.ratio().clone());
    }
}

fn whole(number: u64) -> BigRational {
    BigRational::from_integer(number.into())
}

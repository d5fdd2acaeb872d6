use super::*;

const DOLLAR: &str = "budget = { usd_per_day = \"0.20\" }";
const MORE: &str = "budget = { usd_per_day = \"0.40\" }";

async fn spend(budgets: &Budgets) {
    let leave = budgets.reserve(&acme(), Kind::Planned, at(0)).await;
    budgets
        .settle(leave.unwrap(), &answer(Some((25, 10))))
        .await;
}

#[tokio::test]
async fn what_was_spent_stays_spent_under_the_caps_of_another_plan() {
    let bench = Bench::new(DOLLAR);
    let budgets = bench.open().unwrap();
    spend(&budgets).await;
    let under_way = budgets.reserve(&acme(), Kind::Planned, at(0)).await;
    bench
        .with_settings(&plan(MORE, ""), |settings| budgets.follow(&settings))
        .unwrap();
    budgets
        .settle(under_way.unwrap(), &answer(Some((25, 10))))
        .await;
    let standing = bench.health.get().budgets[&acme()];
    assert_eq!(standing.day.nano_usd, 90_000);
    // Each of two agents has half.
    assert_eq!(standing.caps.usd_per_day.unwrap().nano(), 200_000_000);
}

#[tokio::test]
async fn a_plan_that_brings_the_first_cap_finds_what_was_spent_before() {
    let bench = Bench::new(DOLLAR);
    let budgets = bench.open().unwrap();
    spend(&budgets).await;
    budgets.flush().await;

    let free = bench.with_settings(&plan("", ""), Budgets::open).unwrap();
    let leave = free.reserve(&acme(), Kind::Planned, at(0)).await;
    assert!(matches!(leave, Ok(Leave::Free)));
    bench
        .with_settings(&plan(DOLLAR, ""), |settings| free.follow(&settings))
        .unwrap();
    spend(&free).await;
    assert_eq!(bench.health.get().budgets[&acme()].day.nano_usd, 90_000);
}

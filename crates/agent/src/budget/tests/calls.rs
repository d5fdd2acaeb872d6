use super::*;

const DOLLAR: &str = "budget = { usd_per_day = \"0.20\", usd_per_month = \"0.50\" }";

/// Worst case of a call, nano-dollars: bytes of prompt and `{}`, the overhead, 64 tokens out.
const WORST_NANO: u64 = (20 + 16 + 2 + 1_024) * 1_000 + 64 * 2_000;

#[tokio::test]
async fn a_call_counts_at_its_worst_until_it_is_known_what_it_used() {
    let bench = Bench::new(DOLLAR);
    let budgets = bench.open().unwrap();
    let spent = || bench.health.get().budgets[&acme()].day;
    let leave = budgets
        .reserve(&acme(), Kind::Planned, at(0))
        .await
        .unwrap();
    assert_eq!(spent().nano_usd, WORST_NANO);
    assert_eq!(
        store::read(&bench.dir()).unwrap(),
        *budgets.0.book().ledger.spent()
    );
    budgets.settle(leave, &answer(Some((25, 10)))).await;
    assert_eq!(
        spent(),
        Amount {
            nano_usd: 45_000,
            tokens: 35
        }
    );

    let leave = budgets
        .reserve(&acme(), Kind::Planned, at(0))
        .await
        .unwrap();
    budgets.settle(leave, &answer(None)).await;
    assert_eq!(
        spent().nano_usd,
        45_000 + WORST_NANO,
        "what is not said is the worst"
    );

    let leave = budgets
        .reserve(&acme(), Kind::Planned, at(0))
        .await
        .unwrap();
    let unsent = Attempt {
        sent_us: None,
        ..answer(None)
    };
    budgets.settle(leave, &unsent).await;
    assert_eq!(
        spent().nano_usd,
        45_000 + WORST_NANO,
        "what was not sent costs nothing"
    );
}

#[tokio::test]
async fn a_stuck_loop_spends_no_more_than_its_share_across_a_restart() {
    let bench = Bench::new(DOLLAR);
    let mut budgets = bench.open().unwrap();
    let mut charged: BTreeMap<i64, u64> = BTreeMap::new();
    let mut refused = 0;
    for slot in 0..6_000_i64 {
        if slot == 60 {
            // A crash: nothing was flushed, and one call under way is charged unseen.
            let lost = budgets
                .reserve(&acme(), Kind::Planned, at(slot))
                .await
                .unwrap();
            drop(lost);
            *charged.entry(0).or_default() += WORST_NANO;
            budgets = bench.open().unwrap();
        }
        match budgets.reserve(&acme(), Kind::Planned, at(slot)).await {
            Ok(leave) => {
                *charged.entry(slot / 1_440).or_default() += WORST_NANO;
                budgets.settle(leave, &answer(None)).await;
            }
            Err(reason) => {
                assert_eq!(reason, GapReason::Budget);
                refused += 1;
            }
        }
    }
    // Two agents share; planned attempts stop at four fifths of a share.
    let (day, month) = (80_000_000, 200_000_000);
    let calls = |cap: u64| cap / WORST_NANO * WORST_NANO;
    assert_eq!(charged[&0], calls(day));
    assert!(charged.values().all(|nano| *nano <= day));
    assert_eq!(charged.values().sum::<u64>(), calls(month));
    assert!(refused > 5_000, "{refused}");
}

#[tokio::test]
async fn the_agents_own_cap_binds_targets_without_one() {
    let mut bench = Bench::new("");
    bench.cap = tokens_per_day(3_000);
    let budgets = bench.open().unwrap();
    for expected in [true, true, false] {
        let leave = budgets.reserve(&acme(), Kind::Planned, at(0)).await;
        assert_eq!(leave.is_ok(), expected);
    }
    let page = bench.health.get().budget_overall.unwrap().to_string();
    assert_eq!(page, "2252 of 3000 tokens today");
    let rendered = bench.metrics.render();
    let gauge = "nines_agent_budget_tokens{agent_id=\"eu-1\",budget_cap=\"tokens_per_day\",target_id=\"*\"} 2252";
    assert!(rendered.contains(gauge), "{rendered}");
}

#[tokio::test]
async fn without_any_budget_nothing_is_counted_or_written() {
    let bench = Bench::new("");
    let budgets = bench.open().unwrap();
    let leave = budgets
        .reserve(&acme(), Kind::Planned, at(0))
        .await
        .unwrap();
    assert!(matches!(leave, Leave::Free));
    budgets.settle(leave, &answer(None)).await;
    budgets.flush().await;
    assert!(!bench.dir().join(store::FILE).exists());
}

#[tokio::test]
async fn a_call_that_cannot_be_written_down_is_not_made_and_is_told() {
    let bench = Bench::new("budget = { tokens_per_day = 100000 }");
    let budgets = bench.open().unwrap();
    let blocker = bench.dir().join("budget.state.new");
    std::fs::create_dir(&blocker).unwrap();
    let leave = budgets.reserve(&acme(), Kind::Planned, at(0)).await;
    assert_eq!(leave.unwrap_err(), GapReason::Budget);
    assert!(
        bench.health.get().complaints()[0].starts_with("budgets cannot be kept: failed to write")
    );
    std::fs::remove_dir(&blocker).unwrap();
    let leave = budgets
        .reserve(&acme(), Kind::Planned, at(0))
        .await
        .unwrap();
    assert!(bench.health.get().complaints().is_empty());
    assert_eq!(
        bench.health.get().budgets[&acme()].day.tokens,
        1_126,
        "counted once"
    );
    drop(leave);
}

#[tokio::test]
async fn the_fifth_that_is_kept_is_for_repeats_only() {
    let bench = Bench::new("budget = { tokens_per_day = 11300 }"); // Five calls for each agent.
    let budgets = bench.open().unwrap();
    let mut made = Vec::new();
    for kind in [[Kind::Planned; 5], [Kind::Burst; 5]].concat() {
        made.push(budgets.reserve(&acme(), kind, at(0)).await.is_ok());
    }
    assert_eq!(
        made,
        [
            true, true, true, true, false, true, false, false, false, false
        ]
    );
}

#[track_caller]
fn cannot_open(bench: &Bench, message: &str) {
    assert_eq!(bench.open().unwrap_err().to_string(), message);
}

#[test]
fn what_cannot_be_bounded_cannot_have_a_budget() {
    let mut bench = Bench::new(DOLLAR);
    bench.plan = plan(DOLLAR, ", extra = { n = 4 }");
    cannot_open(
        &bench,
        "target `acme`: with a budget, `extra` must not hold `n`; use max_output_tokens",
    );
    bench.plan = plan("", ", extra = { n = 4 }");
    assert!(bench.open().is_ok());

    let unknown = "target `acme`: a budget in US dollars needs a price, and model `m` of `openai` has \
                   none; give a `price_table` that has it, or cap tokens instead";
    bench.plan = plan(DOLLAR, ", preset = \"openai\"");
    cannot_open(&bench, unknown);
    bench.plan = plan(
        "budget = { tokens_per_day = 9000 }",
        ", preset = \"openai\"",
    );
    assert!(bench.open().is_ok());
    bench.cap.usd_per_month = Some(Usd::from_nano(1));
    cannot_open(&bench, unknown);
}

#[tokio::test]
async fn a_price_that_runs_out_stops_calls_whose_money_is_capped() {
    let bench = Bench::new(DOLLAR);
    let budgets = bench.open().unwrap();
    let later = UnixMillis::new(4_102_444_800_000); // 2100-01-01, where the table ends.
    let leave = budgets.reserve(&acme(), Kind::Planned, later).await;
    assert_eq!(leave.unwrap_err(), GapReason::Budget);
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_a_cut_one_too() {
    let bench = Bench::new(DOLLAR);
    let budgets = bench.open().unwrap();
    let leave = budgets
        .reserve(&acme(), Kind::Planned, at(0))
        .await
        .unwrap();
    drop(leave);
    let path = bench.dir().join(store::FILE);
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        for text in [&damaged[..], &whole[..at]] {
            std::fs::write(&path, text).unwrap();
            let refused = bench.open().unwrap_err();
            assert!(
                matches!(refused, BudgetError::Store(StoreError::Damaged { .. })),
                "{refused}"
            );
        }
    }
    std::fs::write(&path, whole).unwrap();
    assert!(bench.open().is_ok());
}

//! Agents that must agree, and regions that are judged apart.

use super::*;
use crate::terms::Place;

const TABLES: &str = "[evidence]\nquorum = { agents = 3, networks = 2 }\n";

/// Refused connections count where enough agents see them; any 5xx counts by itself.
fn quorum_contract() -> Contract {
    let rule = r#"  { class = "error", when = { outcome = ["tcp"], quorum = true } },
  { class = "error", when"#;
    let text = contract_text(TABLES);
    let text = text.replacen(r#"  { class = "error", when"#, rule, 1);
    Contract::parse(&text).unwrap()
}

fn refused() -> Class {
    Class {
        outcome: Outcome::Tcp,
        status: None,
        attribution: Attribution::Unknown,
        ..class(200)
    }
}

/// One minute in which each agent saw one thing.
fn minute(seen: &[(&str, Class)]) -> Vec<CellHour> {
    let hour = Minute::new(NOVEMBER).hour();
    let build = |(agent, class): &(&str, Class)| {
        let mut builder = CellHourBuilder::new(agent.parse().unwrap(), "t".parse().unwrap(), hour);
        builder.add(Minute::new(NOVEMBER), class.clone(), 1);
        builder.build()
    };
    seen.iter().map(build).collect()
}

fn placed(networks: &[(&str, &str)]) -> Terms {
    let mut terms = terms(1);
    terms.places = networks
        .iter()
        .map(|(agent, network)| Place {
            agent: agent.parse().unwrap(),
            region: format!("{network}:{agent}"),
            network: (*network).to_owned(),
        })
        .collect();
    terms
}

#[test]
fn a_refused_connection_counts_where_three_agents_in_two_networks_see_it() {
    let contract = quorum_contract();
    let judge = |seen: &[(&str, Class)], networks: &[(&str, &str)]| {
        one(&contract, &placed(networks), &minute(seen)).verdict
    };
    let two = [("a", "aws"), ("b", "aws"), ("c", "gcp")];
    let all = [("a", refused()), ("b", refused()), ("c", refused())];
    assert_eq!(judge(&all, &two), Verdict::Breached);
    assert_eq!(judge(&all[..2], &two), Verdict::NoData);
    let one_network = [("a", "aws"), ("b", "aws"), ("c", "aws")];
    assert_eq!(judge(&all, &one_network), Verdict::NoData);
    // Where nobody knows who stands where, all stand in one unknown network.
    assert_eq!(judge(&all, &[]), Verdict::NoData);
}

#[test]
fn an_answer_of_the_provider_needs_no_quorum_and_votes_for_others() {
    let contract = quorum_contract();
    let terms = placed(&[("a", "aws"), ("b", "aws"), ("c", "gcp")]);
    let judge = |seen: &[(&str, Class)]| one(&contract, &terms, &minute(seen));
    let alone = judge(&[("a", class(503))]);
    assert_eq!(alone.verdict, Verdict::Breached);
    let with = judge(&[("a", class(503)), ("b", refused()), ("c", refused())]);
    assert_eq!(with.downtime[0].errors, 3);
    let without = judge(&[("a", class(503)), ("b", refused())]);
    assert_eq!(without.downtime[0].errors, 1);
}

#[test]
fn a_lone_agents_broken_path_widens_the_bounds_and_is_not_downtime() {
    let contract = quorum_contract();
    let terms = placed(&[("a", "aws"), ("b", "gcp"), ("c", "gcp")]);
    let judged = one(
        &contract,
        &terms,
        &minute(&[("a", refused()), ("b", class(200)), ("c", class(200))]),
    );
    assert_eq!(judged.high, Fraction::one());
    assert_eq!(judged.low, Fraction::zero());
    assert_eq!(judged.verdict, Verdict::Indeterminate);
}

#[test]
fn late_samples_have_no_vote_where_they_are_unmeasured() {
    let contract = quorum_contract();
    let terms = placed(&[("a", "aws"), ("b", "aws"), ("c", "gcp")]);
    let late = Class {
        late: true,
        ..refused()
    };
    let seen = [("a", refused()), ("b", refused()), ("c", late)];
    let judged = one(&contract, &terms, &minute(&seen));
    assert_eq!(judged.verdict, Verdict::Breached);
    assert!(judged.reading_dependent);
    assert_eq!(judged.least_favourable.unwrap().verdict, Verdict::NoData);
}

#[test]
fn a_region_apart_is_not_outvoted_by_the_others() {
    let contract = contract_with("[evidence]\npooling = \"per_region\"\n");
    let terms = placed(&[("a", "aws"), ("b", "gcp")]);
    let seen = minute(&[("a", class(500)), ("b", class(200))]);
    let judged = assess(&contract, &terms, Facts::counted(&seen)).commitments;
    let verdicts: Vec<_> = judged.iter().map(|c| (c.id.as_str(), c.verdict)).collect();
    let expected = [
        ("uptime@aws:a", Verdict::Breached),
        ("uptime@gcp:b", Verdict::Met),
    ];
    assert_eq!(verdicts, expected);
}

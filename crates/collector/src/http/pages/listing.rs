//! Which targets the front page shows: those that need attention first, page by page.

use std::cmp::Reverse;

use axum::extract::Query;
use axum::http::Uri;
use serde::Deserialize;
use sla::Condition;

use crate::condition::TargetCondition;
use crate::web::view::{Asked, FEW, Listing};

/// Targets on a page.
const PAGE: usize = 50;
/// Characters of a name that are looked for.
const NAME_CHARS_MAX: usize = 100;

/// The query as it comes; what makes no sense is not asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Words {
    q: String,
    state: String,
    page: String,
}

/// What the address asks for.
pub(super) fn asked(uri: &Uri) -> Asked {
    let words: Words = Query::try_from_uri(uri).map_or_else(|_| Words::default(), |query| query.0);
    let name = words.q.trim().chars().take(NAME_CHARS_MAX).collect();
    let mut states = Condition::ALL.into_iter();
    let page: usize = words.page.parse().unwrap_or(1);
    Asked {
        name,
        state: states.find(|state| state.as_str() == words.state),
        page: page.saturating_sub(1),
    }
}

/// The targets of the page that is asked for: worst first and by name, where they are not few.
pub(super) fn select(
    all: &[TargetCondition],
    mut asked: Asked,
) -> (Vec<&TargetCondition>, Listing) {
    let count = |state: Condition| {
        let such = all.iter().filter(|one| one.condition == state);
        (state, such.count())
    };
    let name = asked.name.to_lowercase();
    let is_asked = |one: &&TargetCondition| {
        let has_state = asked.state.is_none_or(|state| one.condition == state);
        has_state && one.target.as_str().to_lowercase().contains(&name)
    };
    let mut matching: Vec<&TargetCondition> = all.iter().filter(is_asked).collect();
    if all.len() > FEW || asked.is_some() {
        matching.sort_by_key(|one| (Reverse(one.condition), &one.target));
    }
    let pages = matching.len().div_ceil(PAGE).max(1);
    asked.page = asked.page.min(pages - 1);
    let before = asked.page * PAGE;
    let shown = PAGE.min(matching.len() - before);
    let listing = Listing {
        counts: Condition::ALL.into_iter().rev().map(count).collect(),
        matching: matching.len(),
        before,
        shown,
        pages,
        asked,
    };
    let shown = matching.into_iter().skip(before).take(PAGE);
    (shown.collect(), listing)
}

#[cfg(test)]
mod tests {
    use domain::Minute;

    use super::*;

    /// Every fortieth is down, every tenth regional.
    fn targets(count: usize) -> Vec<TargetCondition> {
        let target = |n: usize| TargetCondition {
            target: format!("t-{n:04}").parse().unwrap(),
            as_of: Minute::new(0),
            condition: match n {
                n if n % 40 == 7 => Condition::ProviderDown,
                n if n % 10 == 3 => Condition::Regional,
                _ => Condition::Up,
            },
            clocks: Condition::ALL.map(|condition| crate::condition::Clock {
                condition,
                minutes_24h: 0,
                minutes_30d: 0,
                newest: None,
            }),
            regions: Vec::new(),
            day: Vec::new(),
        };
        // The plan's order is not that of names.
        (0..count).rev().map(target).collect()
    }

    fn shown(count: usize, address: &'static str) -> (Vec<String>, Listing) {
        let targets = targets(count);
        let asked = asked(&Uri::from_static(address));
        let (rows, listing) = select(&targets, asked);
        let names = rows.into_iter().map(|row| row.target.to_string());
        (names.collect(), listing)
    }

    #[test]
    fn few_targets_stand_in_the_order_of_the_plan_and_nothing_is_told_of_them() {
        let (names, listing) = shown(10, "/?fragment=1");
        assert_eq!(names[..2], ["t-0009", "t-0008"]);
        assert!(!listing.is_told());
        assert_eq!((listing.pages, listing.matching), (1, 10));
    }

    #[test]
    fn of_many_the_worst_come_first_and_every_one_stands_on_one_page() {
        let (first, listing) = shown(250, "/");
        assert!(listing.is_told());
        assert_eq!(
            listing.counts[..2],
            [(Condition::ProviderDown, 7), (Condition::Regional, 25)]
        );
        assert_eq!(first[..2], ["t-0007", "t-0047"]);
        assert_eq!(first[7], "t-0003");
        assert_eq!(first[32], "t-0000");
        assert_eq!((listing.pages, first.len()), (5, 50));
        let mut all: Vec<String> = ["/", "/?page=2", "/?page=3", "/?page=4", "/?page=5"]
            .into_iter()
            .flat_map(|address| shown(250, address).0)
            .collect();
        all.sort();
        let expected: Vec<String> = (0..250).map(|n| format!("t-{n:04}")).collect();
        assert_eq!(all, expected);
    }

    #[test]
    fn a_name_and_a_state_are_found_on_their_own_and_together() {
        let (names, listing) = shown(250, "/?q=%20T-01&state=provider_down");
        assert_eq!(names, ["t-0127", "t-0167"]);
        assert_eq!((listing.asked.name.as_str(), listing.all()), ("T-01", 250));
        assert_eq!(shown(250, "/?state=regional").0.len(), 25);
        assert_eq!(shown(250, "/?q=0249").0, ["t-0249"]);
        assert_eq!(shown(250, "/?q=nothing").0.len(), 0);
        assert!(shown(3, "/?q=1").1.is_told(), "few, and not all of them");
    }

    #[test]
    fn an_address_that_makes_no_sense_shows_a_page_that_there_is() {
        for (address, page) in [
            ("/?page=0", 0),
            ("/?page=99", 4),
            ("/?page=x&state=sideways", 0),
            ("/?page=99999999999999999999999", 0),
            ("/?q=%FF", 0),
            ("/?page=2&page=3", 0),
        ] {
            assert_eq!(shown(250, address).1.asked.page, page, "{address}");
        }
        let long = format!("/?q={}", "x".repeat(5_000));
        let long = asked(&long.parse().unwrap());
        assert_eq!(long.name.len(), NAME_CHARS_MAX);
    }
}

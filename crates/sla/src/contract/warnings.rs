//! What a contract may say and is hardly meant to: hints for whoever writes one, never a reason
//! to refuse it.

use std::collections::{BTreeMap, BTreeSet};

use super::commitment::Commitment;
use super::credit::{Bands, CreditRule, CreditSchedule, FlatCredit};
use super::events::Condition;
use super::scope::{Dimension, Values};
use super::{Contract, Exclusion, Metric, Percent, Remedy, StatusPattern};
use crate::fraction::Fraction;

impl Contract {
    /// What stands in it that is hardly meant so, each as one line of text that names the place.
    /// A verdict does not depend on it.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        self.head(&mut warnings);
        self.rules(&mut warnings);
        self.model_lists(&mut warnings);
        self.credits(&mut warnings);
        self.lists(&mut warnings);
        warnings
    }

    fn head(&self, warnings: &mut Vec<String>) {
        if self.source.provenance.is_none() {
            warnings.push(
                "[contract] has no `provenance`: say how close to the provider's own words the file is"
                    .to_owned(),
            );
        }
        let is_page = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        if let Some(url) = self.source.text_url.as_deref().filter(|url| !is_page(url)) {
            warnings.push(format!(
                "`contract.text_url`: `{url}` does not begin with https:// or http://"
            ));
        }
        let credits = self.schedules().next();
        if self.remedy == Remedy::Credit && credits.is_none() {
            warnings.push(
                "`contract.remedy` is `credit`, and no commitment has a credit table: nothing says what a breach is worth"
                    .to_owned(),
            );
        }
    }

    fn rules(&self, warnings: &mut Vec<String>) {
        let rules = &self.events.rules;
        for (index, rule) in rules.iter().enumerate() {
            let mut above = rules.iter().take(index);
            if let Some(covering) = above.position(|above| above.when.covers(&rule.when)) {
                let (rule, covering) = (index + 1, covering + 1);
                warnings.push(format!(
                    "rule {rule} of [[events.rule]] never matches: rule {covering} matches all that it names"
                ));
            }
        }
    }

    fn model_lists(&self, warnings: &mut Vec<String>) {
        let overrides = self.commitments.iter().flat_map(|c| &c.overrides);
        let used: BTreeSet<&str> = overrides.map(|o| o.model_list.as_str()).collect();
        for name in self.model_lists.keys() {
            if !used.contains(name.as_str()) {
                warnings.push(format!("`model_lists.{name}`: no override refers to it"));
            }
        }
    }

    fn credits(&self, warnings: &mut Vec<String>) {
        for (commitment, credit) in self.schedules() {
            let id = &commitment.id;
            let first = credit.rule.first_share();
            if let (Some(cap), Some(first)) = (&credit.caps.percent, first)
                && cap < first
            {
                warnings.push(format!(
                    "commitment `{id}`: `cap_percent`, {cap}, is below what the first band gives, {first}"
                ));
            }
        }
        let own = || self.commitments.iter().filter_map(|c| c.credit.as_ref());
        let is_limited = |credit: &CreditSchedule| {
            credit.one_level_per_incident
                || credit.caps.percent.is_some()
                || credit.caps.amount.is_some()
        };
        let shares = own().filter_map(|credit| credit.rule.highest_share());
        let sum = shares.map(|share| share.fraction().ratio()).sum();
        let sum = Fraction::from_ratio(sum);
        if sum > Fraction::one() && !own().any(is_limited) {
            let sum = super::credit::percent_text(&sum);
            warnings.push(format!(
                "the credits of all commitments come to {sum} percent of the fees, and never more than the fees are credited: state a `cap_percent` or `one_level_per_incident` if the text has one"
            ));
        }
    }

    fn lists(&self, warnings: &mut Vec<String>) {
        let mut lists = Lists(warnings);
        lists.check("scope.endpoints", &self.scope.endpoints);
        lists.by_dimension("scope.covers", &self.scope.covers);
        for (name, models) in &self.model_lists {
            lists.check(&format!("model_lists.{name}"), models);
        }
        let mut zones = vec![self.window.timezone.name()];
        zones.extend(
            self.window
                .also_test_timezones
                .iter()
                .map(|zone| zone.name()),
        );
        lists.check("window.also_test_timezones", &zones);
        for (index, rule) in self.events.rules.iter().enumerate() {
            lists.condition(
                &format!("rule {} of [[events.rule]]", index + 1),
                &rule.when,
            );
        }
        for commitment in &self.commitments {
            lists.commitment(commitment);
        }
        for Exclusion { kind, regions, .. } in &self.exclusions {
            if let Some(regions) = regions {
                lists.values(&format!("exclusion `{kind}`, regions"), regions);
            }
        }
        if let Some(claim) = &self.claim {
            lists.check("claim.evidence", &claim.evidence);
        }
    }

    /// All credit tables, with their commitments.
    fn schedules(&self) -> impl Iterator<Item = (&Commitment, &CreditSchedule)> {
        self.commitments.iter().flat_map(|commitment| {
            let others = commitment.overrides.iter().map(|o| o.credit.as_ref());
            let credits = std::iter::once(commitment.credit.as_ref()).chain(others);
            credits.flatten().map(move |credit| (commitment, credit))
        })
    }
}

/// Looks for entries that stand twice in a list.
struct Lists<'a>(&'a mut Vec<String>);

impl Lists<'_> {
    fn check<T: PartialEq + std::fmt::Display>(&mut self, place: &str, entries: &[T]) {
        let twice = entries.iter().enumerate().find(|(index, entry)| {
            let above = entries.iter().take(*index);
            above.into_iter().any(|above| above == *entry)
        });
        if let Some((_, entry)) = twice {
            self.0
                .push(format!("{place}: `{entry}` stands there twice"));
        }
    }

    fn values(&mut self, place: &str, values: &Values) {
        let values: Vec<&str> = values.iter().collect();
        self.check(place, &values);
    }

    fn by_dimension(&mut self, place: &str, all: &BTreeMap<Dimension, Values>) {
        for (dimension, values) in all {
            self.values(&format!("{place}.{dimension}"), values);
        }
    }

    fn condition(&mut self, rule: &str, when: &Condition) {
        self.check(&format!("{rule}, status"), &when.status);
        self.check(&format!("{rule}, outcome"), &when.outcome);
        self.check(&format!("{rule}, attribution"), &when.attribution);
        self.check(&format!("{rule}, feature"), &when.feature);
        self.check(&format!("{rule}, tier"), &when.tier);
    }

    fn commitment(&mut self, commitment: &Commitment) {
        let id = &commitment.id;
        self.by_dimension(
            &format!("commitment `{id}`, requires"),
            &commitment.requires,
        );
        let others = commitment.alternatives.iter().map(|other| &other.metric);
        for metric in std::iter::once(&commitment.metric).chain(others) {
            let of = match metric {
                Metric::TargetOnly(target) => target.of(),
                metric => metric,
            };
            if let Metric::LatencyAttainment(rule) = of {
                let place = |key: &str| format!("commitment `{id}`, sample.{key}");
                self.check(&place("status"), &rule.sample.status);
                self.check(&place("tier"), &rule.sample.tier);
            }
        }
    }
}

impl CreditRule {
    /// What the smallest miss is worth, where that is a share of the fees in bands.
    fn first_share(&self) -> Option<&Percent> {
        match self {
            Self::Bands(Bands::Uptime(bands)) => bands.first().map(|band| &band.worth),
            Self::Bands(Bands::Downtime(bands)) => bands.first().map(|band| &band.worth),
            _ => None,
        }
    }

    /// What the greatest miss is worth, where that is a share of the fees that is stated.
    fn highest_share(&self) -> Option<&Percent> {
        match self {
            Self::Bands(Bands::Uptime(bands)) => bands.last().map(|band| &band.worth),
            Self::Bands(Bands::Downtime(bands)) => bands.last().map(|band| &band.worth),
            Self::Flat(FlatCredit::Percent(percent)) => Some(percent),
            _ => None,
        }
    }
}

impl Condition {
    /// Whether all samples that match another one match this one too, as far as the words tell.
    /// A quorum decides about what a sample is, not about whether a rule matches.
    fn covers(&self, other: &Self) -> bool {
        let status = |own: &StatusPattern, theirs: &StatusPattern| match theirs {
            StatusPattern::Exact(status) => own.matches(*status),
            StatusPattern::Hundred(_) => own == theirs,
        };
        all_inside(&self.status, &other.status, status)
            && all_inside(&self.outcome, &other.outcome, PartialEq::eq)
            && all_inside(&self.attribution, &other.attribution, PartialEq::eq)
            && all_inside(&self.feature, &other.feature, PartialEq::eq)
            && all_inside(&self.tier, &other.tier, PartialEq::eq)
            && (self.stream.is_none() || self.stream == other.stream)
    }
}

/// Whether a list that may be left out leaves none of another one out.
fn all_inside<T>(own: &[T], theirs: &[T], covers: impl Fn(&T, &T) -> bool) -> bool {
    let inside = |entry: &T| own.iter().any(|own| covers(own, entry));
    own.is_empty() || (!theirs.is_empty() && theirs.iter().all(inside))
}

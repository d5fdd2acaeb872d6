//! What is asked, checked before a single sample is read.

use anyhow::{Context as _, bail};
use domain::{Minute, Window};
use sla::contract::TimeZone;
use sla::{Contract, Money, Terms};
use wire::log::{InvalidLines, UnknownColumns};

use super::narrow::{self, Scope};
use super::{Options, amount, exclusions, places, spans};
use crate::command::contract::load::{self, Origin};
use crate::page::{at_utc, local};

/// Minutes around the window that are counted too: for runs of bad minutes over its edges.
const MARGIN: i64 = 24 * 60;

/// A contract, a window, and all that is known beside the samples.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) contract: Contract,
    /// Whether it is a template that nobody has compared with the provider's text.
    pub(super) is_template: bool,
    /// Name of the window, as the contract names it.
    pub(super) period: String,
    /// Everything but targets.
    pub(super) terms: Terms,
    /// What `--scope` says.
    pub(super) scope: Scope,
    /// How the log is read.
    pub(super) reading: wire::log::Options,
}

impl Request {
    pub(super) fn of(options: &Options, now: Minute) -> anyhow::Result<Self> {
        let loaded = load::load(&options.contract)?;
        let contract = loaded.contract;
        if contract.commitments.is_empty() {
            bail!(
                "the contract `{}` promises nothing, so there is nothing to judge; see `nines \
                 contract show {}`",
                contract.id(),
                options.contract
            );
        }
        let window = contract
            .window
            .named(&options.period)
            .context("--period cannot be used")?;
        let terms = terms(options, &contract, window, now)?;
        Ok(Self {
            period: contract.window.label(window),
            is_template: loaded.origin == Origin::Template,
            scope: narrow::scope(&options.scope)?,
            terms,
            reading: wire::log::Options {
                agent: options.agent.clone(),
                target: options.target.clone(),
                unknown_columns: if options.ignore_unknown_columns {
                    UnknownColumns::Ignore
                } else {
                    UnknownColumns::Refuse
                },
                invalid_lines: if options.skip_invalid {
                    InvalidLines::Skip
                } else {
                    InvalidLines::Stop
                },
            },
            contract,
        })
    }

    /// Minutes whose samples are counted: the window as every zone that the text may mean has it,
    /// and a day on both sides.
    pub(super) fn kept(&self) -> Window {
        let rule = &self.contract.window;
        let zones = rule.zones();
        let windows = zones
            .iter()
            .map(|zone| rule.window_in(*zone, self.terms.window));
        let own = self.terms.window;
        let (start, end) = windows.fold((own.start(), own.end()), |(start, end), window| {
            (start.min(window.start()), end.max(window.end()))
        });
        Window::new(start.plus(-MARGIN), end.plus(MARGIN)).unwrap_or(own)
    }
}

fn terms(
    options: &Options,
    contract: &Contract,
    window: Window,
    now: Minute,
) -> anyhow::Result<Terms> {
    let zone = contract.window.timezone;
    let currency = contract.currency;
    let money = |flag: &str, given: &Option<String>| -> anyhow::Result<Option<Money>> {
        let given = given.as_deref();
        given
            .map(|given| amount::read(flag, given, currency))
            .transpose()
    };
    let mut terms = Terms::of(window, as_of(options, window, zone, now)?);
    terms.fees = money("fees", &options.fees)?;
    terms.credited_12_months = money("credited-12-months", &options.credited_12_months)?;
    if let Some(path) = &options.maintenance {
        terms.exclusions = exclusions::read(path)?;
    }
    if let Some(path) = &options.places {
        terms.places = places::read(path)?;
    }
    if let Some(given) = &options.subscribed {
        let subscribed = spans::subscribed(given, window, zone)?;
        if subscribed.end() <= window.start() || subscribed.start() >= window.end() {
            bail!(
                "--subscribed: `{given}` has no day in common with {}",
                options.period
            );
        }
        terms.subscribed = Some(subscribed);
    }
    Ok(terms)
}

fn as_of(options: &Options, window: Window, zone: TimeZone, now: Minute) -> anyhow::Result<Minute> {
    let as_of = match &options.as_of {
        Some(given) => spans::moment(given, zone).context("--as-of cannot be used")?,
        None => now.min(window.end()),
    };
    if as_of <= window.start() {
        bail!(
            "the window {} begins at {} ({zone}), and it is {} only; nothing of it can be judged \
             yet",
            options.period,
            local(zone, window.start()),
            at_utc(as_of)
        );
    }
    Ok(as_of.min(window.end()))
}

//! Event rules of a contract text.

use std::str::FromStr;

use domain::{Attribution, Outcome};

use super::super::text::{Node, Table};
use super::super::{Condition, ContractError, EventClass, EventRule, EventRules, StatusPattern};
use super::{basis, list, words};

pub(super) fn events(table: Table<'_>) -> Result<EventRules, ContractError> {
    let table = table.only(&["attribution", "default", "rule"])?;
    if let Some(node) = table.find("attribution") {
        // Requests count where they begin: that is how cells are cut.
        node.word(&[("request_start", ())])?;
    }
    Ok(EventRules {
        default: event_class(table.get("default")?)?,
        rules: list(table.find("rule"), event_rule)?,
    })
}

fn event_class(node: Node<'_>) -> Result<EventClass, ContractError> {
    node.word(&[
        ("error", EventClass::Error),
        ("success", EventClass::Success),
        ("not_valid", EventClass::NotValid),
        ("unknown", EventClass::Unknown),
    ])
}

fn event_rule(node: Node<'_>) -> Result<EventRule, ContractError> {
    let table = node
        .table("[[events.rule]]")?
        .only(&["class", "when", "basis"])?;
    let when = table.get("when")?;
    let condition = condition(when.table("`when`")?)?;
    if condition == Condition::default() {
        return Err(when.refuse("matches every sample: use `default` in [events] instead"));
    }
    Ok(EventRule {
        class: event_class(table.get("class")?)?,
        when: condition,
        basis: basis(table, "basis")?,
    })
}

fn condition(table: Table<'_>) -> Result<Condition, ContractError> {
    let table = table.only(&[
        "status",
        "outcome",
        "attribution",
        "feature",
        "tier",
        "stream",
    ])?;
    Ok(Condition {
        status: list(table.find("status"), status)?,
        outcome: list(table.find("outcome"), |node| {
            domain_word(node, Outcome::ALL, Outcome::as_str)
        })?,
        attribution: list(table.find("attribution"), |node| {
            domain_word(node, Attribution::ALL, Attribution::as_str)
        })?,
        feature: words(table.find("feature"))?,
        tier: words(table.find("tier"))?,
        stream: table.find("stream").map(Node::flag).transpose()?,
    })
}

fn domain_word<T: FromStr + Copy + 'static>(
    node: Node<'_>,
    all: &'static [T],
    as_str: impl Fn(T) -> &'static str + Copy,
) -> Result<T, ContractError> {
    let given = node.text()?;
    given
        .parse()
        .map_err(|_| node.unknown_word(given, all.iter().map(move |value| as_str(*value))))
}

fn status(node: Node<'_>) -> Result<StatusPattern, ContractError> {
    if node.is_integer() {
        let exact = node.whole(100..=599)?;
        return u16::try_from(exact)
            .map(StatusPattern::Exact)
            .map_err(|_| node.refuse("must be a status"));
    }
    match node.text()? {
        "1xx" => Ok(StatusPattern::Hundred(1)),
        "2xx" => Ok(StatusPattern::Hundred(2)),
        "3xx" => Ok(StatusPattern::Hundred(3)),
        "4xx" => Ok(StatusPattern::Hundred(4)),
        "5xx" => Ok(StatusPattern::Hundred(5)),
        _ => Err(node.refuse("must be a number such as 500, or \"1xx\" to \"5xx\"")),
    }
}

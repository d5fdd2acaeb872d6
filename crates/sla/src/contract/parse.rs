//! Contract text to [`Contract`].

mod claim;
mod commitment;
mod events;

use chrono::{DateTime, NaiveDate, Utc};
use domain::Minute;
use toml::de::DeTable;

use super::text::{Node, Table, error_at};
use super::window::WINDOW_DAYS_MAX;
use super::{
    Basis, CONTRACT_BYTES_MAX, CONTRACT_SCHEMA, Contract, ContractError, Effect, Exclusion,
    MeasuredBy, Problem, Provenance, Remedy, RunAcrossEdge, Scope, TextSource, TimeZone,
    WindowKind, WindowRule,
};

const BASIS: [(&str, Basis); 4] = [
    ("stated", Basis::Stated),
    ("inferred", Basis::Inferred),
    ("unknown", Basis::Unknown),
    ("assumed", Basis::Assumed),
];

pub(super) fn contract(text: &str) -> Result<Contract, ContractError> {
    if text.len() > CONTRACT_BYTES_MAX {
        let message = format!("a contract has at most {CONTRACT_BYTES_MAX} bytes");
        return Err(error_at(text, 0, Problem::Syntax { message }));
    }
    let document = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        error_at(text, offset, Problem::Syntax { message })
    })?;
    document_root(Table::root(text, document.get_ref()))
}

fn document_root(root: Table<'_>) -> Result<Contract, ContractError> {
    let schema = root.get("schema")?;
    if schema.text()? != CONTRACT_SCHEMA {
        return Err(schema.refuse(format!("this version reads `{CONTRACT_SCHEMA}` only")));
    }
    let root = root.only(&[
        "schema",
        "contract",
        "scope",
        "window",
        "events",
        "commitment",
        "exclusion",
        "claim",
    ])?;
    let head = root.get("contract")?.table("[contract]")?.only(&[
        "id",
        "provider",
        "service",
        "currency",
        "simulated",
        "text_date",
        "effective_from",
        "text_url",
        "provenance",
        "remedy",
        "measured_by",
    ])?;
    let currency = head.get("currency")?.parsed()?;
    let remedy = match head.find("remedy") {
        Some(node) => node.word(&[
            ("credit", Remedy::Credit),
            ("termination", Remedy::Termination),
            ("none", Remedy::None),
        ])?,
        None => Remedy::Credit,
    };
    let commitments = commitment::commitments(root.get("commitment")?, currency)?;
    let credited = commitments.iter().any(|c| c.credit.is_some());
    if let Some(node) = head.find("remedy").filter(|_| remedy != Remedy::Credit)
        && credited
    {
        return Err(node.refuse("must be `credit` where a commitment has a credit table"));
    }
    Ok(Contract {
        id: head.get("id")?.parsed()?,
        provider: head.get("provider")?.parsed()?,
        service: head.get("service")?.owned()?,
        currency,
        simulated: head.find("simulated").map_or(Ok(false), Node::flag)?,
        source: text_source(head)?,
        remedy,
        measured_by: measured_by(head)?,
        scope: scope(root)?,
        window: window(root.get("window")?.table("[window]")?)?,
        events: events::events(root.get("events")?.table("[events]")?)?,
        commitments,
        exclusions: exclusions(root)?,
        claim: root.find("claim").map(claim::claim).transpose()?,
    })
}

fn text_source(head: Table<'_>) -> Result<TextSource, ContractError> {
    Ok(TextSource {
        text_date: head.find("text_date").map(date).transpose()?,
        effective_from: head.find("effective_from").map(date).transpose()?,
        text_url: head.find("text_url").map(Node::owned).transpose()?,
        provenance: match head.find("provenance") {
            Some(node) => Some(node.word(&[
                ("official", Provenance::Official),
                ("quoted", Provenance::Quoted),
                ("secondary", Provenance::Secondary),
                ("negotiated", Provenance::Negotiated),
            ])?),
            None => None,
        },
    })
}

fn measured_by(head: Table<'_>) -> Result<Option<MeasuredBy>, ContractError> {
    let words = [
        ("provider", MeasuredBy::Provider),
        ("customer", MeasuredBy::Customer),
        ("either", MeasuredBy::Either),
        ("independent", MeasuredBy::Independent),
    ];
    head.find("measured_by")
        .map(|node| node.word(&words))
        .transpose()
}

fn scope(root: Table<'_>) -> Result<Scope, ContractError> {
    let Some(node) = root.find("scope") else {
        return Ok(Scope::default());
    };
    let table = node.table("[scope]")?.only(&["partition", "endpoints"])?;
    Ok(Scope {
        partition: words(table.find("partition"))?,
        endpoints: words(table.find("endpoints"))?,
    })
}

fn words(node: Option<Node<'_>>) -> Result<Vec<String>, ContractError> {
    list(node, Node::owned)
}

fn list<'a, T>(
    node: Option<Node<'a>>,
    read: impl Fn(Node<'a>) -> Result<T, ContractError>,
) -> Result<Vec<T>, ContractError> {
    match node {
        None => Ok(Vec::new()),
        Some(node) => node.items()?.into_iter().map(read).collect(),
    }
}

fn date(node: Node<'_>) -> Result<NaiveDate, ContractError> {
    node.date_text()?
        .parse()
        .map_err(|_| node.refuse("must be a date, such as 2026-10-01"))
}

fn basis(table: Table<'_>, key: &'static str) -> Result<Basis, ContractError> {
    table
        .find(key)
        .map_or(Ok(Basis::Stated), |node| node.word(&BASIS))
}

fn window(table: Table<'_>) -> Result<WindowRule, ContractError> {
    let fixed = table
        .get("kind")?
        .word(&[("calendar_month", false), ("fixed_days", true)])?;
    let common = ["kind", "timezone", "timezone_basis", "run_across_edge"];
    let kind = if fixed {
        table.only(&[&common[..], &["days", "anchor"]].concat())?;
        WindowKind::FixedDays {
            days: table.get("days")?.whole(1..=WINDOW_DAYS_MAX)?,
            anchor: whole_minute(table.get("anchor")?)?,
        }
    } else {
        table.only(&common)?;
        WindowKind::CalendarMonth
    };
    let timezone_basis = match table.find("timezone") {
        None => Basis::Assumed,
        Some(node) if node.text()? == "UTC" => basis(table, "timezone_basis")?,
        Some(node) => {
            let zone = node.text()?;
            return Err(node.refuse(format!(
                "`{zone}` is not supported yet; only `UTC` is, with timezone_basis = \"assumed\" where the text names another zone or none"
            )));
        }
    };
    let run_across_edge = match table.find("run_across_edge") {
        None => RunAcrossEdge::Unknown,
        Some(node) => node.word(&[
            ("cut", RunAcrossEdge::Cut),
            ("unknown", RunAcrossEdge::Unknown),
        ])?,
    };
    Ok(WindowRule {
        kind,
        timezone: TimeZone::Utc,
        timezone_basis,
        run_across_edge,
    })
}

fn whole_minute(node: Node<'_>) -> Result<Minute, ContractError> {
    let refuse = || {
        node.refuse("must be an RFC 3339 instant on a whole minute, such as 2026-01-01T00:00:00Z")
    };
    let at = DateTime::parse_from_rfc3339(&node.date_text()?).map_err(|_| refuse())?;
    let at = at.with_timezone(&Utc);
    let minute = domain::UnixMicros::from(at).to_millis().minute();
    if minute.start().to_micros().to_utc() == at {
        Ok(minute)
    } else {
        Err(refuse())
    }
}

fn exclusions(root: Table<'_>) -> Result<Vec<Exclusion>, ContractError> {
    let nodes = root.find("exclusion").map_or(Ok(Vec::new()), Node::items)?;
    let mut found: Vec<Exclusion> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let table = node
            .table("[[exclusion]]")?
            .only(&["kind", "effect", "basis"])?;
        let kind = table.get("kind")?;
        if found.iter().any(|other| Ok(&*other.kind) == kind.text()) {
            return Err(kind.refuse("this kind has an effect already"));
        }
        found.push(Exclusion {
            kind: kind.owned()?,
            effect: table.get("effect")?.word(&[
                ("not_excluded", Effect::NotExcluded),
                ("treat_as_up", Effect::TreatAsUp),
                ("remove_from_denominator", Effect::RemoveFromDenominator),
            ])?,
            basis: basis(table, "basis")?,
        });
    }
    Ok(found)
}

//! The facts of a notice.

use sla::Contract;

use super::{Facts, witnessed};
use crate::claim::Notice;
use crate::claim::seen::Sightings;

/// Everything that the form of a notice can be filled with.
pub(crate) fn facts(
    notice: &Notice,
    contract: &Contract,
    (targets, sightings): (&[String], &Sightings),
) -> Facts {
    let procedure = contract.claim.as_ref();
    let channel = procedure.map(|claim| claim.channel.clone());
    let address = procedure.and_then(|claim| claim.address.as_ref());
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    let end = if notice.going_on {
        format!("still going on at {}", time(notice.end_at))
    } else {
        time(notice.end_at)
    };
    let made_up = "\nThe contract is made up: do not send this.\n";
    let standing = if contract.simulated { made_up } else { "" };
    let mut facts = witnessed::facts(sightings);
    facts.extend([
        ("notice", notice.name.clone()),
        ("correction", standing.to_owned()),
        ("channel", channel.unwrap_or_default()),
        (
            "address",
            address.map(|a| a.as_str().to_owned()).unwrap_or_default(),
        ),
        ("provider", contract.provider.to_string()),
        ("service", contract.service.clone()),
        ("contract", contract.id().to_string()),
        ("contract_sha256", contract.sha256.as_str().to_owned()),
        ("targets", targets.join(", ")),
        ("start", time(notice.start_at)),
        ("end", end),
        (
            "due",
            notice.due_safe_at.map_or("no deadline".to_owned(), time),
        ),
        ("request_log", format!("{}.requests.csv", notice.name)),
    ]);
    facts
}

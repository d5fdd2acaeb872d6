//! One attempt at every target before the schedule begins, so that a wrong key or a wrong URL is
//! said at once and in words. Not recorded: it belongs to no slot.

use agent::runner::{Keys, short_deadline, spec_for};
use domain::Outcome;
use probe::{Attempt, Engine, TlsRoots};
use wire::plan::{Plan, PlanTarget};

use super::config::UpConfig;
use crate::print;

pub(super) async fn show(plan: &Plan, config: &UpConfig, keys: &Keys) -> anyhow::Result<()> {
    let engine = Engine::new(&TlsRoots::Platform)?;
    print::line("a first look at every target:");
    for target in &plan.targets {
        let lacks_key = target
            .credential
            .as_ref()
            .is_some_and(|alias| !keys.contains_key(alias));
        let said = if lacks_key {
            "no key: recorded as our own fault, never as downtime".to_owned()
        } else {
            let attempt = engine.attempt(&spec_for(target, keys)?).await;
            advice(target, config, &attempt)
        };
        print::line(&format!("  {:<24} {said}", target.id.as_str()));
        if let Some(note) = short_deadline(target) {
            print::line(&format!("  {:<24} note: {note}", ""));
        }
    }
    Ok(())
}

/// What an attempt means for the person who wrote the configuration.
fn advice(target: &PlanTarget, config: &UpConfig, attempt: &Attempt) -> String {
    let status = attempt
        .status
        .map_or_else(String::new, |status| format!(" (HTTP {status})"));
    let place = || {
        let credential = target
            .credential
            .as_ref()
            .and_then(|alias| config.credential.get(alias));
        credential.map_or_else(|| "nowhere".into(), super::config::Credential::place)
    };
    match attempt.outcome {
        Outcome::Ok => {
            let ms = attempt.first_us.unwrap_or(attempt.end_us) / 1_000;
            format!("ok, first answer after {ms} ms")
        }
        Outcome::Auth => format!(
            "the provider refused the key{status}: check the one in {}; recorded as our own fault",
            place()
        ),
        Outcome::Dns => "the host name does not resolve: check the URL and this machine's \
                         network; recorded as unknown, never as downtime"
            .into(),
        Outcome::Tcp | Outcome::Tls | Outcome::ConnectTimeout => format!(
            "no connection ({}): check the URL and this machine's network; recorded as unknown, \
             never as downtime",
            attempt.outcome
        ),
        Outcome::ModelGone => format!(
            "the provider does not know the model{status}: check `model`; recorded as our own fault"
        ),
        Outcome::Billing | Outcome::QuotaDaily | Outcome::RateLimited => format!(
            "our own limit or credit{status}: {}; recorded as our own fault",
            attempt.outcome
        ),
        other => format!("{other}{status}, fault: {}", attempt.attribution),
    }
}

//! From faults to plans: what a fault that struck changes in the plan of a request.

use std::time::Duration;

use crate::failure::{Class, Failure};
use crate::fault::{Fault, Stage};
use crate::pacing::gap;
use crate::plan::{Damage, Harm, Outcome, Pace, Page, Plan, Said, Shape, Strike};

/// The status that stands for an upstream's answer which is none.
const BAD_GATEWAY: u16 = 502;

/// Whether `fault` has anything left to act on. Of two faults for the same thing the first wins.
pub(crate) fn applies(plan: &Plan, fault: &Fault) -> bool {
    if plan
        .struck
        .iter()
        .any(|strike| strike.fault == fault.kind())
    {
        return matches!(fault, Fault::Latency { .. }); // Waits add up.
    }
    match (fault.stage(), plan.shape()) {
        (Stage::Timing, Some(_)) => true,
        (Stage::Timing, None) => matches!(fault, Fault::Latency { .. } | Fault::SlowHeaders { .. }),
        (Stage::Outcome, shape) => shape.is_some() && plan.damage.is_none(),
        (Stage::Answer, Some(shape)) => slot_is_free(shape, fault),
        (Stage::Delivery, Some(_)) => {
            plan.damage.is_none() || matches!(fault, Fault::WrongContentType { .. })
        }
        (Stage::Connection, _) | (Stage::Answer | Stage::Delivery, None) => false,
    }
}

fn slot_is_free(shape: &Shape, fault: &Fault) -> bool {
    match fault {
        Fault::WrongModel { .. } => shape.model.is_none(),
        Fault::Tier { .. } => shape.tier.is_none(),
        Fault::Cached { .. } => shape.cached_s.is_none(),
        _ => shape.said == Said::All,
    }
}

/// Changes the plan, and notes under which rule's name.
pub(crate) fn apply(plan: &mut Plan, rule: &str, fault: &Fault) {
    plan.struck.push(Strike {
        rule: rule.to_owned(),
        fault: fault.kind(),
    });
    match fault.stage() {
        Stage::Connection => {}
        Stage::Timing => delay(plan, fault),
        Stage::Outcome => {
            if let Some(outcome) = outcome(fault) {
                plan.outcome = outcome;
            }
            if let Fault::Error {
                retry_after_s: Some(seconds),
                ..
            } = fault
            {
                plan.put("retry-after", seconds.to_string());
            }
        }
        Stage::Answer => reshape(plan, fault),
        Stage::Delivery => match (damage(fault), fault) {
            (Some(damage), _) => plan.damage = Some(damage),
            (None, Fault::WrongContentType { content_type }) => {
                plan.put("content-type", content_type.as_str());
            }
            (None, _) => {}
        },
    }
}

fn delay(plan: &mut Plan, fault: &Fault) {
    match fault {
        Fault::Latency { ms } => plan.wait = plan.wait.saturating_add(ms.duration()),
        Fault::SlowHeaders { ms } => plan.head = ms.duration(),
        Fault::Ttft {
            ms,
            tokens_per_second,
        } => {
            plan.pace.ttft = ms.duration();
            if let Some(rate) = tokens_per_second {
                plan.pace.gap = gap(*rate);
            }
        }
        Fault::Gap { ms } => plan.pace.gap = ms.duration(),
        _ => {}
    }
}

fn outcome(fault: &Fault) -> Option<Outcome> {
    Some(match fault {
        Fault::Status { status, code, body } => Outcome::Failure(Failure {
            body: body.clone(),
            ..Failure::scripted(*status, *code)
        }),
        Fault::Error {
            error,
            status,
            retry_after_s,
        } => Outcome::Failure(Failure {
            retry_after_s: *retry_after_s,
            ..Failure::of_kind(*error, *status)
        }),
        Fault::Html {} => Outcome::Page(Page::BadGateway),
        Fault::LoginPage {} => Outcome::Page(Page::Login),
        Fault::Refuse {} => Outcome::Close,
        Fault::Reset {} => Outcome::Reset,
        _ => return None,
    })
}

fn reshape(plan: &mut Plan, fault: &Fault) {
    if let Fault::Cached { age_s } = fault {
        plan.pace = Pace {
            ttft: Duration::ZERO,
            gap: Duration::ZERO,
            ..plan.pace
        };
        plan.put("age", age_s.to_string());
        plan.put("x-cache", "HIT");
    }
    let Outcome::Answer(shape) = &mut plan.outcome else {
        return;
    };
    match fault {
        Fault::WrongModel { model } => shape.model = Some(model.clone()),
        Fault::Tier { tier } => shape.tier = Some(tier.clone()),
        Fault::Cached { age_s } => shape.cached_s = Some(*age_s),
        Fault::Empty {} => shape.said = Said::Nothing,
        Fault::Refusal {} => shape.said = Said::Refusal,
        Fault::ContentFilter {} => shape.said = Said::Filtered,
        Fault::Truncated {} => shape.said = Said::Truncated,
        _ => {}
    }
}

fn damage(fault: &Fault) -> Option<Damage> {
    let (after_chunks, harm) = match fault {
        Fault::Stall { after_chunks } => (*after_chunks, Harm::Stall),
        Fault::CutReset { after_chunks } => (*after_chunks, Harm::Reset),
        Fault::CutClean { after_chunks } => (*after_chunks, Harm::End),
        Fault::CutJson { after_chunks } => (*after_chunks, Harm::EndInEvent),
        Fault::Malformed { after_chunks } => (*after_chunks, Harm::BadJson),
        Fault::BadSse { after_chunks } => (*after_chunks, Harm::BadSse),
        Fault::ErrorInStream {
            after_chunks,
            error,
        } => (*after_chunks, Harm::Error((*error).into())),
        _ => return None,
    };
    Some(Damage { after_chunks, harm })
}

/// What a gateway's client sees where the upstream gave the gateway no error that it could pass
/// on.
pub(crate) fn behind_gateway(outcome: Outcome) -> Outcome {
    let status = match outcome {
        Outcome::Close | Outcome::Reset => None,
        Outcome::Page(_) => Some(BAD_GATEWAY),
        other => return other,
    };
    Outcome::Failure(Failure {
        status,
        ..Class::Internal.into()
    })
}

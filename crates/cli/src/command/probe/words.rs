//! What an outcome means for whoever probes by hand: what was seen, whose fault it is and why that
//! is said, what to do next. Outcomes and attributions are decided by [`probe::classify`]; nothing
//! here decides, and the wording follows the rules there.

use domain::{Attribution, Outcome};
use probe::Via;

/// What was seen, and what to do next.
pub(super) struct Meaning {
    pub(super) seen: &'static str,
    pub(super) next: &'static str,
}

const ASK_PROVIDER: &str = "look at the provider's status page, and quote the request id to its \
    support if this goes on";
const CHECK_PATH: &str = "check the address and this machine's network, and try from a second \
    place: two places that see the same speak of the endpoint";
const RAISE_CAP: &str = "raise --max-output-tokens; models that reason need room for it";

/// What an outcome means.
#[expect(
    clippy::too_many_lines,
    reason = "one sentence for each outcome, read from top to bottom"
)]
pub(super) const fn meaning(outcome: Outcome) -> Meaning {
    let (seen, next) = match outcome {
        Outcome::Ok => ("a whole answer, as asked and in time", "nothing"),
        Outcome::Dns => ("the host name did not resolve", CHECK_PATH),
        Outcome::Tcp => ("no TCP connection: refused, reset or no route", CHECK_PATH),
        Outcome::Tls => (
            "the TLS handshake or the server's certificate failed",
            "check the certificate, and whether a proxy on the path replaces it",
        ),
        Outcome::ConnectTimeout => ("no connection before its time was up", CHECK_PATH),
        Outcome::TtfbTimeout => (
            "connected and sent, but no answer began in time",
            ASK_PROVIDER,
        ),
        Outcome::TtftTimeout => (
            "the answer began, but no visible text came in time",
            "raise --deadline-s if the model reasons for long; else quote the request id to support",
        ),
        Outcome::Stall => ("text began to arrive, then nothing more did", ASK_PROVIDER),
        Outcome::Deadline => (
            "the answer was still arriving when the deadline passed",
            "raise --deadline-s, or lower --max-output-tokens",
        ),
        Outcome::StreamCut => (
            "the connection broke before the answer was whole",
            ASK_PROVIDER,
        ),
        Outcome::NoTerminator => (
            "the answer ended in good order, but without the mark that says it is whole",
            ASK_PROVIDER,
        ),
        Outcome::JsonCut => ("the answer ended in the middle of its JSON", ASK_PROVIDER),
        Outcome::Malformed => (
            "the answer is not what this API's grammar allows",
            "check --wire and --base-url; if they are right, quote the request id to support",
        ),
        Outcome::Overloaded => (
            "the endpoint said that it is over capacity",
            "try again later",
        ),
        Outcome::Capacity429 => (
            "for now there is no room in what all customers share",
            "try again later, or buy capacity of your own",
        ),
        Outcome::RateLimited => (
            "a limit on requests or tokens was reached",
            "wait as `retry-after` says, or ask for a higher limit",
        ),
        Outcome::QuotaDaily => (
            "a daily quota is used up",
            "wait for the next day, or ask for a higher quota",
        ),
        Outcome::Billing => (
            "no credit, or a spend limit is reached",
            "look at the account's billing page",
        ),
        Outcome::Auth => (
            "the key was not accepted",
            "check that the key is whole, not revoked, and of this account and region",
        ),
        Outcome::GeoBlocked => (
            "refused for where the request came from",
            "probe from a place that the provider serves",
        ),
        Outcome::ModelGone => (
            "the model, or the path, is not there",
            "check --model and --base-url; --wire models lists what a key may use",
        ),
        Outcome::BadRequest => (
            "the request was refused as invalid",
            "check --model, --extra, --tier and --max-output-tokens against the error code",
        ),
        Outcome::Blocked => (
            "a content filter stopped the answer",
            "try another --ask; if a harmless question is blocked, ask whoever set the filter",
        ),
        Outcome::Refused => ("the model declined to answer", "try another --ask"),
        Outcome::ServerError => ("the endpoint failed with an error of its own", ASK_PROVIDER),
        Outcome::GatewayError => (
            "the gateway failed with an error of its own",
            "look at the gateway's log for the request id",
        ),
        Outcome::Truncated => (
            "the token cap ended the answer before it said enough",
            RAISE_CAP,
        ),
        Outcome::EmptyAnswer => ("a whole answer without any visible text", RAISE_CAP),
        Outcome::WrongAnswer => (
            "a whole answer that is not what was asked for",
            "try again: one wrong answer is a model's whim, several are a fault",
        ),
        Outcome::WrongModel => (
            "the answer names another model than the one asked for",
            "check the gateway's fallbacks and aliases, or hold it to one upstream with --pin",
        ),
        Outcome::TierDowngrade => (
            "the answer names a lesser service tier than the one asked for",
            "look at the contract: a lesser tier may cost less, and promise less",
        ),
        Outcome::UnexpectedStatus => (
            "the status or the body is not the expected one",
            "look at the page; --expect-status and --expect-body say what is expected",
        ),
        Outcome::ProbeFault => (
            "this machine failed before the endpoint was asked",
            "look at this machine: file descriptors, memory, routes, clock",
        ),
    };
    Meaning { seen, next }
}

/// Whose fault it is, and why that is said.
pub(super) fn fault(outcome: Outcome, attribution: Attribution, via: Via) -> String {
    let (whose, why) = match attribution {
        Attribution::None => return "nobody's".to_owned(),
        Attribution::Provider => ("the provider's", of_provider(outcome, via)),
        Attribution::Gateway => ("the gateway's", of_gateway(outcome)),
        Attribution::Network => (
            "the network's",
            "there is no route from here to the endpoint",
        ),
        Attribution::Ours => ("ours", of_us(outcome)),
        Attribution::Agent => (
            "this machine's",
            "a system call here failed, and nothing reached the endpoint",
        ),
        Attribution::Unknown => ("unknown", of_nobody_known(outcome, via)),
    };
    format!("{whose}: {why}")
}

const fn of_provider(outcome: Outcome, via: Via) -> &'static str {
    match (outcome, via) {
        (Outcome::Overloaded, _) => "the endpoint says itself that it lacks capacity",
        (Outcome::Capacity429, _) => "the words of the error speak of capacity, not of our limit",
        (Outcome::WrongModel | Outcome::TierDowngrade, _) => {
            "no gateway stands between, so it chose who serves"
        }
        (_, Via::Direct) => {
            "the connection stood, our request was sent, and nobody else answers at this address"
        }
        (_, Via::Gateway) => "the answer bears the trace of the provider behind the gateway",
    }
}

const fn of_gateway(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::WrongModel | Outcome::TierDowngrade => "a gateway chooses who serves",
        _ => "the answer bears no trace of a provider behind it",
    }
}

const fn of_us(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Auth => "a key is ours to keep valid, and another one may well be served",
        Outcome::RateLimited => "the answer names a limit of our account",
        Outcome::QuotaDaily => "the quota is our account's",
        Outcome::Billing => "the credit and the spend limit are our account's",
        Outcome::GeoBlocked => "it is us who chose where to ask from",
        Outcome::Truncated => "the token cap is the one that we sent",
        Outcome::BadRequest => "the endpoint read our request and says what is wrong with it",
        _ => "the endpoint answered, and its answer is about what we sent",
    }
}

const fn of_nobody_known(outcome: Outcome, via: Via) -> &'static str {
    match (outcome, via) {
        (Outcome::Dns | Outcome::Tcp | Outcome::Tls | Outcome::ConnectTimeout, _) => {
            "from one place, an endpoint that is down and a path that is broken look alike"
        }
        (Outcome::ModelGone, _) => "a wrong name and a model that was taken away look alike",
        (Outcome::RateLimited, _) => {
            "the 429 names no limit of ours, and none of the endpoint's either"
        }
        (Outcome::Auth, _) => "a 403 without an error object may come from a filter before the API",
        (Outcome::Blocked | Outcome::Refused, _) => {
            "whether a question deserves an answer is not for a probe to say"
        }
        (_, Via::Gateway) => "nothing tells the gateway from the provider behind it",
        (_, Via::Direct) => "what was seen does not tell",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_says_what_was_seen_and_what_to_do() {
        let mut seen = std::collections::BTreeSet::new();
        for outcome in Outcome::ALL {
            let meaning = meaning(*outcome);
            assert!(seen.insert(meaning.seen), "{outcome} is worded as another");
            for text in [meaning.seen, meaning.next] {
                assert!(
                    !text.is_empty() && !text.ends_with('.'),
                    "{outcome}: {text}"
                );
                assert!(!text.contains("  "), "{outcome}: {text}");
            }
        }
    }

    #[test]
    fn a_fault_names_its_bearer_and_a_reason() {
        for attribution in Attribution::ALL {
            for outcome in Outcome::ALL {
                let said = fault(*outcome, *attribution, Via::Gateway);
                let is_reasoned = said.contains(": ") || *attribution == Attribution::None;
                assert!(is_reasoned, "{outcome} {attribution}: {said}");
            }
        }
        let direct = fault(Outcome::ServerError, Attribution::Provider, Via::Direct);
        assert!(direct.ends_with("nobody else answers at this address"));
    }
}

//! What was observed, whose fault it was, and why a slot has no sample.
//!
//! An outcome is an observation, never a judgement: whether it counts as downtime is decided
//! later, by the contract, and can be decided again under another reading.

use serde::{Deserialize, Serialize};

macro_rules! word_enum {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $type {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }

        impl $type {
            /// Every value, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word used in sample lines, contracts and the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::str::FromStr for $type {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { what: stringify!($type), word: word.to_owned() }),
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// A word that is not one of an enumeration's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a known {what}")]
pub struct UnknownWord {
    what: &'static str,
    word: String,
}

word_enum!(
    /// What one attempt met. First match wins: transport, then status and error body, then
    /// stream grammar, then content.
    Outcome {
        /// Complete, well-formed, expected answer within the deadline.
        Ok = "ok",
        /// The host name did not resolve.
        Dns = "dns",
        /// TCP connect was refused or reset.
        Tcp = "tcp",
        /// TLS handshake or certificate failed.
        Tls = "tls",
        /// No TCP or TLS connection before its timer.
        ConnectTimeout = "connect_timeout",
        /// No response headers before the deadline.
        TtfbTimeout = "ttfb_timeout",
        /// Headers, but no visible token before the deadline.
        TtftTimeout = "ttft_timeout",
        /// Tokens stopped arriving; comments and pings do not count as arrival.
        Stall = "stall",
        /// Still streaming when the contract's deadline passed.
        Deadline = "deadline",
        /// The connection was closed or reset before the grammar's terminator.
        StreamCut = "stream_cut",
        /// The body ended cleanly, as if it were whole, but without the grammar's terminator.
        NoTerminator = "no_terminator",
        /// A JSON body ended cleanly inside its value.
        JsonCut = "json_cut",
        /// Bytes that the promised grammar does not allow.
        Malformed = "malformed",
        /// The provider said it is over capacity.
        Overloaded = "overloaded",
        /// 429 for shared capacity, not for a limit of ours.
        Capacity429 = "capacity_429",
        /// Our own request or token rate limit.
        RateLimited = "rate_limited",
        /// Our own daily quota.
        QuotaDaily = "quota_daily",
        /// No credit, or our own spend limit.
        Billing = "billing",
        /// Key missing, wrong or without permission.
        Auth = "auth",
        /// Refused for where the agent stands.
        GeoBlocked = "geo_blocked",
        /// The model or deployment does not exist (any more).
        ModelGone = "model_gone",
        /// The request was refused as invalid.
        BadRequest = "bad_request",
        /// Content policy: a filter or guardrail around the model.
        Blocked = "blocked",
        /// The model itself declined to answer.
        Refused = "refused",
        /// Another 5xx of the provider.
        ServerError = "server_error",
        /// The gateway itself failed.
        GatewayError = "gateway_error",
        /// Finish reason length with too short an answer: our token cap.
        Truncated = "truncated",
        /// Complete, but without any visible text.
        EmptyAnswer = "empty_answer",
        /// Complete, but its content is not what was asked for.
        WrongAnswer = "wrong_answer",
        /// As asked, but the answer names another model.
        WrongModel = "wrong_model",
        /// As asked, but the answer names a lesser service tier than the one asked for.
        TierDowngrade = "tier_downgrade",
        /// A plain HTTP answer whose status or body was not the expected one.
        UnexpectedStatus = "unexpected_status",
        /// The agent's own machine or network.
        ProbeFault = "probe_fault",
    }
);

word_enum!(
    /// Whose fault an outcome is; `unknown` is a value, not a gap.
    Attribution {
        /// Nobody's: the attempt succeeded.
        None = "none",
        /// The model provider.
        Provider = "provider",
        /// A gateway between us and the provider.
        Gateway = "gateway",
        /// The path between agent and endpoint.
        Network = "network",
        /// Key, quota, money or request of ours.
        Ours = "ours",
        /// The probing agent itself.
        Agent = "agent",
        /// It cannot be told from what was seen.
        Unknown = "unknown",
    }
);

word_enum!(
    /// Where a sample comes from.
    Source {
        /// A planned synthetic request of ours.
        Probe = "probe",
        /// A real request of the customer, taken from a gateway log.
        Traffic = "traffic",
    }
);

word_enum!(
    /// Why an attempt was made.
    Kind {
        /// The slot's own attempt.
        Planned = "planned",
        /// A repeat after a failure, by the rule fixed in the plan.
        Burst = "burst",
        /// Ordered by the collector because another agent saw a failure.
        Confirm = "confirm",
        /// By hand.
        Manual = "manual",
    }
);

word_enum!(
    /// Why a planned slot was not run.
    GapReason {
        /// The agent was not running.
        AgentDown = "agent_down",
        /// Too many attempts were still under way.
        Overloaded = "overloaded",
        /// The budget was used up.
        Budget = "budget",
        /// An operator paused the target.
        Paused = "paused",
        /// The agent lacks the provider key.
        NoKey = "no_key",
        /// The spool was full.
        SpoolFull = "spool_full",
    }
);

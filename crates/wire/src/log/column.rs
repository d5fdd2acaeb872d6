//! The keys and columns that mean something.

use std::fmt;

use domain::spelling::nearest;

macro_rules! columns {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// What a line may say: the columns of CSV files, and the keys of JSON objects.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column {
            $($(#[$doc])* $variant,)+
        }

        impl Column {
            /// Every column.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in headers and objects.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The column of this name.
            #[must_use]
            pub fn find(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

columns! {
    /// Start of the attempt: RFC 3339 with any offset, or milliseconds since 1970. Digits below a
    /// microsecond are dropped.
    Time = "time",
    /// The same in microseconds since 1970: makes the line one of our core lines, which must also
    /// say `outcome`, `attribution`, `kind`, `source` and `stream`.
    WallUs = "wall_us",
    /// Where the request was made.
    Agent = "agent",
    /// What was asked, by the name in our configuration.
    Target = "target",
    /// Region of the endpoint.
    Region = "region",
    /// Model asked for.
    Model = "model",
    /// The same, in core lines.
    AskedModel = "asked_model",
    /// HTTP status, 100 to 599; empty where no answer arrived.
    Status = "status",
    /// What was observed, a word of [`domain::Outcome`].
    Outcome = "outcome",
    /// Milliseconds to the first visible text; decimals are kept down to the microsecond.
    TtftMs = "ttft_ms",
    /// The same in microseconds, in core lines.
    FirstUs = "first_us",
    /// Milliseconds to the end of the attempt; decimals are kept down to the microsecond.
    TotalMs = "total_ms",
    /// The same in microseconds, in core lines.
    EndUs = "end_us",
    /// Microseconds until the request was sent.
    SentUs = "sent_us",
    /// Microseconds to the last visible text.
    LastUs = "last_us",
    /// Input tokens.
    InputTokens = "input_tokens",
    /// Output tokens.
    OutputTokens = "output_tokens",
    /// Whose fault the outcome is, a word of [`domain::Attribution`].
    Attribution = "attribution",
    /// Why the attempt was made, a word of [`domain::Kind`].
    Kind = "kind",
    /// `probe` or `traffic`.
    Source = "source",
    /// Whether a streamed answer was asked for: `true` or `false`.
    Stream = "stream",
    /// Model that the answer names.
    ServedModel = "served_model",
    /// Service tier that the answer names.
    Tier = "tier",
    /// The same, in core lines.
    ServedTier = "served_tier",
    /// Features of the request, separated by `;`; in JSON also a list.
    Features = "features",
    /// Whether the sample was logged too late to be beyond doubt: `true` or `false`.
    Late = "late",
    /// Why planned slots were not run, a word of [`domain::GapReason`]: makes the line a gap.
    /// Only in JSON, like all that follow.
    Gap = "gap",
    /// Slots of a gap.
    Count = "count",
    /// First slot of a gap, milliseconds since 1970.
    FirstMs = "first_ms",
    /// Last slot of a gap, milliseconds since 1970.
    LastMs = "last_ms",
}

impl Column {
    /// The columns that say the same thing as one.
    pub(super) const fn same(self) -> Self {
        match self {
            Self::WallUs => Self::Time,
            Self::AskedModel => Self::Model,
            Self::FirstUs => Self::TtftMs,
            Self::EndUs => Self::TotalMs,
            Self::ServedTier => Self::Tier,
            other => other,
        }
    }

    /// Whether JSON must write it as a string.
    pub(super) const fn is_text(self) -> bool {
        matches!(
            self.same(),
            Self::Agent
                | Self::Target
                | Self::Region
                | Self::Model
                | Self::ServedModel
                | Self::Tier
                | Self::Features
        )
    }

    /// Whether CSV files may have it: gaps are ours alone, and we write JSON.
    pub(super) const fn is_tabular(self) -> bool {
        !matches!(self, Self::Gap | Self::Count | Self::FirstMs | Self::LastMs)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What to say about a word that is none of those possible: the one that is meant, where one is
/// near, else all.
pub(super) fn hint(given: &str, possible: impl Iterator<Item = &'static str> + Clone) -> String {
    /// Longer texts are like no word.
    const GIVEN_CHARS_MAX: usize = 64;
    let given: String = given.chars().take(GIVEN_CHARS_MAX).collect();
    let given = given.to_lowercase();
    if let Some(word) = nearest(&given, possible.clone()) {
        return format!("did you mean `{word}`?");
    }
    let all: Vec<String> = possible.map(|word| format!("`{word}`")).collect();
    format!("possible are {}", all.join(", "))
}

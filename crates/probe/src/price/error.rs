//! Why a table was refused, and where.

use super::exact::DecimalError;

/// A table that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct PriceError {
    /// Line of the text, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a table. Quotations are cut to a bounded length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Longer than any table.
    #[error("a price table has at most {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// More prices than in any table.
    #[error("a price table has at most {max} prices")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// Not TOML.
    #[error("{message}")]
    Syntax {
        /// The TOML parser's words.
        message: String,
    },
    /// A table of another kind or version.
    #[error("`schema` must be \"price-table/1\"")]
    Schema,
    /// A key that means nothing.
    #[error("unknown key `{key}` in {table}; did you mean `{nearest}`?")]
    UnknownKey {
        /// The key.
        key: String,
        /// Where it stands.
        table: &'static str,
        /// The known key that is most like it.
        nearest: &'static str,
    },
    /// A key that has to be there.
    #[error("{table} lacks the key `{key}`")]
    MissingKey {
        /// The key.
        key: &'static str,
        /// Where it should stand.
        table: &'static str,
    },
    /// A value of another type, or out of range.
    #[error("`{key}` must be {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// A number where exactness needs text.
    #[error("`{key}` must be exact: write it in quotes, \"{given}\"")]
    BareNumber {
        /// The key.
        key: &'static str,
        /// The number.
        given: String,
    },
    /// Not a price.
    #[error("`{key}` is no price: {why}")]
    Decimal {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        why: DecimalError,
    },
    /// A price of nothing, without a word that it is meant.
    #[error("a price of \"0\" is believed only with `free = true`; leave out what is not known")]
    Zero,
    /// A period that ends before it begins.
    #[error("`until` must be later than `from`")]
    Period,
    /// Thresholds out of order.
    #[error("`input_tokens` must be larger than in the [[..above]] before it")]
    Thresholds,
    /// A tier twice, or a name of the plain service.
    #[error("the tier `{tier}` is priced already")]
    Tier {
        /// The tier.
        tier: String,
    },
    /// Hours that overlap others of the same price.
    #[error("these hours overlap those of another [[price.hours]]")]
    Hours,
    /// Hours and tiers in one price.
    #[error("a price has [[price.hours]] or [[price.tier]], not both")]
    HoursAndTiers,
    /// Two prices for one model at one time.
    #[error("`{provider}` `{model}` is priced already for some of these days, on line {line}")]
    Overlap {
        /// Provider.
        provider: String,
        /// Model.
        model: String,
        /// Where the other price stands.
        line: usize,
    },
}

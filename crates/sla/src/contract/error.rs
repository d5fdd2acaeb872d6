//! Why a contract text was refused, and where.

/// A contract text that was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct ContractError {
    /// Line of the text, from 1.
    pub line: usize,
    /// Column in that line, in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a contract text.
///
/// Tables are named as their headers are written, `[commitment.metric]` or `[[events.rule]]`, also
/// where the text has them inline. Whatever is quoted from the text is cut to a bounded length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML, or longer or deeper than any contract.
    #[error("{message}")]
    Syntax {
        /// The TOML parser's words.
        message: String,
    },
    /// A key that this version does not know.
    #[error("unknown key `{key}` in {table}; {hint}")]
    UnknownKey {
        /// The key.
        key: String,
        /// Where it stands.
        table: String,
        /// The nearest known key, or all of them.
        hint: String,
    },
    /// A key that has to be there.
    #[error("{table} lacks the key `{key}`")]
    MissingKey {
        /// The key.
        key: &'static str,
        /// Where it should stand.
        table: String,
    },
    /// A value of another TOML type.
    #[error("`{key}` must be {expected}, not {found}")]
    WrongType {
        /// The key.
        key: String,
        /// What it takes.
        expected: String,
        /// What stands there.
        found: &'static str,
    },
    /// A bare number where exactness needs text.
    #[error("`{key}` must be exact: write it in quotes, \"{given}\"")]
    BareNumber {
        /// The key.
        key: String,
        /// The number.
        given: String,
    },
    /// A word that is not one of the possible ones.
    #[error("`{given}` is not possible for `{key}`; {hint}")]
    UnknownWord {
        /// The key.
        key: String,
        /// The word.
        given: String,
        /// The nearest possible word, or all of them.
        hint: String,
    },
    /// A value that the key does not take.
    #[error("`{key}`: {reason}")]
    Value {
        /// The key.
        key: String,
        /// Why not.
        reason: String,
    },
}

impl ContractError {
    /// The error at a byte offset of the text. Walks the text, so it is for errors only.
    pub(crate) fn at(text: &str, offset: usize, problem: Problem) -> Self {
        let before = text
            .char_indices()
            .take_while(|(index, _)| *index < offset)
            .map(|(_, c)| c);
        let (line, column) = before.fold((1, 1), |(line, column), c| match c {
            '\n' => (line + 1, 1),
            _ => (line, column + 1),
        });
        Self {
            line,
            column,
            problem,
        }
    }
}

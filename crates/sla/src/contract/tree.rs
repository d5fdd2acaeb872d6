//! Contract text to any type that serde can read, with line and column for every refusal.
//!
//! [`read`] parses TOML with positions and lets the type pull its values out of the tree. Errors
//! that serde raises know no place; they get it on their way up, from the value that was being
//! read. The types keep to three conventions:
//!
//! - An error text of a `try_from` type that begins with a key in backticks and a colon, or with a
//!   dotted path and list indices (`` `bands.1.ge`: .. ``), is placed at that value, or at the
//!   innermost table on the way that exists.
//! - An enum whose serde name is a key, that is, begins with a lower-case letter, is a table: that
//!   key holds the variant and the other keys are its content. Any other enum is a word in quotes.
//! - A type that must not be a bare number expects [`super::exact::NUMBER_IN_QUOTES`].
//!
//! Invariants: every text is one line without control characters and not blank; no list is empty
//! or longer than [`super::LIST_ENTRIES_MAX`]; the work is proportional to the text. Not meant for
//! `flatten`, `untagged` and `tag`: serde buffers their content, and the place in it is lost.

mod depth;
mod fault;
mod hint;
mod node;
mod path;
mod syntax;
mod table;
mod variant;
mod words;

#[cfg(test)]
pub(crate) mod tests;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::node::Node;
use super::CONTRACT_BYTES_MAX;
use super::error::{ContractError, Problem};

/// Reads a whole document. Fails at the first place, in the order of the text, that the type does
/// not take; keys that are missing come last.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, ContractError> {
    if text.len() > CONTRACT_BYTES_MAX {
        let message = format!("a contract has at most {CONTRACT_BYTES_MAX} bytes");
        return Err(ContractError::at(text, 0, Problem::Syntax { message }));
    }
    depth::check(text)?;
    let document = DeTable::parse(text).map_err(|error| syntax::refused(text, &error))?;
    if document.get_ref().is_empty() {
        return Err(syntax::empty(text));
    }
    let root = Spanned::new(0..0, DeValue::Table(document.into_inner()));
    let node = Node::root(&root);
    T::deserialize(node).map_err(|fault| {
        let (offset, problem) = fault.into_place(node);
        ContractError::at(text, offset, problem)
    })
}

//! The secrets that this process holds: none of them may come back in what a provider says.

use std::ffi::OsString;

use probe::secrets::{Secrets, is_telling};
use secrecy::SecretString;

use crate::runner::Keys;

/// Shorter values of variables are switches rather than secrets.
const VALUE_BYTES_MIN: usize = 8;

/// The keys of all providers; of the environment the variables whose names tell of a secret (keys,
/// a token to enrol with), and credentials in addresses, as those of proxies have them.
pub(super) fn held(
    keys: &Keys,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Secrets {
    let variables = environment.filter_map(|(name, value)| {
        let name = name.to_str()?.to_ascii_lowercase();
        let value = value.to_str()?;
        let secret = if is_telling(&name) {
            Some(value)
        } else {
            credentials(value)
        };
        let secret = secret.filter(|secret| secret.len() >= VALUE_BYTES_MIN)?;
        Some(SecretString::from(secret))
    });
    keys.values().cloned().chain(variables).collect()
}

/// What stands before the `@` of an address.
fn credentials(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    authority
        .rsplit_once('@')
        .map(|(credentials, _)| credentials)
}

#[cfg(test)]
mod tests;

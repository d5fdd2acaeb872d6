//! How often previews are sent.

use std::time::Duration;

use super::{ConfigError, SEAL_INTERVAL_S_MAX};

/// The time between previews in whole seconds, so never below one; none with 0.
pub(super) fn interval(interval_s: u64) -> Result<Option<Duration>, ConfigError> {
    match interval_s {
        0 => Ok(None),
        1..=SEAL_INTERVAL_S_MAX => Ok(Some(Duration::from_secs(interval_s))),
        _ => Err(ConfigError::Rule(format!(
            "preview_interval_s must be 0 to {SEAL_INTERVAL_S_MAX}"
        ))),
    }
}

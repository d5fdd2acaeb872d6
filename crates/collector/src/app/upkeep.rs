//! Upkeep that runs by timers, once and by hand.

use super::Collector;
use crate::archive::ArchiveError;
use crate::job::archive::{self, Filed};
use crate::job::retain::{self, Retained};
use crate::job::stamp;
use crate::store::StoreError;

impl Collector {
    /// Drops the days whose time is up, once.
    pub async fn run_retention(&self) -> Result<Retained, StoreError> {
        retain::run_once(&self.app).await
    }

    /// Brings closed days to the archive, once.
    pub async fn run_archive(&self) -> Result<Filed, ArchiveError> {
        archive::run_once(&self.app).await
    }

    /// Has the log timestamped where it is time, once; gives the number of new tokens.
    pub async fn run_timestamps(&self) -> Result<u64, StoreError> {
        stamp::run_once(&self.app).await
    }
}

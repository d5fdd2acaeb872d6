//! What the page of a claim shows.

use super::Site;
use crate::claim::{Claim, ClaimEvent};

/// The page of a claim.
#[derive(Clone, Debug)]
pub(crate) struct ClaimPage {
    /// On every page.
    pub(crate) site: Site,
    /// The claim as it stands.
    pub(crate) claim: Claim,
    /// What happened to it, oldest first.
    pub(crate) history: Vec<ClaimEvent>,
    /// Forms that its letter can take.
    pub(crate) forms: Vec<String>,
}

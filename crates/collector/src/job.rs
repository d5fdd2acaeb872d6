//! Periodic work. Every job is a `run_once` that may be repeated, interrupted and run by several
//! collectors at a time.

pub(crate) mod archive;
pub(crate) mod assess;
pub(crate) mod cells;
pub(crate) mod claims;
pub(crate) mod conditions;
pub(crate) mod lag;
pub(crate) mod latency;
pub(crate) mod post;
pub(crate) mod published;
pub(crate) mod retain;
pub(crate) mod revise;
pub(crate) mod sequence;
pub(crate) mod stamp;
pub(crate) mod submit;

//! The rules of `ARCHITECTURE.md` that are absences: nobody sees them broken in a review, so each
//! is a test here.

mod crates;
mod documents;
mod migrations;
mod sources;

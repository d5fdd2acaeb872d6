//! How well a clause is known, in words.

use sla::Basis;
use sla::contract::Provenance;

/// How close to the provider's own words something is.
pub(crate) const fn provenance(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Official => "official",
        Provenance::Quoted => "quoted",
        Provenance::Secondary => "secondary",
        Provenance::Inferred => "inferred",
        Provenance::NotFound => "not found",
        Provenance::Negotiated => "negotiated",
    }
}

/// How sure it is that the text says so.
pub(crate) const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Stated => "stated",
        Basis::Inferred => "inferred",
        Basis::Unknown => "open",
        Basis::Assumed => "assumed",
    }
}

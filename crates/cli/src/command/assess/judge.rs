//! Counts to verdicts, one assessment for each part.

use sla::{Facts, assess};

use super::intake::Counted;
use super::report::{Part, Report};
use super::request::Request;

/// Judges every part.
pub(super) fn judge(request: Request, counted: Counted) -> Report {
    let parts = counted.parts.into_iter().map(|part| {
        let mut terms = request.terms.clone();
        terms.targets = part.targets;
        let facts = Facts {
            cells: &part.cells,
            timed: part.timed.as_ref(),
        };
        Part {
            partition: part.scope,
            assessment: assess(&request.contract, &terms, facts),
            targets: terms.targets,
        }
    });
    let parts = parts.collect();
    Report {
        contract: request.contract,
        is_template: request.is_template,
        period: request.period,
        terms: request.terms,
        parts,
        input: counted.input,
    }
}

//! What people read on the terminal.

use std::io::{self, Write as _};

/// A line on standard output. A reader that went away is no failure of ours.
pub(crate) fn line(text: &str) {
    let _gone = writeln!(io::stdout().lock(), "{text}");
}

/// A failure with its causes, on standard error.
pub(crate) fn error(failure: &anyhow::Error) {
    let mut out = io::stderr().lock();
    let _gone = writeln!(out, "error: {failure}");
    for cause in failure.chain().skip(1) {
        let _gone = writeln!(out, "  because: {cause}");
    }
}

//! What people read on the terminal.

use std::io::{self, Write as _};

/// A line on standard output. A reader that went away is no failure of ours.
pub(crate) fn line(text: &str) {
    let _gone = writeln!(io::stdout().lock(), "{text}");
}

/// A JSON document on standard output, indented. A reader that went away is no failure of ours.
pub(crate) fn json(document: &impl serde::Serialize) -> serde_json::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match serde_json::to_writer_pretty(&mut out, document) {
        Err(error) if !error.is_io() => return Err(error),
        _ => {}
    }
    let _gone = writeln!(out).and_then(|()| out.flush());
    Ok(())
}

/// A failure with its causes, on standard error.
pub(crate) fn error(failure: &anyhow::Error) {
    let mut out = io::stderr().lock();
    let _gone = writeln!(out, "error: {failure}");
    for cause in failure.chain().skip(1) {
        let _gone = writeln!(out, "  because: {cause}");
    }
}

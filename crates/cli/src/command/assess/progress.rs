//! A bar on standard error while a log is read; only where that is a terminal.

use camino::Utf8Path;
use indicatif::{ProgressBar, ProgressStyle};

/// Lines between two looks at the bar.
const LINES: u64 = 16_384;

/// How far a log has been read.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    lines: u64,
}

impl Progress {
    /// Of a file, or of standard input whose length nobody knows.
    pub(super) fn of(path: &Utf8Path) -> Self {
        let length = std::fs::metadata(path)
            .ok()
            .filter(std::fs::Metadata::is_file);
        let bar = match length {
            Some(file) => ProgressBar::new(file.len()),
            None => ProgressBar::new_spinner(),
        };
        let template = if bar.length().is_some() {
            "reading {bar:40} {percent}% {msg} {eta}"
        } else {
            "reading {spinner} {msg}"
        };
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, lines: 0 }
    }

    /// One line more, `bytes` into the file.
    pub(super) fn line(&mut self, bytes: u64) {
        self.lines += 1;
        if self.lines.is_multiple_of(LINES) {
            self.bar.set_position(bytes);
            self.bar.set_message(format!("{} lines", self.lines));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

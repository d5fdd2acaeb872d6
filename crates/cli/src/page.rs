//! Pages of text for people: wrapped to the width of wherever they are read, with the glyphs and
//! colours that it has.
//!
//! Everything here is pure: text in, text out. What a terminal can do is found out once, by
//! [`Look::of_output`]. Widths are counted in characters; wide ones of East Asian scripts are
//! taken for narrow.

mod table;
mod words;

#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _};

use crate::environment;

pub(crate) use table::{Align, Table};
pub(crate) use verify::words::listed;
pub(crate) use verify::words::number::{bare_percent, count, exact_percent, quantity, uptime};
pub(crate) use words::{at_utc, counted, fraction, local, plain, span};

/// Width where nobody says another.
pub(crate) const WIDTH: usize = 80;

/// Wider lines are hard to read.
const WIDTH_MAX: usize = 120;

/// Below this nothing fits.
const WIDTH_MIN: usize = 60;

/// What keeps two words on one line; printed as a space.
pub(crate) const TIE: char = '\u{a0}';

/// How text looks where it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) width: usize,
    pub(crate) glyphs: Glyphs,
    pub(crate) ink: Ink,
}

/// Which characters there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyphs {
    Unicode,
    Ascii,
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Colour,
    Plain,
}

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Unsure,
    Faint,
    Strong,
}

/// How a page is asked for on the command line.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Style {
    /// Use plain ASCII characters only; without it, whatever the locale allows.
    #[arg(long)]
    ascii: bool,
}

impl Style {
    /// How to write on standard output.
    pub(crate) fn look(self) -> Look {
        let look = Look::of_output();
        if self.ascii {
            return Look {
                glyphs: Glyphs::Ascii,
                ..look
            };
        }
        look
    }
}

impl Look {
    /// What standard output can do. Glyphs beyond ASCII need a locale in UTF-8, colours a terminal
    /// that is not asked to do without (`NO_COLOR`).
    fn of_output() -> Self {
        let is_terminal = io::stdout().is_terminal();
        let columns = console::Term::stdout().size_checked();
        let columns = columns.map(|(_, columns)| usize::from(columns));
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(environment::var)
            .unwrap_or_default()
            .to_lowercase();
        let is_utf8 = locale.contains("utf-8") || locale.contains("utf8");
        let may_colour = environment::var("NO_COLOR").is_none()
            && environment::var("TERM").is_some_and(|term| term != "dumb");
        Self {
            width: columns
                .filter(|_| is_terminal)
                .unwrap_or(WIDTH)
                .clamp(WIDTH_MIN, WIDTH_MAX),
            glyphs: if is_utf8 {
                Glyphs::Unicode
            } else {
                Glyphs::Ascii
            },
            ink: if is_terminal && may_colour {
                Ink::Colour
            } else {
                Ink::Plain
            },
        }
    }

    /// One of two texts, by the characters there are.
    pub(crate) const fn pick<'t>(&self, unicode: &'t str, ascii: &'t str) -> &'t str {
        match self.glyphs {
            Glyphs::Unicode => unicode,
            Glyphs::Ascii => ascii,
        }
    }

    /// Text in a colour; only for lines that are not wrapped.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match (self.ink, tone) {
            (Ink::Plain, _) => return text.to_owned(),
            (Ink::Colour, Tone::Good) => "32",
            (Ink::Colour, Tone::Bad) => "1;31",
            (Ink::Colour, Tone::Unsure) => "33",
            (Ink::Colour, Tone::Faint) => "2",
            (Ink::Colour, Tone::Strong) => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Text under construction.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) look: Look,
    text: String,
}

impl Page {
    pub(crate) const fn new(look: Look) -> Self {
        Self {
            look,
            text: String::new(),
        }
    }

    /// The whole text, without a line feed at its end.
    pub(crate) fn finish(self) -> String {
        self.text.trim_end().to_owned()
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(text.replace(TIE, " ").trim_end());
        self.text.push('\n');
    }

    /// An empty line, never two of them.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A title with a rule below it.
    pub(crate) fn title(&mut self, text: &str) {
        self.gap();
        self.line(&self.look.paint(Tone::Strong, text));
        let rule = self.look.pick("─", "-").repeat(width(text));
        self.line(&self.look.paint(Tone::Faint, &rule));
    }

    /// The title of a section, after an empty line.
    pub(crate) fn section(&mut self, text: &str) {
        self.gap();
        self.line(&self.look.paint(Tone::Strong, text));
    }

    /// A paragraph, wrapped behind an indent.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str) {
        self.hanging("", indent, text);
    }

    /// An entry of a list.
    pub(crate) fn bullet(&mut self, indent: usize, text: &str) {
        let mark = format!("{}{} ", " ".repeat(indent), self.look.pick("•", "-"));
        self.hanging(&mark, indent + 2, text);
    }

    /// A label and what it stands before, wrapped into its own column.
    pub(crate) fn labelled(&mut self, label: &str, column: usize, text: &str) {
        let label = format!("  {label:<width$}", width = column.saturating_sub(2));
        self.hanging(&label, column, text);
    }

    /// A table, as wide as it needs to be.
    pub(crate) fn table(&mut self, indent: usize, table: &Table) {
        for line in table.lines(self.look, self.look.width.saturating_sub(indent)) {
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    fn hanging(&mut self, first: &str, indent: usize, text: &str) {
        let room = self.look.width.saturating_sub(indent).max(20);
        let mut before = format!("{first:<indent$}");
        for line in wrap(text, room) {
            self.line(&format!("{before}{line}"));
            before = " ".repeat(indent);
        }
    }
}

/// Characters of a text.
pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Text in lines of at most so many characters; longer words stand alone.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

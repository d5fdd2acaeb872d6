//! Refuses nesting that no contract needs, before a tree is built of it.
//!
//! The TOML parser bounds brackets and dotted keys, each by itself; dotted keys inside of inline
//! tables multiply, and dropping such a tree recurses once per level. A text of 7 kB would end the
//! process. So the same events that the tree is built from are counted first.

use toml_parser::decoder::Encoding;
use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, ParseError, Source, Span};

use crate::contract::error::{ContractError, Problem};

/// Deepest nesting of tables, lists and dotted keys: about twice of what contracts use.
pub(super) const DEPTH_MAX: usize = 16;

pub(super) fn check(text: &str) -> Result<(), ContractError> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut depth = Depth::default();
    let mut first: Option<ParseError> = None;
    parse_document(&tokens, &mut depth, &mut first);
    match first {
        Some(error) if depth.exceeded => {
            let offset = error.unexpected().map_or(0, |span| span.start());
            let message = error.description().to_owned();
            Err(ContractError::at(text, offset, Problem::Syntax { message }))
        }
        _ => Ok(()),
    }
}

/// Levels open at one place of the text.
#[derive(Default)]
struct Depth {
    exceeded: bool,
    in_header: bool,
    /// Parts of the last header.
    header: usize,
    /// Parts of the key that is being read, or whose value is.
    key: usize,
    /// The parts of the key of every open list and inline table. The parser's events are balanced,
    /// also where the text is not.
    open: Vec<usize>,
    /// Levels of all of `open`.
    open_levels: usize,
}

impl Depth {
    fn check(&mut self, span: Span, error: &mut dyn ErrorSink) -> bool {
        if self.header + self.open_levels + self.key <= DEPTH_MAX {
            return true;
        }
        self.exceeded = true;
        let message = format!("nested more than {DEPTH_MAX} levels deep");
        error.report_error(ParseError::new(message).with_unexpected(span));
        false
    }

    fn start_header(&mut self) {
        self.in_header = true;
        self.header = 0;
        self.key = 0;
    }

    fn open(&mut self, span: Span, error: &mut dyn ErrorSink) -> bool {
        let key = std::mem::take(&mut self.key);
        self.open.push(key);
        self.open_levels += key + 1;
        self.check(span, error)
    }

    fn close(&mut self) {
        if let Some(key) = self.open.pop() {
            self.open_levels -= key + 1;
            self.key = key;
        }
    }
}

impl EventReceiver for Depth {
    fn std_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.start_header();
    }

    fn std_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.in_header = false;
    }

    fn array_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.start_header();
    }

    fn array_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.in_header = false;
    }

    fn inline_table_open(&mut self, span: Span, error: &mut dyn ErrorSink) -> bool {
        self.open(span, error)
    }

    fn inline_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.close();
    }

    fn array_open(&mut self, span: Span, error: &mut dyn ErrorSink) -> bool {
        self.open(span, error)
    }

    fn array_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.close();
    }

    fn simple_key(&mut self, span: Span, _: Option<Encoding>, error: &mut dyn ErrorSink) {
        if self.in_header {
            self.header += 1;
        } else {
            self.key += 1;
        }
        self.check(span, error);
    }

    fn value_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.key = 0;
    }

    fn newline(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.in_header = false;
        if self.open.is_empty() {
            self.key = 0;
        }
    }
}

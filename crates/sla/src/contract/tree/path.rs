//! The way from the document to a value, as a chain of stack frames: it costs nothing until an
//! error asks for it.

/// A way through tables and lists.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    /// The document itself.
    Root,
    /// The value of a key.
    Key { table: &'a Path<'a>, key: &'a str },
    /// An entry of a list.
    Entry { list: &'a Path<'a> },
}

impl Path<'_> {
    /// The innermost key.
    pub(super) fn key(&self) -> &str {
        match self {
            Path::Root => "contract",
            Path::Key { key, .. } => key,
            Path::Entry { list } => list.key(),
        }
    }

    /// The name of the table that stands here: its header.
    pub(super) fn table(&self) -> String {
        let mut keys = Vec::new();
        let mut way = self;
        loop {
            match way {
                Path::Root => break,
                Path::Key { table, key } => {
                    keys.push(super::hint::shown(key));
                    way = table;
                }
                Path::Entry { list } => way = list,
            }
        }
        keys.reverse();
        let keys = keys.join(".");
        match self {
            Path::Root => "the contract".to_owned(),
            Path::Key { .. } => format!("[{keys}]"),
            Path::Entry { .. } => format!("[[{keys}]]"),
        }
    }
}

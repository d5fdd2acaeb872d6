//! Lines and log entries on disk, in the place of an exporter's database: what is packed is read by
//! chunks, and is not resident beforehand.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use evidence::bundle::{Packed, Packer};
use evidence::entries::{self, Entries};
use verify::assemble::SegmentPacker;

/// Of each member that is lines, a file; and one of log entries.
#[derive(Debug)]
pub(crate) struct Spill {
    folder: PathBuf,
    lines: BTreeMap<String, BufWriter<File>>,
    entries: BufWriter<File>,
    count: u64,
}

const ENTRIES: &str = "entries";

impl Spill {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            lines: BTreeMap::new(),
            entries: create(&folder.join(ENTRIES)),
            count: 0,
        }
    }

    pub(crate) fn line(&mut self, member: &str, line: &str) {
        if !self.lines.contains_key(member) {
            let file = create(&self.path(member));
            self.lines.insert(member.to_owned(), file);
        }
        let file = self.lines.get_mut(member).expect("it was made");
        writeln!(file, "{line}").expect("room on disk");
    }

    pub(crate) fn entry(&mut self, note: &[u8]) {
        let mut framed = Vec::new();
        entries::push(&mut framed, note).expect("a short note");
        self.entries.write_all(&framed).expect("room on disk");
        self.count += 1;
    }

    fn path(&self, member: &str) -> PathBuf {
        self.folder.join(member.replace('/', "+"))
    }

    /// What was written, for [`Spill::pack`].
    pub(crate) fn flush(&mut self) {
        let lines = self.lines.values_mut();
        for file in lines.chain([&mut self.entries]) {
            file.flush().expect("room on disk");
        }
    }

    /// Packs all of it, line by line, as members of a bundle whose segment begins at `start`.
    pub(crate) fn pack(&self, start: u64) -> Packed {
        let mut members = Packed::default();
        for member in self.lines.keys() {
            let mut packer = Packer::new(member);
            let mut file = open(&self.path(member));
            let mut line = Vec::new();
            while file.read_until(b'\n', &mut line).expect("it was written") > 0 {
                packer.push(&line).expect("a short line");
                line.clear();
            }
            members.insert(packer).expect("a member");
        }
        let mut segment = SegmentPacker::new(start, start + self.count);
        for note in Entries::new(open(&self.folder.join(ENTRIES))) {
            let note = note.expect("it was written");
            segment.push(&note).expect("a short note");
        }
        segment.finish(&mut members).expect("a member");
        members
    }
}

fn create(path: &Path) -> BufWriter<File> {
    BufWriter::new(File::create(path).expect("room on disk"))
}

fn open(path: &Path) -> BufReader<File> {
    BufReader::new(File::open(path).expect("it was made"))
}

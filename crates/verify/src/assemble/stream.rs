//! Lines and log entries, packed while they are read.

use domain::{AgentId, TargetId};
use evidence::bundle::{Packed, Packer};
use wire::stream::Reserved;

use super::members::{packing, push_entry};
use super::{AssembleError, DisclosedReserved, DisclosedStream};
use crate::layout;
use crate::layout::paths::StreamPath;

/// A [`DisclosedStream`] in the making.
#[derive(Debug)]
pub struct StreamPacker {
    cores: Packer,
    details: Packer,
    paths: Packer,
}

/// A [`DisclosedReserved`] in the making.
#[derive(Debug)]
pub struct ReservedPacker {
    lines: Packer,
    paths: Packer,
}

/// The log entries of [`Contents::segment`](super::Contents::segment) in the making.
#[derive(Debug)]
pub struct SegmentPacker(Packer);

impl StreamPacker {
    /// No lines yet.
    #[must_use]
    pub fn new(agent: &AgentId, target: &TargetId) -> Self {
        Self {
            cores: Packer::new(layout::cores(agent, target)),
            details: Packer::new(layout::details(agent, target)),
            paths: Packer::new(layout::paths(agent, target)),
        }
    }

    /// The next batch that carries the stream.
    pub fn path(&mut self, path: &StreamPath) -> Result<(), AssembleError> {
        push_line(&mut self.paths, &path.to_string())
    }

    /// The next core line, without LF.
    pub fn core(&mut self, line: &str) -> Result<(), AssembleError> {
        push_line(&mut self.cores, line)
    }

    /// The next detail line, without LF.
    pub fn detail(&mut self, line: &str) -> Result<(), AssembleError> {
        push_line(&mut self.details, line)
    }

    /// Whether there is no core line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cores.bytes() == 0
    }

    /// Puts the members of the stream to the others.
    pub fn finish(self, members: &mut Packed) -> Result<(), AssembleError> {
        insert(members, [self.cores, self.details, self.paths])
    }
}

impl ReservedPacker {
    /// No lines yet.
    #[must_use]
    pub fn new(agent: &AgentId, stream: Reserved) -> Self {
        Self {
            lines: Packer::new(layout::own_lines(agent, stream)),
            paths: Packer::new(layout::own_paths(agent, stream)),
        }
    }

    /// The next batch that carries the stream.
    pub fn path(&mut self, path: &StreamPath) -> Result<(), AssembleError> {
        push_line(&mut self.paths, &path.to_string())
    }

    /// The next line, without LF.
    pub fn line(&mut self, line: &str) -> Result<(), AssembleError> {
        push_line(&mut self.lines, line)
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.bytes() == 0
    }

    /// Puts the members of the stream to the others.
    pub fn finish(self, members: &mut Packed) -> Result<(), AssembleError> {
        insert(members, [self.lines, self.paths])
    }
}

impl SegmentPacker {
    /// Will hold the entries from index `start` up to `end`, which is the first that is not in.
    #[must_use]
    pub fn new(start: u64, end: u64) -> Self {
        Self(Packer::new(layout::segment(start, end)))
    }

    /// The next entry, a whole note.
    pub fn push(&mut self, note: &[u8]) -> Result<(), AssembleError> {
        push_entry(&mut self.0, note)
    }

    /// Puts the segment to the other members.
    pub fn finish(self, members: &mut Packed) -> Result<(), AssembleError> {
        insert(members, [self.0])
    }
}

impl DisclosedStream {
    pub(super) fn pack(self, members: &mut Packed) -> Result<(), AssembleError> {
        let mut packer = StreamPacker::new(&self.agent, &self.target);
        self.cores.iter().try_for_each(|line| packer.core(line))?;
        let mut details = self.details.iter();
        details.try_for_each(|line| packer.detail(line))?;
        self.paths.iter().try_for_each(|path| packer.path(path))?;
        packer.finish(members)
    }
}

impl DisclosedReserved {
    pub(super) fn pack(self, members: &mut Packed) -> Result<(), AssembleError> {
        let mut packer = ReservedPacker::new(&self.agent, self.stream);
        self.lines.iter().try_for_each(|line| packer.line(line))?;
        self.paths.iter().try_for_each(|path| packer.path(path))?;
        packer.finish(members)
    }
}

fn push_line(packer: &mut Packer, line: &str) -> Result<(), AssembleError> {
    let pushed = packer.push(line.as_bytes());
    pushed.and_then(|()| packer.push(b"\n")).map_err(packing)
}

fn insert(
    members: &mut Packed,
    packers: impl IntoIterator<Item = Packer>,
) -> Result<(), AssembleError> {
    let mut packers = packers.into_iter();
    packers.try_for_each(|packer| members.insert(packer).map_err(packing))
}

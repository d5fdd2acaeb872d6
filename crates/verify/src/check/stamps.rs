//! Timestamps in V4: tokens by authorities that the reader believes, over checkpoints and over the
//! manifest.
//!
//! Anchored times stay those of cosignatures. A token says no more than by when its checkpoint
//! existed: it can contradict what agents and witnesses claim, and shows how much of the evidence
//! somebody outside has seen, and how soon.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use domain::{AgentId, UnixMicros};
use evidence::bundle::Bundle;
use evidence::hash::Hash;
use evidence::manifest::{MANIFEST_PATH, is_timestamp};
use evidence::note::SignedNote;
use evidence::timestamp::{RESPONSE_BYTES_MAX, Token};
use wire::limits::FUTURE_SKEW_MS_MAX;

use super::time::{Anchors, SKEW_S_MAX};
use super::{Parts, member};
use crate::layout;
use crate::timestamp::{Roots, Stamp, check as check_token};
use crate::verdict::{Checked, Halt, Remarks, needed, owned};

/// The tokens of a bundle, as far as they may be judged.
pub(super) struct Stamps {
    /// How many there are.
    count: usize,
    judged: Judging,
}

enum Judging {
    /// The reader believes no authority.
    Unasked,
    Done(Checked<Judged>),
}

struct Judged {
    /// By ascending size: until when a log of that size or of any larger one was stamped,
    /// microseconds since the Unix epoch.
    sizes: Vec<(u64, i64)>,
    /// Members with what they say about the manifest.
    manifest: Vec<(String, Stamp)>,
}

/// How much of the disclosed samples tokens cover.
#[derive(Clone, Copy, Default)]
pub(super) struct Coverage {
    samples: u64,
    covered: u64,
    /// The longest time from a sample to the first token over it, in microseconds.
    longest_us: i64,
}

impl Coverage {
    pub(super) fn add(&mut self, wall_us: i64, stamped_us: Option<i64>) {
        self.samples += 1;
        if let Some(stamped_us) = stamped_us {
            self.covered += 1;
            let distance_us = stamped_us.saturating_sub(wall_us);
            self.longest_us = self.longest_us.max(distance_us);
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            samples: self.samples + other.samples,
            covered: self.covered + other.covered,
            longest_us: self.longest_us.max(other.longest_us),
        }
    }
}

impl Stamps {
    /// Reads the tokens, and verifies them where there are `roots`.
    pub(super) fn read<R: Read + Seek>(
        bundle: &mut Bundle<R>,
        roots: Option<&Roots>,
        anchors: &Checked<Anchors>,
    ) -> Self {
        let of_log: Vec<(String, u64)> = bundle
            .names()
            .filter_map(|name| Some((name.to_owned(), layout::parse_timestamp(name)?)))
            .collect();
        let of_manifest: Vec<String> = bundle
            .names()
            .filter(|name| is_timestamp(name))
            .map(str::to_owned)
            .collect();
        let count = of_log.len() + of_manifest.len();
        let judged = match roots {
            None => Judging::Unasked,
            Some(roots) => Judging::Done(judge(bundle, (roots, anchors), &of_log, &of_manifest)),
        };
        Self { count, judged }
    }

    /// By when the entry of an index was stamped, microseconds since the Unix epoch; `None` where
    /// no judged token covers it.
    pub(super) fn first_us(&self, index: u64) -> Option<i64> {
        match &self.judged {
            Judging::Done(Ok(judged)) => judged.over(index.checked_add(1)?),
            _ => None,
        }
    }
}

impl Judged {
    /// The earliest time of a token over a log of at least this size.
    fn over(&self, size: u64) -> Option<i64> {
        let at = self.sizes.partition_point(|(stamped, _)| *stamped < size);
        self.sizes.get(at).map(|(_, latest_us)| *latest_us)
    }
}

fn judge<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    (roots, anchors): (&Roots, &Checked<Anchors>),
    of_log: &[(String, u64)],
    of_manifest: &[String],
) -> Checked<Judged> {
    let anchors = needed(anchors, "the anchors")?;
    let mut sizes = Vec::new();
    for (path, size) in of_log {
        let list = anchors.list();
        let at = list.partition_point(|anchor| anchor.checkpoint.size < *size);
        let anchor = list
            .get(at)
            .filter(|anchor| anchor.checkpoint.size == *size);
        let anchor = anchor.ok_or_else(|| Halt::fail(path, "there is no anchor of this size"))?;
        let data = Hash::of(anchor.note.text().as_bytes());
        sizes.push((*size, verified(bundle, path, (&data, roots))?.latest_us()));
    }
    sizes.sort_unstable();
    let mut before_us = i64::MAX;
    for (_, latest_us) in sizes.iter_mut().rev() {
        before_us = before_us.min(*latest_us);
        *latest_us = before_us;
    }
    let mut manifest = Vec::new();
    if !of_manifest.is_empty() {
        let note = member::bytes(bundle, MANIFEST_PATH).and_then(|bytes| {
            SignedNote::parse(&bytes).map_err(|error| Halt::error(MANIFEST_PATH, &error))
        });
        let data = Hash::of(needed(&note, "the manifest")?.text().as_bytes());
        for path in of_manifest {
            manifest.push((path.clone(), verified(bundle, path, (&data, roots))?));
        }
    }
    Ok(Judged { sizes, manifest })
}

fn verified<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    path: &str,
    (data, roots): (&Hash, &Roots),
) -> Checked<Stamp> {
    let bytes = member::bytes(bundle, path)?;
    if bytes.len() > RESPONSE_BYTES_MAX {
        let reason = format!("longer than {RESPONSE_BYTES_MAX} bytes");
        return Err(Halt::fail(path, reason));
    }
    let token = Token::parse(&bytes).map_err(|error| Halt::error(path, &error))?;
    check_token(&token, data, roots).map_err(|error| Halt::error(path, &error))
}

/// Whether tokens hold, and nothing that they cover claims to be younger; says what they are
/// worth. True where they cover every disclosed sample.
pub(super) fn check(parts: &Parts<'_>, anchors: &Anchors, remarks: &mut Remarks) -> Checked<bool> {
    let stamps = &parts.stamps;
    let judged = match &stamps.judged {
        Judging::Done(judged) => owned(judged)?,
        Judging::Unasked => {
            if stamps.count > 0 {
                let count = stamps.count;
                remarks.add(format!(
                    "{count} timestamps not checked: no roots given (--tsa-roots)"
                ));
            }
            return Ok(false);
        }
    };
    for anchor in anchors.list() {
        check_anchor(judged, anchor.checkpoint.size, anchor.first_s())?;
    }
    check_batches(parts, judged)?;
    if stamps.count == 0 {
        remarks.add("holds no timestamps that the given roots could vouch for");
        return Ok(false);
    }
    for (path, stamp) in &judged.manifest {
        let at = UnixMicros::new(stamp.latest_us()).to_millis();
        remarks.add(format!("the manifest existed by {at} ({path})"));
    }
    if judged.manifest.is_empty() {
        remarks.add("the manifest bears no timestamp");
    }
    let disclosed = parts
        .streams
        .iter()
        .filter_map(|s| s.disclosed.as_ref().ok());
    let sum = disclosed.fold(Coverage::default(), |sum, d| sum.and(d.stamped));
    let (samples, covered) = (sum.samples, sum.covered);
    let stamps = judged.sizes.len();
    let under = format!(
        "{covered} of {samples} disclosed samples lie under {stamps} timestamped checkpoints"
    );
    remarks.add(if covered == 0 {
        under
    } else {
        let longest_s = sum.longest_us.saturating_add(999_999) / 1_000_000;
        format!("{under}; the longest time from a sample to the first of them is {longest_s} s")
    });
    Ok(samples > 0 && covered == samples)
}

/// A checkpoint is stamped only once it was cosigned: the first cosignature of what a token covers
/// cannot be younger than the token.
fn check_anchor(judged: &Judged, size: u64, first_s: Option<i64>) -> Checked {
    let (Some(first_s), Some(stamped_us)) = (first_s, judged.over(size)) else {
        return Ok(());
    };
    let later_us = first_s.saturating_mul(1_000_000).saturating_sub(stamped_us);
    if later_us <= SKEW_S_MAX * 1_000_000 {
        return Ok(());
    }
    let place = format!("{}, size {size}", layout::ANCHORS);
    let reason = format!(
        "first cosigned {} s after a timestamp over it",
        later_us / 1_000_000
    );
    Err(Halt::fail(place, reason))
}

/// No batch of a judged agent may speak of what lies after a token that covers it.
fn check_batches(parts: &Parts<'_>, judged: &Judged) -> Checked {
    let segment = needed(&parts.segment, "the log segment")?;
    let inputs = needed(&parts.inputs, "the inputs")?;
    let agents: BTreeSet<&AgentId> = inputs.agents.iter().collect();
    for batch in &segment.batches {
        let Some(stamped_us) = judged.over(batch.index.saturating_add(1)) else {
            continue;
        };
        let ahead_us = batch.wall_us.1.saturating_sub(stamped_us);
        if agents.contains(&batch.agent) && ahead_us > FUTURE_SKEW_MS_MAX * 1_000 {
            let reason = format!(
                "batch {} of `{}` claims a time after a timestamp that covers it",
                batch.seq, batch.agent
            );
            return Err(Halt::fail(segment.place(batch.index), reason));
        }
    }
    Ok(())
}

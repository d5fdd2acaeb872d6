//! Changes at random, each from a seed, as somebody could make them who holds the export key, the
//! operator's, and the log's.

use evidence::checkpoint::Checkpoint;
use evidence::hash::Hash;
use evidence::manifest::MANIFEST_PATH;
use evidence::note::{self, SignedNote, SigningKey};
use evidence::registry::RegistryNote;

use super::super::fixture::World;
use super::{Members, json, packed, packing, signed_anew};
use crate::layout::registry::{read_entries, write_entries};
use crate::layout::{self};

/// Numbers from a seed (SplitMix64): the same on every machine.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a limit, which is not 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    pub(super) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

type Change = fn(&World, &mut Members, &mut Dice) -> String;

const CHANGES: [Change; 9] = [
    byte,
    byte,
    line,
    entry,
    json::value,
    json::value,
    record,
    anchor,
    member,
];

/// Bends a bundle once, signs its manifest anew, mostly, and packs it; tells what was done.
pub(super) fn bend(world: &World, mut members: Members, dice: &mut Dice) -> (String, Vec<u8>) {
    if dice.below(8) == 0 {
        return packing::bend(&members, dice);
    }
    let mut what = dice.of(&CHANGES)(world, &mut members, dice);
    if dice.below(4) > 0 && !what.contains(MANIFEST_PATH) {
        signed_anew(world, &mut members);
        what += ", signed anew";
    }
    (what, packed(&members))
}

/// A member that has something, most often one that verdicts rest on.
fn pick(members: &Members, dice: &mut Dice, wanted: impl Fn(&str) -> bool) -> String {
    let fits = |(path, bytes): &(&String, &Vec<u8>)| wanted(path) && !bytes.is_empty();
    let paths: Vec<&String> = members.iter().filter(fits).map(|(path, _)| path).collect();
    (*dice.of(&paths)).clone()
}

fn byte(_: &World, members: &mut Members, dice: &mut Dice) -> String {
    let path = pick(members, dice, |_| true);
    let bytes = members.get_mut(&path).unwrap();
    let (at, bit) = (dice.below(bytes.len()), dice.below(8));
    bytes[at] ^= 1 << bit;
    format!("bit {bit} of byte {at} in {path}")
}

fn line(_: &World, members: &mut Members, dice: &mut Dice) -> String {
    let text = |path: &str| !path.ends_with(".entries");
    let path = pick(members, dice, text);
    let bytes = members.get_mut(&path).unwrap();
    let mut lines: Vec<Vec<u8>> = bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let what = shuffle(&mut lines, dice);
    *bytes = lines.join(&b'\n');
    format!("line {what} in {path}")
}

fn shuffle(parts: &mut Vec<Vec<u8>>, dice: &mut Dice) -> String {
    let (one, other) = (dice.below(parts.len()), dice.below(parts.len()));
    match dice.below(4) {
        0 => {
            parts.remove(one);
            format!("{one} dropped")
        }
        1 => {
            parts.insert(other, parts[one].clone());
            format!("{one} again at {other}")
        }
        2 => {
            parts.swap(one, other);
            format!("{one} and {other} swapped")
        }
        _ => {
            parts.truncate(one.max(1));
            format!("{one} and all after dropped")
        }
    }
}

fn entry(_: &World, members: &mut Members, dice: &mut Dice) -> String {
    let path = pick(members, dice, |path| path.ends_with(".entries"));
    let bytes = members.get_mut(&path).unwrap();
    let mut entries = read_entries(bytes).unwrap();
    let what = shuffle(&mut entries, dice);
    *bytes = write_entries(entries.iter().map(Vec::as_slice)).unwrap();
    if !path.contains('-') {
        return format!("entry {what} in {path}");
    }
    // The name tells how many there are: sometimes it is made to fit.
    let bytes = members.remove(&path).unwrap();
    let (start, end) = layout::parse_segment(&path).unwrap();
    let end = [end, start + u64::try_from(entries.len()).unwrap()][dice.below(2)];
    members.insert(layout::segment(start, end), bytes);
    format!("entry {what} in {path}, now to {end}")
}

/// A registry record that says something else, which the operator signs.
fn record(world: &World, members: &mut Members, dice: &mut Dice) -> String {
    let path = *dice.of(&[layout::FLEET_CHAIN, layout::CONTRACT_CHAIN]);
    let bytes = members.get_mut(path).unwrap();
    let mut entries = read_entries(bytes).unwrap();
    let at = dice.below(entries.len());
    let signed = SignedNote::parse(&entries[at]).unwrap();
    let mut note = RegistryNote::parse(signed.text()).unwrap();
    let what = match dice.below(5) {
        0 => {
            note.entry += 1;
            "number"
        }
        1 => {
            note.prev = Hash::of(b"another");
            "prev"
        }
        2 => {
            note.at_s += 1;
            "time"
        }
        3 => {
            note.kind = evidence::registry::RegistryType::Annotate;
            "type"
        }
        _ => {
            note.chain += "x";
            "chain"
        }
    };
    let operator = SigningKey::from_seed(&world.contents.origin.operator(), &[1; 32]).unwrap();
    let signed = note::sign(&note.text().unwrap(), &[&operator]).unwrap();
    entries[at] = signed.to_bytes();
    *bytes = write_entries(entries.iter().map(Vec::as_slice)).unwrap();
    format!("{what} of record {at} in {path}")
}

/// A checkpoint with another root, other cosignatures, or another time.
fn anchor(world: &World, members: &mut Members, dice: &mut Dice) -> String {
    let bytes = members.get_mut(layout::ANCHORS).unwrap();
    let mut anchors = read_entries(bytes).unwrap();
    let at = dice.below(anchors.len());
    let signed = SignedNote::parse(&anchors[at]).unwrap();
    let mut checkpoint = Checkpoint::parse(signed.text()).unwrap();
    let lines = signed.signatures();
    let (what, note) = match dice.below(4) {
        0 => {
            checkpoint.root = Hash::of(b"another");
            ("another root", checkpoint.sign(&world.log).unwrap())
        }
        1 => ("no cosignature", checkpoint.sign(&world.log).unwrap()),
        2 => {
            let mut note = checkpoint.sign(&world.log).unwrap();
            for line in lines[1..].iter().rev() {
                note.push(line.clone()).unwrap();
            }
            ("cosignatures turned round", note)
        }
        _ => {
            let name = world.contents.origin.agent(&world.contents.agents[0]);
            let agent = SigningKey::from_seed(&name, &[10; 32]).unwrap();
            let time_s = 1_772_323_200 + u64::try_from(dice.below(7_200)).unwrap();
            let mut note = checkpoint.sign(&world.log).unwrap();
            let line = note::cosign(signed.text(), time_s, &agent).unwrap();
            note.push(line).unwrap();
            ("another time", note)
        }
    };
    anchors[at] = note.to_bytes();
    *bytes = write_entries(anchors.iter().map(Vec::as_slice)).unwrap();
    format!("{what} at anchor {at}")
}

/// A member removed, added, emptied, or taken from elsewhere; or a whole stream removed.
fn member(_: &World, members: &mut Members, dice: &mut Dice) -> String {
    let (path, other) = (pick(members, dice, |_| true), pick(members, dice, |_| true));
    match dice.below(5) {
        0 => {
            members.remove(&path);
            format!("{path} removed")
        }
        1 => {
            members.insert(path.clone(), Vec::new());
            format!("{path} emptied")
        }
        2 => {
            let bytes = members[&other].clone();
            members.insert(path.clone(), bytes);
            format!("{path} has the bytes of {other}")
        }
        3 => {
            members.insert("agents/eu/extra.jsonl".to_owned(), b"{}\n".to_vec());
            "a member added".to_owned()
        }
        _ => {
            let base = *dice.of(&["agents/eu/chat.", "agents/us/chat.", "agents/us/_"]);
            members.retain(|path, _| !path.starts_with(base));
            format!("{base}* removed")
        }
    }
}

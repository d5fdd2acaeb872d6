//! Every byte of a bundle is vouched for, but those that are for people: whoever flips one, and may
//! sign the manifest anew, is caught.

use evidence::checkpoint::Checkpoint;
use evidence::manifest::{MANIFEST_PATH, Manifest, Profile};
use evidence::note::SignedNote;

use super::fixture::{Twist, World, judge, open};
use super::script::number;
use crate::*;

/// Members that nothing is concluded from: pages, texts for lawyers, a description, copies.
const FOR_PEOPLE: [&str; 8] = [
    layout::README,
    layout::REPORT,
    layout::POLICY,
    layout::SPEC,
    layout::SCRIPT,
    layout::METHOD,
    layout::LIMITATIONS,
    layout::CERTIFICATION,
];

/// Positions that are flipped where `NINES_FLIPS` gives no other number; a large one means all.
const FLIPS: u64 = 100;

/// A world of few lines, whose anchors bear what an exporter keeps of them: the log's signature and
/// the first cosignature, and all of the last one's.
fn small() -> World {
    let mut world = World::made(Twist::None, 10, str::to_owned);
    let anchors = &mut world.contents.anchors;
    let before_last = anchors.len() - 1;
    for anchor in &mut anchors[..before_last] {
        let note = SignedNote::parse(anchor).unwrap();
        let checkpoint = Checkpoint::parse(note.text()).unwrap();
        let mut kept = checkpoint.sign(&world.log).unwrap();
        kept.push(note.signatures()[1].clone()).unwrap();
        *anchor = kept.to_bytes();
    }
    judge(&mut world.contents);
    world
}

#[test]
fn a_flipped_byte_fails_a_verdict_unless_it_is_for_people() {
    let world = small();
    let members = assemble(&world.contents, &world.export).unwrap();
    let places: Vec<(&String, usize)> = members
        .iter()
        .flat_map(|(path, bytes)| (0..bytes.len()).map(move |at| (path, at)))
        .filter(|(path, at)| !FOR_PEOPLE.contains(&path.as_str()) || *at < 2)
        .collect();
    let many = usize::try_from(number("NINES_FLIPS", FLIPS)).unwrap();
    let stride = (places.len() / many).max(1);
    let few = places.iter().step_by(stride);
    let people = places
        .iter()
        .filter(|(path, _)| FOR_PEOPLE.contains(&path.as_str()));
    for (path, at) in few.chain(people) {
        let mut bent = members.clone();
        bent.get_mut(*path).unwrap()[*at] ^= 1 << (at % 7);
        if *path != MANIFEST_PATH {
            let text = Manifest::of("VIO-1", Profile::Claim, &bent).text().unwrap();
            let signed = evidence::note::sign(&text, &[&world.export]).unwrap();
            bent.insert(MANIFEST_PATH.into(), signed.to_bytes());
        }
        let report = verify(&mut open(&bent), Some(&world.policy), &Options::default());
        let expected = u8::from(!FOR_PEOPLE.contains(&path.as_str()));
        let text = render_text(&report);
        assert_eq!(report.exit_code(), expected, "byte {at} of {path}\n{text}");
    }
}

/// Fields of the ZIP that say nothing about a member: any packer may fill them as it likes, and a
/// bundle that was packed anew stays one. By structure, and by the bytes from its magic.
const FREE: [(&[u8; 4], std::ops::Range<usize>); 6] = [
    // Version needed.
    (b"PK\x03\x04", 4..6),
    // Flags that are about neither encryption nor sizes.
    (b"PK\x03\x04", 6..8),
    // Versions and flags.
    (b"PK\x01\x02", 4..10),
    // Length of a comment, which may reach into the end of the directory; disk, attributes.
    (b"PK\x01\x02", 32..42),
    // Length of the directory, which its entries tell.
    (b"PK\x05\x06", 12..16),
    // Disks.
    (b"PK\x05\x06", 4..8),
];

/// The smallest bundle of the small world: what is for people is shortened in it.
fn smallest(world: &World) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut members = assemble(&world.contents, &world.export).unwrap();
    for path in FOR_PEOPLE {
        members.insert(path.to_owned(), b"for people\n".to_vec());
    }
    super::script::signed_anew(world, &mut members);
    members
}

/// The members of a file that passes; `None` where anything at all is found.
fn passing(zip: &[u8], world: &World) -> Option<std::collections::BTreeMap<String, Vec<u8>>> {
    let mut bundle = Bundle::open(std::io::Cursor::new(zip)).ok()?;
    // What V1 begins with, which finds most of them and costs little.
    let note = SignedNote::parse(&bundle.read(MANIFEST_PATH).ok()?).ok()?;
    let manifest = Manifest::parse(note.text()).ok()?;
    if !manifest.check(&mut bundle).is_empty() {
        return None;
    }
    let report = verify(&mut bundle, Some(&world.policy), &Options::default());
    let names: Vec<String> = bundle.names().map(str::to_owned).collect();
    (report.exit_code() == 0).then(|| {
        let read = |name: String| {
            let bytes = bundle.read(&name).unwrap();
            (name, bytes)
        };
        names.into_iter().map(read).collect()
    })
}

/// Where the structure begins that a byte of the file lies in, and how far into it.
fn structure(zip: &[u8], at: usize) -> (&[u8], usize) {
    let start = (0..=at).rev().find(|start| {
        let magic = zip.get(*start..start + 4).unwrap_or_default();
        FREE.iter().any(|(known, _)| *known == magic)
    });
    let start = start.unwrap();
    (&zip[start..start + 4], at - start)
}

/// The file as it is sent, nothing signed anew: a flipped byte fails a verdict, or every member is
/// what it was. Such bytes lie in fields of the ZIP that say nothing, or among the bits in which
/// deflate can spell the same bytes in several ways: a bundle that somebody packed anew stays one.
/// `NINES_FLIPS` as above.
#[test]
fn a_flipped_byte_of_the_file_fails_a_verdict_or_changes_no_member() {
    let world = small();
    let members = smallest(&world);
    let zip = evidence::bundle::write(&members, std::io::Cursor::new(Vec::new()));
    let zip = zip.unwrap().into_inner();
    assert!(passing(&zip, &world).is_some());
    let many = usize::try_from(number("NINES_FLIPS", 4 * FLIPS)).unwrap();
    let stride = (zip.len() / many).max(1);
    let (mut flipped, mut free, mut spelled) = (0, 0, Vec::new());
    for at in (0..zip.len()).step_by(stride) {
        let mut bent = zip.clone();
        bent[at] ^= 1 << (at % 8);
        flipped += 1;
        let Some(held) = passing(&bent, &world) else {
            continue;
        };
        assert!(
            held == members,
            "byte {at} changes a member, and nobody notices"
        );
        let (magic, into) = structure(&zip, at);
        let of = |(known, range): &(&[u8; 4], std::ops::Range<usize>)| {
            *known == magic && range.contains(&into)
        };
        if FREE.iter().any(of) {
            free += 1;
        } else {
            assert!(
                magic == b"PK\x03\x04" && into >= 30,
                "byte {at}, {into} into {magic:?}"
            );
            spelled.push(at);
        }
    }
    let all = zip.len();
    println!(
        "{flipped} of {all} bytes flipped: {free} in free fields, {spelled:?} in deflated data"
    );
    assert!(100 * spelled.len() <= flipped, "{spelled:?}");
}

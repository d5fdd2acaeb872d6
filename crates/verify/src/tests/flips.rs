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

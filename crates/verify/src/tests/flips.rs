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
pub(super) fn small() -> World {
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

/// The smallest bundle of the small world: what is for people is shortened in it.
pub(super) fn smallest(world: &World) -> Vec<u8> {
    let mut members = assemble(&world.contents, &world.export).unwrap();
    for path in FOR_PEOPLE {
        members.insert(path.to_owned(), b"for people\n".to_vec());
    }
    super::script::signed_anew(world, &mut members);
    super::script::packed(&members)
}

/// What is said of a file; `None` where it is no bundle, or its manifest already says that a member
/// is not what was signed, which finds most flips and costs little.
pub(super) fn judged(zip: &[u8], world: &World) -> Option<Report> {
    let mut bundle = Bundle::open(std::io::Cursor::new(zip)).ok()?;
    let note = SignedNote::parse(&bundle.read(MANIFEST_PATH).ok()?).ok()?;
    let manifest = Manifest::parse(note.text()).ok()?;
    if !manifest.check(&mut bundle).is_empty() {
        return None;
    }
    let options = Options::default();
    Some(verify(&mut bundle, Some(&world.policy), &options))
}

/// The file as it is sent, nothing signed anew: also where no member is another than before, as with
/// fields of the ZIP that say nothing, and bits in which deflate can spell the same bytes in several
/// ways. Every byte of the end record and of the comment, others as `NINES_FLIPS` says.
#[test]
fn a_flipped_byte_of_the_file_fails_a_verdict() {
    let world = small();
    let zip = smallest(&world);
    assert_eq!(judged(&zip, &world).unwrap().exit_code(), 0);
    let many = usize::try_from(number("NINES_FLIPS", 4 * FLIPS)).unwrap();
    let stride = (zip.len() / many).max(1);
    let tail = zip.len() - 106;
    let places = (0..tail).step_by(stride).chain(tail..zip.len());
    let (mut flipped, mut outside) = (0, 0);
    for at in places {
        let mut bent = zip.clone();
        bent[at] ^= 1 << (at % 8);
        flipped += 1;
        let Some(report) = judged(&bent, &world) else {
            continue;
        };
        outside += 1;
        let text = render_text(&report);
        assert_eq!(report.exit_code(), 1, "byte {at} of {}\n{text}", zip.len());
        assert!(text.contains(" the ZIP file: "), "{text}");
    }
    println!("{flipped} bytes flipped, {outside} of them outside of what the manifest vouches for");
    assert!(outside >= 84, "of the comment alone, all");
}

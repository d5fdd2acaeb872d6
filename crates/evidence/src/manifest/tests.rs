use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::bundle::write;
use crate::note::{SignedNote, SigningKey, sign};

type Entries = BTreeMap<String, Vec<u8>>;

fn entries() -> Entries {
    [
        ("README.txt", "read me\n"),
        ("a/b.jsonl", "{\"i\":0}\n"),
        ("claim/claim.json", "{}"),
    ]
    .map(|(path, text)| (path.to_owned(), text.into()))
    .into()
}

fn exporter() -> SigningKey {
    SigningKey::from_seed("probe.example/exporter", &[4; 32]).expect("a name")
}

/// Signs `entries` and packs them with their manifest.
fn seal(mut entries: Entries) -> Vec<u8> {
    let manifest = Manifest::of("CLM-2026-0007", Profile::Claim, &entries);
    let note = sign(&manifest.text().expect("a text"), &[&exporter()]).expect("signs");
    entries.insert(MANIFEST_PATH.to_owned(), note.to_bytes());
    pack(&entries)
}

fn pack(entries: &Entries) -> Vec<u8> {
    write(entries, Cursor::new(Vec::new()))
        .expect("valid")
        .into_inner()
}

/// What a verifier does first: signature, then every entry. `None` if it cannot get that far.
fn verify(bytes: &[u8]) -> Option<Vec<Finding>> {
    let mut bundle = Bundle::open(Cursor::new(bytes)).ok()?;
    let note = SignedNote::parse(&bundle.read(MANIFEST_PATH).ok()?).ok()?;
    note.verify(&exporter().verifier_key()).ok()?;
    Some(Manifest::parse(note.text()).ok()?.check(&mut bundle))
}

fn unpack(bytes: &[u8]) -> Entries {
    let mut bundle = Bundle::open(Cursor::new(bytes)).expect("valid");
    let names: Vec<String> = bundle.names().map(str::to_owned).collect();
    let read = |name: String| (name.clone(), bundle.read(&name).expect("valid"));
    names.into_iter().map(read).collect()
}

#[test]
fn the_text_is_the_one_that_sha256sum_checks() {
    let text = Manifest::of("CLM-2026-0007", Profile::Claim, &entries())
        .text()
        .expect("a text");
    assert_eq!(
        text,
        "sla-evidence/bundle/v1\nclaim CLM-2026-0007\nprofile claim\n\
         65ce01fcc3e22e78b63419ef0f4493b0950daac7cee97329b428f5cafd395cda  README.txt\n\
         84e565a30726aafc1dedb7a71488b988eec00a76c4a8c5d2da88f9ceacf6875b  a/b.jsonl\n\
         44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a  claim/claim.json\n"
    );
}

#[test]
fn an_untouched_bundle_has_no_findings() {
    assert_eq!(verify(&seal(entries())), Some(vec![]));
}

#[test]
fn timestamp_tokens_may_be_added_later() {
    let mut contents = unpack(&seal(entries()));
    for path in ["MANIFEST.tsr", "MANIFEST.tsr.1", "MANIFEST.tsr.12"] {
        contents.insert(path.to_owned(), b"token".to_vec());
    }
    assert_eq!(verify(&pack(&contents)), Some(vec![]));
    for path in [
        "MANIFEST.tsr.",
        "MANIFEST.tsr.01",
        "MANIFEST.tsr.x",
        "MANIFEST.note2",
    ] {
        assert!(!is_exempt(path), "{path}");
    }
}

#[test]
fn altered_missing_and_unlisted_entries_are_named() {
    let mut contents = unpack(&seal(entries()));
    contents.insert("README.txt".to_owned(), b"read you\n".to_vec());
    contents.remove("a/b.jsonl");
    contents.insert("extra.txt".to_owned(), b"hello".to_vec());
    let path = str::to_owned;
    assert_eq!(
        verify(&pack(&contents)),
        Some(vec![
            Finding::Altered {
                path: path("README.txt")
            },
            Finding::Missing {
                path: path("a/b.jsonl")
            },
            Finding::Unlisted {
                path: path("extra.txt")
            },
        ])
    );
}

#[test]
fn texts_that_are_not_exactly_a_manifest_are_refused() {
    let hash = Hash::of(b"").to_hex();
    let head = "sla-evidence/bundle/v1\nclaim C\nprofile light\n";
    assert!(Manifest::parse(head).is_ok());
    for (text, line) in [
        ("sla-evidence/bundle/v2\n".to_owned(), 1),
        (head.replace("claim C", "claim a b"), 2),
        (head.replace("light", "Light"), 3),
        (format!("{head}{hash} a\n"), 4),
        (format!("{head}{hash} *a\n"), 4),
        (format!("{head}{}  a\n", hash.to_uppercase()), 4),
        (format!("{head}{hash}  ../a\n"), 4),
        (format!("{head}{hash}  MANIFEST.note\n"), 4),
        (format!("{head}{hash}  a"), 4),
        (format!("{head}{hash}  b\n{hash}  a\n"), 5),
        (format!("{head}{hash}  a\n{hash}  a\n"), 5),
    ] {
        match Manifest::parse(&text) {
            Err(ManifestError::Parse(error)) => assert_eq!(error.line, line, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn fields_that_would_break_their_line_are_not_written() {
    let manifest = Manifest::of("a\nprofile light", Profile::Claim, &entries());
    assert!(matches!(manifest.text(), Err(ManifestError::Print(_))));
    let evil = Entries::from([("a\nb".to_owned(), Vec::new())]);
    assert!(Manifest::of("C", Profile::Claim, &evil).text().is_err());
}

proptest! {
    #[test]
    fn manifests_round_trip(
        claim in "[A-Za-z0-9-]{1,12}",
        entries in proptest::collection::btree_map("[a-z]{1,4}(/[a-z0-9-]{1,4}){0,2}", any::<Vec<u8>>(), 0..6),
    ) {
        let manifest = Manifest::of(&claim, Profile::Light, &entries);
        let text = manifest.text().expect("words");
        prop_assert_eq!(Manifest::parse(&text), Ok(manifest));
    }

    #[test]
    fn a_changed_byte_in_any_entry_is_refused(nth in 0_usize..4, at: usize, bit in 0_u32..8) {
        let mut contents = unpack(&seal(entries()));
        let bytes = contents.values_mut().nth(nth).expect("four entries");
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert_ne!(verify(&pack(&contents)), Some(vec![]));
    }

    #[test]
    fn a_changed_byte_of_the_file_changes_no_content_unseen(at: usize, bit in 0_u32..8) {
        let sealed = seal(entries());
        let mut bytes = sealed.clone();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if verify(&bytes) == Some(vec![]) {
            prop_assert_eq!(unpack(&bytes), unpack(&sealed)); // A timestamp or another field nobody reads.
        }
    }

    #[test]
    fn arbitrary_texts_never_panic(text in "\\PC{0,40}") {
        prop_assert!(Manifest::parse(&text).is_err());
    }
}

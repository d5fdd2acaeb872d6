//! The script's Ed25519, by its own arithmetic and by a library where there is one, takes exactly
//! the signatures that `evidence` takes: that crate is held against the same files.

use std::path::Path;
use std::process::Command;

use super::script::python;

const DRIVER: &str = r##"
import sys
sys.path.insert(0, sys.argv[1])
import verify

def taken(public, message, signature, fast):
    try:
        key = verify.Key("a", 1, public)
    except ValueError:
        return False
    if not fast:
        key.fast = None
    return key.verifies(message, signature)

count = 0
for path in sys.argv[2:]:
    for line in open(path):
        if line.startswith("#"):
            continue
        number, expected, *fields = line.split()
        public, message, signature = (bytes.fromhex(f.strip("-")) for f in fields)
        for fast in (True, False):
            count += 1
            if taken(public, message, signature, fast) != (expected == "valid"):
                print(path, number, "by a library" if fast else "by its own arithmetic")
print(count)
"##;

#[test]
fn the_script_takes_the_signatures_that_the_library_takes() {
    let Some(python) = python() else { return };
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = here.join("../evidence/src/note/key/tests");
    let output = Command::new(python)
        .args(["-B", "-c", DRIVER])
        .arg(here.join("python"))
        .args([vectors.join("wycheproof.txt"), vectors.join("edges.txt")])
        .output()
        .unwrap();
    assert!(output.status.success(), "the script broke down");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "368\n");
}

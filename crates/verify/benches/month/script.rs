//! The second verifier: the script that every bundle carries.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::cost;
use crate::report::Report;

/// How the script is run, and by when it has to be done, milliseconds.
pub(crate) type Way = (&'static str, &'static str, u64);

pub(crate) const WITH_LIBRARY: Way = ("verify.py with cryptography, CPU", "", 60_000);
pub(crate) const PURE: Way = (
    "verify.py by itself, CPU",
    "sys.modules['cryptography'] = None\n",
    600_000,
);

pub(crate) fn run((what, first, bar_ms): Way, folder: &Path, report: &mut Report) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/verify.py");
    let code = format!(
        "import runpy, sys\n{first}path = sys.argv[1]\nsys.argv = sys.argv[1:]\n\
         runpy.run_path(path, run_name='__main__')\n"
    );
    let before = cost::children_ms();
    let output = Command::new("python3")
        .args(["-B", "-c", &code])
        .arg(script)
        .arg(folder.join("month.evidence.zip"))
        .arg("--policy")
        .arg(folder.join("policy.txt"))
        .stderr(Stdio::null())
        .output()
        .expect("a Python");
    let took_ms = cost::children_ms() - before;
    let answer = String::from_utf8_lossy(&output.stdout);
    // It may leave parts of the result unchecked, and says so by 2.
    assert!(matches!(output.status.code(), Some(0 | 2)), "{answer}");
    report.at_most(what, (took_ms, bar_ms), "ms", String::new());
}

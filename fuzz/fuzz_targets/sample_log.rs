//! Whatever a log of samples holds, it is read to its end: each line is a sample, a gap or an
//! error, and none that was skipped is lost.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::log::{InvalidLines, LogError, Options, UnknownColumns, open};

/// Entries and errors that a log gives when every line that is none of them is an error each.
fn strict(data: &[u8], options: Options) -> (u64, u64) {
    let (mut entries, mut errors) = (0, 0);
    let Ok(mut reader) = open(data, options) else {
        return (0, 0);
    };
    loop {
        match reader.read() {
            Ok(Some(_)) => entries += 1,
            Ok(None) => return (entries, errors),
            Err(LogError::Line(bad)) => {
                assert!(!bad.to_string().is_empty());
                errors += 1;
            }
            Err(_) => {
                // What ends a log ends it: only `None` follows.
                assert!(matches!(reader.read(), Ok(None)));
                return (entries, errors);
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let name = "log";
    let agent = name.parse().expect("it is a name");
    let target = name.parse().expect("it is a name");
    let options = Options {
        unknown_columns: UnknownColumns::Ignore,
        ..Options::strict(agent, target)
    };
    let (entries, errors) = strict(data, options.clone());
    let skipping = Options {
        invalid_lines: InvalidLines::Skip,
        ..options
    };
    let Ok(mut reader) = open(data, skipping) else {
        assert_eq!((entries, errors), (0, 0));
        return;
    };
    let mut read = 0;
    while let Ok(Some(_)) = reader.read() {
        read += 1;
    }
    assert_eq!(read, entries);
    assert_eq!(reader.skipped().lines, errors);
});

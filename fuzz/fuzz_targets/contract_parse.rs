//! Whatever a contract file holds, it is read, or refused at a place inside of it in a few words.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sla::Contract;

/// Longest error that is still read to its end, in bytes: quotations are cut, lists of words not.
const ERROR_BYTES_MAX: usize = 2_000;

fuzz_target!(|text: &str| {
    match Contract::parse(text) {
        Ok(contract) => {
            let again = Contract::parse(text);
            assert_eq!(
                again.as_ref(),
                Ok(&contract),
                "the same text is the same contract"
            );
        }
        Err(error) => {
            let line = text
                .split('\n')
                .nth(error.line - 1)
                .expect("the line is in the text");
            assert!(error.column <= line.chars().count() + 1, "{error}");
            assert!(error.to_string().len() <= ERROR_BYTES_MAX, "{error}");
        }
    }
});

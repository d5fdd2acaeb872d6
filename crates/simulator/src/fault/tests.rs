use super::*;
use crate::document::{DocumentError, Node, Reader};

fn every_fault() -> Vec<Fault> {
    let (ms, after_chunks) = (Millis::clamped(5), 1);
    let status = ErrorStatus::UNAVAILABLE;
    let mut faults: Vec<Fault> = read::PLAIN.to_vec();
    faults.extend([
        Fault::status(status),
        Fault::Status {
            status,
            code: Some(ErrorCode::SlowDown),
            body: Some("no".to_owned()),
        },
        Fault::Error {
            error: ErrorKind::Overload,
            status: Some(status),
            retry_after_s: Some(3),
        },
        Fault::Latency { ms },
        Fault::SlowHeaders { ms },
        Fault::Ttft {
            ms,
            tokens_per_second: NonZeroU32::new(3),
        },
        Fault::Gap { ms },
        Fault::Stall { after_chunks },
        Fault::CutReset { after_chunks },
        Fault::CutClean { after_chunks },
        Fault::CutJson { after_chunks },
        Fault::Malformed { after_chunks },
        Fault::BadSse { after_chunks },
        Fault::ErrorInStream {
            after_chunks,
            error: ErrorKind::Overload,
        },
        Fault::WrongContentType {
            content_type: "text/plain".to_owned(),
        },
        Fault::WrongModel {
            model: "other".to_owned(),
        },
        Fault::Tier {
            tier: "default".to_owned(),
        },
        Fault::Cached { age_s: 9 },
    ]);
    faults
}

fn read(json: &str) -> Result<Fault, DocumentError> {
    let node = Node::from_json(json.as_bytes())?;
    Fault::read(Reader::new(&node)?)
}

#[test]
fn every_fault_reads_back_as_it_is_written_under_its_kind() {
    for fault in every_fault() {
        let json = serde_json::to_value(&fault).expect("a fault serialises");
        assert_eq!(json["kind"], fault.kind());
        assert_eq!(read(&json.to_string()).expect("a fault reads back"), fault);
    }
}

#[test]
fn every_kind_of_the_list_exists_and_no_other() {
    for (kind, ()) in read::KINDS {
        assert!(
            every_fault().iter().any(|fault| fault.kind() == *kind),
            "{kind}"
        );
    }
    for fault in every_fault() {
        assert!(
            read::KINDS.contains(&(fault.kind(), ())),
            "{}",
            fault.kind()
        );
    }
}

#[track_caller]
fn refused(json: &str, named: &str) {
    let told = read(json).expect_err("a mistake").to_string();
    assert!(told.contains(named), "`{told}` does not name `{named}`");
}

#[test]
fn mistakes_are_answered_with_what_was_probably_meant() {
    refused(r#"{"kind":"stal"}"#, "did you mean `stall`?");
    refused(
        r#"{"kind":"stall","after_chunk":1}"#,
        "did you mean `after_chunks`?",
    );
    refused(r#"{"kind":"html","status":502}"#, "unknown key `status`");
    refused(
        r#"{"kind":"error","error":"overlod"}"#,
        "did you mean `overload`?",
    );
    refused(
        r#"{"kind":"status","status":200}"#,
        "status 200 is not an error status",
    );
    refused(r#"{"kind":"latency","ms":600001}"#, "longest wait");
    refused(r#"{"kind":"latency"}"#, "`ms` is missing");
    refused(r#"{"kind":"gap","ms":"5"}"#, "a whole number");
    refused(
        r#"{"kind":"wrong_content_type","content_type":"a\nb"}"#,
        "header",
    );
}

#[test]
fn values_outside_their_range_are_refused() {
    assert_eq!(ErrorStatus::try_from(200), Err(ValueError::Status(200)));
    assert_eq!(Millis::try_from(600_001), Err(ValueError::Millis(600_001)));
    assert_eq!(Millis::clamped(u64::MAX), Millis::clamped(600_000));
}

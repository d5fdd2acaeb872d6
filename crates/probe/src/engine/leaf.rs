//! The one field of a certificate that is read here: until when it is valid.
//!
//! Whether a certificate is to be believed has been decided by the verifier by then; this walks
//! past five fields of RFC 5280's `TBSCertificate`, which is less than a parser of X.509 weighs.

use chrono::NaiveDateTime;
use domain::UnixMicros;

const SECONDS_PER_DAY: i64 = 86_400;
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// Tag of the version, which certificates of version 1 leave out.
const VERSION: u8 = 0xa0;
/// RFC 5280: two digits from here on are of the 20th century.
const CENTURY_TURNS_AT: u8 = 50;

/// Whole days from `now` until the certificate in DER expires, negative after; `None` where it is
/// not a certificate.
pub(super) fn days_left(der: &[u8], now: UnixMicros) -> Option<i64> {
    let left = not_after(der)? - now.to_utc().naive_utc();
    Some(left.num_seconds().div_euclid(SECONDS_PER_DAY))
}

fn not_after(der: &[u8]) -> Option<NaiveDateTime> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (fields, _) = expect(certificate, SEQUENCE)?;
    let fields = match element(fields)? {
        (VERSION, _, rest) => rest,
        _ => fields,
    };
    let (_, _, after_serial) = element(fields)?;
    let (_, _, after_algorithm) = element(after_serial)?;
    let (_, _, after_issuer) = element(after_algorithm)?;
    let (validity, _) = expect(after_issuer, SEQUENCE)?;
    let (_, _, not_after) = element(validity)?;
    time(not_after)
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time(der: &[u8]) -> Option<NaiveDateTime> {
    let (tag, value, _) = element(der)?;
    let text = std::str::from_utf8(value).ok()?;
    let text = match tag {
        UTC_TIME => {
            let year: u8 = text.get(..2)?.parse().ok()?;
            let century = if year < CENTURY_TURNS_AT { "20" } else { "19" };
            format!("{century}{text}")
        }
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()
}

/// The content of an element with this tag, and what follows it.
fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(der)?;
    (found == tag).then_some((content, rest))
}

/// Tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, length, rest @ ..] = der else {
        return None;
    };
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let length = digits
                .iter()
                .fold(0, |length, digit| (length << 8) | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A certificate that ends with this date, at midnight.
    fn until(year: i32, month: u8, day: u8) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, month, day);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    /// 2026-01-01T00:00:00Z.
    const NEW_YEAR_2026: i64 = 1_767_225_600;
    const DAY: i64 = 86_400;

    fn at(seconds: i64) -> UnixMicros {
        UnixMicros::new(seconds * 1_000_000)
    }

    #[test]
    fn days_are_whole_and_negative_once_it_has_expired() {
        let der = until(2026, 1, 1);
        let left = |before: i64| days_left(&der, at(NEW_YEAR_2026 - before));
        assert_eq!(left(90 * DAY), Some(90));
        assert_eq!(left(DAY), Some(1));
        assert_eq!(left(DAY - 1), Some(0));
        assert_eq!(left(0), Some(0));
        assert_eq!(left(-1), Some(-1));
        assert_eq!(left(-DAY - 1), Some(-2));
    }

    #[test]
    fn dates_after_2049_are_written_otherwise_and_read_alike() {
        assert_eq!(
            days_left(&until(2050, 1, 1), at(NEW_YEAR_2026)),
            Some(24 * 365 + 6)
        );
        assert_eq!(
            days_left(&until(4096, 1, 1), at(NEW_YEAR_2026)).map(|days| days / 365),
            Some(2_071)
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(der in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = days_left(&der, at(NEW_YEAR_2026));
        }

        #[test]
        fn no_damage_to_a_certificate_makes_it_panic(
            at_byte in any::<prop::sample::Index>(),
            value in any::<u8>(),
            length in any::<prop::sample::Index>(),
        ) {
            let mut der = until(2026, 1, 1);
            let at_byte = at_byte.index(der.len());
            der[at_byte] = value;
            let length = length.index(der.len() + 1);
            let _ = days_left(&der[..length], at(NEW_YEAR_2026));
        }
    }
}

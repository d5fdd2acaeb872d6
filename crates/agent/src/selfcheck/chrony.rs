//! What `chronyc -c tracking` prints: one line of values, separated by commas. Pure.

use wire::reserved::ClockSource;

use super::readings::ClockReading;

/// Columns of the line, from 0.
const STRATUM: usize = 2;
const SYSTEM_TIME: usize = 4;
const ROOT_DELAY: usize = 10;
const ROOT_DISPERSION: usize = 11;
const LEAP: usize = 13;

/// Reads the line; `None` where it is none. Of the system time, positive is slow: true time less
/// ours.
pub(super) fn read(output: &str) -> Option<ClockReading> {
    let columns: Vec<&str> = output.lines().next()?.split(',').collect();
    let column = |at: usize| columns.get(at).copied();
    let synced = column(LEAP)? != "Not synchronised";
    let offset = micros(column(SYSTEM_TIME)?)?;
    let delay = micros(column(ROOT_DELAY)?)?.unsigned_abs();
    let dispersion = micros(column(ROOT_DISPERSION)?)?.unsigned_abs();
    let bound = offset
        .unsigned_abs()
        .saturating_add(dispersion)
        .saturating_add(delay.div_ceil(2));
    Some(ClockReading {
        source: ClockSource::Chrony,
        // Without a source there is nothing that it could be off by.
        offset_us: synced.then_some(offset),
        bound_us: synced.then_some(bound),
        synced: Some(synced),
        stratum: column(STRATUM)?.parse().ok(),
    })
}

/// Decimal seconds in microseconds, rounded away from zero.
fn micros(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (kept, rest) = fraction.split_at(fraction.len().min(6));
    let mut micros: i64 = whole.parse::<i64>().ok()?.checked_mul(1_000_000)?;
    micros = micros.checked_add(format!("{kept:0<6}").parse().ok()?)?;
    if rest.bytes().any(|digit| digit != b'0') {
        micros = micros.checked_add(1)?;
    }
    Some(sign * micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_synchronised_daemon_tells_offset_bound_and_stratum() {
        // After the documented shape.
        let line = "C0A80101,ntp.example,3,1795305600.123456789,-0.000345100,0.000001000,\
                    0.000020000,-1.234,0.001,0.050,0.012345000,0.000123000,64.2,Normal\n";
        let reading = read(line).unwrap();
        assert_eq!(
            (reading.offset_us, reading.bound_us),
            (Some(-346), Some(346 + 123 + 6_173))
        );
        assert_eq!((reading.synced, reading.stratum), (Some(true), Some(3)));
    }

    #[test]
    fn a_daemon_without_a_source_is_not_synchronised_and_tells_no_offset() {
        let line = "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,\
                    1.000000000,1.000000000,0.0,Not synchronised\n";
        let reading = read(line).unwrap();
        assert_eq!((reading.synced, reading.offset_us), (Some(false), None));
        assert_eq!(reading.bound_us, None);
    }

    #[test]
    fn other_text_is_no_reading() {
        for bad in ["", "506 Cannot talk to daemon\n", "a,b,c", ",,,,,,,,,,,,,"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn decimal_seconds_round_away_from_zero() {
        for (text, us) in [
            ("0.000001", 1),
            ("-0.0000001", -1),
            ("12", 12_000_000),
            ("+1.5", 1_500_000),
            ("0.000000000", 0),
        ] {
            assert_eq!(micros(text), Some(us), "{text}");
        }
        for bad in ["", "-", ".5", "1e3", "nan", "99999999999999999999"] {
            assert_eq!(micros(bad), None, "{bad}");
        }
    }
}

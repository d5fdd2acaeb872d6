//! Log files that are enclosed with a claim, as CSV (RFC 4180).
//!
//! A value that a spreadsheet would run as a formula gets an apostrophe before it.

use domain::UnixMicros;
use sla::{CommitmentAssessment, Family};

use super::requests::Request;

/// First line of the log of failed requests.
pub(crate) const REQUESTS_HEAD: &str =
    "time_utc,region,model,status,outcome,request_id,client_request_id\r\n";
/// First line of the list of intervals.
pub(crate) const INTERVALS_HEAD: &str = "result,start_utc,end_utc,requests,errors,availability\r\n";

/// Failed requests as lines of the log.
pub(crate) fn requests(requests: &[Request]) -> String {
    let mut lines = String::new();
    for request in requests.iter().filter(|request| request.is_error) {
        let status = request.status.map(|status| status.to_string());
        let fields = [
            time(request.at),
            request.region.clone(),
            request.model.clone().unwrap_or_default(),
            status.unwrap_or_default(),
            request.outcome.to_string(),
            request.id.clone().unwrap_or_default(),
            request.client_id.clone().unwrap_or_default(),
        ];
        line(&mut lines, &fields);
    }
    lines
}

/// Intervals below 100 % of results whose formula counts by intervals; none where there is no such
/// result.
pub(crate) fn intervals(parts: &[&CommitmentAssessment]) -> Option<String> {
    let mut parts = parts.iter().filter(|part| is_by_intervals(part)).peekable();
    parts.peek()?;
    let mut lines = INTERVALS_HEAD.to_owned();
    for part in parts {
        for one in &part.downtime {
            let good = one.valid.saturating_sub(one.errors);
            let fields = [
                part.id.clone(),
                one.start.start().to_string(),
                one.end.start().to_string(),
                one.valid.to_string(),
                one.errors.to_string(),
                format!("{good}/{}", one.valid),
            ];
            line(&mut lines, &fields);
        }
    }
    Some(lines)
}

/// Whether a result's formula counts by intervals.
pub(crate) fn is_by_intervals(part: &CommitmentAssessment) -> bool {
    part.family == Family::IntervalMean
}

/// A moment in UTC, to the microsecond.
pub(crate) fn time(at: UnixMicros) -> String {
    at.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn line(lines: &mut String, fields: &[String]) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            lines.push(',');
        }
        put(lines, field);
    }
    lines.push_str("\r\n");
}

fn put(lines: &mut String, field: &str) {
    let formula = field.starts_with(['=', '+', '-', '@']);
    if !formula && !field.contains(['"', ',', '\r', '\n']) {
        lines.push_str(field);
        return;
    }
    lines.push('"');
    if formula {
        lines.push('\'');
    }
    lines.push_str(&field.replace('"', "\"\""));
    lines.push('"');
}

#[cfg(test)]
mod tests {
    use domain::Outcome;

    use super::*;

    #[test]
    fn a_failed_request_is_one_line_whatever_its_texts_hold() {
        let request = |model: Option<&str>, id: Option<&str>, is_error| Request {
            period: 0,
            at: UnixMicros::new(1_769_842_800_000_007),
            region: "eu, west".to_owned(),
            agent: "a".parse().unwrap(),
            model: model.map(str::to_owned),
            status: Some(503),
            outcome: Outcome::ServerError,
            is_error,
            is_repeat: false,
            id: id.map(str::to_owned),
            client_id: id.is_none().then(|| "0a".to_owned()),
        };
        let found = [
            request(Some("m\"1\""), Some("=cmd|' /C calc'!A0"), true),
            request(None, None, true),
            request(None, Some("good"), false),
        ];
        assert_eq!(
            requests(&found),
            "2026-01-31T07:00:00.000007Z,\"eu, west\",\"m\"\"1\"\"\",503,server_error,\
             \"'=cmd|' /C calc'!A0\",\r\n\
             2026-01-31T07:00:00.000007Z,\"eu, west\",,503,server_error,,0a\r\n"
        );
    }
}

//! `timeWindow`: how time is cut into windows.

use chrono::{Datelike as _, NaiveDateTime, NaiveTime, Timelike as _};
use sla::Basis;
use sla::contract::window::{AnchorDay, WindowDays};
use sla::contract::{RunAcrossEdge, TimeZone, WindowKind, WindowRule};

use super::super::duration::{Duration, Unit};
use super::super::yaml::{At, cut};
use super::super::{Warnings, keeps_its_clock};
use super::unread;

/// Minutes of a day.
const DAY: u64 = 24 * 60;

/// The last day that every month has.
const EVERY_MONTH_HAS: u32 = 28;

/// Where a calendar begins.
struct Calendar {
    at: NaiveDateTime,
    zone: TimeZone,
}

/// Reads the one window of an SLO.
pub(super) fn read(spec: &At<'_>, warnings: &mut Warnings) -> anyhow::Result<WindowRule> {
    let list = spec.get("timeWindow")?;
    let items = list.items()?;
    let [window] = items.as_slice() else {
        return Err(list.fault(format_args!("must have one item, not {}", items.len())));
    };
    unread(window, &["duration", "isRolling", "calendar"], warnings)?;
    let at = window.get("duration")?;
    let duration = Duration::read(&at)?;
    let rolling = match window.find("isRolling")? {
        None => None,
        Some(word) => match word.text()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => return Err(word.fault("must be true or false")),
        },
    };
    match (rolling, window.find("calendar")?) {
        (Some(true), None) => trailing(&at, duration, warnings),
        (Some(false) | None, Some(calendar)) => {
            let calendar = Calendar::read(&calendar, warnings)?;
            let kind = calendar.kind(&at, duration, warnings)?;
            Ok(rule(kind, calendar.zone, Basis::Stated))
        }
        (Some(true), Some(calendar)) => {
            Err(calendar.fault("has no place in a window that is rolling"))
        }
        (Some(false), None) => Err(window.fault("lacks `calendar`, and is not rolling")),
        (None, None) => Err(window.fault("lacks `isRolling: true` or `calendar`")),
    }
}

/// OpenSLO counts every slice and request for itself, so that no run of bad minutes is cut.
fn rule(kind: WindowKind, timezone: TimeZone, timezone_basis: Basis) -> WindowRule {
    WindowRule {
        kind,
        timezone,
        timezone_basis,
        also_test_timezones: Vec::new(),
        run_across_edge: RunAcrossEdge::Cut,
        provenance: None,
        note: None,
    }
}

fn trailing(
    at: &At<'_>,
    duration: Duration,
    warnings: &mut Warnings,
) -> anyhow::Result<WindowRule> {
    let each = match duration.unit {
        Unit::Month => Some(30),
        Unit::Quarter => Some(90),
        Unit::Year => Some(365),
        _ => None,
    };
    let days = match each {
        Some(each) => {
            let days = u64::from(duration.count) * each;
            warnings.push(at.say(format_args!(
                "OpenSLO leaves open how long a rolling month, quarter or year is: it is {days} days"
            )));
            days
        }
        None => whole_days(at, duration)?,
    };
    let days = window_days(at, days)?;
    warnings.push(at.say(
        "a rolling window is judged once a day, up to midnight UTC: OpenSLO has it move all the time",
    ));
    let kind = WindowKind::TrailingDays { days };
    Ok(rule(kind, TimeZone::UTC, Basis::Assumed))
}

impl Calendar {
    fn read(calendar: &At<'_>, warnings: &mut Warnings) -> anyhow::Result<Self> {
        unread(calendar, &["startTime", "timeZone"], warnings)?;
        let (start, zone) = (calendar.get("startTime")?, calendar.get("timeZone")?);
        let zone: TimeZone = zone.text()?.parse().map_err(|error| zone.fault(error))?;
        let text = start.text()?;
        let forms = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"];
        let read = forms
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        let Some(at) = read.filter(|at| (1..=9_997).contains(&at.year())) else {
            return Err(start.fault(format_args!(
                "`{}` is not a local time: write it as 2026-01-01 00:00:00, without a zone",
                cut(text)
            )));
        };
        if at.second() != 0 {
            warnings.push(start.say("windows begin on whole minutes: its seconds are cut off"));
        }
        Ok(Self { at, zone })
    }

    fn kind(
        &self,
        at: &At<'_>,
        duration: Duration,
        warnings: &mut Warnings,
    ) -> anyhow::Result<WindowKind> {
        let kind = match (duration.count, duration.unit) {
            (1, Unit::Month) => self.month(at, warnings)?,
            (3, Unit::Month) | (1, Unit::Quarter) => {
                if self.at.day() != 1 || !self.at.month0().is_multiple_of(3) {
                    return Err(at.fault(format_args!(
                        "quarters begin on the first of January, April, July or October, not on {}",
                        self.at.date()
                    )));
                }
                WindowKind::CalendarQuarter
            }
            (_, Unit::Month | Unit::Quarter | Unit::Year) => {
                return Err(at.fault(
                    "a contract has no such window: the nearest are 1M, 1Q and days, such as 365d",
                ));
            }
            _ => return self.days(at, duration, warnings),
        };
        if self.at.time() != NaiveTime::MIN {
            warnings.push(at.say(format_args!(
                "months and quarters begin at midnight: OpenSLO has them begin at {}",
                self.at.time().format("%H:%M:%S")
            )));
        }
        Ok(kind)
    }

    fn month(&self, at: &At<'_>, warnings: &mut Warnings) -> anyhow::Result<WindowKind> {
        let day = self.at.day();
        if day == 1 {
            return Ok(WindowKind::CalendarMonth);
        }
        if day > EVERY_MONTH_HAS {
            warnings.push(at.say(format_args!(
                "OpenSLO leaves open when a month without a day {day} begins: it is its last day"
            )));
        }
        let anchor_day = AnchorDay::try_from(i64::from(day)).map_err(|error| at.fault(error))?;
        Ok(WindowKind::BillingMonth { anchor_day })
    }

    fn days(
        &self,
        at: &At<'_>,
        duration: Duration,
        warnings: &mut Warnings,
    ) -> anyhow::Result<WindowKind> {
        let days = window_days(at, whole_days(at, duration)?)?;
        if !keeps_its_clock(self.zone) {
            warnings.push(at.say(format_args!(
                "days have 24 hours here: where {} sets its clocks, windows begin an hour apart from OpenSLO's",
                self.zone
            )));
        }
        let anchor = self.zone.minute_at(self.at);
        Ok(WindowKind::FixedDays { days, anchor })
    }
}

fn whole_days(at: &At<'_>, duration: Duration) -> anyhow::Result<u64> {
    let minutes = duration.minutes().unwrap_or_default();
    if minutes > 0 && minutes.is_multiple_of(DAY) {
        return Ok(minutes / DAY);
    }
    let hint = match duration.unit {
        Unit::Minute => "; `m` are minutes, `M` are months",
        _ => "",
    };
    Err(at.fault(format_args!("a window has whole days{hint}")))
}

fn window_days(at: &At<'_>, days: u64) -> anyhow::Result<WindowDays> {
    let days = i64::try_from(days).unwrap_or(i64::MAX);
    WindowDays::try_from(days).map_err(|_| at.fault("a window has at most 366 days"))
}

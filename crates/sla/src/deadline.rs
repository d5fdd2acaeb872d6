//! Until when something has to be sent: the literal deadline and an earlier, safe one for
//! reminders.
//!
//! Where a text can be read in two ways, the literal deadline is the plain reading and the safe
//! one the earliest that anybody could mean; it is never the later one. Days are days of the
//! contract's zone, instants are UTC.
//!
//! Non-goal: public holidays. Business days are Monday to Friday.

mod calendar;
mod due;

#[cfg(test)]
mod tests;

use domain::{Minute, Window};
use serde::{Deserialize, Serialize};

use crate::assessment::Downtime;
use crate::contract::{
    Anchor, Claim, ClaimDeadline, Opens, Period, Purpose, TimeZone, WindowKind, WindowRule,
    is_default,
};

use calendar::Calendar;
pub use due::{Due, DueError};

/// Something that has to be sent by a certain time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// What has to be sent.
    pub purpose: Purpose,
    /// From when on it is taken, where the contract says so; claims only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<Opening>,
    /// Until when, as the text reads.
    pub literal: Due,
    /// Until when, by the strictest reading; never later than `literal`.
    pub safe: Due,
    /// Zone whose days are meant. Left out of JSON where it is UTC.
    #[serde(default, skip_serializing_if = "is_default")]
    pub zone: TimeZone,
}

/// From when on something is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// As the text reads: within this day, or from this minute on.
    pub literal: Due,
    /// By every reading; never earlier than `literal`. "After the fifth day" can mean on the
    /// fifth or from the sixth on.
    pub safe: Due,
}

/// What deadlines run from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    pub(crate) window: Window,
    /// In order of time.
    pub(crate) downtime: &'a [Downtime],
    /// The minute by whose end a credit was certain; absent where none is due.
    pub(crate) due_since: Option<Minute>,
}

impl Deadline {
    /// The first minute that is too late, as the text reads.
    #[must_use]
    pub fn literal_before(&self) -> Minute {
        self.literal.before(self.zone)
    }

    /// The first minute that is too late by the strictest reading.
    #[must_use]
    pub fn safe_before(&self) -> Minute {
        self.safe.before(self.zone)
    }
}

/// The deadlines of a commitment: notices as soon as there is downtime, claims once something is
/// due.
pub(crate) fn deadlines(
    rule: &WindowRule,
    claim: Option<&Claim>,
    occasion: Occasion<'_>,
) -> Vec<Deadline> {
    let Some(claim) = claim else {
        return Vec::new();
    };
    let reckoning = Reckoning {
        rule,
        occasion,
        calendar: Calendar(rule.timezone),
    };
    let deadlines = claim.deadlines.iter();
    deadlines
        .filter_map(|clause| reckoning.deadline(claim, clause))
        .collect()
}

/// The deadlines of the notices that one incident asks for, whatever else its window holds.
#[must_use]
pub fn notice_deadlines(rule: &WindowRule, claim: &Claim, incident: &Downtime) -> Vec<Deadline> {
    let occasion = Occasion {
        window: rule.window_at(incident.start),
        downtime: std::slice::from_ref(incident),
        due_since: None,
    };
    deadlines(rule, Some(claim), occasion)
}

/// The plain and the strict reading of one clause.
struct Readings {
    literal: Due,
    safe: Due,
}

impl Readings {
    const fn agreed(due: Due) -> Self {
        Self {
            literal: due,
            safe: due,
        }
    }
}

struct Reckoning<'a> {
    rule: &'a WindowRule,
    occasion: Occasion<'a>,
    calendar: Calendar,
}

impl Reckoning<'_> {
    fn deadline(&self, claim: &Claim, clause: &ClaimDeadline) -> Option<Deadline> {
        let opens = match clause.purpose {
            Purpose::Notice => {
                self.occasion.downtime.first()?;
                None
            }
            Purpose::Claim => {
                self.occasion.due_since?;
                claim.opens.as_ref().map(Opens::anchor)
            }
        };
        let opens = opens.and_then(|anchor| self.opening(anchor));
        let zone = self.rule.timezone;
        let Readings { literal, safe } = self.readings(clause.anchor)?;
        // Nobody can mean an end before the beginning, nor a strict one after the plain one.
        let begins = opens.map_or(Minute::new(i64::MIN), |opens| opens.safe.begins(zone));
        let strict = safe.before(zone) <= literal.before(zone) && safe.before(zone) > begins;
        Some(Deadline {
            purpose: clause.purpose,
            opens,
            literal,
            safe: if strict { safe } else { literal },
            zone,
        })
    }

    fn opening(&self, anchor: Anchor) -> Option<Opening> {
        let literal = self.readings(anchor)?.literal;
        let safe = match literal {
            Due::Day(day) => Due::Day(crate::contract::plus_days(day, 1)),
            Due::Instant(_) => literal,
        };
        Some(Opening { literal, safe })
    }

    fn readings(&self, anchor: Anchor) -> Option<Readings> {
        let Occasion {
            window,
            downtime,
            due_since,
        } = self.occasion;
        let (first, last) = (downtime.first(), downtime.last());
        let calendar = self.calendar;
        Some(match anchor {
            Anchor::WindowEnd(period) | Anchor::Invoice(period) => {
                Readings::agreed(self.after_window(period))
            }
            Anchor::Eligibility(period) => Readings {
                literal: match calendar.day_ending_at(window.end()) {
                    // A credit is due on the first day after the window; the day that a period
                    // leads to from there counts.
                    Some(_) if !matches!(period, Period::Hours(_)) => {
                        calendar.after_day(calendar.day_of(window.end()), period)
                    }
                    _ => calendar.after_instant(window.end(), period),
                },
                safe: calendar.after_instant_strictly(due_since?, period),
            },
            Anchor::MonthEnd(period) => {
                let month_end =
                    |minute| calendar.after_day(calendar.last_day_of_month(minute), period);
                let own = window.end().plus(-1);
                Readings {
                    literal: month_end(own),
                    safe: month_end(first.map_or(own, |down| down.start)),
                }
            }
            Anchor::Incident(period) => Readings {
                literal: calendar.after_instant(last?.start, period),
                safe: calendar.after_instant_strictly(first?.start, period),
            },
            Anchor::DowntimeEnd(period) => Readings {
                literal: calendar.after_instant(last?.end, period),
                safe: calendar.after_instant_strictly(first?.end, period),
            },
            Anchor::BillingMonthEnd { nth_after_incident } => {
                let nth = nth_after_incident.get();
                self.billing_months(nth, nth)
            }
            Anchor::BillingCycleEnd { nth_after_incident } => self.cycles(nth_after_incident.get()),
        })
    }

    fn after_window(&self, period: Period) -> Due {
        let end = self.occasion.window.end();
        match self.calendar.day_ending_at(end) {
            Some(last) => self.calendar.after_day(last, period),
            None => self.calendar.after_instant(end, period),
        }
    }

    fn cycles(&self, nth: u32) -> Readings {
        // One trailing window ends with every day: nobody is billed by them.
        if let WindowKind::TrailingDays { .. } = self.rule.kind {
            return self.billing_months(nth, nth - 1);
        }
        let own = self.occasion.window;
        let end = |n| self.calendar.end_of(self.rule.later(own, n));
        Readings {
            literal: end(nth),
            safe: end(nth - 1),
        }
    }

    /// The ends of the n-th billing months, literally after that of the last incident, safely
    /// after that of the first.
    fn billing_months(&self, literal: u32, safe: u32) -> Readings {
        let Occasion {
            window, downtime, ..
        } = self.occasion;
        let months = self.rule.billing_months();
        let end = |incident, n| {
            let own = months.at(incident, self.rule.timezone);
            Due::Day(months.last_day(own.saturating_add_unsigned(n)))
        };
        let first = downtime.first().map_or(window.start(), |down| down.start);
        let last = downtime
            .last()
            .map_or(window.end().plus(-1), |down| down.start);
        Readings {
            literal: end(last, literal),
            safe: end(first, safe),
        }
    }
}

//! Rules between the keys of one target.

use super::grid::{Grid, Rhythm};
use super::{
    BURST_COUNT_MAX, CONFIRM_COUNT_MAX, INTERVAL_S_MAX, INTERVAL_S_MIN, PlanError, PlanRequest,
    PlanTarget, SCOPE_DIMENSIONS,
};

/// The part of an interval that jitter may take: one in this many.
const JITTER_PART: i64 = 10;

impl PlanTarget {
    /// When its slots are; none where it says so twice, or not at all.
    pub(super) fn rhythm(&self) -> Option<Rhythm> {
        match (self.interval_s, &self.cron) {
            (Some(seconds), None) => Some(Rhythm::Every(i64::from(seconds) * 1_000)),
            (None, Some(cron)) => Some(Rhythm::Cron(cron.times())),
            _ => None,
        }
    }

    /// Rules between the keys of one target.
    pub(super) fn check(&self) -> Result<(), PlanError> {
        let id = &self.id;
        let rule = |text: String| Err(PlanError::Rule(format!("target `{id}`: {text}")));
        self.check_rhythm().or_else(rule)?;
        self.check_budget().or_else(rule)?;
        if self.deadline_ms == 0 {
            return rule("deadline_ms must be above 0".into());
        }
        if self
            .slow_after_ms
            .is_some_and(|slow| slow >= self.deadline_ms)
        {
            return rule("slow_after_ms must be below deadline_ms".into());
        }
        if self
            .features
            .iter()
            .any(|f| f.is_empty() || f.contains(','))
        {
            return rule("features must not be empty or hold commas".into());
        }
        self.check_scope().or_else(rule)?;
        if self.burst.count > BURST_COUNT_MAX {
            return rule(format!("burst.count must be at most {BURST_COUNT_MAX}"));
        }
        if self.burst.count > 0 && self.burst.spacing_ms == 0 {
            return rule("burst.spacing_ms must be above 0".into());
        }
        if self.burst.confirm > CONFIRM_COUNT_MAX {
            return rule(format!("burst.confirm must be at most {CONFIRM_COUNT_MAX}"));
        }
        Ok(())
    }

    fn check_scope(&self) -> Result<(), String> {
        for (dimension, value) in &self.scope {
            if !SCOPE_DIMENSIONS.contains(&dimension.as_str()) {
                return Err(format!(
                    "scope.{dimension} means nothing; possible are {}",
                    SCOPE_DIMENSIONS.join(", ")
                ));
            }
            if value.trim().is_empty() || value.chars().any(char::is_control) {
                return Err(format!(
                    "scope.{dimension} must be one line that is not empty"
                ));
            }
        }
        Ok(())
    }

    fn check_rhythm(&self) -> Result<(), String> {
        let Some(rhythm) = self.rhythm() else {
            return Err("exactly one of interval_s and cron is needed".to_owned());
        };
        let seconds = self.interval_s.unwrap_or(INTERVAL_S_MIN);
        if !(INTERVAL_S_MIN..=INTERVAL_S_MAX).contains(&seconds) {
            return Err(format!(
                "interval_s must be {INTERVAL_S_MIN} to {INTERVAL_S_MAX}"
            ));
        }
        let max_ms = Grid::new(rhythm, 0).gap_ms_min() / JITTER_PART;
        if i64::from(self.jitter_ms) > max_ms {
            return Err(format!(
                "jitter_ms must be at most {max_ms}, a tenth of the interval, or with cron of a minute"
            ));
        }
        Ok(())
    }

    fn check_budget(&self) -> Result<(), String> {
        let Some(budget) = &self.budget else {
            return Ok(());
        };
        if matches!(self.request, PlanRequest::Http { .. }) {
            return Err("budget is for calls of models; plain HTTP uses no tokens".to_owned());
        }
        if budget.is_none() {
            return Err("budget has no cap; give usd_per_day, usd_per_month, tokens_per_day or tokens_per_month".to_owned());
        }
        budget.check().map_err(|text| format!("budget: {text}"))
    }
}

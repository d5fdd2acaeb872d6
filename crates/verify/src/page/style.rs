//! The look of the page.

pub(super) const CSS: &str = include_str!("report.css");

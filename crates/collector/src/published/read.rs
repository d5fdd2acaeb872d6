//! From an answer's bytes to what it says, whatever the bytes are.

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::config::{Form, Kind, Source};
use super::{
    Observation, better_stack, feed, google, incident_io, online_or_not, openrouter, rss,
    statuspage,
};

/// Whether bytes are what a source is written in: a page of a proxy or a maintenance page is not,
/// whatever its status.
pub(crate) fn is_readable(form: Form, body: &[u8]) -> bool {
    match form {
        Form::Json => serde_json::from_slice::<IgnoredAny>(body).is_ok(),
        Form::Rss => feed::read(body).is_ok(),
    }
}

/// What the documents of a source say, in the order of [`Source::documents`]; those after the
/// first may be missing.
pub(crate) fn read(
    source: &Source,
    documents: &[Option<Vec<u8>>],
    now: DateTime<Utc>,
) -> Observation {
    if source.kind == Kind::Rss {
        let body = documents.first().and_then(Option::as_deref);
        return rss::read(body.unwrap_or_default(), &source.components, now);
    }
    let value = |index: usize| -> Option<Value> {
        let body = documents.get(index)?.as_ref()?;
        serde_json::from_slice(body).ok()
    };
    let Some(first) = value(0) else {
        return Observation::unknown("the answer is no JSON");
    };
    let wanted = &source.components;
    match &source.kind {
        Kind::Statuspage => statuspage::read(&first, &value(1).unwrap_or(Value::Null), wanted),
        Kind::IncidentIo => incident_io::read(&first, wanted),
        Kind::BetterStack => better_stack::read(&first, wanted, now),
        Kind::Google { product } => {
            let base = source.url.rsplit_once('/').map_or("", |(base, _)| base);
            google::read(&first, product, &format!("{base}/"), now)
        }
        Kind::OnlineOrNot => online_or_not::read(&first, wanted),
        Kind::OpenRouter => openrouter::read(&first, wanted),
        Kind::Rss => Observation::unknown("a feed is no JSON"),
    }
}

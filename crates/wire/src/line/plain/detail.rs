//! What a detail line may hold, as a table: its value is not needed to take a batch, only that
//! there is one.

use super::Object;

/// What stands under a key.
enum Shape {
    /// A string, whether it is read as text from outside or as our own.
    Text,
    /// An integer that is not negative.
    Count,
    /// One of a byte.
    Small,
    /// Any integer.
    Integer,
    Flag,
    /// Strings under keys of any name.
    Texts,
    Object(&'static [Member]),
}

struct Member {
    key: &'static str,
    shape: Shape,
    is_needed: bool,
}

const fn may(key: &'static str, shape: Shape) -> Member {
    Member {
        key,
        shape,
        is_needed: false,
    }
}

const fn must(key: &'static str, shape: Shape) -> Member {
    Member {
        key,
        shape,
        is_needed: true,
    }
}

/// [`domain::Detail`], in the order of its keys.
const DETAIL: &[Member] = &[
    may("body", Shape::Text),
    may("body_cut", Shape::Flag),
    may("cost", Shape::Object(COST)),
    may("error_code", Shape::Text),
    may("error_type", Shape::Text),
    may("fault", Shape::Text),
    may("finish", Shape::Text),
    may("gap", Shape::Object(GAP)),
    may("hdr", Shape::Texts),
    may("http", Shape::Text),
    may("lag_us", Shape::Count),
    may("net", Shape::Object(NET)),
    may("phase", Shape::Object(PHASE)),
    may("req", Shape::Text),
    may("resp_len", Shape::Count),
    may("resp_sha256", Shape::Text),
    must("salt", Shape::Text),
    may("served", Shape::Object(SERVED)),
    may("signal", Shape::Object(SIGNAL)),
    may("slow", Shape::Flag),
    may("usage", Shape::Object(USAGE)),
];

const COST: &[Member] = &[
    may("at_most", Shape::Flag),
    must("table", Shape::Text),
    must("usd_nano", Shape::Count),
];

const GAP: &[Member] = &[
    must("count", Shape::Count),
    must("max_us", Shape::Count),
    must("p50_us", Shape::Count),
];

const NET: &[Member] = &[
    may("alpn", Shape::Text),
    may("family", Shape::Small),
    may("leaf_days", Shape::Integer),
    may("leaf_sha256", Shape::Text),
    may("remote", Shape::Text),
    may("tls", Shape::Text),
    may("tried", Shape::Small),
    may("warm", Shape::Flag),
];

const PHASE: &[Member] = &[
    may("dns_us", Shape::Count),
    may("end_us", Shape::Count),
    may("first_byte_us", Shape::Count),
    may("first_event_us", Shape::Count),
    may("first_reasoning_us", Shape::Count),
    may("headers_us", Shape::Count),
    may("tcp_us", Shape::Count),
    may("terminator_us", Shape::Count),
    may("tls_us", Shape::Count),
];

const SERVED: &[Member] = &[
    may("cache", Shape::Text),
    may("deployment", Shape::Text),
    may("fallbacks", Shape::Count),
    may("provider", Shape::Text),
    may("retries", Shape::Count),
];

const SIGNAL: &[Member] = &[
    may("chars", Shape::Count),
    may("fingerprint", Shape::Text),
    may("format", Shape::Flag),
];

const USAGE: &[Member] = &[
    may("cache_read", Shape::Count),
    may("cache_write", Shape::Count),
    may("reasoning", Shape::Count),
];

/// Whether a line is a detail; false where anything is unusual, which need not be wrong.
pub(in super::super) fn is_detail(line: &[u8]) -> bool {
    Object::of(line).is_some_and(|mut detail| detail.has(DETAIL).is_some() && detail.end())
}

impl Object<'_> {
    fn has(&mut self, members: &[Member]) -> Option<()> {
        for member in members {
            if self.key(member.key) {
                self.is(&member.shape)?;
            } else if member.is_needed {
                return None;
            }
        }
        Some(())
    }

    fn is(&mut self, shape: &Shape) -> Option<()> {
        match shape {
            Shape::Text => self.string().map(drop),
            Shape::Count => u64::try_from(self.integer()?).ok().map(drop),
            Shape::Small => u8::try_from(self.integer()?).ok().map(drop),
            Shape::Integer => self.integer().map(drop),
            Shape::Flag => self.boolean().map(drop),
            Shape::Texts => self.has_texts(),
            Shape::Object(members) => {
                self.eat("{")?;
                self.is_first = true;
                self.has(members)?;
                self.is_first = false;
                self.eat("}")
            }
        }
    }

    /// An object of strings, whose keys ascend.
    fn has_texts(&mut self) -> Option<()> {
        self.eat("{")?;
        if self.eat("}").is_some() {
            return Some(());
        }
        let mut last = "";
        loop {
            let key = self.string()?;
            let is_name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
            if key <= last || !key.bytes().all(is_name) {
                return None;
            }
            last = key;
            self.eat(":")?;
            self.string()?;
            if self.eat(",").is_none() {
                return self.eat("}");
            }
        }
    }
}

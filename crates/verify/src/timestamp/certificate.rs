//! A certificate (RFC 5280), as far as webpki keeps to itself what timestamps need of it.

use evidence::der::{self, DerError, Value, context};

/// Content of `id-ce-extKeyUsage`.
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];

/// The parts that count. Nothing here is verified.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    /// A `Name` in DER.
    pub(super) issuer: &'a [u8],
    /// Content of the `INTEGER`.
    pub(super) serial: &'a [u8],
    /// First and last microsecond since the Unix epoch.
    valid_us: (i64, i64),
    /// The extension, where there is one that is critical.
    critical_usage: Option<Value<'a>>,
}

impl<'a> Certificate<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, DerError> {
        let whole = der::single(bytes, der::SEQUENCE)?;
        let mut parts = whole.reader().expect(der::SEQUENCE)?.reader();
        parts.optional(context(0))?;
        let serial = parts.expect(der::INTEGER)?;
        parts.expect(der::SEQUENCE)?;
        let issuer = parts.expect(der::SEQUENCE)?;
        let mut validity = parts.expect(der::SEQUENCE)?.reader();
        let first = validity.any()?.time_us()?;
        let last = validity.any()?.time_us()?;
        parts.expect(der::SEQUENCE)?;
        parts.expect(der::SEQUENCE)?;
        parts.optional(0x81)?;
        parts.optional(0x82)?;
        let extensions = parts.optional(context(3))?;
        parts.end()?;
        Ok(Self {
            issuer: issuer.whole,
            serial: serial.content,
            // The last second belongs to it, to its end.
            valid_us: (first, last.saturating_add(999_999)),
            critical_usage: extensions.map_or(Ok(None), critical_usage)?,
        })
    }

    pub(super) fn is_valid_at(&self, at_us: i64) -> bool {
        (self.valid_us.0..=self.valid_us.1).contains(&at_us)
    }

    /// Whether it may be used for this purpose and, critically, for no other.
    pub(super) fn is_for(&self, purpose: &[u8]) -> bool {
        let only = self.critical_usage.and_then(|value| {
            let purposes = der::single(value.content, der::SEQUENCE).ok()?;
            der::single(purposes.content, der::OID).ok()
        });
        only.is_some_and(|only| only.content == purpose)
    }
}

fn critical_usage(extensions: Value<'_>) -> Result<Option<Value<'_>>, DerError> {
    let list = der::single(extensions.content, der::SEQUENCE)?;
    let mut parts = list.reader();
    let mut found = None;
    while !parts.is_empty() {
        let mut extension = parts.expect(der::SEQUENCE)?.reader();
        let kind = extension.expect(der::OID)?;
        let critical = extension.optional(der::BOOLEAN)?;
        let value = extension.expect(der::OCTET_STRING)?;
        extension.end()?;
        let is_critical = critical.is_some_and(|critical| critical.content == [0xff]);
        if kind.content == EXTENDED_KEY_USAGE && is_critical {
            found = Some(value);
        }
    }
    Ok(found)
}

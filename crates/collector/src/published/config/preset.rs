//! Providers whose page is known.

use super::{NAME_BYTES_MAX, PublishedKind};

/// What stands in an address for the product that is asked for.
const PRODUCT: &str = "{product}";

/// Where a provider's page is, and how it is read.
#[derive(Debug)]
pub(super) struct Preset {
    pub(super) provider: &'static str,
    kind: PublishedKind,
    url: &'static str,
    /// What counts unless something else is asked for.
    product: Option<&'static str>,
}

impl Preset {
    /// Kind, address and product. None where the address needs a product that is not given, or
    /// that cannot stand in an address.
    pub(super) fn with_product<'a>(
        &self,
        asked: Option<&'a str>,
    ) -> Option<(PublishedKind, String, Option<&'a str>)> {
        if !self.url.contains(PRODUCT) {
            return Some((self.kind, self.url.to_owned(), asked.or(self.product)));
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let product = asked.filter(|product| {
            (1..=NAME_BYTES_MAX).contains(&product.len()) && product.bytes().all(allowed)
        })?;
        Some((self.kind, self.url.replace(PRODUCT, product), None))
    }
}

/// The preset of a provider.
pub(super) fn find(provider: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.provider == provider)
}

const fn preset(provider: &'static str, kind: PublishedKind, url: &'static str) -> Preset {
    Preset {
        provider,
        kind,
        url,
        product: None,
    }
}

const fn google(provider: &'static str, url: &'static str, product: &'static str) -> Preset {
    Preset {
        provider,
        kind: PublishedKind::Google,
        url,
        product: Some(product),
    }
}

/// In the order of the alphabet.
pub(super) const ALL: &[Preset] = &[
    preset(
        "anthropic",
        PublishedKind::Statuspage,
        "https://status.claude.com/api/v2/summary.json",
    ),
    preset(
        "aws",
        PublishedKind::Rss,
        "https://status.aws.amazon.com/rss/{product}.rss",
    ),
    preset(
        "azure",
        PublishedKind::Rss,
        "https://azure.status.microsoft/en-us/status/feed/",
    ),
    preset(
        "cloudflare",
        PublishedKind::Statuspage,
        "https://www.cloudflarestatus.com/api/v2/summary.json",
    ),
    preset(
        "deepseek",
        PublishedKind::Statuspage,
        "https://deepseek.statuspage.io/api/v2/summary.json",
    ),
    google(
        "google-vertex",
        "https://status.cloud.google.com/incidents.json",
        "Z0FZJAMvEB4j3NbCJs6B",
    ),
    google(
        "google-workspace-gemini",
        "https://www.google.com/appsstatus/dashboard/incidents.json",
        "npdyhgECDJ6tB66MxXyo",
    ),
    preset(
        "groq",
        PublishedKind::Statuspage,
        "https://groqstatus.com/api/v2/summary.json",
    ),
    preset(
        "openai",
        PublishedKind::Statuspage,
        "https://status.openai.com/api/v2/summary.json",
    ),
    preset(
        "openrouter",
        PublishedKind::OnlineOrNot,
        "https://api.onlineornot.com/v1/status_pages/openrouter/summary",
    ),
    preset(
        "together",
        PublishedKind::BetterStack,
        "https://status.together.ai/index.json",
    ),
];

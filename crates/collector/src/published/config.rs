//! `[[published]]` of the configuration: which pages are read, and what they speak about.

mod preset;

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{ContractId, TargetId};
use serde::Deserialize;

/// The most sources.
const SOURCES_MAX: usize = 32;
/// The most components of a source.
const COMPONENTS_MAX: usize = 50;
/// The longest name or component, bytes.
const NAME_BYTES_MAX: usize = 64;
/// The longest address, bytes.
const URL_BYTES_MAX: usize = 500;
/// The shortest time between two looks, seconds: pages are others' and free.
const INTERVAL_S_MIN: u64 = 30;
/// The longest, seconds: a state is taken to hold from one look to the next.
const INTERVAL_S_MAX: u64 = 3_600;
/// The shortest time that what was read is kept, days: the month before this one.
const KEEP_DAYS_MIN: u32 = 62;
/// Where the address of a page ends whose incidents stand beside it.
const SUMMARY: &str = "/summary.json";

/// What one source is, as the configuration says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedConfig {
    /// What it is called here: `a-z 0-9 . _ -`.
    pub name: String,
    /// A provider whose page is known, in place of `kind` and `url`.
    pub provider: Option<String>,
    /// Of which shape its answers are.
    pub kind: Option<PublishedKind>,
    /// Where it is.
    pub url: Option<String>,
    /// Names or ids of the components that count; without, the page as a whole.
    #[serde(default)]
    pub components: Vec<String>,
    /// Id of the product that counts, for `google`; name of the feed, for the provider `aws`.
    pub product: Option<String>,
    /// Targets that it speaks about.
    #[serde(default)]
    pub targets: Vec<TargetId>,
    /// Contracts that it speaks about.
    #[serde(default)]
    pub contracts: Vec<ContractId>,
    /// Seconds between two looks, 30 to 3,600.
    #[serde(default = "default_interval_s")]
    pub interval_s: u64,
    /// For how long what was read is kept, days, at least 62.
    #[serde(default = "default_keep_days")]
    pub keep_days: u32,
}

/// Of which shape answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishedKind {
    /// Atlassian Statuspage's `summary.json`, and those of incident.io in its shape.
    Statuspage,
    /// incident.io's own.
    IncidentIo,
    /// Better Stack's `index.json`.
    BetterStack,
    /// Google's `incidents.json`.
    Google,
    /// `OnlineOrNot`'s summary.
    OnlineOrNot,
    /// `OpenRouter`'s endpoints of a model.
    #[serde(rename = "openrouter")]
    OpenRouter,
    /// RSS 2.0, as AWS and Azure publish it.
    Rss,
}

/// A source that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// Too many sources.
    #[error("{count} `[[published]]` are more than {SOURCES_MAX}")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A name that cannot stand in an address.
    #[error("`{name}` is no name for a `[[published]]`: use 1 to 64 of a-z 0-9 . _ -")]
    Name {
        /// The name.
        name: String,
    },
    /// Two sources of a name.
    #[error("two `[[published]]` are called `{name}`")]
    Twice {
        /// The name.
        name: String,
    },
    /// A provider whose page is not known.
    #[error("the page of provider `{provider}` is not known: give `kind` and `url`")]
    Provider {
        /// Which.
        provider: String,
    },
    /// Neither a provider alone nor kind and address.
    #[error("`{name}` needs either `provider` or both `kind` and `url`")]
    Shape {
        /// Whose.
        name: String,
    },
    /// A product where there is none to choose, or none where there is.
    #[error(
        "`{name}` needs `product` where its kind is `google` or its provider `aws`, and nowhere else; `components` are for the others"
    )]
    Product {
        /// Whose.
        name: String,
    },
    /// An address of another scheme, or with a password.
    #[error("the url of `{name}` must begin with https://, and hold no user or password")]
    Url {
        /// Whose.
        name: String,
    },
    /// A number out of its range.
    #[error("`{key}` of `{name}` is out of its range")]
    Range {
        /// Whose.
        name: String,
        /// Which.
        key: &'static str,
    },
}

fn default_interval_s() -> u64 {
    60
}

fn default_keep_days() -> u32 {
    400
}

/// What pages are read, checked.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// In the order of the configuration.
    pub(crate) sources: Vec<Source>,
}

/// A page that is read.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) url: String,
    pub(crate) components: Vec<String>,
    pub(crate) targets: Vec<TargetId>,
    pub(crate) contracts: Vec<ContractId>,
    pub(crate) interval: Duration,
    pub(crate) keep_days: u32,
}

/// Of which shape its answers are, with what reading them takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Statuspage,
    IncidentIo,
    BetterStack,
    Google { product: String },
    OnlineOrNot,
    OpenRouter,
    Rss,
}

/// Which language an answer is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Rss,
}

/// One answer of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    pub(crate) form: Form,
}

impl Published {
    /// Checks what a configuration says.
    pub fn checked(configs: &[PublishedConfig]) -> Result<Self, PublishedError> {
        if configs.len() > SOURCES_MAX {
            return Err(PublishedError::TooMany {
                count: configs.len(),
            });
        }
        let mut names = BTreeSet::new();
        let mut sources = Vec::with_capacity(configs.len());
        for config in configs {
            let source = checked(config)?;
            if !names.insert(source.name.clone()) {
                return Err(PublishedError::Twice { name: source.name });
            }
            sources.push(source);
        }
        Ok(Self { sources })
    }

    /// Those that speak about a contract or any of its targets.
    pub(crate) fn about<'a>(
        &'a self,
        contract: &'a ContractId,
        targets: &'a [String],
    ) -> impl Iterator<Item = &'a Source> {
        self.sources.iter().filter(move |source| {
            let is_of = |target: &TargetId| targets.iter().any(|one| one == target.as_str());
            source.contracts.contains(contract) || source.targets.iter().any(is_of)
        })
    }

    /// The source of a name.
    pub(crate) fn find(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }
}

impl Source {
    /// What is fetched, the one that says the state first.
    pub(crate) fn documents(&self) -> Vec<Document> {
        let page = Document {
            name: "page",
            url: self.url.clone(),
            form: self.kind.form(),
        };
        let base = self.url.strip_suffix(SUMMARY);
        let incidents = base.filter(|_| self.kind == Kind::Statuspage);
        let incidents = incidents.map(|base| Document {
            name: "incidents",
            url: format!("{base}/incidents.json"),
            form: Form::Json,
        });
        [Some(page), incidents].into_iter().flatten().collect()
    }
}

impl Kind {
    /// The word of the configuration.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Statuspage => "statuspage",
            Self::IncidentIo => "incident_io",
            Self::BetterStack => "better_stack",
            Self::Google { .. } => "google",
            Self::OnlineOrNot => "online_or_not",
            Self::OpenRouter => "openrouter",
            Self::Rss => "rss",
        }
    }

    const fn form(&self) -> Form {
        match self {
            Self::Rss => Form::Rss,
            _ => Form::Json,
        }
    }
}

fn checked(config: &PublishedConfig) -> Result<Source, PublishedError> {
    let name = config.name.clone();
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if !(1..=NAME_BYTES_MAX).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(PublishedError::Name { name });
    }
    let range = |key| PublishedError::Range {
        name: config.name.clone(),
        key,
    };
    if !(INTERVAL_S_MIN..=INTERVAL_S_MAX).contains(&config.interval_s) {
        return Err(range("interval_s"));
    }
    if config.keep_days < KEEP_DAYS_MIN {
        return Err(range("keep_days"));
    }
    let fits = |one: &String| (1..=NAME_BYTES_MAX).contains(&one.len());
    if config.components.len() > COMPONENTS_MAX || !config.components.iter().all(fits) {
        return Err(range("components"));
    }
    let (kind, url) = shape(config)?;
    if !is_page(&url) {
        return Err(PublishedError::Url { name });
    }
    Ok(Source {
        name,
        kind,
        url,
        components: config.components.clone(),
        targets: config.targets.clone(),
        contracts: config.contracts.clone(),
        interval: Duration::from_secs(config.interval_s),
        keep_days: config.keep_days,
    })
}

/// Kind and address, from the preset or as given.
fn shape(config: &PublishedConfig) -> Result<(Kind, String), PublishedError> {
    let name = || config.name.clone();
    let given = (&config.kind, &config.url);
    let asked = config.product.as_deref();
    let (kind, url, product) = match (&config.provider, given) {
        (Some(provider), (None, None)) => {
            let preset = preset::find(provider).ok_or_else(|| PublishedError::Provider {
                provider: provider.clone(),
            })?;
            let filled = preset.with_product(asked);
            filled.ok_or_else(|| PublishedError::Product { name: name() })?
        }
        (None, (Some(kind), Some(url))) => (*kind, url.clone(), asked),
        _ => return Err(PublishedError::Shape { name: name() }),
    };
    let kind = match (kind, product) {
        (PublishedKind::Google, Some(product)) if config.components.is_empty() => Kind::Google {
            product: product.to_owned(),
        },
        (PublishedKind::Google, _) | (_, Some(_)) => {
            return Err(PublishedError::Product { name: name() });
        }
        (PublishedKind::Statuspage, None) => Kind::Statuspage,
        (PublishedKind::IncidentIo, None) => Kind::IncidentIo,
        (PublishedKind::BetterStack, None) => Kind::BetterStack,
        (PublishedKind::OnlineOrNot, None) => Kind::OnlineOrNot,
        (PublishedKind::OpenRouter, None) => Kind::OpenRouter,
        (PublishedKind::Rss, None) => Kind::Rss,
    };
    Ok((kind, url))
}

/// Over TLS, or on this machine; with nobody's name in it.
fn is_page(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| {
        url.starts_with("http://127.0.0.1:")
            .then(|| &url["http://".len()..])
    });
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
        && !url.contains(char::is_whitespace)
        && url.len() <= URL_BYTES_MAX
}

#[cfg(test)]
mod tests;

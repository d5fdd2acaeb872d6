//! Files that pages refer to, compiled in.

/// A file served as it is.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Where pages expect it.
    pub(crate) path: &'static str,
    /// Its media type.
    pub(crate) content_type: &'static str,
    /// Its bytes.
    pub(crate) bytes: &'static [u8],
}

/// Path of the style sheet.
pub(super) const STYLE: &str = "/assets/nines.css";
/// Path of the script that keeps a page up to date.
pub(super) const SCRIPT: &str = "/assets/live.js";
/// Path of the icon.
pub(super) const ICON: &str = "/assets/favicon.svg";

/// Everything under `/assets/`.
pub(crate) const ASSETS: &[Asset] = &[
    Asset {
        path: STYLE,
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("nines.css"),
    },
    Asset {
        path: SCRIPT,
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("live.js"),
    },
    Asset {
        path: ICON,
        content_type: "image/svg+xml",
        bytes: include_bytes!("favicon.svg"),
    },
];

/// What pages may load and run: only what this installation serves, and nothing inline.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; \
     script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// The asset at a path such as `/assets/nines.css`.
#[must_use]
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

//! Where everything is, as `cargo xtask peers` says.

use std::env;

use camino::Utf8PathBuf;

/// The key that the simulated provider accepts.
pub(crate) const UPSTREAM_KEY: &str = "sk-sim";

#[track_caller]
fn variable(name: &str) -> String {
    let value = env::var_os(name);
    value
        .unwrap_or_else(|| panic!("{name} is not set; run `cargo xtask peers`"))
        .into_string()
        .expect("it is ASCII")
}

/// `nines sim`, whose faults are those of `upstream.toml`.
#[track_caller]
pub(crate) fn upstream() -> String {
    variable("PEER_UPSTREAM")
}

/// LiteLLM's proxy, configured by `litellm.yaml`.
#[track_caller]
pub(crate) fn litellm() -> String {
    variable("PEER_LITELLM")
}

/// Portkey's gateway, which takes its configuration from every request.
#[track_caller]
pub(crate) fn portkey() -> String {
    variable("PEER_PORTKEY")
}

/// llama.cpp's server with a small model.
#[track_caller]
pub(crate) fn llama() -> String {
    variable("PEER_LLAMA")
}

/// A server that speaks S3, empty when the tests begin.
#[track_caller]
pub(crate) fn s3() -> String {
    variable("PEER_S3")
}

/// An address that refuses connections.
#[track_caller]
pub(crate) fn dead() -> String {
    variable("PEER_DEAD")
}

/// The pages of a demo.
#[track_caller]
pub(crate) fn pages() -> String {
    variable("PEER_PAGES")
}

/// What drives a browser.
#[track_caller]
pub(crate) fn driver() -> String {
    variable("PEER_DRIVER")
}

/// The script of axe.
#[track_caller]
pub(crate) fn axe() -> Utf8PathBuf {
    variable("PEER_AXE").into()
}

/// A Python with all SDKs.
#[track_caller]
pub(crate) fn sdks() -> Utf8PathBuf {
    variable("PEER_SDKS").into()
}

/// A program that cargo built beside this test.
#[track_caller]
pub(crate) fn program(name: &str) -> Utf8PathBuf {
    let test = env::current_exe().expect("a test knows its own file");
    let profile = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("cargo keeps tests in `deps`, below the programs");
    Utf8PathBuf::try_from(profile.join(name)).expect("the target directory is UTF-8")
}

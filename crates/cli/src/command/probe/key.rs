//! Where the key of a probe comes from, in words that help whoever has not set it.

use std::fs::File;
use std::io::Read as _;

use anyhow::{Context as _, bail, ensure};
use camino::Utf8Path;
use probe::preset::Preset;
use secrecy::SecretString;

use super::options::KeyOptions;
use crate::environment;

/// Longest file that is read for a key, bytes: session tokens are long, keys are not.
const KEY_BYTES_MAX: usize = 64 * 1024;

/// Presets behind which servers without any key are common.
const MAY_BE_OPEN: [&str; 2] = ["openai-compatible", "litellm"];

/// A key, if there is one, and where it came from, for people.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) key: Option<SecretString>,
    pub(super) place: String,
}

impl Found {
    fn key(key: SecretString, place: String) -> Self {
        Self {
            key: Some(key),
            place,
        }
    }

    fn none(place: impl Into<String>) -> Self {
        Self {
            key: None,
            place: place.into(),
        }
    }
}

/// The key that the command line names, where it names one.
pub(super) fn named(options: &KeyOptions) -> anyhow::Result<Option<Found>> {
    if options.no_key {
        return Ok(Some(Found::none("none, as asked for")));
    }
    if let Some(name) = &options.key_env {
        return Ok(Some(Found::key(variable(name)?, format!("from `{name}`"))));
    }
    let Some(file) = &options.key_file else {
        return Ok(None);
    };
    Ok(Some(Found::key(read(file)?, format!("from `{file}`"))))
}

/// The key of a preset: as the command line says, else from the preset's own variable. Fails with
/// a hint where there is none and the preset's servers want one.
pub(super) fn of_preset(options: &KeyOptions, preset: &Preset) -> anyhow::Result<Found> {
    if let Some(found) = named(options)? {
        return Ok(found);
    }
    let (name, variable) = (preset.name, preset.key_env);
    if let Some(key) = environment::var(variable) {
        return Ok(Found::key(key.trim().into(), format!("from `{variable}`")));
    }
    if MAY_BE_OPEN.contains(&name) {
        return Ok(Found::none(format!(
            "none: `{variable}` is not set, and servers behind `{name}` may need none"
        )));
    }
    bail!(
        "no key for `{name}`: export {variable}=..., or say where it is with --key-env NAME or \
         --key-file FILE (--no-key sends none)"
    )
}

/// The key in a variable.
pub(super) fn variable(name: &str) -> anyhow::Result<SecretString> {
    let key = environment::var(name)
        .with_context(|| format!("`{name}` is not set: export {name}=..., or name another"))?;
    Ok(key.trim().into())
}

fn read(file: &Utf8Path) -> anyhow::Result<SecretString> {
    let mut text = String::new();
    let limit = u64::try_from(KEY_BYTES_MAX + 1)?;
    File::open(file)
        .and_then(|open| open.take(limit).read_to_string(&mut text))
        .with_context(|| format!("cannot read the key in `{file}`"))?;
    let is_key = !text.trim().is_empty() && text.len() <= KEY_BYTES_MAX;
    ensure!(
        is_key,
        "`{file}` holds no key of at most {KEY_BYTES_MAX} bytes"
    );
    Ok(text.trim().into())
}

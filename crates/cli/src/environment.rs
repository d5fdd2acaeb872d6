//! What comes from outside the command line: environment variables, secrets, directories.

use std::ffi::OsString;

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};
use telemetry::{LogFormat, Settings};

use crate::args::{Command, Database};

/// The one place of this program that reads the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary's one reader of the environment"
)]
pub(crate) fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn var_os(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Logs are for servers; commands for people stay quiet unless asked.
pub(crate) fn telemetry(command: &Command, log: Option<&str>) -> anyhow::Result<Settings> {
    let default = match command {
        Command::Collector(_) | Command::Agent(_) | Command::Sim(_) => "info",
        _ => "error",
    };
    let format = var("NINES_LOG_FORMAT").unwrap_or_else(|| "text".into());
    let log_format: LogFormat = format.parse().context("failed to use `NINES_LOG_FORMAT`")?;
    Ok(Settings {
        log_filter: log.unwrap_or(default).to_owned(),
        log_format,
        otlp_endpoint: var("OTEL_EXPORTER_OTLP_ENDPOINT"),
        service_name: "nines".to_owned(),
        service_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// A database URL from where the user said it is.
pub(crate) fn database_url(database: &Database) -> anyhow::Result<String> {
    if let Some(file) = &database.database_url_file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("failed to read the database URL from `{file}`"))?;
        return Ok(text.trim().to_owned());
    }
    let name = &database.database_url_env;
    var(name).with_context(|| {
        format!("`{name}` is not set; set it to a `postgres://` URL, or use --database-url-file")
    })
}

/// Where a single-machine installation keeps its files.
pub(crate) fn default_root(name: &str) -> anyhow::Result<Utf8PathBuf> {
    let temp = std::env::temp_dir();
    let (data, home) = (var_os("XDG_DATA_HOME"), var_os("HOME"));
    let places = pgembed::Places {
        xdg_data_home: data.as_deref(),
        home: home.as_deref(),
        temp: &temp,
    };
    let root = pgembed::default_root(name, &places);
    Utf8PathBuf::from_path_buf(root)
        .map_err(|path| anyhow::anyhow!("`{}` is not UTF-8; use --data-dir", path.display()))
}

/// Starts, or joins, the private database below a directory. To be called on the main thread,
/// which outlives it.
pub(crate) fn private_postgres(root: &Utf8Path) -> anyhow::Result<pgembed::Cluster> {
    let bin = var_os("PG_BIN");
    let path = var_os("PATH");
    let binaries =
        pgembed::find_binaries(bin.as_deref().map(std::path::Path::new), path.as_deref())?;
    let config = pgembed::Config {
        root: root.join("postgres").into_std_path_buf(),
        fsync: pgembed::Durability::Full,
        database: "nines".to_owned(),
    };
    if !pgembed::is_reachable(&config.root) {
        bail!("`{root}` cannot be reached by the database's user; choose another --data-dir");
    }
    Ok(pgembed::Cluster::start(&binaries, &config)?)
}

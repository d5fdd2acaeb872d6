//! One module per command.

pub(crate) mod agent;
pub(crate) mod archive;
pub(crate) mod assess;
pub(crate) mod claim;
pub(crate) mod collector;
pub(crate) mod contract;
pub(crate) mod evidence;
pub(crate) mod hold;
pub(crate) mod log;
pub(crate) mod migrate;
pub(crate) mod plan;
pub(crate) mod price;
pub(crate) mod probe;
pub(crate) mod rebuild;
pub(crate) mod sim;
pub(crate) mod up;
pub(crate) mod verify;

/// The runtime of every command that does IO.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

/// Waits until the process is asked to stop.
pub(crate) async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _received = terminate.recv() => {}
    }
    Ok(())
}

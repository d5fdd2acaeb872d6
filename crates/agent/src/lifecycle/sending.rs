//! What goes to the collector: batches by the uplink, previews ahead of them, both over one client.

use std::sync::Arc;

use probe::Trust;

use super::{AgentError, AgentSetup, Shared};
use crate::client::{Client, ClientError};
use crate::preview::{PreviewSettings, Previews};
use crate::recorder::task::RecorderHandle;
use crate::recorder::{Newest, Recorder};
use crate::uplink::{Uplink, UplinkSettings};

/// The way to the collector, where there is one.
pub(super) fn client(setup: &AgentSetup, trust: &Trust) -> Result<Option<Client>, ClientError> {
    let collector = setup.collector.clone();
    collector
        .map(|collector| Client::believing(collector, trust))
        .transpose()
}

/// What previews tell, kept up to date by the recorder; none where none are sent.
pub(super) fn newest(setup: &AgentSetup, recorder: &mut Recorder) -> Option<Newest> {
    setup.preview_interval.zip(setup.collector.as_ref())?;
    let newest = Newest::default();
    recorder.show(newest.clone());
    Some(newest)
}

pub(super) fn previews(
    setup: &AgentSetup,
    shared: &Shared,
    told: Option<(Client, Newest)>,
) -> Option<Previews> {
    let ((client, newest), interval) = told.zip(setup.preview_interval)?;
    Some(Previews::new(PreviewSettings {
        identity: Arc::clone(&shared.identity),
        client,
        newest,
        interval,
        boot: shared.boot,
        timebase: shared.timebase.clone(),
        metrics: shared.metrics.clone(),
    }))
}

pub(super) fn uplink(
    setup: &AgentSetup,
    shared: &Shared,
    (client, recorder): (Option<&Client>, &RecorderHandle),
) -> Result<Option<Uplink>, AgentError> {
    let Some(client) = client else {
        return Ok(None);
    };
    let settings = UplinkSettings {
        identity: Arc::clone(&shared.identity),
        client: client.clone(),
        dir: setup.dir.clone(),
        timebase: shared.timebase.clone(),
        health: shared.health.clone(),
        metrics: shared.metrics.clone(),
        readings: shared.readings.clone(),
        seed: shared.boot,
    };
    let uplink = Uplink::new(settings, recorder.clone());
    uplink.map(Some).map_err(|source| AgentError::StateDir {
        dir: setup.dir.clone(),
        source,
    })
}

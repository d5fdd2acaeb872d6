//! The simulator as a running thing: listener, connections, shutdown.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt as _;

use crate::app::App;
use crate::config::Config;
use crate::connection::{Connection, Region};
use crate::door::{self, Door};
use crate::fault::Fault;
use crate::journal::Entry;
use crate::scenario::Scenario;
use crate::script::Script;
use crate::{SIMULATED_HEADER, api};

/// Connections served at once; further ones wait in the system's backlog.
const CONNECTIONS_MAX: usize = 1_024;

/// How long shutdown lets answers in progress finish before it cuts them; stalled ones never do.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Pause after a failed accept: such failures (no file descriptors) do not pass at once.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address is taken or not ours.
    #[error("failed to listen on {addr}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

/// A running simulator. Dropping it ends it at once; [`Simulator::shutdown`] lets answers finish.
#[derive(Debug)]
pub struct Simulator {
    app: Arc<App>,
    addr: SocketAddr,
    further: Vec<SocketAddr>,
    stop: watch::Sender<()>,
    acceptor: JoinHandle<()>,
}

impl Simulator {
    /// Starts listening and serving; connections made after the return succeed.
    pub async fn start(config: Config) -> Result<Self, SimulatorError> {
        let asked = config.listen;
        let listen_error = |source| SimulatorError::Listen {
            addr: asked,
            source,
        };
        let main = Door::open(asked, Region::Main)
            .await
            .map_err(listen_error)?;
        let addr = main.addr();
        let mut doors = vec![main];
        let named = config
            .regions
            .iter()
            .map(|(name, addr)| (Region::Named(name.as_str().into()), addr));
        let admin = config.admin_listen.iter().map(|addr| (Region::Admin, addr));
        for (region, &addr) in named.chain(admin) {
            let listen_error = |source| SimulatorError::Listen { addr, source };
            doors.push(Door::open(addr, region).await.map_err(listen_error)?);
        }
        let further = doors.iter().skip(1).map(Door::addr).collect();
        let app = Arc::new(App::new(config));
        let (stop, stopped) = watch::channel(());
        let router = api::router(Arc::clone(&app));
        let mut acceptors = JoinSet::new();
        for door in doors {
            acceptors.spawn(accept(
                door,
                Arc::clone(&app),
                router.clone(),
                stopped.clone(),
            ));
        }
        let acceptor = tokio::spawn(async move { while acceptors.join_next().await.is_some() {} });
        let name = app.config.name.as_str();
        tracing::info!(sim.name = name, sim.addr = %addr, "simulator {name} listens on {addr}");
        Ok(Self {
            app,
            addr,
            further,
            stop,
            acceptor,
        })
    }

    /// The address it listens on, with the port the system chose.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The further addresses: those of the regions, in order, then that of the admin API.
    #[must_use]
    pub fn further_addrs(&self) -> &[SocketAddr] {
        &self.further
    }

    /// `http://address`, without a trailing slash and without `/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Replaces the script; windows count from the simulator's start. Outages stay.
    pub fn set_rules(&self, script: Script) {
        self.app.director.set_rules(script);
    }

    /// Strikes every chat request with `fault` from now on for `duration`, before any rule.
    pub fn inject(&self, fault: Fault, duration: Duration) {
        self.app.director.inject(fault, duration);
    }

    /// Ends all faults: script and outages.
    pub fn clear(&self) {
        self.app.director.clear();
    }

    /// Loads a scenario in place of rules, paces, limits and gateway, and begins anew.
    pub fn load(&self, scenario: Scenario) {
        self.app.director.load(scenario);
    }

    /// Moves the simulator's clock ahead, for windows and limits.
    pub fn advance(&self, by: Duration) {
        self.app.director.advance(by);
    }

    /// Requests to the provider's routes so far, rejected ones included; the admin API and
    /// `/healthz` do not count.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.app.requests()
    }

    /// The last requests, oldest first.
    #[must_use]
    pub fn journal(&self) -> Vec<Entry> {
        self.app.journal()
    }

    /// Stops accepting, lets answers in progress finish for up to two seconds, cuts the rest.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(());
        let finished = tokio::time::timeout(SHUTDOWN_GRACE, &mut self.acceptor).await;
        if finished.is_err() {
            self.acceptor.abort();
            tracing::info!("simulator cut answers that had not ended");
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.acceptor.abort(); // Its connections are in its task set and end with it.
    }
}

async fn accept(mut door: Door, app: Arc<App>, router: Router, mut stopped: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = door.accept(&app), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok(stream) => {
                    let (app, region) = (Arc::clone(&app), door.region());
                    let (router, stopped) = (router.clone(), stopped.clone());
                    connections.spawn(async move {
                        if let Some(stream) = door::greet(stream, &region, &app).await {
                            serve(stream, region, router, stopped).await;
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(door);
    while connections.join_next().await.is_some() {}
}

async fn serve(
    stream: TcpStream,
    region: Region,
    router: Router,
    mut stopped: watch::Receiver<()>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY: pacing will be coarse");
    }
    let (connection, handle) = Connection::new(stream, region);
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, handle) = (router.clone(), handle.clone());
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(handle);
            let mut response = router.oneshot(request).await?;
            let simulated = HeaderValue::from_static("true");
            response.headers_mut().insert(SIMULATED_HEADER, simulated);
            Ok::<_, Infallible>(response)
        }
    });
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(connection), service);
    let mut http = std::pin::pin!(http);
    let served = tokio::select! {
        served = http.as_mut() => served,
        _ = stopped.changed() => {
            http.as_mut().graceful_shutdown();
            http.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

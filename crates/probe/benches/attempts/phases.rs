//! By how much the length of a phase is wrong, when a delay is put into it.

use std::path::Path;

use probe::{Attempt, Engine, TlsRoots};

use crate::machine::Errors;
use crate::server::{self, TLS_PAUSES_MS, Truth};
use crate::stream::at_once;

/// Attempts with each of the delays, one after the other: handshakes of others, on a server with one
/// core, would pass for an error of the probe.
const ROUNDS: [usize; 4] = [200, 100, 60, 15];

/// Phases that can be delayed from outside. Name resolution and TCP cannot be, by a server: they
/// are checked beside the engine, and here to be free of everyone else's delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Tls,
    Head,
    First,
    Gap,
}

impl Phase {
    const ALL: [Self; 4] = [Self::Tls, Self::Head, Self::First, Self::Gap];

    /// The base URL of an attempt with this delay in this phase, and none elsewhere.
    fn base(self, at: &str, delay: usize) -> String {
        let ms = TLS_PAUSES_MS[delay];
        let on = |phase| if self == phase { ms } else { 0 };
        let tls = if self == Self::Tls { delay } else { 0 };
        let port = server::ports(at)[1 + tls];
        let (head, first, gap) = (on(Self::Head), on(Self::First), on(Self::Gap));
        format!("https://localhost:{port}/{head}/{first}/2/{gap}/v1")
    }

    /// How long it took: as the probe says, and really.
    fn took(self, attempt: &Attempt, truth: &Truth) -> Option<(u64, u64)> {
        let phase = &attempt.detail.phase;
        let (from, to, really) = match self {
            Self::Tls => (phase.tcp_us, phase.tls_us, truth.tls_us),
            Self::Head => (attempt.sent_us, phase.headers_us, truth.head_us),
            Self::First => (
                phase.headers_us,
                attempt.first_us,
                truth.first_us - truth.head_us,
            ),
            Self::Gap => (
                attempt.first_us,
                attempt.last_us,
                truth.second_us - truth.first_us,
            ),
        };
        Some((to?.checked_sub(from?)?, really))
    }
}

#[expect(clippy::print_stdout, reason = "its report is its purpose")]
pub(crate) fn run(at: &str, ca_pem: &Path) {
    let roots = TlsRoots::PlatformAnd {
        ca_pem: ca_pem.to_owned(),
    };
    let engine = Engine::new(&roots).expect("authorities");
    let runtime = server::runtime();
    let mut connecting = Errors::default();
    for (delay, rounds) in ROUNDS.into_iter().enumerate() {
        let (mut own, mut others, mut lost) = (Errors::default(), Errors::default(), 0);
        for delayed in Phase::ALL {
            let mut here = Errors::default();
            for round in 0..rounds {
                let bases = vec![delayed.base(at, delay)];
                let name = format!("p{delay}-{delayed:?}-{round}");
                for (attempt, truth) in runtime.block_on(at_once(&engine, at, bases, &name)) {
                    connecting.add(attempt.detail.phase.tcp_us.unwrap_or_default(), 0);
                    for phase in Phase::ALL {
                        let Some((us, really)) = truth.and_then(|t| phase.took(&attempt, &t))
                        else {
                            lost += 1;
                            continue;
                        };
                        if phase == delayed {
                            here.add(us, really);
                            own.add(us, really);
                        } else {
                            others.add(us, really);
                        }
                    }
                }
            }
            println!("   {delayed:?}: {}", here.line(&[50, 99]));
        }
        println!(
            "{:>4} ms: delayed phase off by {}; others by {}; {lost} lost",
            TLS_PAUSES_MS[delay],
            own.line(&[50, 99]),
            others.line(&[50, 99])
        );
    }
    println!("dns and tcp together: {}", connecting.line(&[50, 99]));
}

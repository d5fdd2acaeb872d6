//! A fleet in simulated time: the agents' own recorders, spools and schedules, the collector on a
//! real database, and between them a network, machines and disks that fail.
//!
//! Every decision comes from one seed, which is printed: `NINES_SIM_SEED=7` runs that one again,
//! `NINES_SIM_SEEDS=200` the first so many. (Salts and keys are random: sizes on disk may differ by
//! a few bytes from run to run, decisions do not depend on them otherwise.) There are no timers and
//! no sockets; what the collector is asked is waited for, so that nothing else happens meanwhile.
//!
//! Non-goals: the probe engine and the HTTP interface, which are played; lost sectors, which the
//! spool's own tests flip.

mod agent;
mod database;
mod evidence;
mod invariants;
mod network;
mod random;
mod simulation;
mod site;
mod week;
mod world;

use std::env;

use simulation::Simulation;

/// Seeds of a run where nothing else is asked for.
const SEEDS: u64 = 5;

#[test]
fn no_fault_of_the_fleet_loses_doubles_or_misjudges_anything() {
    for seed in seeds() {
        println!("fleet: seed {seed} (again: NINES_SIM_SEED={seed})");
        let simulation = Simulation::run(seed);
        println!("fleet: seed {seed}: {}", simulation.counts);
        invariants::check_all(simulation);
    }
}

fn seeds() -> Vec<u64> {
    match (number("NINES_SIM_SEED"), number("NINES_SIM_SEEDS")) {
        (Some(seed), _) => vec![seed],
        (None, Some(count)) => (1..=count).collect(),
        (None, None) => (1..=SEEDS).collect(),
    }
}

fn number(name: &str) -> Option<u64> {
    let text = env::var_os(name)?.into_string().expect("a number is ASCII");
    Some(text.parse().expect("a number"))
}

//! The course of a simulation: hours of chaos around the end of a day, a day with every agent off,
//! and calm in which everything is brought home.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use collector::IngestError;
use domain::ManualClock;
use tokio::runtime::{self, Runtime};
use wire::plan::Plan;

use super::agent::{Machine, Recorded, large_disk, small_disk};
use super::invariants;
use super::network::{Answer, Network, Sender};
use super::random::Random;
use super::site::Site;
use super::world::World;

/// Midnight that the simulation begins before: 2026-03-02.
pub(super) const MIDNIGHT_S: i64 = 1_772_409_600;
/// Seconds of a day.
pub(super) const DAY_S: i64 = 86_400;
/// When the plan takes effect.
pub(super) const START_S: i64 = MIDNIGHT_S - 10_000;
/// When the chaos ends and the power goes everywhere.
const OFF_S: i64 = MIDNIGHT_S - 600;
/// When the agents are back: the whole day from midnight on is unmeasured.
const BACK_S: i64 = MIDNIGHT_S + DAY_S + 1_800;
/// When no more slots are handed out.
pub(super) const STOP_S: i64 = BACK_S + 600;
/// When everything has to be home.
const HOME_S: i64 = STOP_S + 3_000;
/// Agents of the plan.
const AGENTS: [&str; 3] = ["eu-1", "us-1", "us-2"];

const PLAN: &str = r#"
[[agent]]
id = "eu-1"
region = "eu"
network = "a"
[[agent]]
id = "us-1"
region = "us"
network = "b"
[[agent]]
id = "us-2"
region = "us"
network = "c"
[[target]]
id = "acme"
provider = "sim"
interval_s = 60
deadline_ms = 120000
burst = { count = 1, spacing_ms = 7000 }
request = { kind = "http", url = "http://acme.invalid/" }
[[target]]
id = "quiet"
provider = "sim"
interval_s = 60
deadline_ms = 120000
burst = { count = 1, spacing_ms = 7000 }
request = { kind = "http", url = "http://quiet.invalid/" }
"#;

/// What happened, to be shown: a simulation in which nothing happens proves nothing.
#[derive(Debug, Default)]
pub(super) struct Counts {
    samples: u64,
    refused: u64,
    batches: u64,
    duplicates: u64,
    agent_crashes: u64,
    collector_crashes: u64,
    skews: u64,
    dropped: u64,
    doubled: u64,
    not_now: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} samples ({} at a full spool), {} batches stored, {} known, {} put off; {} agent and \
             {} collector crashes, {} clocks set, {} messages lost, {} doubled",
            self.samples,
            self.refused,
            self.batches,
            self.duplicates,
            self.not_now,
            self.agent_crashes,
            self.collector_crashes,
            self.skews,
            self.dropped,
            self.doubled,
        )
    }
}

/// A simulation, and afterwards what is known about it.
pub(super) struct Simulation {
    pub(super) site: Site,
    pub(super) machines: Vec<Machine>,
    /// Attempts that were handed to a recorder, by agent.
    pub(super) recorded: Vec<Vec<Recorded>>,
    /// Every batch that was ever sent, by agent and number.
    pub(super) sent: BTreeMap<(usize, u64), Vec<u8>>,
    pub(super) counts: Counts,
    pub(super) random: Random,
    network: Network,
    world: World,
    /// Monotonic time of the agents.
    time: Runtime,
    now_s: i64,
    collector_off_until_s: i64,
    /// One long absence of the collector, half-open.
    absence: (i64, i64),
}

impl Simulation {
    /// Plays everything from a seed to the end.
    pub(super) fn run(seed: u64) -> Self {
        let mut simulation = Self::new(seed);
        simulation.chaos();
        simulation.absence_of_agents();
        simulation.calm();
        simulation
    }

    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let text = format!(
            "revision = 1\neffective_from_ms = {}\n{PLAN}",
            START_S * 1_000
        );
        let plan = Plan::parse(&text).expect("a plan");
        let site = Site::start(&format!("fleet_{seed}"), plan, START_S * 1_000);
        let machines = AGENTS.iter().enumerate().map(|(place, id)| {
            let (dir, identity) = site.enrol(&id.parse().expect("a name"));
            let clock = ManualClock::at(domain::UnixMicros::new(START_S * 1_000_000));
            let limits = if place == 0 {
                small_disk()
            } else {
                large_disk()
            };
            Machine {
                identity,
                dir,
                limits,
                skew_s: 0,
                clock,
                boot: 0,
                off_until_s: START_S,
                run: None,
            }
        });
        let machines: Vec<Machine> = machines.collect();
        let time = runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime can be made");
        let away = random.between(START_S + 600, START_S + 2_400);
        Self {
            recorded: machines.iter().map(|_| Vec::new()).collect(),
            machines,
            sent: BTreeMap::new(),
            counts: Counts::default(),
            network: Network::default(),
            world: World::new(&mut random, (START_S, OFF_S)),
            time,
            now_s: START_S,
            collector_off_until_s: START_S,
            absence: (away, away + random.between(2_400, 4_800)),
            site,
            random,
        }
    }

    fn chaos(&mut self) {
        while self.now_s < OFF_S {
            self.break_something();
            self.second(true);
            if self.now_s % 1_800 == 0 && self.site.is_up() {
                self.site.judge();
            }
        }
        self.crash_collector();
        for machine in &mut self.machines {
            (machine.run, machine.skew_s) = (None, 0);
            machine.off_until_s = BACK_S;
        }
    }

    /// Nobody measures, and the windows go by.
    fn absence_of_agents(&mut self) {
        for at_s in [MIDNIGHT_S + 7_200, MIDNIGHT_S + DAY_S / 2] {
            self.now_s = at_s;
            self.second(false);
            self.site.judge();
        }
        self.now_s = BACK_S;
    }

    fn calm(&mut self) {
        self.network.calm_down();
        while self.now_s < STOP_S {
            self.second(true);
        }
        self.second(true); // The slots of the very moment.
        while !self
            .machines
            .iter()
            .all(|m| m.run.as_ref().is_some_and(super::agent::Run::is_idle))
        {
            self.second(false);
        }
        for run in self.machines.iter_mut().filter_map(|m| m.run.as_mut()) {
            run.finish();
        }
        while self.now_s < HOME_S {
            self.second(false);
        }
        self.now_s = MIDNIGHT_S + DAY_S + 7_200;
        self.second(false);
        self.site.sequence();
        self.site.judge();
        (self.counts.dropped, self.counts.doubled) = (self.network.dropped, self.network.doubled);
    }

    /// One second of simulated time.
    fn second(&mut self, is_planned: bool) {
        self.now_s += 1;
        self.time
            .block_on(tokio::time::advance(Duration::from_secs(1)));
        let now = domain::UnixMillis::new(self.now_s * 1_000).to_micros();
        self.site.clock.set(now);
        let is_absent = (self.absence.0..self.absence.1).contains(&self.now_s);
        if !self.site.is_up() && !is_absent && self.now_s >= self.collector_off_until_s {
            self.site.start_collector();
        }
        for place in 0..self.machines.len() {
            self.run_agent(place, is_planned);
        }
        self.deliver();
        if self.now_s % 180 == 0 && self.site.is_up() {
            self.site.sequence();
            for place in 0..self.machines.len() {
                self.witness(place);
            }
        }
    }

    fn run_agent(&mut self, place: usize, is_planned: bool) {
        let _time = self.time.enter();
        let (now_s, random) = (self.now_s, &mut self.random);
        let machine = &mut self.machines[place];
        machine.set_clock(now_s);
        if machine.run.is_none() && now_s >= machine.off_until_s {
            machine.start(&self.site.plan);
        }
        let boot = machine.boot;
        let Some(run) = &mut machine.run else { return };
        if is_planned {
            run.take_due(now_s);
        }
        let recorded = run.attempt((&self.world, random), now_s);
        self.counts.samples += recorded.len() as u64;
        self.counts.refused += recorded.iter().filter(|one| one.is_full).count() as u64;
        self.recorded[place].extend(recorded);
        run.seal_if_due();
        for batch in run.take_sends(now_s) {
            let sender = Sender {
                agent: place,
                boot,
                seq: batch.seq,
            };
            let known = self.sent.insert((place, batch.seq), batch.body.clone());
            assert!(
                known.is_none_or(|known| known == batch.body),
                "a number stands for the same bytes, always"
            );
            self.network.send(random, now_s, (sender, batch.body));
        }
    }

    fn deliver(&mut self) {
        let requests = self.network.take_requests(&mut self.random, self.now_s);
        if self.site.is_up() && !requests.is_empty() {
            let (senders, bodies): (Vec<Sender>, Vec<Vec<u8>>) = requests.into_iter().unzip();
            let answers = self.site.ingest(bodies);
            for (sender, answer) in senders.into_iter().zip(answers) {
                let answer = self.read_answer(sender, answer);
                self.network
                    .answer(&mut self.random, self.now_s, (sender, answer));
            }
        }
        let _time = self.time.enter();
        for (sender, answer) in self.network.take_answers(self.now_s) {
            let machine = &mut self.machines[sender.agent];
            let is_same_run = machine.boot == sender.boot;
            let Some(run) = machine.run.as_mut().filter(|_| is_same_run) else {
                continue;
            };
            match answer {
                Answer::Receipt(receipt) => run.receive(receipt.seq),
                Answer::NotNow(wait_s) => run.put_off(sender.seq, self.now_s + wait_s),
            }
        }
    }

    fn read_answer(
        &mut self,
        sender: Sender,
        answer: Result<wire::protocol::Receipt, IngestError>,
    ) -> Answer {
        match answer {
            Ok(receipt) => {
                match receipt.state {
                    wire::protocol::ReceiptState::Stored => self.counts.batches += 1,
                    wire::protocol::ReceiptState::Duplicate => self.counts.duplicates += 1,
                }
                assert_eq!(
                    receipt.seq, sender.seq,
                    "it is about the batch that was sent"
                );
                invariants::no_receipt_before_its_commit(&mut self.site.watcher, &receipt);
                Answer::Receipt(receipt)
            }
            Err(IngestError::Clock { .. }) => {
                self.counts.not_now += 1;
                Answer::NotNow(60)
            }
            Err(other) => panic!("batch {sender:?} is refused: {other}"),
        }
    }

    fn witness(&mut self, place: usize) {
        let _time = self.time.enter();
        let machine = &mut self.machines[place];
        let identity = Arc::clone(&machine.identity);
        let Some(run) = &mut machine.run else { return };
        let progress = run.progress();
        if progress.released_below >= progress.acked_below {
            return;
        }
        let (seq, from) = (progress.acked_below - 1, progress.seen.size);
        let agent = identity.agent.clone();
        let answer = self
            .site
            .ask(async |collector| collector.checkpoint(&agent, Some(seq), from).await);
        let answer = answer.expect("there is a checkpoint");
        if let Some(request) = run.witness(&identity, answer) {
            let taken = self
                .site
                .ask(async |collector| collector.cosign(&request).await);
            taken.expect("the cosignature is taken");
        }
    }

    fn break_something(&mut self) {
        for place in 0..self.machines.len() {
            if self.random.once_in(1_800) {
                let machine = &mut self.machines[place];
                self.counts.agent_crashes += u64::from(machine.run.is_some());
                machine.run = None;
                machine.off_until_s = self.now_s + self.random.between(0, 240);
            }
            if self.random.once_in(2_000) {
                self.counts.skews += 1;
                self.machines[place].skew_s = match self.random.between(0, 3) {
                    0 => 0,
                    1 => self.random.between(-20, 20),
                    _ => self.random.between(-600, 600),
                };
            }
        }
        if self.random.once_in(1_500) || self.now_s == self.absence.0 {
            self.crash_collector();
        }
    }

    /// In the middle of whatever arrives at that moment, where anything does.
    fn crash_collector(&mut self) {
        if !self.site.is_up() {
            return;
        }
        let newest = self.sent.values().next_back().cloned();
        let polls = self.random.between(0, 40);
        self.site
            .crash_collector(newest.into_iter().collect(), polls);
        self.counts.collector_crashes += 1;
        self.collector_off_until_s = self.now_s + self.random.between(0, 120);
    }
}

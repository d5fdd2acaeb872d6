//! What lies between agents and collector: it loses, doubles, delays and so reorders.

use wire::protocol::Receipt;

use super::random::Random;

/// Where an answer belongs: which agent, which of its runs, which batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sender {
    pub(super) agent: usize,
    pub(super) boot: u64,
    pub(super) seq: u64,
}

/// What the collector said to a batch.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Receipt(Receipt),
    /// To be asked again after so many seconds.
    NotNow(i64),
}

/// Messages under way.
#[derive(Debug, Default)]
pub(super) struct Network {
    requests: Vec<(i64, Sender, Vec<u8>)>,
    answers: Vec<(i64, Sender, Answer)>,
    is_calm: bool,
    pub(super) dropped: u64,
    pub(super) doubled: u64,
}

impl Network {
    /// From now on every message arrives, at once.
    pub(super) fn calm_down(&mut self) {
        self.is_calm = true;
    }

    fn delay(&self, random: &mut Random) -> i64 {
        if self.is_calm || random.once_in(2) {
            0
        } else if random.once_in(8) {
            random.between(10, 400)
        } else {
            random.between(0, 15)
        }
    }

    /// Whether a message is lost.
    fn loses(&mut self, random: &mut Random) -> bool {
        let lost = !self.is_calm && random.once_in(6);
        self.dropped += u64::from(lost);
        lost
    }

    pub(super) fn send(
        &mut self,
        random: &mut Random,
        now_s: i64,
        (sender, body): (Sender, Vec<u8>),
    ) {
        if !self.is_calm && random.once_in(6) {
            self.doubled += 1;
            let at = now_s + random.between(1, 600);
            self.requests.push((at, sender, body.clone()));
        }
        if !self.loses(random) {
            let at = now_s + self.delay(random);
            self.requests.push((at, sender, body));
        }
    }

    pub(super) fn answer(
        &mut self,
        random: &mut Random,
        now_s: i64,
        (sender, answer): (Sender, Answer),
    ) {
        if !self.loses(random) {
            let at = now_s + self.delay(random);
            self.answers.push((at, sender, answer));
        }
    }

    /// Requests that arrive by now, in any order.
    pub(super) fn take_requests(
        &mut self,
        random: &mut Random,
        now_s: i64,
    ) -> Vec<(Sender, Vec<u8>)> {
        let mut due = Vec::new();
        self.requests.retain_mut(|(at, sender, body)| {
            let is_due = *at <= now_s;
            if is_due {
                due.push((*sender, std::mem::take(body)));
            }
            !is_due
        });
        random.shuffle(&mut due);
        due
    }

    /// Answers that arrive by now.
    pub(super) fn take_answers(&mut self, now_s: i64) -> Vec<(Sender, Answer)> {
        let due = self.answers.extract_if(.., |(at, _, _)| *at <= now_s);
        due.map(|(_, sender, answer)| (sender, answer)).collect()
    }
}

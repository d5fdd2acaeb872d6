use super::*;

/// Numbers found, one after the other, as a replay asks for them.
fn found(spool: &mut Spool, seqs: std::ops::Range<u64>) -> Vec<u64> {
    let mut found = Vec::new();
    let mut from = seqs.start;
    while let Some(batch) = spool.find_kept(from..seqs.end).unwrap() {
        assert_eq!(batch, super::batch(batch.seq));
        from = batch.seq + 1;
        found.push(batch.seq);
    }
    found
}

fn fill(spool: &mut Spool, seqs: std::ops::Range<u64>) {
    for seq in seqs {
        spool.append_line(&line("acme", seq)).unwrap();
        let at = UnixMicros::new(i64::try_from(seq).unwrap());
        spool.append_seal(batch(seq), at).unwrap();
    }
    spool.commit().unwrap();
}

#[test]
fn released_batches_are_found_again_across_segments_and_restarts() {
    let (_temp, dir) = dir();
    let (mut spool, _) = open(&dir);
    spool.begin_run(1).unwrap();
    fill(&mut spool, 0..40);
    spool.mark_acked(38).unwrap();
    spool.mark_released(35).unwrap();
    assert!(spool.closed.len() > 3, "several segments");
    let all: Vec<u64> = (0..40).collect();
    assert_eq!(found(&mut spool, 0..40), all);
    assert_eq!(found(&mut spool, 17..23), all[17..23]);
    fill(&mut spool, 40..42);
    assert_eq!(found(&mut spool, 39..100), [39, 40, 41]);
    drop(spool);
    let (mut spool, _) = open(&dir);
    assert_eq!(found(&mut spool, 0..40), all);
}

#[test]
fn what_was_trimmed_is_passed_over() {
    let (_temp, dir) = dir();
    let (mut spool, _) = open(&dir);
    spool.begin_run(1).unwrap();
    fill(&mut spool, 0..40);
    spool.mark_acked(39).unwrap();
    spool.mark_released(39).unwrap();
    let at = UnixMicros::new(crate::spool::KEPT_US_MAX + 20);
    assert!(spool.trim(at).unwrap() > 0);
    let left = found(&mut spool, 0..40);
    let first = left[0];
    assert!(first > 0 && first <= 21, "{first}");
    assert_eq!(left, (first..40).collect::<Vec<u64>>());
}

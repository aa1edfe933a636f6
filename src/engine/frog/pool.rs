//! The threads of an evaluation, started when they are first worth it.

use std::sync::OnceLock;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::base::{Budget, Stop};
use crate::engine::Tuning;
use crate::storage::{Word, sort};

/// Words that are worth more than one thread to sort.
const MANY_WORDS: usize = 1 << 18;

/// Bytes of a thread's stack: what the main one has.
const STACK: usize = 8 << 20;

/// Threads.
#[derive(Debug)]
pub(super) struct Pool {
    jobs: usize,
    eager: bool,
    threads: OnceLock<Option<ThreadPool>>,
}

impl Pool {
    /// As many as are wanted.
    pub fn new(tuning: Tuning) -> Self {
        Pool { jobs: tuning.jobs.max(1), eager: tuning.eager_threads, threads: OnceLock::new() }
    }

    /// Whether several threads are to share work, given whether that is worth while.
    pub fn shares(&self, worth: bool) -> bool {
        self.jobs > 1 && (worth || self.eager)
    }

    /// How many threads there are, or would be.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// Runs `work` where its parallel parts find the threads: at once, if it is on one of them.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let build = || ThreadPoolBuilder::new().num_threads(self.jobs).stack_size(STACK).build().ok();
        match self.threads.get_or_init(build) {
            Some(threads) => threads.install(work),
            // The machine gives no more threads; rayon's own pool has at least one.
            None => work(),
        }
    }

    /// Sorts rows and drops repeated ones; returns how many are left.
    pub fn sort(&self, width: usize, words: &mut Vec<Word>, budget: &Budget) -> Result<usize, Stop> {
        let check = &mut || budget.check();
        if width == 0 || !self.shares(words.len() >= MANY_WORDS) || sort::is_sorted(width, words) {
            return sort::sort_distinct(width, words, check);
        }
        // Each thread picks and sorts the rows of a range of first words; the ranges follow one another.
        let len = words.len() / width;
        let mut sample: Vec<Word> =
            (0..1024).filter_map(|i| words.get(i * len / 1024 * width).copied()).collect();
        sample.sort_unstable();
        let parts = self.jobs.min(8);
        let bound = |part: usize| sample.get(part * sample.len() / parts).copied().unwrap_or(Word::MAX);
        let rows = words.as_slice();
        let sorted: Vec<Vec<Word>> = self.install(|| {
            (0..parts)
                .into_par_iter()
                .map(|part| {
                    let (low, high) = (if part == 0 { 0 } else { bound(part) }, bound(part + 1));
                    let last = part + 1 == parts;
                    let mut own = Vec::with_capacity(words.len() / parts + words.len() / 16);
                    for block in rows.chunks(width << 12) {
                        budget.check()?;
                        for row in block.chunks_exact(width) {
                            if row[0] >= low && (last || row[0] < high) {
                                own.extend_from_slice(row);
                            }
                        }
                    }
                    sort::sort_distinct(width, &mut own, &mut || budget.check())?;
                    Ok(own)
                })
                .collect::<Result<_, Stop>>()
        })?;
        words.clear();
        sorted.iter().for_each(|part| words.extend_from_slice(part));
        Ok(words.len() / width)
    }
}

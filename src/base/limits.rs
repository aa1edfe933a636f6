//! Limits on work, and the token that stops it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Deepest nesting of brackets, expressions and the like in any input.
pub const MAX_NESTING: usize = 64;
/// Largest file read, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 30;
/// Longest string literal, in bytes.
pub const MAX_STRING_BYTES: usize = 16 << 20;

/// How much one evaluation may use; `None` is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rows that rules may produce and aggregates range over, duplicates included.
    pub rows: Option<u64>,
    /// Rounds of one fixpoint.
    pub rounds: Option<u64>,
    /// Wall-clock time.
    pub time: Option<Duration>,
    /// Bytes of derived relations, their indexes and buffers.
    pub memory: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { rows: Some(10_000_000_000), rounds: Some(10_000_000), time: None, memory: Some(16 << 30) }
    }
}

impl Limits {
    /// No limits at all.
    pub fn none() -> Self {
        Limits { rows: None, rounds: None, time: None, memory: None }
    }
}

/// The handle on running work: asks it to stop, and tells how far it is. Clones share both.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    cancelled: Arc<AtomicBool>,
    rows: Arc<AtomicU64>,
}

impl CancelToken {
    /// A token nobody has cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for a stop. Safe in a signal handler.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Withdraws the request, before the next piece of work.
    pub fn reset(&self) {
        self.cancelled.store(false, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Rows that the running evaluation, or the last one, has produced.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// The flag itself, for a signal handler to set.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancelled)
    }
}

/// Why work was stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Somebody cancelled it.
    Cancelled,
    /// More rows than allowed; the limit.
    Rows(u64),
    /// More rounds than allowed; the limit.
    Rounds(u64),
    /// More time than allowed; the limit.
    Time(Duration),
    /// More memory than allowed; the limit in bytes.
    Memory(u64),
}

/// The limits of one evaluation with what it has used so far. Shared by threads.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    cancel: CancelToken,
    started: Instant,
    rows: AtomicU64,
    memory: AtomicU64,
}

impl Budget {
    /// A fresh budget; its clock starts now.
    pub fn new(limits: Limits, cancel: CancelToken) -> Self {
        cancel.rows.store(0, Ordering::Relaxed);
        Budget { limits, cancel, started: Instant::now(), rows: AtomicU64::new(0), memory: AtomicU64::new(0) }
    }

    /// Without limits and without a way to cancel, for tests and tools.
    pub fn unlimited() -> Self {
        Self::new(Limits::none(), CancelToken::new())
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Fails when time is up or somebody cancelled. Cheap, but not for every tuple: call it
    /// once a block of a few thousand steps.
    pub fn check(&self) -> Result<(), Stop> {
        if self.cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        match self.limits.time {
            Some(limit) if self.started.elapsed() > limit => Err(Stop::Time(limit)),
            _ => Ok(()),
        }
    }

    /// Counts `n` rows produced, and checks everything.
    pub fn produced(&self, n: u64) -> Result<(), Stop> {
        let rows = self.rows.fetch_add(n, Ordering::Relaxed) + n;
        self.cancel.rows.store(rows, Ordering::Relaxed);
        match self.limits.rows {
            Some(limit) if rows > limit => Err(Stop::Rows(limit)),
            _ => self.check(),
        }
    }

    /// Rows counted so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// A budget for a part of the work that may be given up: `rows` at most, and half of the memory
    /// that is left. Its rows do not count here; its clock is the same, and so is who may cancel.
    pub fn part(&self, rows: u64) -> Budget {
        let left = self.limits.rows.map_or(u64::MAX, |limit| limit.saturating_sub(self.rows()));
        let memory =
            self.limits.memory.map(|limit| limit.saturating_sub(self.memory.load(Ordering::Relaxed)) / 2);
        let limits = Limits { rows: Some(rows.min(left)), memory, ..self.limits.clone() };
        let cancel = CancelToken { cancelled: Arc::clone(&self.cancel.cancelled), rows: Arc::default() };
        Budget { limits, cancel, started: self.started, rows: AtomicU64::new(0), memory: AtomicU64::new(0) }
    }

    /// Fails when `round` (from 1) is one too many.
    pub fn round(&self, round: u64) -> Result<(), Stop> {
        match self.limits.rounds {
            Some(limit) if round > limit => Err(Stop::Rounds(limit)),
            _ => self.check(),
        }
    }

    /// Notes `bytes` taken; give them back with [`Budget::release`].
    pub fn allocate(&self, bytes: u64) -> Result<(), Stop> {
        let memory = self.memory.fetch_add(bytes, Ordering::Relaxed) + bytes;
        match self.limits.memory {
            Some(limit) if memory > limit => Err(Stop::Memory(limit)),
            _ => Ok(()),
        }
    }

    /// Gives back bytes noted by [`Budget::allocate`].
    pub fn release(&self, bytes: u64) {
        let _ = self
            .memory
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| Some(used.saturating_sub(bytes)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_stop_and_a_token_cancels() {
        let cancel = CancelToken::new();
        let limits = Limits { rows: Some(10), rounds: Some(2), time: None, memory: Some(100) };
        let budget = Budget::new(limits, cancel.clone());
        assert_eq!(budget.produced(10), Ok(()));
        assert_eq!(budget.produced(1), Err(Stop::Rows(10)));
        assert_eq!(budget.round(2), Ok(()));
        assert_eq!(budget.round(3), Err(Stop::Rounds(2)));
        assert_eq!(budget.allocate(100), Ok(()));
        budget.release(50);
        assert_eq!(budget.allocate(51), Err(Stop::Memory(100)));
        let part = budget.part(3);
        assert_eq!(part.produced(1), Err(Stop::Rows(0)));
        cancel.cancel();
        assert_eq!(budget.check(), Err(Stop::Cancelled));
        assert_eq!(part.check(), Err(Stop::Cancelled));
        cancel.reset();
        assert_eq!(budget.check(), Ok(()));
    }
}

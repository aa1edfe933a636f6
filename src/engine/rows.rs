//! Memory noted in a budget.

use crate::base::{Budget, Stop};

/// Bytes noted in a budget, given back in the end.
#[derive(Debug)]
pub struct Held<'b> {
    budget: &'b Budget,
    bytes: u64,
}

impl<'b> Held<'b> {
    /// Nothing yet.
    pub fn new(budget: &'b Budget) -> Self {
        Held { budget, bytes: 0 }
    }

    /// Notes that `bytes` are in use now, in place of what was.
    pub fn set(&mut self, bytes: u64) -> Result<(), Stop> {
        let before = std::mem::replace(&mut self.bytes, bytes);
        if bytes > before {
            self.budget.allocate(bytes - before)
        } else {
            self.budget.release(before - bytes);
            Ok(())
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.budget.release(self.bytes);
    }
}

//! Trees of several files, parsed side by side and handed out in order.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::FactText;
use crate::syntax::ron::{self, Parse};

/// Trees of as many bytes of text may wait, for a thread each.
const AHEAD: usize = 16 << 20;

/// The files of a load with what has been parsed of them.
pub(super) struct Parses<'t> {
    texts: &'t [FactText<'t>],
    state: Mutex<State<'t>>,
    changed: Condvar,
    /// Bytes of text whose trees may wait.
    ahead: usize,
}

struct State<'t> {
    /// The next file to parse.
    next: usize,
    /// By file: its tree, until it is taken.
    ready: Vec<Option<Parse<'t>>>,
    /// Bytes of text being parsed or waiting.
    waiting: usize,
    ended: bool,
}

/// Ends the helpers' work when dropped.
pub(super) struct End<'p, 't>(&'p Parses<'t>);

impl<'t> Parses<'t> {
    pub(super) fn new(texts: &'t [FactText<'t>], jobs: usize) -> Self {
        let mut ready = Vec::new();
        ready.resize_with(texts.len(), || None);
        let state = State { next: 0, ready, waiting: 0, ended: false };
        Parses { texts, state: Mutex::new(state), changed: Condvar::new(), ahead: AHEAD * jobs }
    }

    /// Helpers stop when what this returns is gone.
    pub(super) fn end(&self) -> End<'_, 't> {
        End(self)
    }

    /// Parses files that nobody has begun with, until there are none.
    pub(super) fn help(&self) {
        let _end = Panicked(self);
        let mut state = self.lock();
        while !state.ended && state.next < self.texts.len() {
            // The file that is due next is begun with whatever its size.
            if state.waiting > self.ahead {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state = self.parse(state);
        }
    }

    /// The tree of file `at`; files are asked for in their order, each once.
    pub(super) fn get(&self, at: usize) -> Parse<'t> {
        let mut state = self.lock();
        loop {
            if let Some(parse) = state.ready.get_mut(at).and_then(Option::take) {
                state.waiting -= self.size(at);
                self.changed.notify_all();
                return parse;
            }
            // A helper is at it, or nobody is and then this thread does it.
            if state.next <= at || state.next < self.texts.len() && state.waiting <= self.ahead {
                state = self.parse(state);
            } else if state.ended {
                return self.parsed(at);
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn parse<'s>(&'s self, mut state: MutexGuard<'s, State<'t>>) -> MutexGuard<'s, State<'t>> {
        let at = state.next;
        state.next += 1;
        state.waiting += self.size(at);
        drop(state);
        let parse = self.parsed(at);
        state = self.lock();
        if let Some(slot) = state.ready.get_mut(at) {
            *slot = Some(parse);
        }
        self.changed.notify_all();
        state
    }

    fn parsed(&self, at: usize) -> Parse<'t> {
        match self.texts.get(at) {
            Some(text) => ron::parse(text.file, text.text),
            None => ron::parse(crate::base::FileId(0), ""),
        }
    }

    fn size(&self, at: usize) -> usize {
        self.texts.get(at).map_or(0, |text| text.text.len())
    }

    fn lock(&self) -> MutexGuard<'_, State<'t>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }
}

impl Drop for End<'_, '_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Ends all when a helper panics: the panic comes out where the threads are joined.
struct Panicked<'p, 't>(&'p Parses<'t>);

impl Drop for Panicked<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FileId;

    #[test]
    fn trees_come_in_order_whatever_the_number_of_threads() {
        let texts: Vec<String> =
            (0..40).map(|i| format!("[A(x: {i})]{}", " ".repeat(i * 97 % 500))).collect();
        let texts: Vec<FactText<'_>> = texts
            .iter()
            .enumerate()
            .map(|(at, text)| FactText { file: FileId(at as u32), text, inbox: false })
            .collect();
        for (jobs, ahead) in [(1, AHEAD), (2, 0), (3, 600), (4, AHEAD)] {
            let parses = Parses { ahead, ..Parses::new(&texts, jobs) };
            thread::scope(|scope| {
                (1..jobs).for_each(|_| {
                    scope.spawn(|| parses.help());
                });
                let _end = parses.end();
                for (at, text) in texts.iter().enumerate() {
                    assert_eq!(parses.get(at).tree.text(), text.text, "{jobs} threads");
                }
            });
        }
        // Nobody waits for helpers of whom too little was asked.
        let parses = Parses::new(&texts, 2);
        thread::scope(|scope| {
            scope.spawn(|| parses.help());
            let _end = parses.end();
            assert_eq!(parses.get(0).tree.text(), texts[0].text);
        });
    }
}

//! Text values as numbers: what an engineer does before handing text to an engine that compares a lot.

use std::sync::{LazyLock, Mutex};

use rustc_hash::FxHashMap;

/// A text, the same number for the same text within one run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name(u32);

#[derive(Default)]
struct Table {
    ids: FxHashMap<Box<[u8]>, u32>,
    texts: Vec<Box<[u8]>>,
}

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

impl Name {
    /// The name of a text.
    pub fn of(text: &[u8]) -> Name {
        let mut table = TABLE.lock().expect("no other thread panicked");
        if let Some(id) = table.ids.get(text) {
            return Name(*id);
        }
        let id = table.texts.len() as u32;
        table.texts.push(text.into());
        table.ids.insert(text.into(), id);
        Name(id)
    }

    /// The text of a name.
    pub fn text(self) -> Vec<u8> {
        TABLE.lock().expect("no other thread panicked").texts[self.0 as usize].to_vec()
    }
}

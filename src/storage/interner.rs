//! Values as 32-bit words.
//!
//! A word with its high bit set is a small integer, biased so that word order is number order; any
//! other word is an index into the [`Interner`]'s entries. Words are canonical: two values are
//! equal exactly when their words are. The order of other words means nothing.

use std::cmp::Ordering;
use std::hash::Hasher;
use std::sync::Arc;

use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHasher};

use crate::model::structure::{Constructor, Extent, StructValue};
use crate::model::{Date, EnumValue, Float, StructId, Value};

/// A value, as the tables hold it.
pub type Word = u32;

/// The word of nil.
pub const NIL: Word = 0;
/// The word of `false`.
pub const FALSE: Word = 1;
/// The word of `true`.
pub const TRUE: Word = 2;

/// The word of no value: never given out, for machines to mark what has none.
pub const MISSING: Word = INLINE - 1;

/// Lists within lists of a [`Value`]: words go deeper, but values are taken down by recursion.
pub const MAX_DEPTH: usize = 2000;

const INLINE: u32 = 1 << 31;
const BIAS: i64 = 1 << 30;

/// The word of an integer that fits into 31 bits.
#[inline]
pub fn inline_number(number: i64) -> Option<Word> {
    (-BIAS..BIAS).contains(&number).then(|| INLINE | (number + BIAS) as u32)
}

/// The integer that a word holds inline.
#[inline]
pub fn inlined(word: Word) -> Option<i64> {
    (word & INLINE != 0).then(|| i64::from(word & !INLINE) - BIAS)
}

/// What a word that is no small integer stands for. 16 bytes.
#[derive(Clone, Copy, Debug)]
enum Entry {
    Nil,
    Bool(bool),
    Number(i64),
    Float(Float),
    Enum(u32),
    Date(u32),
    Symbol {
        len: u32,
        start: u64,
    },
    List(u32),
    /// What built it, and its fields among the lists.
    Struct {
        of: u32,
        at: u32,
    },
}

/// All values that have a word. It only grows.
#[derive(Clone, Debug)]
pub struct Interner {
    entries: Vec<Entry>,
    index: HashTable<Word>,
    text: String,
    enums: Vec<EnumValue>,
    dates: Vec<Date>,
    /// Items of lists, and fields of records and variants.
    lists: Vec<Box<[Word]>>,
    /// How much each of them holds.
    extents: Vec<Extent>,
    list_words: usize,
    constructors: Vec<Arc<Constructor>>,
    constructor_index: FxHashMap<(StructId, u32), u32>,
}

impl Default for Interner {
    fn default() -> Self {
        Self::new()
    }
}

impl Interner {
    /// An interner that knows nil, `false` and `true`.
    pub fn new() -> Self {
        Interner {
            entries: vec![Entry::Nil, Entry::Bool(false), Entry::Bool(true)],
            index: HashTable::new(),
            text: String::new(),
            enums: Vec::new(),
            dates: Vec::new(),
            lists: Vec::new(),
            extents: Vec::new(),
            list_words: 0,
            constructors: Vec::new(),
            constructor_index: FxHashMap::default(),
        }
    }

    /// The word of `value`, given one if it has none yet.
    pub fn intern(&mut self, value: &Value) -> Word {
        match value {
            Value::Nil => NIL,
            Value::Bool(value) => boolean(*value),
            Value::Number(number) => self.number(*number),
            Value::Float(float) => self.float(*float),
            Value::Enum(value) => self.enum_value(value),
            Value::Date(date) => self.date(date),
            Value::Symbol(text) => self.symbol(text),
            Value::List(items) => {
                let words: Vec<Word> = items.iter().map(|item| self.intern(item)).collect();
                self.list(&words)
            }
            Value::Struct(value) => {
                let words: Vec<Word> = value.fields.iter().map(|field| self.intern(field)).collect();
                let (of, extent) = (self.constructor(&value.of), self.extent_around(&words));
                self.structure_of(of, &words, extent)
            }
        }
    }

    /// The word of `value` if it has one; a value without occurs in no table.
    pub fn get(&self, value: &Value) -> Option<Word> {
        match value {
            Value::Nil => Some(NIL),
            Value::Bool(value) => Some(boolean(*value)),
            Value::Number(number) => inline_number(*number).or_else(|| self.find_number(*number)),
            Value::Float(float) => self.find_float(*float),
            Value::Enum(value) => self.find_enum(value),
            Value::Date(date) => self.find_date(date),
            Value::Symbol(text) => self.find_symbol(text),
            Value::List(items) => {
                let words: Option<Vec<Word>> = items.iter().map(|item| self.get(item)).collect();
                self.find_list(&words?)
            }
            Value::Struct(value) => {
                let words: Option<Vec<Word>> = value.fields.iter().map(|field| self.get(field)).collect();
                self.find_structure(self.find_constructor(&value.of)?, &words?)
            }
        }
    }

    /// The word of a symbol. Allocates only for a text not seen before.
    pub fn symbol(&mut self, text: &str) -> Word {
        if let Some(word) = self.find_symbol(text) {
            return word;
        }
        let start = self.text.len() as u64;
        self.text.push_str(text);
        self.add(Entry::Symbol { len: text.len() as u32, start }, hash_text(text))
    }

    /// The word of an integer.
    pub fn number(&mut self, number: i64) -> Word {
        if let Some(word) = inline_number(number).or_else(|| self.find_number(number)) {
            return word;
        }
        self.add(Entry::Number(number), hash_bits(2, number as u64))
    }

    /// The word of a float.
    pub fn float(&mut self, float: Float) -> Word {
        if let Some(word) = self.find_float(float) {
            return word;
        }
        self.add(Entry::Float(float), hash_bits(3, float.get().to_bits()))
    }

    /// The word of a date.
    pub fn date(&mut self, date: &Date) -> Word {
        if let Some(word) = self.find_date(date) {
            return word;
        }
        self.dates.push(date.clone());
        self.add(Entry::Date(self.dates.len() as u32 - 1), hash_date(date))
    }

    /// The word of an enum's constant.
    pub fn enum_value(&mut self, value: &EnumValue) -> Word {
        if let Some(word) = self.find_enum(value) {
            return word;
        }
        self.enums.push(value.clone());
        self.add(Entry::Enum(self.enums.len() as u32 - 1), hash_enum(value))
    }

    /// The word of the list of these values.
    pub fn list(&mut self, items: &[Word]) -> Word {
        if let Some(word) = self.find_list(items) {
            return word;
        }
        let at = self.keep(items, self.extent_around(items));
        self.add(Entry::List(at), hash_list(items))
    }

    /// The word of the record or variant with these fields; `None` when it would hold more than
    /// [`Extent`] allows.
    pub fn structure(&mut self, of: &Arc<Constructor>, fields: &[Word]) -> Option<Word> {
        let of = self.constructor(of);
        let extent = self.extent_around(fields);
        (!extent.is_excessive()).then(|| self.structure_of(of, fields, extent))
    }

    fn structure_of(&mut self, of: u32, fields: &[Word], extent: Extent) -> Word {
        if let Some(word) = self.find_structure(of, fields) {
            return word;
        }
        let at = self.keep(fields, extent);
        self.add(Entry::Struct { of, at }, hash_structure(of, fields))
    }

    fn keep(&mut self, items: &[Word], extent: Extent) -> u32 {
        self.list_words += items.len();
        self.lists.push(items.into());
        self.extents.push(extent);
        self.lists.len() as u32 - 1
    }

    fn constructor(&mut self, of: &Arc<Constructor>) -> u32 {
        if let Some(at) = self.find_constructor(of) {
            return at;
        }
        let at = self.constructors.len() as u32;
        self.constructors.push(Arc::clone(of));
        self.constructor_index.insert((of.ty, of.ordinal), at);
        at
    }

    /// A type that was taken back and declared anew is another one, though it has the same id.
    fn find_constructor(&self, of: &Arc<Constructor>) -> Option<u32> {
        let at = *self.constructor_index.get(&(of.ty, of.ordinal))?;
        self.constructors.get(at as usize).filter(|known| Arc::ptr_eq(known, of) || known.looks_as(of))?;
        Some(at)
    }

    fn extent_around(&self, items: &[Word]) -> Extent {
        Extent::around(items.iter().map(|item| match self.entry(*item) {
            Entry::List(at) | Entry::Struct { at, .. } => {
                self.extents.get(at as usize).copied().unwrap_or(Extent::ONE)
            }
            _ => Extent::ONE,
        }))
    }

    /// The word here of what `word` stands for in `other`.
    pub fn adopt(&mut self, other: &Interner, word: Word) -> Word {
        match other.entry(word) {
            Entry::Nil => NIL,
            Entry::Bool(value) => boolean(value),
            Entry::Number(number) => self.number(number),
            Entry::Float(float) => self.float(float),
            Entry::Symbol { len, start } => self.symbol(other.text_at(start, len)),
            Entry::Enum(_) | Entry::Date(_) | Entry::List(_) | Entry::Struct { .. } => {
                self.intern(&other.value(word))
            }
        }
    }

    /// The value of a word. A word that this interner never gave out is nil, and so is what stands
    /// deeper within lists than [`MAX_DEPTH`].
    pub fn value(&self, word: Word) -> Value {
        self.value_within(word, MAX_DEPTH)
    }

    fn value_within(&self, word: Word, depth: usize) -> Value {
        match self.entry(word) {
            Entry::Nil => Value::Nil,
            Entry::Bool(value) => Value::Bool(value),
            Entry::Number(number) => Value::Number(number),
            Entry::Float(float) => Value::Float(float),
            Entry::Enum(at) => {
                self.enums.get(at as usize).map_or(Value::Nil, |value| Value::Enum(value.clone()))
            }
            Entry::Date(at) => {
                self.dates.get(at as usize).map_or(Value::Nil, |date| Value::Date(date.clone()))
            }
            Entry::Symbol { len, start } => Value::Symbol(Arc::from(self.text_at(start, len))),
            Entry::List(_) | Entry::Struct { .. } if depth == 0 => Value::Nil,
            Entry::Struct { of, at } => match self.constructors.get(of as usize) {
                Some(of) => {
                    let fields = self.list_at(at).iter().map(|field| self.value_within(*field, depth - 1));
                    Value::Struct(StructValue { of: Arc::clone(of), fields: fields.collect() })
                }
                None => Value::Nil,
            },
            Entry::List(at) => {
                let items = self.list_at(at).iter();
                Value::List(items.map(|item| self.value_within(*item, depth - 1)).collect())
            }
        }
    }

    /// The text of a symbol's word.
    pub fn symbol_text(&self, word: Word) -> Option<&str> {
        match self.entry(word) {
            Entry::Symbol { len, start } => Some(self.text_at(start, len)),
            _ => None,
        }
    }

    /// The date of a date's word.
    pub fn date_of(&self, word: Word) -> Option<&Date> {
        match self.entry(word) {
            Entry::Date(at) => self.dates.get(at as usize),
            _ => None,
        }
    }

    /// The constant of an enum's word.
    pub fn enum_of(&self, word: Word) -> Option<&EnumValue> {
        match self.entry(word) {
            Entry::Enum(at) => self.enums.get(at as usize),
            _ => None,
        }
    }

    /// The items of a list's word.
    pub fn list_items(&self, word: Word) -> Option<&[Word]> {
        match self.entry(word) {
            Entry::List(at) => Some(self.list_at(at)),
            _ => None,
        }
    }

    /// The fields of a record's or variant's word, with what built it.
    pub fn structure_parts(&self, word: Word) -> Option<(&Arc<Constructor>, &[Word])> {
        match self.entry(word) {
            Entry::Struct { of, at } => Some((self.constructors.get(of as usize)?, self.list_at(at))),
            _ => None,
        }
    }

    /// The integer of a number's word.
    pub fn number_of(&self, word: Word) -> Option<i64> {
        match self.entry(word) {
            Entry::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The order of the values, that of [`Value`].
    pub fn compare(&self, a: Word, b: Word) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        if a & b & INLINE != 0 {
            return a.cmp(&b);
        }
        match (self.entry(a), self.entry(b)) {
            (Entry::Number(a), Entry::Number(b)) => a.cmp(&b),
            (Entry::Float(a), Entry::Float(b)) => a.cmp(&b),
            (Entry::Enum(a), Entry::Enum(b)) => self.enums.get(a as usize).cmp(&self.enums.get(b as usize)),
            (Entry::Date(a), Entry::Date(b)) => self.dates.get(a as usize).cmp(&self.dates.get(b as usize)),
            (Entry::Symbol { len, start }, Entry::Symbol { len: other_len, start: other_start }) => {
                self.text_at(start, len).cmp(self.text_at(other_start, other_len))
            }
            (Entry::List(a), Entry::List(b)) => self.compare_lists(a, b),
            (Entry::Struct { of, at }, Entry::Struct { of: other, at: other_at }) => {
                let key = |of: u32| self.constructors.get(of as usize).map(|of| (of.ty, of.ordinal));
                key(of).cmp(&key(other)).then_with(|| self.compare_lists(at, other_at))
            }
            (Entry::Bool(a), Entry::Bool(b)) => a.cmp(&b),
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }

    fn compare_lists(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (self.list_at(a), self.list_at(b));
        a.iter()
            .zip(b)
            .map(|(x, y)| self.compare(*x, *y))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| a.len().cmp(&b.len()))
    }

    /// A number that is the same for two words exactly when their values are of one kind.
    pub fn kind(&self, word: Word) -> u8 {
        rank(self.entry(word))
    }

    /// How many words have been given out, small integers apart; words below it have a value.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Always false: nil is there from the start.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        let lists = self.list_words * size_of::<Word>()
            + self.lists.capacity() * size_of::<Box<[Word]>>()
            + self.extents.capacity() * size_of::<Extent>();
        let tables = self.entries.capacity() * size_of::<Entry>() + self.index.allocation_size();
        // A date's text is short and on the heap beside it.
        let rest =
            self.dates.capacity() * (size_of::<Date>() + 32) + self.enums.capacity() * size_of::<EnumValue>();
        (lists + tables + rest + self.text.capacity()) as u64
    }

    fn entry(&self, word: Word) -> Entry {
        match inlined(word) {
            Some(number) => Entry::Number(number),
            None => self.entries.get(word as usize).copied().unwrap_or(Entry::Nil),
        }
    }

    fn text_at(&self, start: u64, len: u32) -> &str {
        let start = start as usize;
        self.text.get(start..start + len as usize).unwrap_or("")
    }

    fn list_at(&self, at: u32) -> &[Word] {
        self.lists.get(at as usize).map_or(&[], |items| items)
    }

    fn add(&mut self, entry: Entry, hash: u64) -> Word {
        let word = self.entries.len() as Word;
        self.entries.push(entry);
        let Interner { entries, index, text, enums, dates, lists, .. } = self;
        index.insert_unique(hash, word, |word| {
            let at =
                |start: u64, len: u32| text.get(start as usize..start as usize + len as usize).unwrap_or("");
            match entries.get(*word as usize) {
                Some(Entry::Number(number)) => hash_bits(2, *number as u64),
                Some(Entry::Float(float)) => hash_bits(3, float.get().to_bits()),
                Some(Entry::Enum(at)) => enums.get(*at as usize).map_or(0, hash_enum),
                Some(Entry::Date(at)) => dates.get(*at as usize).map_or(0, hash_date),
                Some(Entry::Symbol { len, start }) => hash_text(at(*start, *len)),
                Some(Entry::List(at)) => lists.get(*at as usize).map_or(0, |items| hash_list(items)),
                Some(Entry::Struct { of, at }) => {
                    lists.get(*at as usize).map_or(0, |fields| hash_structure(*of, fields))
                }
                Some(Entry::Nil | Entry::Bool(_)) | None => 0,
            }
        });
        word
    }

    fn find_symbol(&self, wanted: &str) -> Option<Word> {
        let same = |word: &Word| self.symbol_text(*word) == Some(wanted);
        self.index.find(hash_text(wanted), same).copied()
    }

    fn find_number(&self, wanted: i64) -> Option<Word> {
        let same = |word: &Word| matches!(self.entry(*word), Entry::Number(number) if number == wanted);
        self.index.find(hash_bits(2, wanted as u64), same).copied()
    }

    fn find_float(&self, wanted: Float) -> Option<Word> {
        let same = |word: &Word| matches!(self.entry(*word), Entry::Float(float) if float == wanted);
        self.index.find(hash_bits(3, wanted.get().to_bits()), same).copied()
    }

    fn find_date(&self, wanted: &Date) -> Option<Word> {
        self.index.find(hash_date(wanted), |word| self.date_of(*word) == Some(wanted)).copied()
    }

    fn find_enum(&self, wanted: &EnumValue) -> Option<Word> {
        let same = |word: &Word| match self.entry(*word) {
            Entry::Enum(at) => self.enums.get(at as usize) == Some(wanted),
            _ => false,
        };
        self.index.find(hash_enum(wanted), same).copied()
    }

    fn find_structure(&self, of: u32, wanted: &[Word]) -> Option<Word> {
        let same = |word: &Word| match self.entry(*word) {
            Entry::Struct { of: found, at } => found == of && self.list_at(at) == wanted,
            _ => false,
        };
        self.index.find(hash_structure(of, wanted), same).copied()
    }

    fn find_list(&self, wanted: &[Word]) -> Option<Word> {
        self.index.find(hash_list(wanted), |word| self.list_items(*word) == Some(wanted)).copied()
    }
}

/// The word of a truth value.
pub fn boolean(value: bool) -> Word {
    if value { TRUE } else { FALSE }
}

/// Position of an entry's type in the order of [`Value`]'s variants.
fn rank(entry: Entry) -> u8 {
    match entry {
        Entry::Nil => 0,
        Entry::Bool(_) => 1,
        Entry::Number(_) => 2,
        Entry::Float(_) => 3,
        Entry::Enum(_) => 4,
        Entry::Date(_) => 5,
        Entry::Symbol { .. } => 6,
        Entry::List(_) => 7,
        Entry::Struct { .. } => 8,
    }
}

fn hash_text(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

fn hash_bits(kind: u64, bits: u64) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(kind);
    hasher.write_u64(bits);
    hasher.finish()
}

fn hash_enum(value: &EnumValue) -> u64 {
    hash_bits(4, u64::from(value.ty.0) << 32 | u64::from(value.ordinal))
}

fn hash_date(date: &Date) -> u64 {
    hash_bits(5, hash_text(date.text()))
}

fn hash_list(items: &[Word]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(7);
    for item in items {
        hasher.write_u32(*item);
    }
    hasher.finish()
}

fn hash_structure(of: u32, fields: &[Word]) -> u64 {
    hash_bits(8, u64::from(of)) ^ hash_list(fields)
}

#[cfg(test)]
mod tests;

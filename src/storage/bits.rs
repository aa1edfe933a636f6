//! Sets of pairs of words as bits: each row a small map from chunks of 32 columns to their bits.
//!
//! Words lie close together as a rule (interned values are numbered as they come, small integers
//! stand for themselves), so that a chunk holds several columns, and joining, adding and testing
//! are done for all of them at once. A row is empty, sparse (an open-addressing table of chunks,
//! beginning with room for one) or dense (a bit for every column there can be), whatever is
//! smaller. The idea of a set of tuples as a trie of bitmaps is that of Soufflé's `brie` (Jordan,
//! Subotić, Zhao, Scholz 2019); the choice is made row by row here.

use super::interner::Word;

/// Columns in a chunk.
pub const CHUNK: u32 = 32;

/// Sparse rows up to so many chunks are searched from end to end.
const SHORT: u32 = 3;
/// Rows of a page of memory.
const PAGE: usize = 512;
/// In place of the logarithm of a capacity.
const DENSE: u32 = 31;

/// One row: where its block begins (in the low half), its logarithmic capacity (in the high 5 bits)
/// and how many chunks it holds. An integer, since memory for many zeros is not taken before
/// something is written there.
type Packed = u64;

/// The same taken apart.
#[derive(Clone, Copy, Debug)]
struct Row {
    at: u32,
    shape: u32,
}

impl Row {
    #[inline]
    fn new(at: u32, log: u32, used: u32) -> Row {
        Row { at, shape: log << 27 | used }
    }

    #[inline]
    fn of(packed: Packed) -> Row {
        Row { at: packed as u32, shape: (packed >> 32) as u32 }
    }

    #[inline]
    fn packed(self) -> Packed {
        u64::from(self.shape) << 32 | u64::from(self.at)
    }

    #[inline]
    fn log(self) -> u32 {
        self.shape >> 27
    }

    #[inline]
    fn used(self) -> u32 {
        self.shape & ((1 << 27) - 1)
    }
}

/// What a row holds.
#[derive(Clone, Copy, Debug)]
pub enum RowRef<'a> {
    /// Chunk in the high half, its bits in the low one; zero is no chunk. In no order.
    Sparse(&'a [u64]),
    /// The bits of one chunk after the other, from the first that there can be.
    Dense {
        /// The bits.
        bits: &'a [u32],
        /// The first chunk.
        first: u32,
    },
}

impl RowRef<'_> {
    /// Whether there is nothing in it.
    pub fn is_empty(self) -> bool {
        match self {
            RowRef::Sparse(entries) => entries.is_empty(),
            // A row becomes dense with something in it and loses nothing.
            RowRef::Dense { .. } => false,
        }
    }

    /// How many chunks it has room for.
    pub fn chunks(self) -> usize {
        match self {
            RowRef::Sparse(entries) => entries.len(),
            RowRef::Dense { bits, .. } => bits.len(),
        }
    }

    /// The chunks `from..to` of those it has room for.
    pub fn part(self, from: usize, to: usize) -> Self {
        match self {
            RowRef::Sparse(entries) => RowRef::Sparse(entries.get(from..to).unwrap_or(&[])),
            RowRef::Dense { bits, first } => {
                RowRef::Dense { bits: bits.get(from..to).unwrap_or(&[]), first: first + from as u32 }
            }
        }
    }

    /// How many columns are in it.
    pub fn len(self) -> usize {
        match self {
            RowRef::Sparse(entries) => {
                entries.iter().map(|entry| (*entry as u32).count_ones() as usize).sum()
            }
            RowRef::Dense { bits, .. } => bits.iter().map(|bits| bits.count_ones() as usize).sum(),
        }
    }

    /// The bits of a chunk.
    #[inline]
    pub fn chunk(self, chunk: u32) -> u32 {
        match self {
            RowRef::Dense { bits, first } => {
                bits.get((chunk.wrapping_sub(first)) as usize).copied().unwrap_or(0)
            }
            RowRef::Sparse(entries) => match place(entries, chunk) {
                Ok(at) => entries[at] as u32,
                Err(_) => 0,
            },
        }
    }

    /// Whether the column is in it.
    #[inline]
    pub fn contains(self, column: Word) -> bool {
        self.chunk(column / CHUNK) >> (column % CHUNK) & 1 != 0
    }

    /// Its chunks in order.
    pub fn sorted(self, into: &mut Vec<u64>) {
        into.clear();
        match self {
            RowRef::Sparse(entries) => {
                into.extend(entries.iter().filter(|entry| **entry != 0));
                into.sort_unstable();
            }
            RowRef::Dense { bits, first } => {
                let chunks = (first..).zip(bits).filter(|(_, bits)| **bits != 0);
                into.extend(chunks.map(|(chunk, bits)| u64::from(chunk) << 32 | u64::from(*bits)));
            }
        }
    }
}

/// Where a chunk is, or else could be put; the length if there is no room.
#[inline]
fn place(entries: &[u64], chunk: u32) -> Result<usize, usize> {
    let len = entries.len();
    if len <= 1 << SHORT {
        for (at, entry) in entries.iter().enumerate() {
            if (entry >> 32) as u32 == chunk && *entry != 0 {
                return Ok(at);
            }
            if *entry == 0 {
                return Err(at);
            }
        }
        return Err(len);
    }
    // Fibonacci hashing (Knuth, TAOCP 6.4); a table is never full.
    let mask = len - 1;
    let mut at = (chunk.wrapping_mul(0x9e37_79b9) >> (32 - len.trailing_zeros())) as usize;
    loop {
        let entry = entries[at & mask];
        if entry == 0 {
            return Err(at & mask);
        }
        if (entry >> 32) as u32 == chunk {
            return Ok(at & mask);
        }
        at += 1;
    }
}

/// Rows of bits, by number.
#[derive(Clone, Debug, Default)]
pub struct BitRows {
    rows: Vec<Packed>,
    /// Rows that hold something, in the order in which they came to.
    touched: Vec<u32>,
    /// The first chunk that there can be, and how many.
    first: u32,
    chunks: u32,
    /// Whether rows are dense from the first.
    dense_at_once: bool,
    sparse: Vec<u64>,
    /// Given up blocks, by the logarithm of their size.
    free: Vec<Vec<u32>>,
    dense: Vec<u32>,
    pairs: u64,
    /// A bit for each row that holds something, if that is wanted.
    marks: Vec<u64>,
}

impl BitRows {
    /// `rows` empty rows whose columns lie in `low..=high`; with `dense_at_once` no row is ever sparse.
    pub fn new(rows: usize, (low, high): (Word, Word), dense_at_once: bool) -> Self {
        let first = low / CHUNK;
        BitRows {
            rows: vec![0; rows],
            first,
            chunks: high.max(low) / CHUNK - first + 1,
            dense_at_once,
            ..BitRows::default()
        }
    }

    /// The same, to be asked which of many rows hold something.
    pub fn marked(mut self) -> Self {
        self.marks = vec![0; self.rows.len().div_ceil(64)];
        self
    }

    /// The same, for several threads. A page of memory that is read before anything is written there is
    /// mapped twice, and all other threads are interrupted for the second time: so all pages are
    /// written to at once.
    pub fn shared(mut self) -> Self {
        self.rows.iter_mut().step_by(PAGE).for_each(|row| *row = std::hint::black_box(0));
        if let Some(row) = self.rows.last_mut() {
            *row = std::hint::black_box(0);
        }
        self
    }

    /// The first of `rows` rows from `from` on that holds something; of marked ones.
    #[inline]
    pub fn next_marked(&self, from: usize, rows: usize) -> Option<usize> {
        let to = self.rows.len().min(from.saturating_add(rows));
        let (mut at, last) = (from / 64, to.div_ceil(64));
        let mut bits = self.marks.get(at)? & (u64::MAX << (from % 64));
        while bits == 0 {
            at += 1;
            bits = *self.marks.get(..last)?.get(at)?;
        }
        let row = at * 64 + bits.trailing_zeros() as usize;
        (row < to).then_some(row)
    }

    /// How many pairs there are.
    pub fn pairs(&self) -> u64 {
        self.pairs
    }

    /// How many rows there are, empty ones included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs == 0
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        let words = self.touched.capacity() + self.dense.capacity();
        let free: usize = self.free.iter().map(|blocks| blocks.capacity() * size_of::<u32>()).sum();
        let rows = self.rows.capacity().min(self.touched.len() * PAGE) * size_of::<Packed>();
        let entries = self.sparse.capacity() + self.marks.capacity();
        (rows + words * size_of::<u32>() + entries * size_of::<u64>() + free) as u64
    }

    /// A row; one that there is not is empty.
    #[inline]
    pub fn row(&self, row: usize) -> RowRef<'_> {
        let Some(row) = self.rows.get(row).map(|row| Row::of(*row)) else { return RowRef::Sparse(&[]) };
        if row.log() == DENSE {
            let at = row.at as usize * self.chunks as usize;
            RowRef::Dense { bits: &self.dense[at..at + self.chunks as usize], first: self.first }
        } else if row.used() == 0 {
            RowRef::Sparse(&[])
        } else {
            RowRef::Sparse(&self.sparse[row.at as usize..row.at as usize + (1 << row.log())])
        }
    }

    /// Adds columns of a chunk to a row; returns those that are new there.
    #[inline]
    pub fn or(&mut self, number: usize, chunk: u32, bits: u32) -> u32 {
        let row = Row::of(self.rows[number]);
        let fresh = if row.log() == DENSE {
            let at = row.at as usize * self.chunks as usize + (chunk - self.first) as usize;
            let known = &mut self.dense[at];
            let fresh = bits & !*known;
            *known |= bits;
            fresh
        } else if row.used() == 0 {
            self.begin(number, chunk, bits);
            bits
        } else {
            let at = row.at as usize;
            let block = &mut self.sparse[at..at + (1 << row.log())];
            match place(block, chunk) {
                Ok(at) => {
                    let fresh = bits & !(block[at] as u32);
                    block[at] |= u64::from(bits);
                    fresh
                }
                Err(at) if has_room(row) => {
                    block[at] = u64::from(chunk) << 32 | u64::from(bits);
                    self.rows[number] = Row::new(row.at, row.log(), row.used() + 1).packed();
                    bits
                }
                Err(_) => {
                    self.grow(number, row);
                    self.or_grown(number, chunk, bits);
                    bits
                }
            }
        };
        self.pairs += u64::from(fresh.count_ones());
        fresh
    }

    #[cold]
    fn begin(&mut self, number: usize, chunk: u32, bits: u32) {
        if bits == 0 {
            return;
        }
        self.touched.push(number as u32);
        if let Some(marks) = self.marks.get_mut(number / 64) {
            *marks |= 1 << (number % 64);
        }
        if self.dense_at_once || self.chunks <= 2 {
            self.rows[number] = self.dense_row().packed();
        } else {
            let at = self.block(0);
            self.rows[number] = Row::new(at, 0, 0).packed();
        }
        self.or_grown(number, chunk, bits);
    }

    /// Adds a chunk that is not there to a row with room for it.
    fn or_grown(&mut self, number: usize, chunk: u32, bits: u32) {
        let row = Row::of(self.rows[number]);
        if row.log() == DENSE {
            let at = row.at as usize * self.chunks as usize + (chunk - self.first) as usize;
            self.dense[at] |= bits;
            return;
        }
        let block = &mut self.sparse[row.at as usize..row.at as usize + (1 << row.log())];
        if let Err(at) = place(block, chunk) {
            block[at] = u64::from(chunk) << 32 | u64::from(bits);
            self.rows[number] = Row::new(row.at, row.log(), row.used() + 1).packed();
        }
    }

    fn dense_row(&mut self) -> Row {
        let at = self.dense.len() / self.chunks as usize;
        self.dense.resize(self.dense.len() + self.chunks as usize, 0);
        Row::new(at as u32, DENSE, 0)
    }

    /// An empty block for `1 << log` chunks.
    fn block(&mut self, log: u32) -> u32 {
        if let Some(at) = self.free.get_mut(log as usize).and_then(Vec::pop) {
            return at;
        }
        let at = self.sparse.len();
        self.sparse.resize(at + (1 << log), 0);
        at as u32
    }

    #[cold]
    fn grow(&mut self, number: usize, row: Row) {
        let (from, len) = (row.at as usize, 1_usize << row.log());
        // A chunk takes twice the room in a table that it takes in a dense row.
        if 4 * len as u64 >= u64::from(self.chunks) {
            self.rows[number] = self.dense_row().packed();
        } else {
            let at = self.block(row.log() + 1);
            self.rows[number] = Row::new(at, row.log() + 1, 0).packed();
        }
        for at in from..from + len {
            let entry = std::mem::take(&mut self.sparse[at]);
            if entry != 0 {
                self.or_grown(number, (entry >> 32) as u32, entry as u32);
            }
        }
        let log = row.log() as usize;
        if self.free.len() <= log {
            self.free.resize(log + 1, Vec::new());
        }
        self.free[log].push(row.at);
    }

    /// Puts the rows that hold something in order.
    pub fn order(&mut self) {
        if !self.touched.is_sorted() {
            self.touched.sort_unstable();
        }
    }

    /// The rows that hold something: in order after [`BitRows::order`].
    pub fn occupied(&self) -> &[u32] {
        &self.touched
    }

    /// Calls `visit` with each row that holds something, in order, and its chunks in order.
    pub fn for_each<E>(&self, mut visit: impl FnMut(u32, &[u64]) -> Result<(), E>) -> Result<(), E> {
        let mut chunks = Vec::new();
        let mut visit = |number: usize| {
            self.row(number).sorted(&mut chunks);
            visit(number as u32, &chunks)
        };
        if self.marks.is_empty() {
            let rows = self.rows.iter().enumerate().filter(|(_, row)| **row != 0);
            return rows.map(|(number, _)| number).try_for_each(visit);
        }
        let mut from = 0;
        while let Some(number) = self.next_marked(from, usize::MAX) {
            visit(number)?;
            from = number + 1;
        }
        Ok(())
    }

    /// Forgets everything but keeps the room.
    pub fn clear(&mut self) {
        for row in self.touched.drain(..) {
            self.rows[row as usize] = 0;
            if let Some(marks) = self.marks.get_mut(row as usize / 64) {
                *marks = 0;
            }
        }
        self.sparse.clear();
        self.dense.clear();
        self.free.iter_mut().for_each(Vec::clear);
        self.pairs = 0;
    }

    /// Gives back the room that is not used.
    pub fn shrink(&mut self) {
        self.sparse.shrink_to_fit();
        self.dense.shrink_to_fit();
        self.touched.shrink_to_fit();
    }
}

#[inline]
fn has_room(row: Row) -> bool {
    let capacity = 1 << row.log();
    if row.log() <= SHORT { row.used() < capacity } else { 4 * (row.used() + 1) <= 3 * capacity }
}

/// The columns of a chunk, in order.
#[inline]
pub fn columns(chunk: u32, mut bits: u32) -> impl Iterator<Item = Word> {
    std::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let column = chunk * CHUNK + bits.trailing_zeros();
        bits &= bits - 1;
        Some(column)
    })
}

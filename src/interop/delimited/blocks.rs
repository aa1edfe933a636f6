//! A stream cut into blocks of whole records, so that several threads can parse at once.

use std::io::{self, Read};

use super::Quoting;

/// A record may be this long; then the stream is taken for something else than delimited text.
pub const MAX_RECORD: usize = 64 << 20;

/// A reader of blocks.
pub struct Blocks<R> {
    reader: R,
    quoting: Quoting,
    /// Bytes of a block, unless a record is longer.
    size: usize,
    /// What was read behind the last block's end.
    carry: Vec<u8>,
    /// Blocks given out.
    number: u64,
    /// Bytes given out.
    offset: u64,
    ended: bool,
}

/// Which part of the stream a block is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Blocks before it.
    pub number: u64,
    /// Bytes before it.
    pub offset: u64,
}

impl<R: Read> Blocks<R> {
    /// Blocks of about `size` bytes. A byte order mark at the front is passed over.
    pub fn new(reader: R, quoting: Quoting, size: usize) -> io::Result<Self> {
        let mut blocks =
            Blocks { reader, quoting, size, carry: Vec::new(), number: 0, offset: 0, ended: false };
        let mut start = Vec::new();
        blocks.fill(&mut start, 3)?;
        if start.starts_with(b"\xef\xbb\xbf") {
            blocks.offset = 3;
            start.clear();
        }
        blocks.carry = start;
        Ok(blocks)
    }

    /// Reads the next block into `block`, whatever was in it. `None` at the end of the stream.
    pub fn next(&mut self, block: &mut Vec<u8>) -> io::Result<Option<Place>> {
        block.clear();
        block.append(&mut self.carry);
        let mut wanted = self.size.max(block.len());
        let end = loop {
            self.fill(block, wanted)?;
            if self.ended {
                break block.len();
            }
            match self.quoting.last_end(block) {
                Some(end) => break end,
                None if wanted >= MAX_RECORD => return Err(too_long()),
                None => wanted = wanted.saturating_mul(2),
            }
        };
        if end == 0 {
            return Ok(None);
        }
        self.carry.extend_from_slice(block.get(end..).unwrap_or(&[]));
        block.truncate(end);
        let place = Place { number: self.number, offset: self.offset };
        self.number += 1;
        self.offset += end as u64;
        Ok(Some(place))
    }

    /// Takes the first `length` bytes off a block that has just been read; the rest is read again.
    pub fn unread(&mut self, block: &[u8], place: Place, length: usize) {
        let rest = block.get(length..).unwrap_or(&[]);
        self.carry.splice(..0, rest.iter().copied());
        self.number = place.number;
        self.offset = place.offset + length as u64;
    }

    /// Number of the next block.
    pub fn given(&self) -> u64 {
        self.number
    }

    /// Bytes before the next block.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads until `block` has `wanted` bytes or the stream ends.
    fn fill(&mut self, block: &mut Vec<u8>, wanted: usize) -> io::Result<()> {
        if block.len() >= wanted || self.ended {
            return Ok(());
        }
        let mut filled = block.len();
        block.resize(wanted, 0);
        while let Some(room) = block.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.reader.read(room) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        block.truncate(filled);
        Ok(())
    }
}

fn too_long() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a record is longer than {} MiB; is the file delimited text?", MAX_RECORD >> 20),
    )
}

impl Quoting {
    /// Where the last whole record of `block` ends, which begins with one.
    fn last_end(self, block: &[u8]) -> Option<usize> {
        match self {
            Quoting::None => Some(memchr::memrchr(b'\n', block)? + 1),
            Quoting::Rfc4180 => {
                // A line end is a record's end if the quotes before it are even in number.
                let mut even = memchr::memchr_iter(b'"', block).count().is_multiple_of(2);
                let mut end = block.len();
                loop {
                    let head = block.get(..end)?;
                    let line = memchr::memrchr(b'\n', head)?;
                    let behind = head.get(line..)?;
                    even ^= memchr::memchr_iter(b'"', behind).count() % 2 == 1;
                    if even {
                        return Some(line + 1);
                    }
                    end = line;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str, quoting: Quoting, size: usize) -> Vec<String> {
        let mut blocks = Blocks::new(text.as_bytes(), quoting, size).unwrap();
        let (mut all, mut block) = (Vec::new(), Vec::new());
        while blocks.next(&mut block).unwrap().is_some() {
            all.push(String::from_utf8(block.clone()).unwrap());
        }
        all
    }

    #[test]
    fn blocks_end_at_line_ends_and_lose_nothing() {
        assert_eq!(blocks("a\nbb\nccc\nd", Quoting::None, 5), ["a\nbb\n", "ccc\n", "d"]);
        assert_eq!(blocks("a\nlong line\nb\n", Quoting::None, 4), ["a\n", "long line\nb\n"]);
        assert_eq!(blocks("\u{feff}a\n", Quoting::None, 4), ["a\n"]);
        assert_eq!(blocks("", Quoting::None, 4), Vec::<String>::new());
        assert_eq!(blocks("\u{feff}", Quoting::None, 4), Vec::<String>::new());
    }

    #[test]
    fn a_line_end_between_quotes_ends_no_block() {
        let text = "a,\"x\ny\"\n\"\"\"\n\",b\nc,d\n";
        for size in 1..30 {
            let blocks = blocks(text, Quoting::Rfc4180, size);
            assert_eq!(blocks.concat(), text);
            for block in blocks {
                assert!(["a", "\"", "c"].iter().any(|start| block.starts_with(start)), "{size}: {block}");
                assert!(block.matches('"').count() % 2 == 0 && block.ends_with('\n'), "{size}: {block}");
            }
        }
    }

    #[test]
    fn a_record_without_end_is_refused() {
        let endless = io::repeat(b'x');
        let mut blocks = Blocks::new(endless, Quoting::None, 1 << 20).unwrap();
        assert!(blocks.next(&mut Vec::new()).unwrap_err().to_string().contains("64 MiB"));
    }
}

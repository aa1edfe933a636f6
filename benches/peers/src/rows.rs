//! Reading and writing tab-separated rows, in blocks, so that a file is never held whole.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use crate::names::Name;

const BLOCK: usize = 1 << 20;

/// The fields of one line, from left to right.
pub struct Fields<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    fn number(&mut self) -> u32 {
        let mut number = 0_u32;
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'0'..=b'9' => number = number.wrapping_mul(10).wrapping_add(u32::from(byte - b'0')),
                _ => break,
            }
        }
        number
    }

    fn text(&mut self) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|byte| matches!(byte, b'\t' | b'\n')).unwrap_or(rest.len());
        self.at += end + 1;
        &rest[..end]
    }
}

/// A value of one column.
pub trait Field {
    /// Reads the next field, with the separator behind it.
    fn next(fields: &mut Fields) -> Self;
    /// Appends the value as it is written in a file.
    fn put(&self, line: &mut Vec<u8>);
}

impl Field for u32 {
    fn next(fields: &mut Fields) -> u32 {
        fields.number()
    }

    fn put(&self, line: &mut Vec<u8>) {
        let mut digits = [0_u8; 10];
        let mut at = digits.len();
        let mut rest = *self;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        line.extend_from_slice(&digits[at..]);
    }
}

impl Field for Name {
    fn next(fields: &mut Fields) -> Name {
        Name::of(fields.text())
    }

    fn put(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(&self.text());
    }
}

/// A line of a file.
pub trait Row {
    /// Reads one line, with its end.
    fn next(fields: &mut Fields) -> Self;
    /// Appends the line with its end.
    fn put(&self, line: &mut Vec<u8>);
}

macro_rules! rows {
    ($($column:ident)+, $last:ident) => {
        #[allow(non_snake_case)]
        impl<$($column: Field,)+ $last: Field> Row for ($($column,)+ $last) {
            #[inline]
            fn next(fields: &mut Fields) -> Self {
                ($($column::next(fields),)+ $last::next(fields))
            }

            fn put(&self, line: &mut Vec<u8>) {
                let ($($column,)+ $last) = self;
                $($column.put(line); line.push(b'\t');)+
                $last.put(line);
                line.push(b'\n');
            }
        }
    };
}

rows!(A, B);
rows!(A B, C);
rows!(A B C, D);
rows!(A B C D, E);

impl<A: Field> Row for (A,) {
    fn next(fields: &mut Fields) -> Self {
        (A::next(fields),)
    }

    fn put(&self, line: &mut Vec<u8>) {
        self.0.put(line);
        line.push(b'\n');
    }
}

/// The rows of `RELATION.tsv` in a folder.
pub fn read<R: Row>(folder: &Path, relation: &str) -> Vec<R> {
    let path = folder.join(format!("{relation}.tsv"));
    let mut file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let size = file.metadata().map_or(0, |data| data.len() as usize);
    let mut rows: Vec<R> = Vec::new();
    let mut block = vec![0; BLOCK];
    let mut held = 0;
    loop {
        let got = file.read(&mut block[held..]).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        held += got;
        let whole = match got {
            0 => held,
            _ => block[..held].iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1),
        };
        let mut fields = Fields { text: &block[..whole], at: 0 };
        while fields.at < whole {
            rows.push(R::next(&mut fields));
        }
        if got == 0 {
            return rows;
        }
        if rows.capacity() < 2 * rows.len() && size > 2 * whole && whole > 0 {
            // Lines of one file are of about one length; growing by doubling would hold the rows twice.
            rows.reserve(rows.len() * (size / whole + 1) * 33 / 32);
        }
        block.copy_within(whole..held, 0);
        held -= whole;
        assert!(held < block.len(), "{}: a line is longer than {BLOCK} bytes", path.display());
    }
}

/// Writes rows to a file of a folder, and says how many there were.
pub fn write<R: Row>(folder: &Path, file: &str, rows: impl IntoIterator<Item = R>) -> usize {
    std::fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let path = folder.join(file);
    let file = File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut out = BufWriter::with_capacity(BLOCK, file);
    let mut line = Vec::new();
    let mut count = 0;
    for row in rows {
        line.clear();
        row.put(&mut line);
        out.write_all(&line).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        count += 1;
    }
    out.flush().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    count
}

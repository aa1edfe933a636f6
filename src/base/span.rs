//! Places in source text: files, byte spans, and their lines and columns.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A file of a [`SourceMap`], by its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A range of bytes in one file; `start <= end`, both at character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file that holds the bytes.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset one past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of bytes `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Span { file, start: offset(start), end: offset(end) }
    }

    /// The bytes covered, as an index into the file's text.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that covers both; both must lie in the same file.
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.file, other.file);
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span just behind this one.
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }
}

/// Files are limited to 1 GiB long before this saturates.
fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A line and a column, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineCol {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One source text with the name it is reported under.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    /// Number of the text's first line; larger than 1 for a part of a file.
    first_line: u32,
    /// Columns of that line before the text; more than 0 for a part of a file.
    skipped: u32,
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// The name shown to people: a path relative to the project, or `<query>` and the like.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Byte offsets at which lines start. LF, CRLF and a lone CR each end a line.
    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let mut starts = vec![0];
            for (i, &byte) in bytes.iter().enumerate() {
                let ends = byte == b'\n' || (byte == b'\r' && bytes.get(i + 1) != Some(&b'\n'));
                if ends {
                    starts.push(offset(i + 1));
                }
            }
            starts
        })
    }

    /// Line and column of a byte offset; an offset past the end counts as the end.
    pub fn line_col(&self, at: u32) -> LineCol {
        let at = at.min(offset(self.text.len()));
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= at) - 1;
        let mut end = at as usize;
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let column = self.text[starts[line] as usize..end].chars().count();
        let skipped = if line == 0 { self.skipped } else { 0 };
        LineCol {
            line: self.first_line.saturating_add(offset(line)),
            column: offset(column + 1).saturating_add(skipped),
        }
    }

    /// Characters of line `line` that are not kept: those before a part of a file.
    pub fn skipped(&self, line: u32) -> u32 {
        if line == self.first_line { self.skipped } else { 0 }
    }

    /// The text of line `line` without its line end, or `""` where there is no such line.
    pub fn line_text(&self, line: u32) -> &str {
        let starts = self.line_starts();
        let at = line.wrapping_sub(self.first_line) as usize;
        let Some(&start) = starts.get(at) else { return "" };
        let end = starts.get(at + 1).map_or(self.text.len(), |&next| next as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }
}

/// All source texts of a session. Files are only added, so that spans stay valid;
/// what nobody speaks of any more can be forgotten.
#[derive(Debug, Default, Clone)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under the name that diagnostics shall show.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.add_part(name, text, 1, 1)
    }

    /// Adds a part of a file that is too large to be kept. It begins on line `line` in column
    /// `column` and ends at the end of a line, or is not told of beyond its end.
    pub fn add_part(
        &mut self,
        name: impl Into<String>,
        text: impl Into<Arc<str>>,
        line: u32,
        column: u32,
    ) -> FileId {
        let id = FileId(offset(self.files.len()));
        self.files.push(Arc::new(SourceFile {
            name: name.into(),
            text: text.into(),
            first_line: line,
            skipped: column.saturating_sub(1),
            line_starts: OnceLock::new(),
        }));
        id
    }

    /// Takes the last text away again. Spans in it mean nothing any more; other texts stay.
    pub fn forget(&mut self, id: FileId) {
        if self.next().0.checked_sub(1) == Some(id.0) {
            self.files.pop();
        }
    }

    /// The id that the next text will have.
    pub fn next(&self) -> FileId {
        FileId(offset(self.files.len()))
    }

    /// The file of an id that this map gave out.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The text that a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.range()).unwrap_or("")
    }

    /// `file:line:column` of a span's start.
    pub fn place(&self, span: Span) -> String {
        let file = self.file(span.file);
        let at = file.line_col(span.start);
        format!("{}:{}:{}", file.name, at.line, at.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_lf_crlf_and_lone_cr() {
        let mut map = SourceMap::new();
        let id = map.add("f", "a\nb\r\nc\rd");
        let file = map.file(id);
        let at = |offset| {
            let place = file.line_col(offset);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (2, 1));
        assert_eq!(at(5), (3, 1));
        assert_eq!(at(7), (4, 1));
        assert_eq!(at(99), (4, 2));
        assert_eq!(file.line_text(2), "b");
        assert_eq!(file.line_text(9), "");
    }

    #[test]
    fn a_part_of_a_file_keeps_its_line_numbers() {
        let mut map = SourceMap::new();
        let id = map.add_part("big", "x\ty\nz", 70_001, 11);
        assert_eq!(map.place(Span::new(id, 2, 3)), "big:70001:13");
        assert_eq!(map.place(Span::new(id, 4, 5)), "big:70002:1");
        assert_eq!(map.file(id).line_text(70_002), "z");
        assert_eq!((map.file(id).line_text(1), map.file(id).line_text(70_003)), ("", ""));
    }

    #[test]
    fn columns_count_characters() {
        let mut map = SourceMap::new();
        let id = map.add("f", "äö x");
        assert_eq!(map.place(Span::new(id, 5, 6)), "f:1:4");
    }
}

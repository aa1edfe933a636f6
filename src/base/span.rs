//! Places in source text: files, byte spans, and their lines and columns.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::recall::{Again, Recalled, line_ends};

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

/// What stands in place of a line of a text that cannot be read again as it was.
const CHANGED: &str = "(the file has changed since it was read)";

/// One source text with the name it is reported under.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    body: Body,
    /// Number of the text's first line; larger than 1 for a part of a file.
    first_line: u32,
    /// Columns of that line before the text; more than 0 for a part of a file.
    skipped: u32,
}

#[derive(Debug)]
enum Body {
    Kept { text: Arc<str>, line_starts: OnceLock<Vec<u32>> },
    Recalled(Recalled),
}

impl SourceFile {
    /// The name shown to people: a path relative to the project, or `<query>` and the like.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text. One that was given up is read again, and from then on kept; `None` if that
    /// fails or its file has changed.
    pub fn text(&self) -> Option<&Arc<str>> {
        match &self.body {
            Body::Kept { text, .. } => Some(text),
            Body::Recalled(recalled) => recalled.text(),
        }
    }

    /// Line and column of a byte offset; an offset past the end counts as the end. Of a text that
    /// cannot be read again, columns of a line that is not ASCII count bytes.
    pub fn line_col(&self, at: u32) -> LineCol {
        let (line, start, text) = match &self.body {
            Body::Kept { text, line_starts } => {
                let starts = line_starts.get_or_init(|| line_starts_of(text));
                let line = starts.partition_point(|&start| start <= at).saturating_sub(1);
                (line, starts.get(line).map_or(0, |start| *start as usize), Some(&**text))
            }
            Body::Recalled(recalled) => {
                let (line, found) = recalled.line_at(at as usize);
                let text = if found.ascii { None } else { recalled.text() };
                (line, found.start, text.map(|text| &**text))
            }
        };
        let mut end = (at as usize).min(self.len()).max(start);
        let before = text.and_then(|text| {
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.get(start..end)
        });
        let column = before.map_or(end - start, |before| before.chars().count());
        let skipped = if line == 0 { self.skipped } else { 0 };
        LineCol {
            line: self.first_line.saturating_add(offset(line)),
            column: offset(column + 1).saturating_add(skipped),
        }
    }

    fn len(&self) -> usize {
        match &self.body {
            Body::Kept { text, .. } => text.len(),
            Body::Recalled(recalled) => recalled.len(),
        }
    }

    /// Characters of line `line` that are not kept: those before a part of a file.
    pub fn skipped(&self, line: u32) -> u32 {
        if line == self.first_line { self.skipped } else { 0 }
    }

    /// The text of line `line` without its line end, or `""` where there is no such line. Of a text
    /// that cannot be read again, words that say so.
    pub fn line_text(&self, line: u32) -> &str {
        let at = line.wrapping_sub(self.first_line) as usize;
        let range = match &self.body {
            Body::Kept { text, line_starts } => {
                let starts = line_starts.get_or_init(|| line_starts_of(text));
                let start = starts.get(at).map(|start| *start as usize);
                start.map(|start| start..starts.get(at + 1).map_or(text.len(), |next| *next as usize))
            }
            Body::Recalled(recalled) => recalled.line(at).map(|line| line.start..line.end),
        };
        let Some(range) = range else { return "" };
        match self.text() {
            Some(text) => text.get(range).unwrap_or("").trim_end_matches(['\n', '\r']),
            None => CHANGED,
        }
    }
}

/// Byte offsets at which lines start.
fn line_starts_of(text: &str) -> Vec<u32> {
    std::iter::once(0).chain(line_ends(text.as_bytes()).map(offset)).collect()
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
            body: Body::Kept { text: text.into(), line_starts: OnceLock::new() },
            first_line: line,
            skipped: column.saturating_sub(1),
        }));
        id
    }

    /// Takes the last text away again. Spans in it mean nothing any more; other texts stay.
    pub fn forget(&mut self, id: FileId) {
        if self.next().0.checked_sub(1) == Some(id.0) {
            self.files.pop();
        }
    }

    /// Gives up the text of a whole file for what tells its lines; `again` reads it when it is wanted.
    pub fn give_up(&mut self, id: FileId, again: Again) {
        let Some(slot) = self.files.get_mut(id.0 as usize) else { return };
        if let Body::Kept { text, .. } = &slot.body {
            *slot = Arc::new(SourceFile {
                name: slot.name.clone(),
                body: Body::Recalled(Recalled::new(text, again)),
                first_line: slot.first_line,
                skipped: slot.skipped,
            });
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
        self.file(span.file).text().and_then(|text| text.get(span.range())).unwrap_or("")
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
    fn a_text_given_up_has_its_places_and_lines() {
        let text = "a\nbcd\r\näö x\n";
        let place = |file: &SourceFile, at| {
            let place = file.line_col(at);
            (place.line, place.column)
        };
        let mut map = SourceMap::new();
        let kept = map.add("f", text);
        let same = map.add("f", text);
        map.give_up(same, Arc::new(move || Some(text.to_owned())));
        for at in 0..20 {
            assert_eq!(place(map.file(same), at), place(map.file(kept), at), "byte {at}");
        }
        for line in 0..6 {
            assert_eq!(map.file(same).line_text(line), map.file(kept).line_text(line), "line {line}");
        }
        assert_eq!(map.text(Span::new(same, 2, 5)), "bcd");
        let other = map.add("f", text);
        map.give_up(other, Arc::new(|| Some("a\nbcdef".to_owned())));
        assert_eq!((place(map.file(other), 3), place(map.file(other), 12)), ((2, 2), (3, 6)));
        assert_eq!(map.file(other).line_text(2), CHANGED);
        assert_eq!((map.file(other).line_text(9), map.text(Span::new(other, 2, 5))), ("", ""));
    }

    #[test]
    fn columns_count_characters() {
        let mut map = SourceMap::new();
        let id = map.add("f", "äö x");
        assert_eq!(map.place(Span::new(id, 5, 6)), "f:1:4");
    }
}

//! What stands around the values: attributes before the root and text behind it; and the rules
//! that look at more than one token: duplicates, names of structs, the content of `Some`.

use std::collections::HashMap;
use std::fmt::Write;

use nom::bytes::complete::{tag, take_while1};
use nom::combinator::{not, opt, rest, verify};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser as _};

use super::lexer::{self, Input};
use super::node::Node;
use super::parser::{Parsed, Parser};
use super::tree::{Attribute, Extensions, Kind};
use crate::base::codes::files;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span, escape};

const EXTENSIONS: [&str; 4] =
    ["implicit_some", "unwrap_newtypes", "unwrap_variant_newtypes", "explicit_struct_names"];
const ATTRIBUTES: [&str; 3] = ["enable", "type", "schema"];
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// One token of an attribute.
fn token<'t>(what: &'static str, input: Input<'t>) -> IResult<Input<'t>, Input<'t>> {
    tag(what).parse(input)
}

/// A name in an attribute.
fn name(input: Input<'_>) -> IResult<Input<'_>, Input<'_>> {
    terminated(take_while1(is_name_byte), not(verify(rest, |after: &[u8]| lexer::continues_ident(after))))
        .parse(input)
}

/// The name of an extension; as in the `ron` crate it may be a raw identifier.
fn extension(input: Input<'_>) -> IResult<Input<'_>, Input<'_>> {
    preceded(opt(tag("r#")), name).parse(input)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// How an attribute went wrong: where, and what was due there.
struct Wrong<'t>(Input<'t>, &'static str);

impl<'t> Parser<'t> {
    /// The whole text: attributes, one value, and nothing behind it.
    pub(super) fn document(&mut self) {
        let bytes = self.bytes;
        let input = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let mut input = self.skip(input);
        while input.first() == Some(&b'#') {
            input = match self.attribute(input) {
                Ok(rest) => rest,
                Err(wrong) => self.wrong_attribute(input, wrong),
            };
            input = self.skip(input);
        }
        if input.is_empty() {
            return;
        }
        input = match self.value(input) {
            Ok((rest, ())) => rest,
            Err(error) => self.resync(error),
        };
        let root = self
            .tree
            .nodes
            .first()
            .map_or(0, |root| if root.kind.is_container() { root.a as usize } else { 1 });
        input = self.skip(input);
        if !input.is_empty() {
            self.trailing(input);
        }
        self.tree.nodes.truncate(root);
    }

    /// `#![enable(…)]`, `#![type = "…"]` or `#![schema = "…"]`.
    fn attribute(&mut self, input: Input<'t>) -> Result<Input<'t>, Wrong<'t>> {
        let start = self.at(input);
        let mut rest = input;
        for what in ["#", "!", "["] {
            rest = self.expect(rest, what)?;
        }
        let Ok((after, word)) = name(rest) else { return Err(Wrong(rest, "`enable`, `type` or `schema`")) };
        let after = self.skip(after);
        let rest = match word {
            b"enable" => {
                let mut list = self.expect(after, "(")?;
                loop {
                    let Ok((after, word)) = extension(list) else {
                        return Err(Wrong(list, "the name of an extension"));
                    };
                    self.enable(list, after, word);
                    list = self.skip(after);
                    match token(",", list) {
                        Ok((after, _)) => list = self.skip(after),
                        Err(_) => break,
                    }
                    if list.first() == Some(&b')') {
                        break;
                    }
                }
                self.expect(list, ")")?
            }
            b"type" | b"schema" => {
                let value = self.expect(after, "=")?;
                let before = self.tree.nodes.len();
                if !matches!(value, [b'"', ..] | [b'r', b'"' | b'#', ..]) {
                    return Err(Wrong(value, "a string"));
                }
                let rest = self.value(value).map_or(&[][..], |(rest, ())| rest);
                self.tree.nodes.truncate(before);
                self.skip(rest)
            }
            _ => return Err(Wrong(rest, "`enable`, `type` or `schema`")),
        };
        let (after, _) = token("]", rest).map_err(|_| Wrong(rest, "`]`"))?;
        self.tree.attributes.push(Attribute { start, end: self.at(after) });
        Ok(after)
    }

    /// A token and the blanks behind it.
    fn expect(&mut self, input: Input<'t>, what: &'static str) -> Result<Input<'t>, Wrong<'t>> {
        let expected = match what {
            "#" => "`#`",
            "!" => "`!`",
            "[" => "`[`",
            "(" => "`(`",
            ")" => "`)`",
            _ => "`=`",
        };
        match token(what, input) {
            Ok((rest, _)) => Ok(self.skip(rest)),
            Err(_) => Err(Wrong(input, expected)),
        }
    }

    fn enable(&mut self, input: Input<'t>, after: Input<'t>, word: &[u8]) {
        let Extensions { unwrap_newtypes, implicit_some, unwrap_variant_newtypes, explicit_struct_names } =
            &mut self.tree.extensions;
        match word {
            b"unwrap_newtypes" => *unwrap_newtypes = true,
            b"implicit_some" => *implicit_some = true,
            b"unwrap_variant_newtypes" => *unwrap_variant_newtypes = true,
            b"explicit_struct_names" => *explicit_struct_names = true,
            _ => {
                let span = self.span(self.at(input), self.at(after));
                let word = String::from_utf8_lossy(word);
                self.report(
                    Diagnostic::new(files::RON_EXTENSION, format!("RON has no extension `{word}`"))
                        .at(span)
                        .help_opt(did_you_mean(&nearest(&word, EXTENSIONS)))
                        .help(format!("the extensions are `{}`", EXTENSIONS.join("`, `"))),
                );
            }
        }
    }

    /// Reports an attribute that went wrong and goes on behind it.
    fn wrong_attribute(&mut self, input: Input<'t>, wrong: Wrong<'t>) -> Input<'t> {
        let Wrong(place, expected) = wrong;
        let bang_due = place.first() != Some(&b'!') && expected.contains('!');
        let at = self.at(place);
        let len = lexer::ident_bytes(place);
        let written = self.tree.slice(at, at + len as u32);
        let found = self.describe(place);
        let span = self.found_span(place);
        self.report(
            Diagnostic::new(
                files::RON_ATTRIBUTE,
                format!("expected {expected} in the attribute, found {found}"),
            )
            .at(span)
            .help_opt(did_you_mean(&nearest(written, ATTRIBUTES)))
            .help(if bang_due {
                "comments begin with `//`, attributes with `#![`"
            } else {
                "attributes are written `#![enable(implicit_some)]`"
            }),
        );
        let line_end = self.line_end(self.at(input));
        let rest = self.from(line_end);
        let line = &input[..input.len() - rest.len()];
        match line.iter().position(|&b| b == b']') {
            Some(at) => &input[at + 1..],
            None => rest,
        }
    }

    /// Text behind the root. Its own mistakes are found too.
    fn trailing(&mut self, mut input: Input<'t>) {
        // After other mistakes it is most likely a consequence of them.
        let mut reported = self.mistakes > 0;
        while !input.is_empty() && !self.given_up() {
            let at = self.at(input);
            let span = self.span(at, at + lexer::first_char(input).map_or(0, |(_, len)| len as u32));
            let closes = matches!(input.first(), Some(b')' | b']' | b'}'));
            let comma = input.first() == Some(&b',');
            let behind = if closes || comma { self.skip(&input[1..]) } else { input };
            if !reported {
                reported = true;
                let diagnostic = if closes {
                    let found = self.describe(input);
                    Diagnostic::new(
                        files::RON_STRAY_BRACKET,
                        format!("{found} closes a bracket that is not open"),
                    )
                    .at(span)
                    .fix(span, "", "delete it")
                } else if comma && behind.is_empty() {
                    Diagnostic::new(files::RON_TRAILING, "a comma follows the value of the file")
                        .at(span)
                        .fix(span, "", "delete it")
                        .safe()
                } else {
                    self.several_values(span)
                };
                self.report(diagnostic);
            }
            input = behind;
            if !closes && !input.is_empty() && !matches!(input.first(), Some(b',' | b')' | b']' | b'}')) {
                let rest = match self.value(input) {
                    Ok((rest, ())) => rest,
                    Err(error) => self.resync(error),
                };
                input = self.skip(rest);
            }
        }
    }

    fn several_values(&self, span: Span) -> Diagnostic {
        let diagnostic =
            Diagnostic::new(files::RON_TRAILING, "a file is one value, and more follows it").at(span);
        let Some(root) = self.tree.root() else { return diagnostic };
        let diagnostic = diagnostic.also(root.span(), "the value");
        if root.name().is_none() {
            return diagnostic;
        }
        let mut diagnostic = diagnostic.help("put `[` before the first fact and `]` behind the last");
        let (start, end) = (root.span().start, self.bytes.len() as u32);
        diagnostic.fix = Some(crate::base::Fix {
            message: "make it a list".to_owned(),
            edits: vec![(self.span(start, start), "[\n".to_owned()), (self.span(end, end), "]\n".to_owned())],
            safe: false,
        });
        diagnostic
    }

    /// The extension `explicit_struct_names`.
    #[inline]
    pub(super) fn check_struct_name(&mut self, start: u32, name_len: u32) {
        if name_len == 0 && self.tree.extensions.explicit_struct_names {
            self.report(
                Diagnostic::new(files::RON_STRUCT_NAME, "this struct has no name")
                    .at(self.span(start, start + 1))
                    .note("the file enables `explicit_struct_names`"),
            );
        }
    }

    /// `Some` without the parenthesis.
    pub(super) fn some_without_parenthesis(&mut self, input: Input<'t>, start: u32) -> Parsed<'t> {
        let end = self.at(input);
        self.push_error(start, end);
        let after = self.skip(input);
        let node = self.tree.nodes.len();
        let diagnostic = Diagnostic::new(files::RON_SOME, "`Some` needs its value in parentheses")
            .at(self.span(start, end));
        if matches!(after.first(), None | Some(b',' | b')' | b']' | b'}')) {
            self.report(diagnostic.help("write `Some(value)`, or `None`"));
            return Ok((input, ()));
        }
        let value_start = self.at(after);
        let rest = self.value(after);
        if let Ok((rest, ())) = rest {
            let value = self.tree.slice(value_start, self.at(rest)).trim_end();
            let written = format!("Some({value})");
            let span = self.span(start, value_start + value.len() as u32);
            self.report(diagnostic.fix(
                span,
                written.clone(),
                format!("write `{}`", escape::printable(&written)),
            ));
        } else {
            self.report(diagnostic);
        }
        self.tree.nodes.truncate(node);
        rest
    }

    /// `Some()` or `Some(a, b)`.
    pub(super) fn some_with_many(&mut self, index: usize, rest: Input<'t>, count: usize) {
        if self.end_reported {
            return;
        }
        let Some(start) = self.tree.nodes.get(index).map(|node| node.start) else { return };
        let message = match count {
            0 => "`Some()` holds nothing",
            _ => "`Some` holds more than one value",
        };
        let help = match count {
            0 => "write `None`, or a value in the parentheses",
            _ => "put the values in parentheses of their own: `Some((…))`",
        };
        let span = self.span(start, self.at(rest));
        self.report(Diagnostic::new(files::RON_SOME, message).at(span).help(help));
    }

    /// Reports that the field `child` has the name of an earlier one, if that is so. `first` is the
    /// first field of the struct.
    #[cold]
    pub(super) fn duplicate_field(&mut self, first: usize, child: usize) {
        let node = self.tree.node_at(child);
        let Some(name) = node.field_name() else { return };
        let mut at = first;
        while at < child {
            let earlier = self.tree.node_at(at);
            if earlier.field_name() == Some(name) {
                self.report_duplicate_field(first_span(earlier), first_span(node), name.to_owned());
                return;
            }
            at = earlier.next_index();
        }
    }

    /// The same for a struct with many fields: those from `from` on, counted.
    #[cold]
    pub(super) fn duplicate_fields(&mut self, first: usize, from: usize) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut found = Vec::new();
        let (mut at, mut count) = (first, 0);
        while at < self.tree.nodes.len() {
            let node = self.tree.node_at(at);
            if let Some(name) = node.field_name() {
                match seen.get(name) {
                    Some(&earlier) if count >= from => {
                        found.push((earlier, first_span(node), name.to_owned()))
                    }
                    Some(_) => {}
                    None => drop(seen.insert(name, first_span(node))),
                }
            }
            at = node.next_index();
            count += 1;
        }
        for (earlier, later, name) in found {
            self.report_duplicate_field(earlier, later, name);
        }
    }

    fn report_duplicate_field(&mut self, earlier: Span, later: Span, name: String) {
        self.report(
            Diagnostic::new(files::RON_DUPLICATE_FIELD, format!("the field `{name}` is there twice"))
                .labelled(later, "again here")
                .also(earlier, "first here")
                .help("two values for one thing are two facts; otherwise delete one"),
        );
    }

    /// Reports keys that a map has twice.
    #[inline]
    pub(super) fn check_keys(&mut self, index: usize) {
        if self.tree.node_at(index).children().nth(2).is_some() {
            self.duplicate_keys(index);
        }
    }

    fn duplicate_keys(&mut self, index: usize) {
        let mut seen: HashMap<String, Span> = HashMap::new();
        let mut found = Vec::new();
        for (key, _) in self.tree.node_at(index).entries().filter(|(key, _)| !key.is_broken()) {
            let mut text = String::new();
            write_key(key, &mut text);
            match seen.get(&text) {
                Some(&earlier) => found.push((earlier, key.span(), shortened(key.text()))),
                None => drop(seen.insert(text, key.span())),
            }
        }
        for (earlier, later, text) in found {
            self.report(
                Diagnostic::new(
                    files::RON_DUPLICATE_KEY,
                    format!("the key {} is there twice", escape::printable(&text)),
                )
                .labelled(later, "again here")
                .also(earlier, "first here"),
            );
        }
    }
}

fn first_span(node: Node<'_>) -> Span {
    node.field_span().unwrap_or(node.span())
}

/// At most forty characters of a text.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A text that two keys share exactly when they are equal values. (Writing to a `String` cannot
/// fail.)
fn write_key(node: Node<'_>, out: &mut String) {
    match node.kind() {
        Kind::Int => {
            let _ = write!(out, "{}", node.as_int().unwrap_or(0));
        }
        Kind::Float => {
            let value = node.as_float().unwrap_or(0.0);
            let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
            let _ = write!(out, "f{:x}", value.to_bits());
        }
        Kind::Str => {
            let _ = write!(out, "{:?}", node.as_str().unwrap_or_default());
        }
        Kind::Bytes => {
            let _ = write!(out, "b{:?}", node.as_bytes().unwrap_or_default());
        }
        Kind::Char => {
            let _ = write!(out, "{:?}", node.as_char());
        }
        Kind::Word => out.push_str(node.name().unwrap_or("")),
        Kind::Unit | Kind::Error | Kind::Range | Kind::Bool | Kind::None => out.push_str(node.text()),
        Kind::Some | Kind::List | Kind::Map | Kind::Tuple | Kind::Struct => {
            let _ = write!(out, "{:?}{}(", node.kind(), node.name().unwrap_or(""));
            for child in node.children() {
                let _ = write!(out, "{}:", child.field_name().unwrap_or(""));
                write_key(child, out);
                out.push(',');
            }
            out.push(')');
        }
    }
}

//! RDF as N-Triples and Turtle: a row is a node, a column a property; the mapping file says which.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Write};

use oxrdf::vocab::{rdf, xsd};
use oxrdf::{
    BlankNode, Literal, NamedNode, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, Term, TermRef,
    Triple, TripleRef,
};
use oxttl::{NTriplesParser, NTriplesSerializer, TurtleParseError, TurtleParser, TurtleSerializer};

use super::columns::plain;
use super::mapping::{Mapped, Mapping};
use super::request::{ReadError, Request, Rows, WriteError, Written};
use super::{Column, Format, Mistake, Place, Shape};
use crate::model::Value;
use crate::storage::interner::NIL;
use crate::storage::{Interner, Word};

/// The datatype of dates that are no single day, month or year.
const EDTF: NamedNodeRef<'static> = NamedNodeRef::new_unchecked("http://id.loc.gov/datatypes/edtf");
/// The datatype of lists, which are JSON arrays.
const JSON: NamedNodeRef<'static> =
    NamedNodeRef::new_unchecked("http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON");
/// Triples between two looks at the budget.
const BLOCK: usize = 4096;

/// A relation's mapping with its IRIs whole.
struct Map {
    class: Option<NamedNode>,
    subject: Option<usize>,
    base: String,
    /// By column: its property, and the base of its IRIs if it holds some.
    properties: Vec<(NamedNode, Option<String>)>,
}

impl Map {
    fn new(mapping: Option<&Mapping>, relation: &str, columns: &[Column]) -> Result<Map, String> {
        let none = Mapping::default();
        let usual = Mapped::default();
        let (mapping, mapped) = match mapping {
            None => (&none, &usual),
            Some(mapping) => match mapping.relations.get(relation) {
                Some(mapped) => (mapping, mapped),
                None => return Err(format!("the mapping does not tell of `{relation}`")),
            },
        };
        for name in mapped.named() {
            if columns.iter().all(|column| *column.name != *name) {
                return Err(format!("the mapping names `{name}`, which is no column of `{relation}`"));
            }
        }
        let iri =
            |text: String| NamedNode::new(&text).map_err(|error| format!("`{text}` is no IRI: {error}"));
        let name = encoded(relation);
        let class = match mapped.class.as_deref() {
            Some("") => None,
            Some(class) => Some(iri(mapping.expand(class))?),
            None => Some(iri(format!("urn:factlog:{name}"))?),
        };
        let properties = columns.iter().map(|column| {
            let property = match mapped.columns.get(&*column.name) {
                Some(property) => mapping.expand(property),
                None => format!("urn:factlog:{name}:{}", encoded(&column.name)),
            };
            Ok((iri(property)?, mapped.links.get(&*column.name).map(|base| mapping.expand(base))))
        });
        Ok(Map {
            class,
            subject: columns.iter().position(|column| Some(&*column.name) == mapped.subject.as_deref()),
            base: mapping.expand(&mapped.base),
            properties: properties.collect::<Result<_, String>>()?,
        })
    }
}

/// An id as a part of an IRI.
fn encoded(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for c in id.chars() {
        if c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | '~') {
            out.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}

/// The id that an IRI stands for: what follows the base, or all of it.
fn id_of(iri: &str, base: &str) -> String {
    let Some(rest) = iri.strip_prefix(base).filter(|_| !base.is_empty()) else { return iri.to_owned() };
    let mut bytes = Vec::with_capacity(rest.len());
    let mut left = rest.as_bytes();
    while let Some((first, more)) = left.split_first() {
        let coded = more.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match coded.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                left = more.get(2..).unwrap_or(&[]);
            }
            None => {
                bytes.push(*first);
                left = more;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| rest.to_owned())
}

/// The IRI of an id. An id without a base is an IRI itself.
fn iri_of(id: &str, base: &str) -> Result<NamedNode, WriteError> {
    let text = if base.is_empty() { id.to_owned() } else { format!("{base}{}", encoded(id)) };
    NamedNode::new(&text).map_err(|error| WriteError::Unfit(format!("`{text}` is no IRI: {error}")))
}

/// A node with what is said of it.
#[derive(Default)]
struct Row {
    of_class: bool,
    /// By column.
    values: Vec<Vec<Term>>,
}

/// Reads the rows of one relation.
pub fn read(
    format: Format,
    stream: impl Read,
    request: &Request<'_>,
    interner: &mut Interner,
) -> Result<Rows, ReadError> {
    let map = Map::new(request.mapping, request.table, request.columns)
        .map_err(|message| mistakes(vec![(Place::File, message)], false))?;
    let mut by_property: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, (property, _)) in map.properties.iter().enumerate() {
        if map.subject != Some(at) {
            by_property.entry(property.as_str()).or_default().push(at);
        }
    }
    let mut index: HashMap<NamedOrBlankNode, usize> = HashMap::new();
    let mut nodes: Vec<(NamedOrBlankNode, Row)> = Vec::new();
    let mut count = 0;
    let mut take = |triple: Triple| -> Result<(), ReadError> {
        if count % BLOCK == 0 {
            request.budget.check()?;
        }
        count += 1;
        let of_class = triple.predicate == rdf::TYPE
            && map.class.as_ref().is_some_and(|class| triple.object == Term::NamedNode(class.clone()));
        let columns = by_property.get(triple.predicate.as_str());
        if !of_class && columns.is_none() {
            return Ok(());
        }
        let at = *index.entry(triple.subject.clone()).or_insert_with(|| {
            let mut row = Row::default();
            row.values.resize_with(map.properties.len(), Vec::new);
            nodes.push((triple.subject.clone(), row));
            nodes.len() - 1
        });
        let Some((_, row)) = nodes.get_mut(at) else { return Ok(()) };
        row.of_class |= of_class || map.class.is_none();
        for column in columns.into_iter().flatten() {
            if let Some(values) = row.values.get_mut(*column) {
                values.push(triple.object.clone());
            }
        }
        Ok(())
    };
    if format == Format::Nt {
        for triple in NTriplesParser::new().for_reader(stream) {
            take(triple.map_err(refused)?)?;
        }
    } else {
        for triple in TurtleParser::new().for_reader(stream) {
            take(triple.map_err(refused)?)?;
        }
    }
    let mut rows = Rows::default();
    let mut found = Vec::new();
    for (node, row) in nodes.iter().filter(|(_, row)| row.of_class) {
        let before = found.len();
        for (at, column) in request.columns.iter().enumerate() {
            let word = if map.subject == Some(at) {
                match node {
                    NamedOrBlankNode::NamedNode(iri) => {
                        parsed(column, &id_of(iri.as_str(), &map.base), interner)
                    }
                    NamedOrBlankNode::BlankNode(_) => Err("the node has no name".to_owned()),
                }
            } else {
                let link = map.properties.get(at).and_then(|(_, base)| base.as_deref());
                word(column, row.values.get(at).map_or(&[], Vec::as_slice), link, interner)
            };
            match word {
                Ok(word) => rows.words.push(word),
                Err(why) => {
                    rows.words.push(NIL);
                    found.push((Place::File, format!("{node}, column `{}`: {why}", column.name)));
                }
            }
        }
        rows.len += 1;
        if found.len() > before && found.len() >= request.max_mistakes {
            found.truncate(request.max_mistakes.max(1));
            return Err(mistakes(found, true));
        }
    }
    if found.is_empty() { Ok(rows) } else { Err(mistakes(found, false)) }
}

fn mistakes(found: Vec<(Place, String)>, more: bool) -> ReadError {
    let mistake = |(place, message)| Mistake { place, message, help: None };
    ReadError::Mistakes { found: found.into_iter().map(mistake).collect(), more }
}

fn refused(error: TurtleParseError) -> ReadError {
    match error {
        TurtleParseError::Io(error) => ReadError::Io(error),
        TurtleParseError::Syntax(error) => {
            let at = error.location().start;
            let (line, column) = (at.line + 1, at.column + 1);
            let place = Place::Text { line, column, excerpt: String::new(), start: 0, end: 0 };
            mistakes(vec![(place, error.message().to_owned())], true)
        }
    }
}

fn word(
    column: &Column,
    values: &[Term],
    link: Option<&str>,
    interner: &mut Interner,
) -> Result<Word, String> {
    let value = match values {
        [] => match &column.default {
            Some(default) => return Ok(interner.intern(default)),
            None if column.optional => return Ok(NIL),
            None => return Err("it has no value".to_owned()),
        },
        [first, rest @ ..] => {
            // Sources repeat themselves; what they say twice is said.
            if rest.iter().any(|other| other != first) {
                return Err(format!(
                    "it has several values, such as {first} and {}",
                    rest.iter().find(|other| *other != first).unwrap_or(first)
                ));
            }
            first
        }
    };
    match value {
        Term::BlankNode(_) => Err("its value is a node without a name".to_owned()),
        Term::NamedNode(iri) if column.shape == Shape::Symbol || link.is_some() => {
            parsed(column, &id_of(iri.as_str(), link.unwrap_or("")), interner)
        }
        Term::NamedNode(iri) => Err(format!("{iri} stands where {} is due", column.shape.describe())),
        Term::Literal(literal) => {
            let text = literal.value();
            let text = match (&column.shape, text) {
                (Shape::Bool, "1") => "true",
                (Shape::Bool, "0") => "false",
                (Shape::Float, "INF" | "+INF") => "inf",
                (Shape::Float, "-INF") => "-inf",
                _ => text,
            };
            parsed(column, text, interner)
        }
    }
}

/// The word of what a text writes in a column.
fn parsed(column: &Column, text: &str, interner: &mut Interner) -> Result<Word, String> {
    let value = column.shape.parse(text).map_err(|why| format!("`{text}` {why}"))?;
    Ok(interner.intern(&value))
}

/// Writes rows as nodes.
pub fn write(format: Format, out: &mut (dyn Write + Send), written: &Written<'_>) -> Result<(), WriteError> {
    let map = Map::new(written.mapping, written.relation, written.columns).map_err(WriteError::Unfit)?;
    let out = io::BufWriter::new(out);
    if format == Format::Nt {
        let mut serializer = NTriplesSerializer::new().for_writer(out);
        triples(&map, written, |triple| serializer.serialize_triple(triple))?;
        serializer.finish().flush()?;
    } else {
        let mut turtle = TurtleSerializer::new();
        for (name, iri) in written.mapping.iter().flat_map(|mapping| &mapping.prefixes) {
            turtle = turtle
                .with_prefix(name, iri)
                .map_err(|error| WriteError::Unfit(format!("the prefix `{name}` is no IRI: {error}")))?;
        }
        let mut serializer = turtle.for_writer(out);
        triples(&map, written, |triple| serializer.serialize_triple(triple))?;
        serializer.finish()?.flush()?;
    }
    Ok(())
}

fn triples(
    map: &Map,
    written: &Written<'_>,
    mut put: impl FnMut(TripleRef<'_>) -> io::Result<()>,
) -> Result<(), WriteError> {
    let mut seen: HashSet<Word> = HashSet::new();
    let mut number = 0_usize;
    let label = label(written.relation);
    let width = written.columns.len();
    written.blocks(|words, count| {
        for row in 0..count {
            let row = words.get(row * width..(row + 1) * width).unwrap_or(&[]);
            number += 1;
            let subject = match map.subject.and_then(|at| row.get(at)) {
                None => {
                    let name = format!("{label}-{number}");
                    NamedOrBlankNode::BlankNode(BlankNode::new_unchecked(name))
                }
                Some(&NIL) => {
                    return Err(WriteError::Unfit(format!(
                        "a row of `{}` has nil where the mapping has the `subject`, and a node needs an id",
                        written.relation
                    )));
                }
                Some(word) => {
                    let id = plain(&written.interner.value(*word));
                    if !seen.insert(*word) {
                        return Err(WriteError::Unfit(format!(
                            "two rows of `{}` are about `{id}`, and a node cannot tell them apart; map it without `subject`",
                            written.relation
                        )));
                    }
                    NamedOrBlankNode::NamedNode(iri_of(&id, &map.base)?)
                }
            };
            let subject: NamedOrBlankNodeRef<'_> = subject.as_ref();
            let tells = |(at, word): (usize, &Word)| map.subject != Some(at) && *word != NIL;
            if map.class.is_none() && !row.iter().enumerate().any(tells) {
                return Err(WriteError::Unfit(format!(
                    "nothing would be said of a row of `{}` that is nil in all columns; map it with a `class`",
                    written.relation
                )));
            }
            if let Some(class) = &map.class {
                put(TripleRef::new(subject, rdf::TYPE, class.as_ref()))?;
            }
            for (at, (word, (property, link))) in row.iter().zip(&map.properties).enumerate() {
                if map.subject == Some(at) {
                    continue;
                }
                let value = written.interner.value(*word);
                match (&value, link) {
                    (Value::Nil, _) => {}
                    (_, Some(base)) => {
                        let iri = iri_of(&plain(&value), base)?;
                        put(TripleRef::new(subject, property.as_ref(), TermRef::NamedNode(iri.as_ref())))?;
                    }
                    _ => {
                        let literal = match (&value, written.columns.get(at).map(|column| &column.shape)) {
                            (Value::List(_), Some(Shape::List(_))) => list(*word, written.interner),
                            _ => literal(&value),
                        };
                        put(TripleRef::new(subject, property.as_ref(), literal.as_ref()))?;
                    }
                }
            }
        }
        Ok(())
    })
}

/// The front of the blank nodes' labels of a relation, which no other relation has: letters and
/// digits of its name, other characters by their numbers.
fn label(relation: &str) -> String {
    let mut label = "n".to_owned();
    for c in relation.chars() {
        if c.is_ascii_alphanumeric() {
            label.push(c);
        } else {
            label.push_str(&format!("_{:x}_", u32::from(c)));
        }
    }
    label
}

/// A list as a JSON array.
fn list(word: Word, interner: &Interner) -> Literal {
    let mut text = Vec::new();
    super::json::value(word, interner, &mut text);
    Literal::new_typed_literal(String::from_utf8(text).unwrap_or_default(), JSON)
}

fn literal(value: &Value) -> Literal {
    let text = plain(value);
    match value {
        Value::Number(_) => Literal::new_typed_literal(text, xsd::INTEGER),
        Value::Float(float) => {
            let text = match float.get() {
                number if number == f64::INFINITY => "INF".to_owned(),
                number if number == f64::NEG_INFINITY => "-INF".to_owned(),
                _ => text,
            };
            Literal::new_typed_literal(text, xsd::DOUBLE)
        }
        Value::Bool(_) => Literal::new_typed_literal(text, xsd::BOOLEAN),
        Value::Date(_) => {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            let datatype = match text.len() {
                10 if digits => xsd::DATE,
                7 if digits => xsd::G_YEAR_MONTH,
                4 if digits => xsd::G_YEAR,
                _ => EDTF,
            };
            Literal::new_typed_literal(text, datatype)
        }
        _ => Literal::new_simple_literal(text),
    }
}

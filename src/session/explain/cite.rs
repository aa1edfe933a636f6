//! Who states what: assertions with their sources, and the words of these.

use std::sync::Arc;

use super::view::{Citation, FilePlace};
use crate::base::Span;
use crate::model::schema::{PredId, PredKind};
use crate::model::{Assertion, Place, Value};
use crate::provenance::{Firmness, Statements, Tuple};
use crate::session::Session;
use crate::session::check::Texts;
use crate::storage::assertions::Stated;
use crate::storage::extent::sees;
use crate::storage::interner::{NIL, inlined};
use crate::storage::sources::SOURCE;
use crate::storage::{Database, Word, sort};

/// Characters of a source's text that are shown.
const WORDS: usize = 400;

/// How firmly the tuples of a database are stated.
pub(in crate::session) struct Asserted<'a> {
    pub database: &'a Database,
}

impl<'a> Asserted<'a> {
    /// The assertions through which a stated tuple is seen, or the one that a tuple of an assertions
    /// relation is.
    pub fn behind(&self, pred: PredId, row: &[Word]) -> Vec<&'a Stated> {
        let schema = self.database.schema();
        let all = |pred: PredId, row: &[Word]| self.database.stated_of(pred, row);
        match schema.predicates.get(pred.0 as usize).map(|predicate| predicate.kind) {
            Some(PredKind::Assertions(of)) => {
                let arity = schema.predicate(of).arity();
                let number = row.get(arity).and_then(|word| inlined(*word));
                let number = number.and_then(|number| usize::try_from(number).ok());
                let tuple = row.get(..arity).unwrap_or(&[]);
                number.and_then(|number| all(of, tuple).get(number)).into_iter().collect()
            }
            Some(PredKind::Declared) => {
                let all = all(pred, row);
                let context = self.database.context();
                all.iter().filter(|stated| sees(stated, all, &context)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn firmness_of(&self, stated: &Stated) -> Firmness {
        let meta = self.database.context().metas.get(stated.meta);
        let conf = match self.database.interner().value(meta.conf) {
            Value::Float(conf) => conf.get(),
            _ => 1.0,
        };
        Firmness { status: meta.status, conf }
    }
}

impl Statements for Asserted<'_> {
    fn firmness(&self, tuple: &Tuple) -> Firmness {
        let firmest = |best: Option<Firmness>, stated: &Stated| {
            let new = self.firmness_of(stated);
            match best {
                Some(best) if best.status > new.status => Some(best),
                Some(best) if best.status == new.status && best.conf >= new.conf => Some(best),
                _ => Some(new),
            }
        };
        self.behind(tuple.pred, &tuple.row).into_iter().fold(None, firmest).unwrap_or(Firmness::FULL)
    }
}

impl Session {
    /// An assertion with what is known of its source.
    pub(in crate::session) fn citation(&self, assertion: Assertion, texts: Option<Texts<'_>>) -> Citation {
        let Assertion { src, at, quote, by, based_on, status, conf, on, note, span, .. } = assertion;
        let source = |column: &str| self.source_column(src.as_deref()?, column);
        let text = |column: &str| match source(column) {
            Some(Value::Symbol(text)) => Some(text.to_string()),
            _ => None,
        };
        let published = match source("published") {
            Some(Value::Date(date)) => Some(date),
            _ => None,
        };
        let repeated = || match source("based_on") {
            Some(Value::List(items)) => items
                .iter()
                .filter_map(|item| if let Value::Symbol(id) = item { Some(Arc::clone(id)) } else { None })
                .collect(),
            _ => Vec::new(),
        };
        let words = at.as_deref().zip(texts).and_then(|(at, texts)| {
            let bytes = texts(&text("text")?)?;
            let all = String::from_utf8(bytes).ok()?;
            let found = all.get(Place::parse(at)?.find(&all)?)?;
            Some(shortened(found))
        });
        Citation {
            publisher: text("publisher"),
            title: text("title"),
            published,
            words,
            based_on: based_on.unwrap_or_else(repeated),
            source: src,
            at,
            quote,
            by,
            status,
            conf,
            on,
            note,
            place: self.file_place(span),
        }
    }

    pub(in crate::session) fn file_place(&self, span: Span) -> FilePlace {
        let file = self.sources.file(span.file);
        FilePlace { file: file.name().to_owned(), line: file.line_col(span.start).line }
    }

    /// What the facts of `Source` say of one: the least value that is stated.
    fn source_column(&self, id: &str, column: &str) -> Option<Value> {
        let database = &self.base.database;
        let pred = database.schema().find(SOURCE)?;
        let predicate = database.schema().predicate(pred);
        let (key, wanted) = (predicate.column("id")?, predicate.column(column)?);
        let word = database.interner().get(&Value::symbol(id))?;
        let Ok(order) = database.extent(pred)?.tuples().order(&[key, wanted], &mut sort::never);
        let (low, high) = order.range(&[word]);
        let values = (low..high).filter_map(|at| order.row(at).get(1)).filter(|word| **word != NIL);
        values.map(|word| database.interner().value(*word)).min()
    }
}

/// The words on one line, cut where they run long.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(&line).trim_end()),
        None => line,
    }
}

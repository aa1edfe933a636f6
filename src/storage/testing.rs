//! A small schema for the tests of this layer.

use std::sync::Arc;

use super::database::Database;
use super::load::{FactText, load};
use crate::base::{Diagnostic, FileId};
use crate::model::schema::{Column, EnumDef, PredKind, Type};
use crate::model::{EnumId, EnumValue, PredId, Predicate, Review, Schema, Status, TypeDef, TypeId, Value};

/// Types by the names that [`relation`] understands.
fn types() -> Schema {
    let mut schema = Schema::default();
    let basic = [
        ("symbol", TypeDef::Symbol),
        ("number", TypeDef::Number),
        ("float", TypeDef::Float),
        ("bool", TypeDef::Bool),
        ("date", TypeDef::Date),
    ];
    for (name, def) in basic {
        add_type(&mut schema, name, def);
    }
    let words = |words: &[&str]| words.iter().map(|word| Arc::from(*word)).collect::<Vec<Arc<str>>>();
    let status: Vec<&str> = Status::ALL.iter().map(|status| status.name()).collect();
    let review: Vec<&str> = Review::ALL.iter().map(|review| review.name()).collect();
    for (name, constants) in [("Status", status), ("Review", review), ("Role", vec!["Host", "Guest"])] {
        let id = EnumId(schema.enums.len() as u32);
        schema.enums.push(EnumDef { name: name.into(), constants: words(&constants) });
        add_type(&mut schema, name, TypeDef::Enum(id));
    }
    schema
}

fn add_type(schema: &mut Schema, name: &str, def: TypeDef) -> TypeId {
    if let Some(id) = schema.type_names.get(name) {
        return *id;
    }
    let id = TypeId(schema.types.len() as u32);
    schema.types.push(Type { name: name.into(), def, span: None });
    schema.type_names.insert(name.into(), id);
    id
}

/// Declares `Name(column: type, column: type?, …)`; the key is given by index.
fn relation(schema: &mut Schema, name: &str, columns: &[(&str, &str)], key: &[usize]) {
    let id = PredId(schema.predicates.len() as u32);
    let mut made = Vec::new();
    for (column, ty) in columns {
        let (ty, optional) = ty.strip_suffix('?').map_or((*ty, false), |ty| (ty, true));
        let item = ty.trim_matches(['[', ']']);
        let entity = !schema.type_names.contains_key(item);
        let plain = add_type(schema, item, if entity { TypeDef::Entity(id) } else { TypeDef::Symbol });
        let ty = if item == ty { plain } else { add_type(schema, ty, TypeDef::List(plain)) };
        made.push(Column { name: (*column).into(), ty, optional, default: None });
    }
    schema.predicates.push(Predicate {
        name: name.into(),
        columns: made,
        key: (!key.is_empty()).then(|| key.to_vec()),
        ranges: Vec::new(),
        kind: PredKind::Declared,
        span: None,
    });
    schema.predicate_names.insert(name.into(), id);
}

/// Sources, people, events, and a bit of everything.
pub(crate) fn schema() -> Schema {
    let mut schema = types();
    let source = [
        ("id", "Source"),
        ("publisher", "symbol"),
        ("title", "symbol?"),
        ("url", "symbol?"),
        ("published", "date?"),
        ("language", "symbol?"),
        ("based_on", "[Source]?"),
        ("text", "symbol?"),
        ("sha256", "symbol?"),
    ];
    relation(&mut schema, "Source", &source, &[0]);
    relation(&mut schema, "Person", &[("id", "Person"), ("name", "symbol?")], &[0]);
    relation(&mut schema, "Event", &[("id", "Event")], &[0]);
    relation(&mut schema, "Alias", &[("entity", "Person"), ("text", "symbol")], &[]);
    relation(
        &mut schema,
        "Attended",
        &[("leader", "Person"), ("summit", "Event"), ("role", "Role")],
        &[0, 1],
    );
    relation(&mut schema, "EventDate", &[("event", "Event"), ("date", "date")], &[0]);
    relation(&mut schema, "Amount", &[("deal", "symbol"), ("low", "float?"), ("high", "float?")], &[0]);
    let all = [
        ("s", "symbol?"),
        ("n", "number?"),
        ("f", "float?"),
        ("b", "bool?"),
        ("d", "date?"),
        ("e", "Role?"),
        ("l", "[symbol]?"),
    ];
    relation(&mut schema, "All", &all, &[]);
    relation(&mut schema, "Flag", &[], &[]);
    relation(&mut schema, "Both", &[("leader", "Person")], &[]);
    let last = schema.predicates.len() - 1;
    schema.predicates[last].kind = PredKind::Derived;
    let attended = schema.find("Attended").unwrap().0 as usize;
    let guest = EnumValue { ty: EnumId(2), ordinal: 1, name: "Guest".into() };
    schema.predicates[attended].columns[2].default = Some(Value::Enum(guest));
    let amount = schema.find("Amount").unwrap().0 as usize;
    schema.predicates[amount].ranges = vec![(1, 2)];
    schema.predicates.push(Predicate {
        name: "Attended".into(),
        columns: Vec::new(),
        key: None,
        ranges: Vec::new(),
        kind: PredKind::Assertions(schema.find("Attended").unwrap()),
        span: None,
    });
    schema
}

/// A database with the facts of these texts.
pub(crate) fn loaded(texts: &[&str]) -> Result<Database, Vec<Diagnostic>> {
    let mut database = Database::new(Arc::new(schema()));
    add(&mut database, texts)?;
    Ok(database)
}

/// Adds the facts of these texts, each a file.
pub(crate) fn add(database: &mut Database, texts: &[&str]) -> Result<usize, Vec<Diagnostic>> {
    let texts: Vec<FactText<'_>> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| FactText { file: FileId(at as u32), text, inbox: false })
        .collect();
    load(database, &texts, &mut |_| {}).map(|loaded| loaded.facts)
}

/// Every fact as text, without its place, sorted: equal databases give equal dumps.
pub(crate) fn dump(database: &Database) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, predicate) in database.schema().iter() {
        let visible = |fact: &crate::model::Fact| {
            let words: Vec<_> =
                fact.tuple.iter().filter_map(|value| database.interner().get(value)).collect();
            database.table(id).is_some_and(|table| table.contains(&words))
        };
        for fact in database.facts(id) {
            let tuple: Vec<String> = fact.tuple.iter().map(Value::to_string).collect();
            let seen = visible(&fact);
            let mut assertion = fact.assertion;
            assertion.span = crate::base::Span::new(FileId(0), 0, 0);
            lines.push(format!("{}({}) {seen} {assertion:?}", predicate.name, tuple.join(", ")));
        }
    }
    lines.sort();
    lines
}

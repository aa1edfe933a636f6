//! Columns of relations that no rule file declares, taken from their facts (`infer_schema: true`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::codes::facts::CANNOT_INFER;
use crate::base::{Diagnostic, Span};
use crate::model::schema::{Column, EnumDef, PredKind, Type};
use crate::model::{EnumId, PredId, Predicate, Schema, TypeDef, TypeId};
use crate::syntax::ron::{Kind, Node, Tree};

/// Adds to `schema` every relation that facts in `trees` name and nothing declares. Its columns
/// are the fields that any of its facts has, by name (`c1, c2, …` where all are by position):
/// `number` where all values are integers, `float` where some have a point, `bool`, an enum of the
/// words that occur, lists of these, else `symbol`; optional where some fact leaves it out. Dates
/// cannot be told from other text, and stay symbols.
pub fn infer_schema(schema: &mut Schema, trees: &[Tree<'_>]) -> Vec<Diagnostic> {
    let mut relations: BTreeMap<&str, Guess> = BTreeMap::new();
    let mut wrong = Vec::new();
    for node in trees.iter().flat_map(facts) {
        if let Some(name) = node.name().filter(|name| schema.find(name).is_none()) {
            relations.entry(name).or_default().fact(node, &mut wrong);
        }
    }
    for (name, guess) in relations {
        guess.declare(schema, name, &mut wrong);
    }
    wrong
}

/// The facts of a file, whatever else is in it.
fn facts<'t>(tree: &'t Tree<'t>) -> impl Iterator<Item = Node<'t>> {
    let root = tree.root();
    let list = root.filter(|root| root.kind() == Kind::List).or_else(|| root?.field("facts"));
    list.into_iter().flat_map(Node::children).filter(|node| !node.is_broken())
}

/// What the facts of one relation have in common.
#[derive(Default)]
struct Guess {
    columns: BTreeMap<String, ColumnGuess>,
    facts: usize,
    named: Option<Span>,
    by_position: Option<Span>,
}

#[derive(Default)]
struct ColumnGuess {
    shape: Option<Shape>,
    /// Facts that give it a value.
    given: usize,
    /// The first value that settled its shape.
    place: Option<Span>,
}

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Symbol,
    Number,
    Float,
    Bool,
    Enum(BTreeSet<String>),
    /// Of what, if any list has an item.
    List(Option<Box<Shape>>),
}

impl Guess {
    fn fact(&mut self, node: Node<'_>, wrong: &mut Vec<Diagnostic>) {
        self.facts += 1;
        let by_position = node.kind() == Kind::Tuple && node.children().next().is_some();
        if by_position {
            self.by_position.get_or_insert(node.span());
            for (at, child) in node.children().enumerate() {
                self.value(format!("c{}", at + 1), child, wrong);
            }
        } else {
            self.named.get_or_insert(node.span());
            for field in node.fields().filter(|field| !field.name.starts_with('_')) {
                self.value(field.name.to_owned(), field.value, wrong);
            }
        }
    }

    fn value(&mut self, column: String, node: Node<'_>, wrong: &mut Vec<Diagnostic>) {
        let guess = self.columns.entry(column).or_default();
        let node = if node.kind() == Kind::Some { node.inner().unwrap_or(node) } else { node };
        if node.kind() == Kind::None {
            return;
        }
        guess.given += 1;
        // What is no value of any type is left to the load, which says so.
        let Some(shape) = shape(node) else { return };
        let place = *guess.place.get_or_insert(node.span());
        match guess.shape.take() {
            None => guess.shape = Some(shape),
            Some(known) => match merge(known.clone(), shape) {
                Some(merged) => guess.shape = Some(merged),
                None => {
                    guess.shape = Some(known);
                    wrong.push(
                        Diagnostic::new(CANNOT_INFER, "the facts disagree about what this column holds")
                            .labelled(node.span(), node.kind().describe())
                            .also(place, "something else here")
                            .help("declare the relation in a rule file with `.decl`"),
                    );
                }
            },
        }
    }

    fn declare(self, schema: &mut Schema, name: &str, wrong: &mut Vec<Diagnostic>) {
        if let (Some(named), Some(position)) = (self.named, self.by_position) {
            let message =
                format!("`{name}` is undeclared, and its facts are written with names and by position");
            wrong.push(
                Diagnostic::new(CANNOT_INFER, message)
                    .labelled(position, "by position")
                    .also(named, "with names")
                    .help("write all with names, or declare the relation with `.decl`"),
            );
            return;
        }
        let columns = self.columns.into_iter().map(|(column, guess)| Column {
            ty: define(schema, guess.shape.unwrap_or(Shape::Symbol), &format!("{name}.{column}")),
            name: column.into(),
            optional: guess.given < self.facts,
            default: None,
        });
        let columns = columns.collect();
        let id = PredId(schema.predicates.len() as u32);
        schema.predicates.push(Predicate {
            name: name.into(),
            columns,
            key: None,
            ranges: Vec::new(),
            kind: PredKind::Declared,
            span: None,
        });
        schema.predicate_names.insert(name.into(), id);
    }
}

fn shape(node: Node<'_>) -> Option<Shape> {
    Some(match node.kind() {
        Kind::Str => Shape::Symbol,
        Kind::Int => Shape::Number,
        Kind::Float => Shape::Float,
        Kind::Bool => Shape::Bool,
        Kind::Word => Shape::Enum(BTreeSet::from([node.name()?.to_owned()])),
        Kind::List => {
            let mut item = None;
            for child in node.children() {
                let shape = shape(child)?;
                item = Some(match item {
                    None => shape,
                    Some(known) => merge(known, shape)?,
                });
            }
            Shape::List(item.map(Box::new))
        }
        _ => return None,
    })
}

/// The shape that covers both, if there is one.
fn merge(a: Shape, b: Shape) -> Option<Shape> {
    Some(match (a, b) {
        (Shape::Number | Shape::Float, Shape::Float) | (Shape::Float, Shape::Number) => Shape::Float,
        (Shape::Enum(mut a), Shape::Enum(b)) => {
            a.extend(b);
            Shape::Enum(a)
        }
        (Shape::List(None), list @ Shape::List(_)) | (list @ Shape::List(_), Shape::List(None)) => list,
        (Shape::List(Some(a)), Shape::List(Some(b))) => Shape::List(Some(Box::new(merge(*a, *b)?))),
        (a, b) if a == b => a,
        _ => return None,
    })
}

/// The type of a shape; an enum gets the name `place`.
fn define(schema: &mut Schema, shape: Shape, place: &str) -> TypeId {
    match shape {
        Shape::Symbol => find_or_add(schema, "symbol", TypeDef::Symbol),
        Shape::Number => find_or_add(schema, "number", TypeDef::Number),
        Shape::Float => find_or_add(schema, "float", TypeDef::Float),
        Shape::Bool => find_or_add(schema, "bool", TypeDef::Bool),
        Shape::Enum(words) => {
            let id = EnumId(schema.enums.len() as u32);
            let constants = words.iter().map(|word| Arc::from(word.as_str())).collect();
            schema.enums.push(EnumDef { name: place.into(), constants });
            find_or_add(schema, place, TypeDef::Enum(id))
        }
        Shape::List(item) => {
            let item = define(schema, item.map_or(Shape::Symbol, |item| *item), place);
            let name = format!("[{}]", schema.ty(item).name);
            find_or_add(schema, &name, TypeDef::List(item))
        }
    }
}

fn find_or_add(schema: &mut Schema, name: &str, def: TypeDef) -> TypeId {
    if let Some(at) = schema.types.iter().position(|ty| ty.def == def) {
        return TypeId(at as u32);
    }
    let id = TypeId(schema.types.len() as u32);
    schema.types.push(Type { name: name.into(), def, span: None });
    schema.type_names.entry(name.into()).or_insert(id);
    id
}

//! Tab: relations, columns, metadata, constants, functors, commands, and things by id, name or
//! alias.

mod context;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use context::{Open, Place, Slot};

use super::commands::{self, Argument, COMMANDS};
use super::entry;
use crate::analysis::functors::FUNCTORS;
use crate::base::escape;
use crate::model::schema::{META_COLUMNS, PredKind, Schema, TypeDef, TypeId};
use crate::model::{Review, Status};
use crate::session::{EntityName, Session};
use crate::syntax::datalog::{DIRECTIVES, PieceKind, Word, tokens};

/// Something that may stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    /// What goes into the line.
    pub replacement: String,
    /// What a list of candidates shows.
    pub display: String,
}

impl rustyline::completion::Candidate for Candidate {
    fn display(&self) -> &str {
        &self.display
    }

    fn replacement(&self) -> &str {
        &self.replacement
    }
}

/// What can be named in a base.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalog {
    schema: Arc<Schema>,
    entities: Vec<EntityName>,
    /// A name of each thing that has one, by its id.
    names: HashMap<Arc<str>, Arc<str>>,
}

/// What completion found: where the text to be replaced begins, and what may replace it.
pub(super) type Found = (usize, Vec<Candidate>);

impl Catalog {
    /// Of a session as it is.
    pub fn of(session: &Session) -> Catalog {
        let entities = session.entity_names();
        let mut names = HashMap::new();
        for thing in entities.iter().filter(|thing| thing.text != thing.id) {
            names.entry(Arc::clone(&thing.id)).or_insert_with(|| Arc::clone(&thing.text));
        }
        Catalog { schema: Arc::clone(session.schema()), entities, names }
    }

    /// What may stand at `cursor` in `line`; `before` holds the earlier lines of the same input.
    /// `None` for a file's name.
    pub fn complete(&self, before: &str, line: &str, cursor: usize) -> Option<Found> {
        let typed = line.get(..cursor).unwrap_or(line);
        let after = line.get(cursor..).unwrap_or("");
        if before.is_empty() && entry::is_command(typed) {
            return self.command(typed, after);
        }
        let prefix = if before.is_empty() { String::new() } else { format!("{before}\n") };
        let (start, found) = self.language(&format!("{prefix}{typed}"), after);
        Some((start.saturating_sub(prefix.len()), found))
    }

    fn command(&self, typed: &str, after: &str) -> Option<Found> {
        let indent = typed.len() - typed.trim_start().len();
        let Some(space) = typed[indent..].find(char::is_whitespace) else {
            let word = typed[indent..].trim_start_matches([':', '\\']);
            let names = COMMANDS.iter().filter(|command| command.name.starts_with(word));
            let found = names.map(|command| Candidate {
                replacement: format!(
                    ":{}{}",
                    command.name,
                    if command.usage.is_empty() || after.starts_with(' ') { "" } else { " " }
                ),
                display: format!(":{}", command.name),
            });
            return Some((indent, found.collect()));
        };
        let (name, _) = commands::split(typed);
        let argument = commands::find(name).map_or(Argument::Nothing, |command| command.argument);
        let blank = |text: &str| text.len() - text.trim_start().len();
        let start = indent + space + blank(&typed[indent + space..]);
        let word = &typed[start..];
        let plain = |names: &mut dyn Iterator<Item = &str>| -> Vec<Candidate> {
            let mut found: Vec<Candidate> =
                names.filter(|name| starts(name, word)).map(|name| same(name.to_owned())).collect();
            found.sort();
            found
        };
        let found = match argument {
            Argument::File => return None,
            Argument::Nothing => Vec::new(),
            Argument::Command => plain(&mut COMMANDS.iter().map(|command| command.name)),
            Argument::OneOf(words) => plain(&mut words.iter().copied()),
            Argument::Relation => plain(&mut self.relations()),
            Argument::RelationOrId => {
                let mut found = plain(&mut self.relations());
                found.extend(self.things(word, None));
                found
            }
            Argument::Source => self.things(word, Some(&["Source".into()])),
            Argument::Goal | Argument::Scenario => {
                let (offset, found) = self.language(word, after);
                return Some((start + offset, found));
            }
        };
        Some((start, found))
    }

    /// Completion of the language; `text` ends at the cursor.
    fn language(&self, text: &str, after: &str) -> Found {
        match context::open(text) {
            Open::Comment => (text.len(), Vec::new()),
            Open::Text { start } => {
                let slot = match context::place(&text[..start - 1]) {
                    Place::Value(slot) => Some(slot),
                    Place::Argument { relation, named, position } if named.is_empty() => {
                        self.slot_at(relation, position)
                    }
                    _ => None,
                };
                let close = if after.starts_with('"') { "" } else { "\"" };
                let mut found = match slot.and_then(|slot| self.type_of(&slot)) {
                    Some(Kind::Things(relations)) => self.things(&text[start..], Some(&relations)),
                    Some(Kind::Words(_)) | Some(Kind::Other) => Vec::new(),
                    None => self.things(&text[start..], None),
                };
                for candidate in &mut found {
                    candidate.replacement.push_str(close);
                }
                (start, found)
            }
            Open::Code => {
                let start = text.len() - context::word(text).len();
                let mut found = self.code(text, &text[start..], after);
                found.sort();
                found.dedup_by(|a, b| a.replacement == b.replacement);
                (start, found)
            }
        }
    }

    fn code(&self, text: &str, word: &str, after: &str) -> Vec<Candidate> {
        let head = &text[..text.len() - word.len()];
        match context::place(head) {
            Place::Directive => {
                let names = DIRECTIVES.iter().filter_map(|name| name.strip_prefix('.'));
                names.filter(|name| starts(name, word)).map(|name| same(name.to_owned())).collect()
            }
            Place::RelationName => {
                self.relations().filter(|name| starts(name, word)).map(|name| same(name.to_owned())).collect()
            }
            Place::Type => self.types(word),
            Place::Argument { relation, named, .. } => {
                let mut found = self.columns(&relation, &named, word, after);
                // Arguments are named or not: an expression can stand only where none is.
                if found.is_empty() && named.is_empty() && !word.is_empty() {
                    found.extend(self.names(text, word, after, false));
                }
                found
            }
            Place::Value(slot) => match self.type_of(&slot) {
                Some(Kind::Words(words)) => {
                    words.into_iter().filter(|name| starts(name, word)).map(same).collect()
                }
                Some(Kind::Things(relations)) if !word.is_empty() => {
                    let mut found = self.things(word, Some(&relations));
                    for candidate in &mut found {
                        candidate.replacement = escape::quoted(&candidate.replacement);
                    }
                    found.extend(self.names(text, word, after, false));
                    found
                }
                _ if word.is_empty() => Vec::new(),
                _ => self.names(text, word, after, false),
            },
            Place::Expression => self.names(text, word, after, !word.is_empty()),
            Place::Start => self.names(text, word, after, true),
        }
    }

    fn relations(&self) -> impl Iterator<Item = &str> {
        let named = |kind: &PredKind| matches!(kind, PredKind::Declared | PredKind::Derived);
        self.schema
            .iter()
            .filter(move |(_, predicate)| named(&predicate.kind))
            .map(|(_, predicate)| &*predicate.name)
    }

    /// Variables, functors and reserved words; relations if one may stand here.
    fn names(&self, text: &str, word: &str, after: &str, relations: bool) -> Vec<Candidate> {
        let call = |name: &str| {
            let open = if after.starts_with('(') { "" } else { "(" };
            Candidate { replacement: format!("{name}{open}"), display: name.to_owned() }
        };
        let mut found: Vec<Candidate> = Vec::new();
        if relations {
            found.extend(self.relations().filter(|name| starts(name, word)).map(call));
        }
        if word.is_empty() {
            return found;
        }
        found.extend(
            FUNCTORS.iter().map(|functor| functor.name).filter(|name| name.starts_with(word)).map(call),
        );
        found.extend(
            Word::ALL.iter().filter(|name| name.starts_with(word)).map(|name| same((*name).to_owned())),
        );
        let head = &text[..text.len() - word.len()];
        let variables: BTreeSet<&str> = tokens(head)
            .into_iter()
            .filter(|(kind, _)| *kind == PieceKind::Variable)
            .map(|(_, range)| &head[range])
            .filter(|name| *name != "_" && name.starts_with(word))
            .collect();
        found.extend(variables.into_iter().map(|name| same(name.to_owned())));
        found
    }

    /// Columns of a relation that are not named yet, and metadata fields once `_` is typed.
    fn columns(&self, relation: &str, named: &[String], word: &str, after: &str) -> Vec<Candidate> {
        let Some(id) = self.schema.find(relation) else { return Vec::new() };
        let predicate = self.schema.predicate(id);
        let colon = if after.trim_start().starts_with(':') { "" } else { ": " };
        let metadata = META_COLUMNS.iter().copied().filter(|field| {
            word.starts_with('_') && field.starts_with('_') && predicate.kind == PredKind::Declared
        });
        let columns = predicate.columns.iter().map(|column| &*column.name).chain(metadata);
        columns
            .filter(|name| starts(name, word) && !named.iter().any(|known| known == name))
            .map(|name| Candidate { replacement: format!("{name}{colon}"), display: name.to_owned() })
            .collect()
    }

    fn types(&self, word: &str) -> Vec<Candidate> {
        let names = self.schema.type_names.keys();
        names.filter(|name| starts(name, word)).map(|name| same(name.to_string())).collect()
    }

    fn slot_at(&self, relation: String, position: usize) -> Option<Slot> {
        let column = self.schema.predicate(self.schema.find(&relation)?).columns.get(position)?;
        Some(Slot { column: column.name.to_string(), relation })
    }

    /// What the values of a slot are.
    fn type_of(&self, slot: &Slot) -> Option<Kind> {
        let constants =
            |names: &[&str]| Some(Kind::Words(names.iter().map(|&name| name.to_owned()).collect()));
        if slot.column.starts_with('_') {
            return match slot.column.as_str() {
                "_src" | "_based_on" => Some(Kind::Things(vec!["Source".into()])),
                "_status" => constants(&Status::ALL.map(Status::name)),
                "_review" => constants(&Review::ALL.map(Review::name)),
                _ => Some(Kind::Other),
            };
        }
        let predicate = self.schema.predicate(self.schema.find(&slot.relation)?);
        let column = predicate.columns.get(predicate.column(&slot.column)?)?;
        Some(self.kind(column.ty, 16))
    }

    fn kind(&self, ty: TypeId, depth: usize) -> Kind {
        let Some(depth) = depth.checked_sub(1) else { return Kind::Other };
        match &self.schema.ty(ty).def {
            TypeDef::Enum(id) => {
                let constants = &self.schema.enum_def(*id).constants;
                Kind::Words(constants.iter().map(|name| name.to_string()).collect())
            }
            TypeDef::Struct(id) => {
                let variants = &self.schema.struct_def(*id).variants;
                Kind::Words(
                    variants
                        .iter()
                        .filter_map(|variant| Some(variant.of.name.as_ref()?.to_string()))
                        .collect(),
                )
            }
            TypeDef::Bool => Kind::Words(vec!["false".to_owned(), "true".to_owned()]),
            TypeDef::Entity(id) => Kind::Things(vec![self.schema.predicate(*id).name.clone()]),
            TypeDef::List(of) | TypeDef::Subtype(of) => self.kind(*of, depth),
            TypeDef::Union(members) => {
                let mut relations = Vec::new();
                for member in members {
                    match self.kind(*member, depth) {
                        Kind::Things(more) => relations.extend(more),
                        Kind::Words(_) | Kind::Other => return Kind::Other,
                    }
                }
                Kind::Things(relations)
            }
            TypeDef::Symbol | TypeDef::Number | TypeDef::Float | TypeDef::Date => Kind::Other,
        }
    }

    /// Ids of things whose id begins with what was typed, or one of whose names has a word that
    /// does; those by id first, each once.
    fn things(&self, typed: &str, relations: Option<&[Arc<str>]>) -> Vec<Candidate> {
        let lower = typed.to_lowercase();
        let mut by_id: Vec<Candidate> = Vec::new();
        let mut by_name: Vec<Candidate> = Vec::new();
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let allowed = |thing: &&EntityName| relations.is_none_or(|all| all.contains(&thing.relation));
        for thing in self.entities.iter().filter(allowed) {
            let by_its_id = thing.id.to_lowercase().starts_with(&lower);
            if !(by_its_id || names(&thing.text, &lower)) || !known.insert(&thing.id) {
                continue;
            }
            let id = escape::printable(&thing.id);
            // The name that was found, or any.
            let found = (thing.text != thing.id).then_some(&thing.text);
            let name = found.or_else(|| self.names.get(&thing.id));
            let display = name.map_or(id.to_string(), |name| format!("{id} ({})", escape::printable(name)));
            let list = if by_its_id { &mut by_id } else { &mut by_name };
            list.push(Candidate { replacement: thing.id.to_string(), display });
        }
        by_id.sort();
        by_name.sort();
        by_id.extend(by_name);
        by_id
    }
}

/// What the values of a column are.
enum Kind {
    /// Constants.
    Words(Vec<String>),
    /// Ids of things that these relations declare.
    Things(Vec<Arc<str>>),
    /// Nothing that could be listed.
    Other,
}

fn same(name: String) -> Candidate {
    Candidate { display: name.clone(), replacement: name }
}

/// Whether a name begins with what was typed, whatever the case.
fn starts(name: &str, typed: &str) -> bool {
    name.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed))
}

/// Whether a name, or a word in it, begins with what was typed (in lower case).
fn names(name: &str, typed: &str) -> bool {
    let name = name.to_lowercase();
    let mut from = 0;
    loop {
        let rest = &name[from..];
        if rest.starts_with(typed) {
            return true;
        }
        let Some(gap) = rest.find(|c: char| !c.is_alphanumeric()) else { return false };
        from += gap + rest[gap..].chars().next().map_or(1, char::len_utf8);
    }
}

#[cfg(test)]
mod tests;

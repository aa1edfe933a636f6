//! How relations are written in RDF: a mapping file, in RON.
//!
//! ```ron
//! (
//!     prefixes: {"ex": "http://example.org/", "foaf": "http://xmlns.com/foaf/0.1/"},
//!     relations: {
//!         "Person": (
//!             class: "ex:Person",
//!             subject: "id",
//!             base: "ex:person/",
//!             columns: {"name": "foaf:name", "country": "ex:citizenOf"},
//!             links: {"country": "ex:country/"},
//!         ),
//!     },
//! )
//! ```
//!
//! A row is a node of the class. `subject` names the column that is the node itself: its IRI is
//! `base` and the id; without it nodes have no name. Each other column is a property; what `links`
//! names is an IRI, again a base and an id, and everything else a literal. What a mapping does not
//! tell is under `urn:factlog:`.

use std::collections::BTreeMap;

use ron::extensions::Extensions;
use serde::Deserialize;

use crate::base::limits;

/// A mapping file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// Names for the fronts of IRIs.
    pub prefixes: BTreeMap<String, String>,
    /// By name.
    pub relations: BTreeMap<String, Mapped>,
}

/// How one relation is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapped {
    /// The class of its nodes; an empty one leaves it open, so that what has one of the properties
    /// is a row.
    pub class: Option<String>,
    /// The column that is the node itself.
    pub subject: Option<String>,
    /// What stands before the ids of `subject` in its IRI.
    pub base: String,
    /// The property of each column.
    pub columns: BTreeMap<String, String>,
    /// What stands before the ids in the IRIs of these columns.
    pub links: BTreeMap<String, String>,
}

impl Mapping {
    /// Reads a mapping file. The error is a sentence with a place.
    pub fn parse(text: &str) -> Result<Mapping, String> {
        ron::Options::default()
            .with_default_extension(Extensions::IMPLICIT_SOME)
            .with_recursion_limit(limits::MAX_NESTING)
            .from_str(text)
            .map_err(|error| format!("{}:{}: {}", error.span.start.line, error.span.start.col, error.code))
    }

    /// An IRI as written here, with its prefix replaced.
    pub fn expand(&self, written: &str) -> String {
        match written.split_once(':') {
            Some((prefix, rest)) => match self.prefixes.get(prefix) {
                Some(front) => format!("{front}{rest}"),
                None => written.to_owned(),
            },
            None => written.to_owned(),
        }
    }
}

impl Mapped {
    /// The columns that it speaks of.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.subject.iter().chain(self.columns.keys()).chain(self.links.keys()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_replaced_and_mistakes_placed() {
        let text =
            "(prefixes: {\"ex\": \"http://e/\"},\n relations: {\"P\": (class: \"ex:P\", subject: \"id\")})";
        let mapping = Mapping::parse(text).unwrap();
        assert_eq!(mapping.expand("ex:P"), "http://e/P");
        assert_eq!(mapping.expand("http://x/y"), "http://x/y");
        assert_eq!(mapping.relations["P"].subject.as_deref(), Some("id"));
        let refused = Mapping::parse("(\n  relation: {})").unwrap_err();
        assert!(refused.starts_with("2:") && refused.contains("relation"), "{refused}");
    }
}

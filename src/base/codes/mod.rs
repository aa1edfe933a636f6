//! Every diagnostic has a stable code, a name, and a page that `factlog rule CODE` prints.
//!
//! The hundreds group them: 0 files and RON, 1 the rule language's syntax, 2 names and types,
//! 3 safety and stratification, 4 facts and sources, 5 lints of rules, 6 Soufflé programs, 9 evaluation.

use super::Severity;

/// What is known of one code.
#[derive(Debug, Clone, Copy)]
pub struct CodeInfo {
    /// `FL` and three digits.
    pub code: &'static str,
    /// The name under which `-W`, `-D` and `-A` know it, in kebab-case.
    pub name: &'static str,
    /// The severity unless settings or flags say otherwise.
    pub severity: Severity,
    /// One sentence.
    pub summary: &'static str,
    /// The page, in Markdown.
    pub page: &'static str,
}

/// A reference to one row of the code tables.
pub type Code = &'static CodeInfo;

/// Declares codes; each must have its page in `docs/rules/`.
macro_rules! codes {
    ($($id:ident = $code:literal, $name:literal, $severity:ident, $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub const $id: crate::base::Code = &crate::base::CodeInfo {
                code: $code,
                name: $name,
                severity: crate::base::Severity::$severity,
                summary: $summary,
                page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules/", $code, ".md")),
            };
        )*
        /// All codes of this group, in order.
        pub const ALL: &[crate::base::Code] = &[$($id),*];
    };
}

pub mod analysis;
pub mod evaluation;
pub mod facts;
pub mod files;
pub mod lints;
pub mod project;
pub mod souffle;
pub mod syntax;

/// Every code, in order.
pub fn all() -> impl Iterator<Item = Code> {
    [
        files::ALL,
        project::ALL,
        syntax::ALL,
        analysis::ALL,
        facts::ALL,
        lints::ALL,
        souffle::ALL,
        evaluation::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The code that `text` names, by code (`FL204`, any case) or by name (`conflict`).
pub fn find(text: &str) -> Option<Code> {
    all().find(|info| info.code.eq_ignore_ascii_case(text) || info.name == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_and_names_are_unique_and_well_formed() {
        let mut seen = HashSet::new();
        for info in all() {
            let digits = info.code.strip_prefix("FL").unwrap_or("");
            assert!(digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()), "{}", info.code);
            assert!(seen.insert(info.code) && seen.insert(info.name), "{} is used twice", info.code);
            assert!(info.page.starts_with(&format!("# {} ", info.code)), "page of {}", info.code);
            assert!(info.summary.len() > 10, "summary of {}", info.code);
        }
    }
}

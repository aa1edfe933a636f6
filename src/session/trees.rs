//! Questions and steps given as trees instead of text, for programs that put values into them.

use super::{Change, Error, Explanation, Session, Texts, WhyNot};
use crate::analysis::ground;
use crate::base::{Diagnostic, FileId, Span};
use crate::model::{Fact, Value};
use crate::session::Answer;
use crate::syntax::datalog;
use crate::syntax::datalog::ast;

/// Facts of one call whose mistakes are reported.
const MISTAKEN: usize = 20;
/// Of more facts than this `check` says what nothing declares, and not their assertion.
const LOOKED_AT: usize = 1000;

impl Session {
    /// Adds a text that steps speak of, so that their places can be shown.
    pub fn keep_text(&mut self, name: &str, text: &str) -> FileId {
        self.add_text(name, text)
    }

    /// Takes a text away again, if it is the last one. No fact and no rule may come from it.
    pub fn forget_text(&mut self, file: FileId) {
        self.sources.forget(file);
    }

    /// Parses a goal; it is not checked yet.
    pub fn goal_tree(&mut self, text: &str) -> Result<ast::Goal, Error> {
        let file = self.add_text("<query>", text);
        let (goal, diagnostics) = datalog::parse_goal(file, text);
        match goal.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) {
            Some(goal) => Ok(goal),
            None => Err(self.unreadable(text, diagnostics)),
        }
    }

    /// Answers a goal. Warnings come with the answer.
    pub fn query_tree(&mut self, goal: &ast::Goal) -> Result<(Answer, Vec<Diagnostic>), Error> {
        self.ready()?;
        let (goal, warnings) = self.checked_goal(goal)?;
        let answer = self.enter(&goal.under)?.answer(&goal, None)?;
        Ok((answer, warnings))
    }

    /// Parses an atom: a fact, or what picks facts.
    pub fn atom_tree(&mut self, text: &str) -> Result<ast::Atom, Error> {
        self.atom(text.trim().trim_end_matches(['.', '?']))
    }

    /// Asserts the facts that atoms write, all or none, as one step. Warnings come with it. With
    /// `place`, that is where all of them stand from then on.
    pub fn assert_trees(
        &mut self,
        atoms: &[ast::Atom],
        place: Option<Span>,
    ) -> Result<(Change, Vec<Diagnostic>), Error> {
        self.ready()?;
        let mut facts: Vec<Fact> = Vec::with_capacity(atoms.len());
        let mut wrong = Vec::new();
        let mut mistaken = 0;
        for atom in atoms {
            match ground::fact(self.schema(), atom) {
                Ok(fact) => facts.push(fact),
                Err(found) => {
                    wrong.extend(found);
                    mistaken += 1;
                }
            }
            if mistaken == MISTAKEN {
                break;
            }
        }
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        if let Some(place) = place {
            facts.iter_mut().for_each(|fact| fact.assertion.span = place);
        }
        let told = if facts.len() <= LOOKED_AT { facts.clone() } else { Vec::new() };
        let change = self.assert_facts(facts)?;
        // Afterwards, since facts may refer to one another.
        let warnings = told.iter().flat_map(|fact| self.unknown_in_fact(fact)).take(MISTAKEN).collect();
        Ok((change, warnings))
    }

    /// Retracts the assertions that an atom picks; what it leaves out is any.
    pub fn retract_tree(&mut self, atom: &ast::Atom) -> Result<Change, Error> {
        let pattern = ground::pattern(self.schema(), atom).map_err(Error::Invalid)?;
        self.retract_pattern(&pattern)
    }

    /// As [`Session::why`].
    pub fn why_tree(
        &mut self,
        atom: &ast::Atom,
        most: usize,
        texts: Option<Texts<'_>>,
    ) -> Result<(Explanation, Vec<Diagnostic>), Error> {
        let (pattern, warnings) = self.checked_pattern(atom)?;
        self.why_pattern(&pattern, warnings, most, texts)
    }

    /// As [`Session::why_answer`].
    pub fn why_answer_tree(
        &mut self,
        goal: &ast::Goal,
        row: &[Value],
        most: usize,
        texts: Option<Texts<'_>>,
    ) -> Result<Explanation, Error> {
        self.ready()?;
        let (goal, _) = self.checked_goal(goal)?;
        self.why_row(&goal, row, most, texts)
    }

    /// As [`Session::whynot`].
    pub fn whynot_tree(&mut self, atom: &ast::Atom) -> Result<(WhyNot, Vec<Diagnostic>), Error> {
        let (pattern, warnings) = self.checked_pattern(atom)?;
        self.whynot_pattern(&pattern, warnings)
    }
}

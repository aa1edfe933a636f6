//! Small evaluated programs for tests.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::graph::{Graph, Premise, Tuple};
use crate::base::Budget;
use crate::engine::testing::{Text, constant};
use crate::engine::{Engine, Frog, Model, Request};
use crate::model::PredId;
use crate::storage::{Interner, Table, Word};

/// A program with its facts and its model.
pub struct World {
    pub text: Text,
    pub tables: HashMap<PredId, Table>,
    pub interner: Interner,
    pub model: Model,
    pub budget: Budget,
}

impl World {
    /// Facts are rows separated by spaces, values by commas.
    pub fn new(program: &str, facts: &[(&str, &str)]) -> World {
        let mut text = Text::new(program);
        let mut interner = Interner::new();
        let mut tables = HashMap::new();
        for (name, rows) in facts {
            let rows: Vec<Vec<Word>> = rows.split_whitespace().map(|row| words(&mut interner, row)).collect();
            let width = rows.first().map_or(1, Vec::len);
            tables.insert(text.pred(name, width), Table::from_rows(width, rows.concat()));
        }
        let wanted: Vec<PredId> = text.program.schema.iter().map(|(id, _)| id).collect();
        let budget = Budget::unlimited();
        let mut request = Request::new(&text.program, &[], &wanted);
        request.rounds = true;
        let model = Frog.evaluate(&request, &tables, &mut interner, &budget).unwrap();
        World { text, tables, interner, model, budget }
    }

    pub fn graph(&self) -> Graph<'_> {
        Graph::new(&self.text.program, &[], &self.tables, &self.model, &self.interner, &self.budget)
    }

    pub fn tuple(&self, name: &str, row: &str) -> Tuple {
        let word = |token: &str| self.interner.get(&constant(token).unwrap()).unwrap();
        Tuple { pred: self.text.id(name), row: row.split(',').map(word).collect() }
    }

    pub fn round(&self, name: &str, row: &str) -> u32 {
        self.graph().rank(&self.tuple(name, row)).round
    }

    /// The premises of each instance, sorted.
    pub fn instances(&self, name: &str, row: &str) -> Vec<String> {
        let graph = self.graph();
        let mut found = Vec::new();
        let visit = &mut |instance: super::Instance| {
            found.push(self.show(&graph, &instance.premises));
            ControlFlow::Continue(())
        };
        graph.instances(&self.tuple(name, row), visit).unwrap();
        found.sort_by_key(|text| (std::cmp::Reverse(text.len()), text.clone()));
        found
    }

    /// How many instances come until there are `most`.
    pub fn first(&self, name: &str, row: &str, most: usize) -> usize {
        let mut found = 0;
        let visit = &mut |_| {
            found += 1;
            if found < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        self.graph().instances(&self.tuple(name, row), visit).unwrap();
        found
    }

    /// What the aggregates of the first instance range over, sorted.
    pub fn contributions(&self, name: &str, row: &str) -> Vec<String> {
        let graph = self.graph();
        let mut found = Vec::new();
        let visit = &mut |instance: super::Instance| {
            let rule = graph.rule(instance.rule).unwrap();
            for literal in &rule.body.alternatives[instance.alternative] {
                if let Some(aggregate) = Graph::aggregate_of(literal) {
                    let visit = &mut |contribution: super::Contribution| {
                        found.push(self.show(&graph, &contribution.premises));
                        ControlFlow::Continue(())
                    };
                    graph.contributions(aggregate, &instance.binding, visit).unwrap();
                }
            }
            ControlFlow::Break(())
        };
        graph.instances(&self.tuple(name, row), visit).unwrap();
        found.sort();
        found
    }

    fn show(&self, graph: &Graph<'_>, premises: &[Premise]) -> String {
        let show = |premise: &Premise| match premise {
            Premise::Tuple(tuple) => {
                let values: Vec<String> = graph.values(&tuple.row).iter().map(ToString::to_string).collect();
                format!("{}({})", self.text.program.schema.predicate(tuple.pred).name, values.join(","))
            }
            Premise::Absent => "not".to_owned(),
            Premise::Aggregate(word) => format!("sum={}", graph.value(*word)),
            Premise::Holds => "holds".to_owned(),
        };
        premises.iter().map(show).collect::<Vec<_>>().join(" ")
    }
}

fn words(interner: &mut Interner, row: &str) -> Vec<Word> {
    row.split(',').map(|token| interner.intern(&constant(token).unwrap())).collect()
}

//! Plans for people, and as a graph: what is looked up in which order, how many rows were expected
//! and, after a run, how many were looked at.

use std::fmt::Write as _;

use serde_json::json;

use super::ir::{Access, Code, Fold, Group, Intersect, Operation, Part, Read, Reg, RulePlan, Scan, Step};
use crate::model::program::{AggregateOp, Functor, TestOp};
use crate::model::{PredId, Rule, Schema};

/// A plan as lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The head: what the plan derives.
    pub title: String,
    /// One line a step.
    pub lines: Vec<Line>,
    /// Rows produced, repeated ones included, if the plan has run.
    pub produced: Option<u64>,
    /// How often it ran, if it has: more than once if it reads what rounds find.
    pub runs: Option<u64>,
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// How deep it stands in nested bodies.
    pub depth: usize,
    /// What it does.
    pub text: String,
    /// Rows expected for each turn of the loops around.
    pub expected: Option<f64>,
    /// Rows looked at in all, if the plan has run.
    pub actual: Option<u64>,
    /// Tuples that came to the step and those that it let through, if they were counted.
    pub tuples: Option<(u64, u64)>,
}

/// What a plan did, for [`show`].
#[derive(Clone, Copy, Debug)]
pub struct Actual<'a> {
    /// Rows that each read looked at.
    pub visited: &'a [u64],
    /// How often each step was tried; empty if that was not counted.
    pub entered: &'a [u64],
    /// Rows produced.
    pub produced: u64,
    /// How often it ran.
    pub runs: u64,
}

impl Actual<'_> {
    /// Tuples that came to a step of the plan and those that it let through.
    fn tuples(&self, step: usize) -> Option<(u64, u64)> {
        let passed = self.entered.get(step + 1).copied().unwrap_or(self.produced);
        // Threads that share the outermost loop do not each enter it.
        let least = u64::from(step == 0 && passed > 0);
        Some(((*self.entered.get(step)?).max(least), passed))
    }
}

/// The lines of a plan for `rule`.
pub fn show(schema: &Schema, rule: &Rule, plan: &RulePlan, actual: Option<Actual<'_>>) -> Shown {
    let mut writer = Writer { schema, rule, plan, actual, lines: Vec::new() };
    writer.steps(&plan.steps, 0);
    let columns: Vec<String> = plan.output.iter().map(|reg| writer.reg(*reg)).collect();
    let title = format!("{}({})", writer.name(plan.head), columns.join(", "));
    Shown {
        title,
        lines: writer.lines,
        produced: actual.map(|actual| actual.produced),
        runs: actual.map(|actual| actual.runs),
    }
}

struct Writer<'a> {
    schema: &'a Schema,
    rule: &'a Rule,
    plan: &'a RulePlan,
    actual: Option<Actual<'a>>,
    lines: Vec<Line>,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize, text: String) {
        self.lines.push(Line { depth, text, expected: None, actual: None, tuples: None });
    }

    fn steps(&mut self, steps: &[Step], depth: usize) {
        for (i, step) in steps.iter().enumerate() {
            if depth == 0 && i == self.plan.witness_from && steps[i..].iter().any(Step::is_loop) {
                self.line(depth, "one solution of what follows is enough".to_owned());
            }
            let line = self.lines.len();
            self.step(step, depth);
            if depth == 0
                && let Some(line) = self.lines.get_mut(line)
            {
                line.tuples = self.actual.and_then(|actual| actual.tuples(i));
            }
        }
    }

    fn step(&mut self, step: &Step, depth: usize) {
        match step {
            Step::Scan(scan) => self.scan(scan, depth),
            Step::Intersect(meet) => self.intersect(meet, depth),
            Step::Probe { read, key, negated } => {
                let Some(target) = self.plan.reads.get(*read) else { return };
                let known: Vec<(usize, Reg)> =
                    target.columns.iter().copied().zip(key.iter().copied()).collect();
                let word = if *negated { "not in" } else { "in" };
                let text = format!("{word} {}", self.atom(target, &known));
                let actual = self.visited(*read);
                self.lines.push(Line { depth, text, expected: None, actual, tuples: None });
            }
            Step::Let { target, value, early, .. } => {
                let note = if *early { " (early, for its use as a key)" } else { "" };
                self.line(depth, format!("{} = {}{note}", self.reg(*target), self.code(value)));
            }
            Step::Compare { op, possibly, left, right, .. } => {
                let text = format!("{} {} {}", self.code(left), op.text(), self.code(right));
                self.line(depth, if *possibly { format!("possibly({text})") } else { text });
            }
            Step::IsNil { value, negated, .. } => {
                let op = if *negated { "!=" } else { "=" };
                self.line(depth, format!("{} {op} nil", self.code(value)));
            }
            Step::Test { op, left, right, .. } => {
                let name = match op {
                    TestOp::Match => "match",
                    TestOp::Contains => "contains",
                    TestOp::Within => "within",
                    TestOp::Overlaps => "overlaps",
                };
                self.line(depth, format!("{name}({}, {})", self.code(left), self.code(right)));
            }
            Step::Member { item, list, .. } => {
                self.line(depth, format!("{} in {}", self.code(item), self.code(list)));
            }
            Step::Enumerate { target, list, .. } => {
                self.line(depth, format!("each {} in {}", self.reg(*target), self.code(list)));
            }
            Step::Not(group) => {
                self.line(depth, "not".to_owned());
                self.group(group, depth + 1);
            }
            Step::Aggregate(fold) => self.fold(fold, depth),
            Step::All(steps) => steps.iter().for_each(|step| self.step(step, depth)),
            Step::Never => self.line(depth, "never".to_owned()),
        }
    }

    fn scan(&mut self, scan: &Scan, depth: usize) {
        let Some(read) = self.plan.reads.get(scan.read) else { return };
        let mut columns: Vec<(usize, Reg)> =
            read.columns.iter().copied().zip(scan.key.iter().copied()).collect();
        for operation in &scan.operations {
            if let Operation::Bind(place, reg) | Operation::Same(place, reg) = operation
                && let Some(column) = read.columns.get(*place)
            {
                columns.push((*column, *reg));
            }
        }
        let mut text = format!("each {}", self.atom(read, &columns));
        if !scan.key.is_empty() {
            let keys: Vec<String> = read
                .columns
                .iter()
                .take(scan.key.len())
                .map(|column| self.column(read.pred, *column))
                .collect();
            let _ = write!(text, " by {}", keys.join(", "));
        }
        let actual = self.visited(scan.read);
        self.lines.push(Line { depth, text, expected: Some(scan.estimate), actual, tuples: None });
    }

    /// The parts as atoms, each with its key and the variable; rows looked at are those of all parts.
    fn intersect(&mut self, meet: &Intersect, depth: usize) {
        let atom = |part: &Part| {
            let read = self.plan.reads.get(part.read)?;
            let regs = part.key.iter().chain([&meet.target]);
            Some(self.atom(read, &read.columns.iter().copied().zip(regs.copied()).collect::<Vec<_>>()))
        };
        let atoms: Vec<String> = meet.parts.iter().filter_map(atom).collect();
        let text = format!("each {} in {}", self.reg(meet.target), atoms.join(" and "));
        let actual = meet.parts.iter().map(|part| self.visited(part.read)).sum();
        self.lines.push(Line { depth, text, expected: Some(meet.estimate), actual, tuples: None });
    }

    fn group(&mut self, group: &Group, depth: usize) {
        for (i, steps) in group.alternatives.iter().enumerate() {
            if i > 0 {
                self.line(depth, "or".to_owned());
            }
            self.steps(steps, depth);
        }
    }

    fn fold(&mut self, fold: &Fold, depth: usize) {
        let arg = fold.arg.as_ref().map_or(String::new(), |arg| format!(" {}", self.code(arg)));
        let op = match fold.op {
            AggregateOp::Count => "count",
            AggregateOp::Sum => "sum",
            AggregateOp::Min => "min",
            AggregateOp::Max => "max",
            AggregateOp::Mean => "mean",
            AggregateOp::List => "list",
            AggregateOp::Concat => "concat",
        };
        let shared: Vec<String> = fold.group.shared.iter().map(|reg| self.reg(*reg)).collect();
        let once = if shared.is_empty() {
            "once".to_owned()
        } else {
            format!("once for each {}", shared.join(", "))
        };
        self.line(depth, format!("{} = {op}{arg}, {once}, over", self.reg(fold.target)));
        self.group(&fold.group, depth + 1);
    }

    fn visited(&self, read: usize) -> Option<u64> {
        self.actual.and_then(|actual| actual.visited.get(read).copied())
    }

    fn name(&self, pred: PredId) -> &str {
        self.schema.predicates.get(pred.0 as usize).map_or("answer", |predicate| &predicate.name)
    }

    fn column(&self, pred: PredId, column: usize) -> String {
        let named =
            self.schema.predicates.get(pred.0 as usize).and_then(|predicate| predicate.columns.get(column));
        named.map_or_else(|| format!("c{}", column + 1), |column| column.name.to_string())
    }

    fn atom(&self, read: &Read, columns: &[(usize, Reg)]) -> String {
        let mut columns = columns.to_vec();
        columns.sort_unstable();
        let columns: Vec<String> = columns
            .iter()
            .map(|(column, reg)| format!("{}: {}", self.column(read.pred, *column), self.reg(*reg)))
            .collect();
        let rows = match read.access {
            Access::Full => "",
            Access::Delta => " new in the last round",
            Access::Old => " older than the last round",
        };
        format!("{}({}){rows}", self.name(read.pred), columns.join(", "))
    }

    fn reg(&self, reg: Reg) -> String {
        if let Some(var) = self.rule.vars.get(reg) {
            return var.name.to_string();
        }
        match self.plan.constants.iter().find(|(other, _)| *other == reg) {
            Some((_, value)) => value.to_string(),
            None => format!("#{reg}"),
        }
    }

    fn code(&self, code: &Code) -> String {
        match code {
            Code::Reg(reg) => self.reg(*reg),
            Code::List(items) => format!("[{}]", self.codes(items)),
            Code::Struct(of, fields, _) => match &of.name {
                Some(name) => format!("${name}({})", self.codes(fields)),
                None => format!("({})", self.codes(fields)),
            },
            Code::Call(Functor::Part { index, .. }, args, _) => format!("part_{index}({})", self.codes(args)),
            Code::Call(functor, args, _) => match (operator(*functor), args.as_slice()) {
                (Some(operator), [left, right]) => {
                    format!("({} {operator} {})", self.code(left), self.code(right))
                }
                _ => format!("{}({})", functor_name(*functor), self.codes(args)),
            },
        }
    }

    fn codes(&self, codes: &[Code]) -> String {
        codes.iter().map(|code| self.code(code)).collect::<Vec<_>>().join(", ")
    }
}

fn operator(functor: Functor) -> Option<&'static str> {
    Some(match functor {
        Functor::Add => "+",
        Functor::Sub => "-",
        Functor::Mul => "*",
        Functor::Div => "/",
        Functor::Rem => "%",
        Functor::Pow => "^",
        _ => return None,
    })
}

/// `ToFloat` as `to_float`.
fn functor_name(functor: Functor) -> String {
    let mut name = String::new();
    for character in format!("{functor:?}").chars() {
        if character.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(character.to_lowercase());
    }
    name
}

/// Plans as text, with a column for rows expected and one for rows looked at.
pub fn text(plans: &[Shown]) -> String {
    let mut out = String::new();
    for (i, plan) in plans.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        out.push_str(&plan.title);
        if let Some(produced) = plan.produced {
            let _ = write!(out, "    produced {produced}");
            if let Some(runs) = plan.runs.filter(|runs| *runs > 1) {
                let _ = write!(out, " in {runs} rounds");
            }
        }
        out.push('\n');
        let indented = |line: &Line| format!("{}{}", "  ".repeat(line.depth + 1), line.text);
        let width = plan.lines.iter().map(|line| indented(line).chars().count()).max().unwrap_or(0);
        for line in &plan.lines {
            let mut row = indented(line);
            let counts = counts(line);
            if !counts.is_empty() {
                let gap = width + 4 - row.chars().count();
                let _ = write!(row, "{:gap$}{counts}", "");
            }
            out.push_str(&row);
            out.push('\n');
        }
    }
    out
}

fn counts(line: &Line) -> String {
    let expected = line.expected.map(|rows| format!("expected {}", rounded(rows)));
    let actual = line.actual.map(|rows| format!("looked at {rows}"));
    let tuples = line.tuples.map(|(came, passed)| format!("in {came}, out {passed}"));
    [expected, actual, tuples].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Three digits at most behind the point, none where they mean nothing.
fn rounded(rows: f64) -> String {
    if rows >= 10.0 { format!("{rows:.0}") } else { format!("{}", (rows * 100.0).round() / 100.0) }
}

/// For each line the one it hangs from: the last one before it that is less deep, or the line
/// before it on its own level; `None` hangs from the title.
fn parents(plan: &Shown) -> Vec<Option<usize>> {
    let above =
        |i: usize, line: &Line| plan.lines.get(..i)?.iter().rposition(|other| other.depth <= line.depth);
    plan.lines.iter().enumerate().map(|(i, line)| above(i, line)).collect()
}

fn label(line: &Line) -> String {
    let counts = counts(line);
    if counts.is_empty() { line.text.clone() } else { format!("{}\n{counts}", line.text) }
}

/// Plans as a Graphviz graph.
pub fn dot(plans: &[Shown]) -> String {
    let quoted =
        |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
    let mut out = String::from("digraph plan {\n  node [shape=box];\n");
    for (i, plan) in plans.iter().enumerate() {
        let _ = writeln!(out, "  p{i} [label={}, style=bold];", quoted(&plan.title));
        for (k, (line, parent)) in plan.lines.iter().zip(parents(plan)).enumerate() {
            let from = parent.map_or(format!("p{i}"), |parent| format!("p{i}_{parent}"));
            let _ = writeln!(out, "  p{i}_{k} [label={}];\n  {from} -> p{i}_{k};", quoted(&label(line)));
        }
    }
    out.push_str("}\n");
    out
}

/// Plans as a Mermaid flowchart.
pub fn mermaid(plans: &[Shown]) -> String {
    let quoted = |text: &str| {
        let text =
            text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
        format!("\"{}\"", text.replace('\n', "<br/>"))
    };
    let mut out = String::from("flowchart TD\n");
    for (i, plan) in plans.iter().enumerate() {
        let _ = writeln!(out, "  p{i}([{}])", quoted(&plan.title));
        for (k, (line, parent)) in plan.lines.iter().zip(parents(plan)).enumerate() {
            let from = parent.map_or(format!("p{i}"), |parent| format!("p{i}_{parent}"));
            let _ = writeln!(out, "  {from} --> p{i}_{k}[{}]", quoted(&label(line)));
        }
    }
    out
}

/// Plans as JSON: one object a plan, one a step in it.
pub fn json(plans: &[Shown]) -> serde_json::Value {
    let line = |line: &Line| {
        let (came, passed) = line.tuples.unzip();
        json!({
            "depth": line.depth,
            "step": line.text,
            "expected": line.expected,
            "actual": line.actual,
            "in": came,
            "out": passed,
        })
    };
    plans
        .iter()
        .map(|plan| {
            let steps: Vec<serde_json::Value> = plan.lines.iter().map(line).collect();
            json!({ "head": plan.title, "produced": plan.produced, "runs": plan.runs, "steps": steps })
        })
        .collect()
}

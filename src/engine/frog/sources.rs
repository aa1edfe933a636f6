//! What plans read of complete relations: in an order of columns that finds their keys, or as a relation
//! is kept where it is gone through once.

use std::sync::Arc;

use super::Evaluation;
use super::job::{Batches, Job};
use super::whole::{Whole, wholes};
use crate::base::Stop;
use crate::engine::batch::{Batch, Places};
use crate::engine::kernel::is_compiled;
use crate::engine::{EvalError, RuleRef};
use crate::model::PredId;
use crate::model::program::AggregateOp;
use crate::plan::{Fold, Read, RulePlan, Step};
use crate::storage::{Sorted, Table, Word};

/// What a read of a complete relation finds.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Rows in order, in pieces without a row in common.
    Sorted(Vec<Arc<Sorted>>),
    /// Rows in no order, all columns of the relation, to be read from end to end.
    Unsorted(Arc<Vec<Word>>, usize),
    /// Rows with all columns of the relation, to be read from end to end.
    Natural(Vec<Arc<Sorted>>),
    /// A relation kept as bits, looked up by its first column or read from end to end.
    Bits(Table),
    /// A relation of the stratum.
    Growing,
}

impl Evaluation<'_, '_> {
    /// Gets ready what a job reads of complete relations.
    pub(super) fn ready<'r>(&self, mut job: Job<'r>, recursive: &[PredId]) -> Result<Job<'r>, EvalError> {
        job.whole = self.wholes(&job.plan, recursive, job.by);
        job.sources = self.sources(&job.plan, recursive, job.by, &job.whole)?;
        if let Some(careful) = &job.plan.careful {
            job.careful = self.sources(careful, recursive, job.by, &[])?;
        }
        job.index();
        Ok(job)
    }

    /// The aggregates that are better made for all groups at once: those for which an order of columns
    /// would have to be made, of which a goal may have more use later on.
    fn wholes(&self, plan: &RulePlan, recursive: &[PredId], by: RuleRef) -> Vec<Whole> {
        if matches!(by, RuleRef::Goal(_)) || !is_compiled(plan) {
            return Vec::new();
        }
        let mut found = wholes(plan);
        found.retain(|whole| {
            let Some(read) = plan.reads.get(whole.read).filter(|read| !recursive.contains(&read.pred)) else {
                return false;
            };
            let in_place = read.columns.iter().enumerate().all(|(at, column)| at == *column);
            self.table(read.pred).is_some_and(|table| {
                // Only a row that comes once in the relation comes once when cut down to all columns.
                let once = whole.takes_repeated() || read.columns.len() == table.width();
                let kept = in_place && read.columns.len() == table.width();
                once && table.width() > 0 && !kept && !table.has_order(&read.columns)
            })
        });
        for whole in &mut found {
            let table = plan.reads.get(whole.read).and_then(|read| self.table(read.pred));
            table.into_iter().for_each(|table| whole.lay_out(table));
        }
        found
    }

    fn sources(
        &self,
        plan: &RulePlan,
        recursive: &[PredId],
        by: RuleRef,
        whole: &[Whole],
    ) -> Result<Vec<Source>, EvalError> {
        let budget = self.env.budget;
        // The outermost loop may read its rows as they came; the rows of others are looked up, or counted.
        let outermost = match plan.steps.first() {
            Some(Step::Scan(scan)) if scan.key.is_empty() => Some(scan.read),
            _ => None,
        };
        // Reads of which nothing is asked but whether a row begins with a key.
        let probe = |step: &Step| match step {
            Step::Probe { read, .. } => Some(*read),
            Step::Aggregate(fold) => counted(fold),
            _ => None,
        };
        let probed: Vec<usize> = plan.steps.iter().filter_map(probe).collect();
        let ways = ways(plan);
        let source = |number: usize, read: &Read| -> Result<Source, Stop> {
            if recursive.contains(&read.pred) {
                return Ok(Source::Growing);
            }
            let Some(table) = self.table(read.pred) else {
                let nothing = Sorted::from_sorted(read.columns.len(), Vec::new(), 0);
                return Ok(Source::Sorted(vec![Arc::new(nothing)]));
            };
            if let Some(whole) = whole.iter().find(|whole| whole.read == number) {
                return self.as_kept(table, whole.takes_repeated());
            }
            let first = outermost == Some(number) && table.width() > 0;
            match table.unsorted() {
                Some(words) if first => return Ok(Source::Unsorted(words, table.width())),
                _ => {}
            }
            let in_place = read.columns.iter().enumerate().all(|(at, column)| at == *column);
            if table.only_bits() && in_place && (first || probed.contains(&number)) {
                return Ok(Source::Bits(table.clone()));
            }
            // A copy of some columns, only to go through them once, costs more than repeated rows.
            if first && plan.steps.len() == 1 && !in_place && !table.has_order(&read.columns) {
                return self.as_kept(table, true);
            }
            let way = ways.get(number).copied().unwrap_or_default();
            if way == Way::THROUGH && table.has_gaps() && read.columns.len() == table.width() {
                return self.as_kept(table, false);
            }
            table.pieces(&read.columns, way == Way::KEYED, &mut || budget.check()).map(Source::Sorted)
        };
        // What others have put in order is read so by the outermost loop too, and no copy is kept.
        let mut sources = vec![Source::Growing; plan.reads.len()];
        let reads = || plan.reads.iter().enumerate();
        let (first, others): (Vec<_>, Vec<_>) = reads().partition(|(number, _)| outermost == Some(*number));
        for (number, read) in others.into_iter().chain(first) {
            let found = source(number, read).map_err(|stop| EvalError::Stopped { stop, rule: Some(by) })?;
            if let Some(slot) = sources.get_mut(number) {
                *slot = found;
            }
        }
        Ok(sources)
    }

    /// A relation to be read from end to end as it is kept, perhaps with repeated rows if that does
    /// not matter.
    fn as_kept(&self, table: &Table, repeated: bool) -> Result<Source, Stop> {
        if table.only_bits() {
            return Ok(Source::Bits(table.clone()));
        }
        match table.unsorted().filter(|_| repeated) {
            Some(words) => Ok(Source::Unsorted(words, table.width())),
            None => table.natural(&mut || self.env.budget.check()).map(Source::Natural),
        }
    }

    /// Gets ready a job that the machine has to run, on which a kernel has given up.
    pub(super) fn leave_to_machine(&self, job: &mut Job<'_>, recursive: &[PredId]) -> Result<(), EvalError> {
        job.sources = self.sources(&job.plan, recursive, job.by, &[])?;
        Ok(())
    }
}

/// How a plan reads a relation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Way {
    /// By the rows that begin with a word and more.
    keyed: bool,
    /// From end to end, row by row.
    through: bool,
    /// All first words, or whether there is a row.
    other: bool,
}

impl Way {
    const KEYED: Way = Way { keyed: true, through: false, other: false };
    const THROUGH: Way = Way { keyed: false, through: true, other: false };
}

/// By read.
fn ways(plan: &RulePlan) -> Vec<Way> {
    let mut ways = vec![Way::default(); plan.reads.len()];
    note_ways(&plan.steps, &mut ways);
    ways
}

fn note_ways(steps: &[Step], ways: &mut [Way]) {
    let mut note = |read: usize, keyed: bool, through: bool| {
        if let Some(way) = ways.get_mut(read) {
            way.keyed |= keyed;
            way.through |= through && !keyed;
            way.other |= !through && !keyed;
        }
    };
    for step in steps {
        match step {
            Step::Scan(scan) => note(scan.read, !scan.key.is_empty(), true),
            Step::Probe { read, key, .. } => note(*read, !key.is_empty(), false),
            Step::Intersect(meet) => {
                meet.parts.iter().for_each(|part| note(part.read, !part.key.is_empty(), false));
            }
            _ => {}
        }
    }
    let groups = steps.iter().filter_map(|step| match step {
        Step::Not(group) => Some(group),
        Step::Aggregate(fold) => Some(&fold.group),
        _ => None,
    });
    groups.flat_map(|group| &group.alternatives).for_each(|steps| note_ways(steps, ways));
    let blocks = steps.iter().filter_map(|step| if let Step::All(block) = step { Some(block) } else { None });
    blocks.for_each(|block| note_ways(block, ways));
}

/// The read of which an aggregate asks how many rows begin with a key, if it asks nothing else.
fn counted(fold: &Fold) -> Option<usize> {
    match (fold.op, &fold.arg, fold.group.alternatives.as_slice()) {
        (AggregateOp::Count, None, [steps]) => match steps.as_slice() {
            [Step::Scan(scan)] if scan.key.len() == 1 => Some(scan.read),
            _ => None,
        },
        _ => None,
    }
}

/// The batches of reads of complete relations; none of others.
pub(super) fn complete<'s>(reads: &'s [Read], sources: &'s [Source]) -> Batches<'s> {
    let batch = |(read, source): (&'s Read, &'s Source)| match source {
        Source::Sorted(pieces) => pieces.iter().map(|piece| Batch::Sorted(piece)).collect(),
        Source::Unsorted(words, stride) => {
            vec![Batch::Unsorted { words, stride: *stride, columns: &read.columns }]
        }
        Source::Natural(pieces) => pieces
            .iter()
            .flat_map(|piece| piece.runs().into_iter().map(|words| (words, piece.width())))
            .map(|(words, stride)| Batch::Unsorted { words, stride, columns: &read.columns })
            .collect(),
        Source::Bits(table) => match table.bits() {
            Some(pairs) if pairs.layout().width > 2 => {
                let own: Vec<usize> = (0..pairs.layout().width).collect();
                vec![Batch::Bits { pairs, places: Places::new(&read.columns, &own) }]
            }
            Some(pairs) => vec![Batch::Pairs { pairs, columns: &read.columns, swapped: false }],
            None => Vec::new(),
        },
        Source::Growing => Vec::new(),
    };
    reads.iter().zip(sources).map(batch).collect()
}

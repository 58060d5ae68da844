//! Only what is needed: columns that nobody asks for are neither read nor computed, and steps that only pass columns on
//! are left out.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::Column;
use datafusion_physical_expr::utils::collect_columns;

use crate::plan::{Projected, Relation, Stateful, StatefulInput, StatefulOperator, Unnest, Windows};
use crate::session_filters::before_sessions;
use crate::slices::sliced;

/// The same rows with less work.
pub(crate) fn pruned(relation: Relation) -> Relation {
    let all: BTreeSet<usize> = (0..relation.columns().len()).collect();
    // All columns of the outermost relation are needed, so their places stay.
    sliced(merged(prune(relation, &all).0))
}

/// The relation with the needed columns, and maybe others: the places that are left, in order.
fn prune(relation: Relation, needed: &BTreeSet<usize>) -> (Relation, Vec<usize>) {
    match relation {
        Relation::Scan { table, columns } => {
            let kept: Vec<usize> = needed.iter().copied().collect();
            let columns = kept.iter().filter_map(|&at| columns.get(at).copied()).collect();
            (Relation::Scan { table, columns }, kept)
        }
        Relation::OneRow => (Relation::OneRow, Vec::new()),
        Relation::Filter { input, predicate } => {
            let wanted = needed.union(&places(&predicate)).copied().collect();
            let (input, kept) = prune(*input, &wanted);
            let predicate = moved(&predicate, &kept);
            (Relation::Filter { input: Box::new(input), predicate }, kept)
        }
        Relation::Watermark { input, time, watermark } => {
            let used = places(&watermark);
            let wanted = needed.iter().chain(&used).copied().chain([time]).collect();
            let (input, kept) = prune(*input, &wanted);
            let (time, watermark) = (place(&kept, time), moved(&watermark, &kept));
            (Relation::Watermark { input: Box::new(input), time, watermark }, kept)
        }
        Relation::Clock { input } => {
            let (input, kept) = prune(*input, needed);
            (Relation::Clock { input: Box::new(input) }, kept)
        }
        Relation::Windows { input, windows } => {
            let width = input.columns().len();
            let wanted = needed.iter().copied().filter(|&at| at < width).chain([windows.time]).collect();
            let (input, mut kept) = prune(*input, &wanted);
            let windows = Windows { time: place(&kept, windows.time), ..windows };
            kept.extend(width..width + windows.columns().len());
            (Relation::Windows { input: Box::new(input), windows }, kept)
        }
        Relation::Stateful(stateful) => prune_stateful(*stateful, needed),
        Relation::NotNull { input, columns, on_null } => {
            let wanted = needed.iter().copied().chain(columns.iter().map(|(at, _)| *at)).collect();
            let (input, kept) = prune(*input, &wanted);
            let place = |at: usize| kept.binary_search(&at).ok();
            let columns = columns.into_iter().filter_map(|(at, name)| Some((place(at)?, name))).collect();
            (Relation::NotNull { input: Box::new(input), columns, on_null }, kept)
        }
        Relation::Project { input, columns } => {
            let kept: Vec<usize> = needed.iter().copied().collect();
            let columns: Vec<Projected> = kept.iter().filter_map(|&at| columns.get(at).cloned()).collect();
            let wanted = columns.iter().flat_map(|column| places(&column.expr)).collect();
            let (input, below) = prune(*input, &wanted);
            let columns = columns
                .into_iter()
                .map(|column| Projected { expr: moved(&column.expr, &below), ..column })
                .collect();
            (Relation::Project { input: Box::new(input), columns }, kept)
        }
        Relation::Unnest { input, unnest } => {
            let width = input.columns().len();
            let mine = needed.iter().copied().filter(|&at| at < width);
            let wanted = mine.chain(places(&unnest.list)).collect();
            let (input, mut kept) = prune(*input, &wanted);
            let list = moved(&unnest.list, &kept);
            kept.extend(width..width + unnest.columns.len());
            (Relation::Unnest { input: Box::new(input), unnest: Unnest { list, ..unnest } }, kept)
        }
        Relation::Union(inputs) => {
            // Each input is a projection, so it keeps exactly what is needed.
            let kept = needed.iter().copied().collect();
            (Relation::Union(inputs.into_iter().map(|input| prune(input, needed).0).collect()), kept)
        }
    }
}

/// Where a column has come to among those that are left. All that are asked for are left.
fn place(kept: &[usize], column: usize) -> usize {
    kept.partition_point(|&other| other < column)
}

fn prune_stateful(stateful: Stateful, needed: &BTreeSet<usize>) -> (Relation, Vec<usize>) {
    let mut stateful = stateful;
    if let (StatefulOperator::WindowAggregate { .. }, [input]) =
        (&stateful.operator, stateful.inputs.as_mut_slice())
    {
        let relation = std::mem::replace(&mut input.relation, Relation::OneRow);
        input.relation = before_sessions(relation);
    }
    let Stateful { inputs, operator, columns } = stateful;
    // What comes out of an aggregate are not the columns that go in, and all of those are used.
    let Some(used) = operator.passes_on() else {
        let inputs = inputs.into_iter().map(|input| {
            let all: BTreeSet<usize> = (0..input.relation.columns().len()).collect();
            StatefulInput { relation: prune(input.relation, &all).0, keys: input.keys }
        });
        let kept = (0..columns.len()).collect();
        let inputs = inputs.collect();
        return (Relation::Stateful(Box::new(Stateful { inputs, operator, columns })), kept);
    };
    let mut kept = Vec::new();
    let mut pruned = Vec::new();
    let mut moves = Vec::new();
    let mut first = 0;
    for (side, input) in inputs.into_iter().enumerate() {
        let width = input.relation.columns().len();
        let mine = needed.iter().filter_map(|&at| at.checked_sub(first)).filter(|&at| at < width);
        let used = used.iter().filter(|(of, _)| *of == side).map(|(_, at)| *at);
        let wanted = mine.chain(used).chain(input.keys.iter().copied()).collect();
        let (relation, left) = prune(input.relation, &wanted);
        let keys = input.keys.iter().map(|&key| place(&left, key)).collect();
        pruned.push(StatefulInput { relation, keys });
        kept.extend(left.iter().map(|at| first + at));
        moves.push(left);
        first += width;
    }
    kept.extend(first..columns.len());
    let columns = kept.iter().filter_map(|&at| columns.get(at).cloned()).collect();
    let operator = operator.moved(&|side, at| moves.get(side).map_or(at, |kept| place(kept, at)));
    (Relation::Stateful(Box::new(Stateful { inputs: pruned, operator, columns })), kept)
}

/// Leaves out projections that only pass columns on, where what stands above can take them from below.
fn merged(relation: Relation) -> Relation {
    match relation {
        Relation::Filter { input, predicate } => match merged(*input) {
            Relation::Project { input, columns } if passes_on(&columns, &places(&predicate)) => {
                let predicate = replaced(&predicate, &columns);
                let filter = merged(Relation::Filter { input, predicate });
                Relation::Project { input: Box::new(filter), columns }
            }
            input => Relation::Filter { input: Box::new(input), predicate },
        },
        Relation::Project { input, columns } => match merged(*input) {
            Relation::Project { input, columns: below } if is_mergeable(&columns, &below) => {
                let columns = columns
                    .into_iter()
                    .map(|column| Projected { expr: replaced(&column.expr, &below), ..column })
                    .collect();
                merged(Relation::Project { input, columns })
            }
            input => Relation::Project { input: Box::new(input), columns },
        },
        Relation::NotNull { input, columns, on_null } => {
            Relation::NotNull { input: Box::new(merged(*input)), columns, on_null }
        }
        Relation::Watermark { input, time, watermark } => {
            Relation::Watermark { input: Box::new(merged(*input)), time, watermark }
        }
        Relation::Clock { input } => Relation::Clock { input: Box::new(merged(*input)) },
        Relation::Windows { input, windows } => {
            Relation::Windows { input: Box::new(merged(*input)), windows }
        }
        Relation::Stateful(mut stateful) => {
            for input in &mut stateful.inputs {
                let relation = std::mem::replace(&mut input.relation, Relation::OneRow);
                input.relation = merged(relation);
            }
            Relation::Stateful(stateful)
        }
        Relation::Unnest { input, unnest } => Relation::Unnest { input: Box::new(merged(*input)), unnest },
        Relation::Union(inputs) => Relation::Union(inputs.into_iter().map(merged).collect()),
        leaf @ (Relation::Scan { .. } | Relation::OneRow) => leaf,
    }
}

/// Whether each of these places is a column that is passed on as it is.
fn passes_on(columns: &[Projected], places: &BTreeSet<usize>) -> bool {
    places
        .iter()
        .all(|&at| columns.get(at).is_some_and(|column| column.expr.downcast_ref::<Column>().is_some()))
}

/// Whether nothing is computed more often when the upper columns are computed from what the lower ones are made of.
fn is_mergeable(upper: &[Projected], lower: &[Projected]) -> bool {
    lower.iter().enumerate().all(|(at, column)| {
        let is_passed_on = column.expr.downcast_ref::<Column>().is_some();
        let uses: usize = upper.iter().map(|upper| uses_of(&upper.expr, at)).sum();
        is_passed_on || uses == 0 || uses == 1 && !is_lazy_use(upper, at)
    })
}

/// Whether a column is used inside of something, which may evaluate it for some rows only or more than once.
fn is_lazy_use(upper: &[Projected], at: usize) -> bool {
    !upper.iter().any(|upper| upper.expr.downcast_ref::<Column>().is_some_and(|column| column.index() == at))
}

fn uses_of(expr: &Arc<dyn PhysicalExpr>, at: usize) -> usize {
    let own = usize::from(expr.downcast_ref::<Column>().is_some_and(|column| column.index() == at));
    own + expr.children().into_iter().map(|child| uses_of(child, at)).sum::<usize>()
}

/// The columns that an expression has.
pub(crate) fn places(expr: &Arc<dyn PhysicalExpr>) -> BTreeSet<usize> {
    collect_columns(expr).iter().map(Column::index).collect()
}

/// The expression over what is left of its input.
fn moved(expr: &Arc<dyn PhysicalExpr>, kept: &[usize]) -> Arc<dyn PhysicalExpr> {
    mapped(expr, &|column| {
        let at = kept.binary_search(&column.index()).ok()?;
        Some(Arc::new(Column::new(column.name(), at)))
    })
}

/// The expression over the input of the columns that it was over.
pub(crate) fn replaced(expr: &Arc<dyn PhysicalExpr>, columns: &[Projected]) -> Arc<dyn PhysicalExpr> {
    mapped(expr, &|column| Some(columns.get(column.index())?.expr.clone()))
}

/// The expression with its columns in other places.
pub(crate) fn with_places(
    expr: &Arc<dyn PhysicalExpr>,
    place: &dyn Fn(usize) -> usize,
) -> Arc<dyn PhysicalExpr> {
    mapped(expr, &|column| Some(Arc::new(Column::new(column.name(), place(column.index())))))
}

fn mapped(
    expr: &Arc<dyn PhysicalExpr>,
    replacement: &dyn Fn(&Column) -> Option<Arc<dyn PhysicalExpr>>,
) -> Arc<dyn PhysicalExpr> {
    let changed = expr.clone().transform_up(|node| {
        Ok(match node.downcast_ref::<Column>().and_then(replacement) {
            Some(other) => Transformed::yes(other),
            None => Transformed::no(node),
        })
    });
    changed.map_or_else(|_| expr.clone(), |changed| changed.data)
}

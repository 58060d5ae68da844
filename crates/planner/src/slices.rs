//! Windows that overlap share what they have in common: rows are grouped by slices, of which the windows are made.

use std::collections::BTreeSet;

use datafusion_physical_expr::expressions::Column;

use crate::plan::{Overlapping, Projected, Relation, StatefulOperator, Windows};
use crate::prune::places;
use crate::windows::WindowKind;

/// The same rows, with aggregates of HOP and CUMULATE over slices where nothing else looks at the windows.
pub(crate) fn sliced(relation: Relation) -> Relation {
    match relation {
        Relation::Stateful(mut stateful) => {
            for input in &mut stateful.inputs {
                let relation = std::mem::replace(&mut input.relation, Relation::OneRow);
                input.relation = sliced(relation);
            }
            if let (StatefulOperator::WindowAggregate { window, overlapping, .. }, [input]) =
                (&mut stateful.operator, stateful.inputs.as_mut_slice())
                && let Some(found) = found(&input.relation, window.start, window.end, BTreeSet::new())
            {
                to_slices(&mut input.relation, slice_of(found.kind));
                *overlapping = Some(found);
            }
            Relation::Stateful(stateful)
        }
        Relation::Filter { input, predicate } => {
            Relation::Filter { input: Box::new(sliced(*input)), predicate }
        }
        Relation::Project { input, columns } => {
            Relation::Project { input: Box::new(sliced(*input)), columns }
        }
        Relation::Unnest { input, unnest } => Relation::Unnest { input: Box::new(sliced(*input)), unnest },
        Relation::Watermark { input, time, watermark } => {
            Relation::Watermark { input: Box::new(sliced(*input)), time, watermark }
        }
        Relation::Clock { input } => Relation::Clock { input: Box::new(sliced(*input)) },
        Relation::Windows { input, windows } => {
            Relation::Windows { input: Box::new(sliced(*input)), windows }
        }
        Relation::NotNull { input, columns, on_null } => {
            Relation::NotNull { input: Box::new(sliced(*input)), columns, on_null }
        }
        Relation::Union(inputs) => Relation::Union(inputs.into_iter().map(sliced).collect()),
        leaf @ (Relation::Scan { .. } | Relation::OneRow) => leaf,
    }
}

/// The windows that rows come from, if they overlap and only their borders, in these columns, are looked at. `used` are
/// the columns that are looked at besides.
fn found(relation: &Relation, start: usize, end: usize, used: BTreeSet<usize>) -> Option<Overlapping> {
    match relation {
        Relation::Project { input, columns } => {
            let passed = |at: usize| Some(columns.get(at)?.expr.downcast_ref::<Column>()?.index());
            let others = columns.iter().enumerate().filter(|(at, _)| *at != start && *at != end);
            let used = others.flat_map(|(_, Projected { expr, .. })| places(expr)).collect();
            found(input, passed(start)?, passed(end)?, used)
        }
        Relation::Filter { input, predicate } => {
            found(input, start, end, used.union(&places(predicate)).copied().collect())
        }
        Relation::NotNull { input, columns, .. } => {
            found(input, start, end, used.into_iter().chain(columns.iter().map(|(at, _)| *at)).collect())
        }
        Relation::Windows { input, windows: Windows { kind, offset_ms, .. } } => {
            let width = input.columns().len();
            let is_apart = used.iter().all(|at| *at < width);
            let overlaps = match *kind {
                WindowKind::Hop { slide_ms, size_ms } => size_ms > slide_ms,
                WindowKind::Cumulate { step_ms, max_ms } => max_ms > step_ms,
                WindowKind::Tumble { .. } | WindowKind::Session { .. } => false,
            };
            (is_apart && overlaps && (start, end) == (width, width + 1))
                .then_some(Overlapping { kind: *kind, offset_ms: *offset_ms })
        }
        _ => None,
    }
}

fn to_slices(relation: &mut Relation, size_ms: i64) {
    match relation {
        Relation::Project { input, .. }
        | Relation::Filter { input, .. }
        | Relation::NotNull { input, .. } => {
            to_slices(input, size_ms);
        }
        Relation::Windows { windows, .. } => windows.kind = WindowKind::Tumble { size_ms },
        _ => {}
    }
}

/// How long a slice is: all borders are borders of slices.
fn slice_of(kind: WindowKind) -> i64 {
    match kind {
        WindowKind::Hop { slide_ms, size_ms } => {
            let (mut a, mut b) = (slide_ms.max(1), size_ms.max(1));
            while b > 0 {
                (a, b) = (b, a % b);
            }
            a
        }
        WindowKind::Cumulate { step_ms, .. } => step_ms.max(1),
        WindowKind::Tumble { size_ms } => size_ms,
        WindowKind::Session { gap_ms } => gap_ms,
    }
}

//! Operators that have no end: what they keep for ever is told before somebody runs them.

use std::collections::BTreeSet;

use narthex_sql::Span;

use crate::plan::{Frame, JoinKind, Relation, Stateful, StatefulOperator};

/// What the operators of a relation keep for ever, and what to write instead; each once.
pub(crate) fn endless(relation: &Relation) -> BTreeSet<(&'static str, &'static str)> {
    let mut found = BTreeSet::new();
    look(relation, &mut found);
    found
}

fn look(relation: &Relation, found: &mut BTreeSet<(&'static str, &'static str)>) {
    each_stateful(relation, &mut |stateful| found.extend(kept(&stateful.operator)));
}

/// Where rows of a window are numbered, and nobody asks only for the first of them.
pub(crate) fn ranks_without_end(relation: &Relation) -> Option<Span> {
    let mut found = None;
    each_stateful(relation, &mut |stateful| {
        if let StatefulOperator::WindowRank { to: u64::MAX, span, .. } = stateful.operator {
            found = Some(span);
        }
    });
    found
}

fn each_stateful(relation: &Relation, look: &mut impl FnMut(&Stateful)) {
    match relation {
        Relation::Scan { .. } | Relation::OneRow => {}
        Relation::Filter { input, .. }
        | Relation::Project { input, .. }
        | Relation::Unnest { input, .. }
        | Relation::Watermark { input, .. }
        | Relation::Clock { input }
        | Relation::Windows { input, .. }
        | Relation::NotNull { input, .. } => each_stateful(input, look),
        Relation::Union(inputs) => inputs.iter().for_each(|input| each_stateful(input, look)),
        Relation::Stateful(stateful) => {
            look(stateful);
            stateful.inputs.iter().for_each(|input| each_stateful(&input.relation, look));
        }
    }
}

fn kept(operator: &StatefulOperator) -> Option<(&'static str, &'static str)> {
    match operator {
        StatefulOperator::FirstRow { .. } => Some((
            "the first row of each key by time: every key that ever came is kept",
            "number rows within a window: PARTITION BY window_start, window_end and the keys",
        )),
        StatefulOperator::Over { keys, frame: Frame::Rows(None) | Frame::Range(None), .. }
            if !keys.is_empty() =>
        {
            Some((
                "OVER with all rows before: what is known of every key that ever came is kept",
                "that is little where the keys are few; else group by windows",
            ))
        }
        StatefulOperator::Join(join) => match join.kind {
            JoinKind::Regular => Some((
                "a join without bounds: every row of both sides that ever came is kept",
                "bound the times of both sides, join rows of the same window, or join a version FOR SYSTEM_TIME AS OF",
            )),
            JoinKind::Interval { .. } | JoinKind::Window { .. } | JoinKind::Temporal { .. } => None,
        },
        StatefulOperator::Over { .. }
        | StatefulOperator::WindowAggregate { .. }
        | StatefulOperator::Sessions { .. }
        | StatefulOperator::WindowRank { .. }
        | StatefulOperator::Reorder { .. }
        | StatefulOperator::Sort { .. }
        | StatefulOperator::CurrentWatermark => None,
    }
}

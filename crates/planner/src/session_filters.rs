//! Which rows make sessions: as Flink does, a WHERE between a session window and its aggregate decides before the sessions
//! are made, where it does not look at them.

use std::sync::Arc;

use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::Column;

use crate::bind::conjunction;
use crate::plan::{Projected, Relation, StatefulOperator};
use crate::prune::{places, replaced};

/// The input of an aggregate over windows, with the filters on its way to the sessions before these.
pub(crate) fn before_sessions(relation: Relation) -> Relation {
    let Some(found) = found(&relation) else { return relation };
    let looks_at_sessions =
        |filter: &Arc<dyn PhysicalExpr>| places(filter).iter().any(|at| *at >= found.width);
    if found.filters.is_empty() || found.filters.iter().any(looks_at_sessions) {
        return relation;
    }
    moved(relation, &found.filters)
}

/// The way to sessions.
struct Found {
    /// What each column is made of, over the columns of the sessions.
    columns: Vec<Projected>,
    /// The filters, over the same.
    filters: Vec<Arc<dyn PhysicalExpr>>,
    /// Columns of the rows that make sessions.
    width: usize,
}

fn found(relation: &Relation) -> Option<Found> {
    match relation {
        Relation::Stateful(stateful) => {
            let (StatefulOperator::Sessions { .. }, [input]) =
                (&stateful.operator, stateful.inputs.as_slice())
            else {
                return None;
            };
            let passed = stateful.columns.iter().enumerate().map(|(at, (name, data_type))| Projected {
                name: name.clone(),
                data_type: data_type.clone(),
                expr: Arc::new(Column::new(name, at)),
            });
            let width = input.relation.columns().len();
            Some(Found { columns: passed.collect(), filters: Vec::new(), width })
        }
        Relation::Filter { input, predicate } => {
            let mut found = found(input)?;
            found.filters.push(replaced(predicate, &found.columns));
            Some(found)
        }
        Relation::Project { input, columns } => {
            let found = found(input)?;
            let columns = columns
                .iter()
                .map(|column| Projected { expr: replaced(&column.expr, &found.columns), ..column.clone() })
                .collect();
            Some(Found { columns, ..found })
        }
        _ => None,
    }
}

/// The same without the filters on the way, which stand before the sessions.
fn moved(relation: Relation, filters: &[Arc<dyn PhysicalExpr>]) -> Relation {
    match relation {
        Relation::Filter { input, .. } => moved(*input, filters),
        Relation::Project { input, columns } => {
            Relation::Project { input: Box::new(moved(*input, filters)), columns }
        }
        Relation::Stateful(mut stateful) => {
            if let (Some(input), Some(predicate)) =
                (stateful.inputs.first_mut(), conjunction(filters.iter().cloned()))
            {
                let rows = std::mem::replace(&mut input.relation, Relation::OneRow);
                input.relation = Relation::Filter { input: Box::new(rows), predicate };
            }
            Relation::Stateful(stateful)
        }
        other => other,
    }
}

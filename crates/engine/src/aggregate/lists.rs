//! Aggregates that must hold their values: `ARRAY_AGG`, `LISTAGG`, `COLLECT`, `PERCENTILE`, `JSON_ARRAYAGG`,
//! `JSON_OBJECTAGG`.
//!
//! One accumulator holds the values for all of them; they differ in what they hold and what they make of it.

mod collect;
mod json;
mod percentile;
mod texts;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, ListArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion_common::{DataFusionError, Result};
use datafusion_expr::{EmitTo, GroupsAccumulator};

use super::counted::Counted;
use super::held::{ByGroup, Held};
use super::unconverted;

pub(super) use collect::Collect;
pub(super) use json::{JsonArrayAgg, JsonObjectAgg};
pub(super) use percentile::Percentile;
pub(super) use texts::ListAgg;

/// What is made of the values of each group.
pub(super) trait Listing: Send + 'static {
    /// Nulls are values too.
    const TAKES_NULLS: bool = false;

    /// What is held of the arguments.
    fn values(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        Ok(arguments[0].clone())
    }

    /// The result of each group.
    fn results(&self, held: ByGroup) -> Result<ArrayRef>;
}

/// Holds the values of each group, in the order in which they came. Its state is lists of them.
pub(super) struct Lists<L> {
    held: Held,
    listing: L,
}

impl<L: Listing> Lists<L> {
    pub(super) fn new(element: DataType, listing: L) -> Self {
        Self { held: Held::new(element), listing }
    }
}

impl<L: Listing> GroupsAccumulator for Lists<L> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        let values = self.listing.values(values)?;
        let nullable = (!L::TAKES_NULLS).then_some(&values as &dyn Array);
        let counted = Counted::new(nullable, filter, groups)?;
        self.held.add(&values, &counted, groups, total)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.listing.results(self.held.take(emit_to)?)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.held.state(emit_to)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.held.merge(&states[0], groups, total)
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        self.held.size()
    }
}

/// All values of a group, nulls too; null where there is none.
pub(super) struct ArrayAgg(pub(super) DataType);

impl Listing for ArrayAgg {
    const TAKES_NULLS: bool = true;

    fn results(&self, ByGroup { offsets, values }: ByGroup) -> Result<ArrayRef> {
        let nulls: NullBuffer = offsets.lengths().map(|count| count > 0).collect();
        let DataType::List(item) = &self.0 else {
            return Err(DataFusionError::Execution(format!("{} is no list", self.0)));
        };
        Ok(Arc::new(ListArray::try_new(item.clone(), offsets, values, Some(nulls))?))
    }
}

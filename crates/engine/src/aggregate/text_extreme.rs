//! `MIN` and `MAX` of texts, by their bytes.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, StringArray};
use datafusion_common::Result;
use datafusion_expr::{EmitTo, GroupsAccumulator};

use super::counted::Counted;
use super::slots::Slots;
use super::unconverted;

/// The largest text of each group, or the smallest.
pub(super) struct TextExtreme<const MAX: bool>(Slots);

impl<const MAX: bool> TextExtreme<MAX> {
    pub(super) fn new() -> Self {
        Self(Slots::default())
    }
}

impl<const MAX: bool> GroupsAccumulator for TextExtreme<MAX> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.0.grow(total);
        let counted = Counted::new(Some(&values[0]), filter, groups)?;
        let texts = values[0].as_string::<i32>();
        counted.each(groups, |row, group| {
            let text = texts.value(row).as_bytes();
            let is_kept =
                self.0.bytes(group).is_some_and(|kept| if MAX { text <= kept } else { text >= kept });
            if !is_kept {
                self.0.set(group, text);
            }
        });
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(StringArray::try_from_binary(self.0.take(emit_to))?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.update_batch(states, groups, None, total)
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

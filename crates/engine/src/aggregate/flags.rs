//! A bit per group: whether it has a value.

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::NullBuffer;
use datafusion_expr::EmitTo;

/// See the module.
pub(super) struct Flags(BooleanBufferBuilder);

impl Flags {
    pub(super) fn new() -> Self {
        Self(BooleanBufferBuilder::new(0))
    }

    /// Makes room for so many groups.
    pub(super) fn grow(&mut self, groups: usize) {
        if groups > self.0.len() {
            self.0.append_n(groups - self.0.len(), false);
        }
    }

    #[inline]
    pub(super) fn set(&mut self, group: usize) {
        self.0.set_bit(group, true);
    }

    #[inline]
    pub(super) fn is_set(&self, group: usize) -> bool {
        self.0.get_bit(group)
    }

    /// Those of the groups that leave; the rest moves down.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> NullBuffer {
        let all = self.0.finish();
        let EmitTo::First(count) = emit_to else { return NullBuffer::new(all) };
        let count = count.min(all.len());
        self.0.append_buffer(&all.slice(count, all.len() - count));
        NullBuffer::new(all.slice(0, count))
    }

    pub(super) fn size(&self) -> usize {
        self.0.capacity() / 8
    }
}

//! Names of labels that records share: each list under a number, told once.

use super::{Reader, RecordError};

/// Most shapes; Java counts no further (`Shapes.MOST`).
const MOST_SHAPES: u16 = 64;

/// All that were told. A shape never changes: label sets are known by its number and the values.
#[derive(Debug, Default)]
pub(super) struct Shapes(Vec<Option<Shape>>);

#[derive(Debug, PartialEq)]
struct Shape {
    count: u16,
    /// As they lay in the record.
    names: Box<[u8]>,
}

impl Shapes {
    /// Takes names that were found to be so many. The same once more is no harm: a buffer may be handed over again.
    pub(super) fn learn(&mut self, id: u16, count: u16, names: &[u8]) -> Result<(), RecordError> {
        if id >= MOST_SHAPES {
            return Err(RecordError::Shape(id));
        }
        let at = usize::from(id);
        if self.0.len() <= at {
            self.0.resize_with(at + 1, || None);
        }
        let told = Shape { count, names: names.into() };
        match &mut self.0[at] {
            Some(known) if *known != told => Err(RecordError::ShapeTaken(id)),
            place => {
                *place = Some(told);
                Ok(())
            }
        }
    }

    /// How many names a shape has.
    #[inline]
    pub(super) fn count(&self, id: u16) -> Result<u16, RecordError> {
        self.shape(id).map(|shape| shape.count).ok_or(RecordError::Shape(id))
    }

    /// The names of the shape whose number comes first, each with its value.
    pub(super) fn pairs<'a>(&'a self, mut values: Reader<'a>) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let shape = values.u16("the number of its shape").ok().and_then(|id| self.shape(id));
        let mut names = Reader(shape.map_or(&[], |shape| &shape.names));
        std::iter::from_fn(move || {
            Some((names.text("a label's name").ok()?, values.text("a label's value").ok()?))
        })
    }

    #[inline]
    fn shape(&self, id: u16) -> Option<&Shape> {
        self.0.get(usize::from(id))?.as_ref()
    }
}

#[cfg(test)]
mod tests;

//! Bytes for each group, in one arena: no allocation of its own for any group.

use arrow::array::{BinaryArray, BinaryBuilder};
use datafusion_expr::EmitTo;

/// Less than this is not worth tidying up.
const LEAST_WASTE: usize = 4096;

/// Where a group's bytes are.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    /// [`Place::NONE`] where there are none. A column of Arrow holds less than 2 GiB.
    len: u32,
}

impl Place {
    const NONE: u32 = u32::MAX;
}

/// See the module.
#[derive(Default)]
pub(super) struct Slots {
    bytes: Vec<u8>,
    places: Vec<Place>,
    /// Bytes that belong to a group.
    used: usize,
}

impl Slots {
    /// Makes room for so many groups.
    pub(super) fn grow(&mut self, groups: usize) {
        self.places.resize(groups.max(self.places.len()), Place { start: 0, len: Place::NONE });
    }

    pub(super) fn bytes(&self, group: usize) -> Option<&[u8]> {
        let Place { start, len } = self.places[group];
        if len == Place::NONE { None } else { self.bytes.get(start..start + len as usize) }
    }

    pub(super) fn set(&mut self, group: usize, value: &[u8]) {
        let Place { start, len } = self.places[group];
        let old = if len == Place::NONE { 0 } else { len as usize };
        self.used = self.used - old + value.len();
        let start = if value.len() <= old { start } else { self.bytes.len() };
        if value.len() <= old {
            self.bytes[start..start + value.len()].copy_from_slice(value);
        } else {
            self.bytes.extend_from_slice(value);
        }
        self.places[group] = Place { start, len: value.len() as u32 };
        if self.bytes.len() > 2 * self.used + LEAST_WASTE {
            self.tidy();
        }
    }

    /// Copies what is used into a new arena.
    fn tidy(&mut self) {
        let mut bytes = Vec::with_capacity(self.used + self.used / 2);
        for place in self.places.iter_mut().filter(|place| place.len != Place::NONE) {
            let start = bytes.len();
            bytes.extend_from_slice(&self.bytes[place.start..place.start + place.len as usize]);
            place.start = start;
        }
        self.bytes = bytes;
    }

    /// The bytes of those groups that leave; the rest moves down.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> BinaryArray {
        let leaving = emit_to.take_needed(&mut self.places);
        let mut taken = BinaryBuilder::with_capacity(leaving.len(), self.used);
        for place in &leaving {
            match self.bytes.get(place.start..place.start + place.len as usize) {
                Some(bytes) if place.len != Place::NONE => {
                    self.used -= bytes.len();
                    taken.append_value(bytes);
                }
                _ => taken.append_null(),
            }
        }
        if self.places.is_empty() {
            self.bytes = Vec::new();
        } else if self.bytes.len() > 2 * self.used + LEAST_WASTE {
            self.tidy();
        }
        taken.finish()
    }

    pub(super) fn size(&self) -> usize {
        self.bytes.capacity() + self.places.capacity() * size_of::<Place>()
    }
}

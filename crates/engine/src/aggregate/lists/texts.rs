//! `LISTAGG`: texts, one behind the other, nulls passed over.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringBuilder};
use datafusion_common::Result;

use super::Listing;
use crate::aggregate::held::ByGroup;

/// What stands between them.
pub(in crate::aggregate) struct ListAgg(pub(in crate::aggregate) String);

impl Listing for ListAgg {
    fn results(&self, ByGroup { offsets, values }: ByGroup) -> Result<ArrayRef> {
        let texts = values.as_string::<i32>();
        let mut joined = StringBuilder::with_capacity(offsets.len(), texts.value_data().len());
        let mut text = String::new();
        for range in offsets.windows(2) {
            let (from, to) = (range[0] as usize, range[1] as usize);
            if from == to {
                joined.append_null();
                continue;
            }
            text.clear();
            for at in from..to {
                if at > from {
                    text.push_str(&self.0);
                }
                text.push_str(texts.value(at));
            }
            joined.append_value(&text);
        }
        Ok(Arc::new(joined.finish()))
    }
}

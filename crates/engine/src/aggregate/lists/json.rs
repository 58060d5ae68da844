//! `JSON_ARRAYAGG` and `JSON_OBJECTAGG`: texts that are JSON, joined.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder, StructArray};
use arrow::compute::is_not_null;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion_common::{DataFusionError, Result};
use narthex_planner::write_json_text;

use super::Listing;
use crate::aggregate::held::ByGroup;

/// An array of all values.
pub(in crate::aggregate) struct JsonArrayAgg {
    pub(in crate::aggregate) keeps_nulls: bool,
}

impl Listing for JsonArrayAgg {
    const TAKES_NULLS: bool = true;

    fn results(&self, ByGroup { offsets, values }: ByGroup) -> Result<ArrayRef> {
        let texts = values.as_string::<i32>();
        joined(&offsets, ['[', ']'], |at, out| {
            if texts.is_valid(at) {
                out.push_str(texts.value(at));
            } else if self.keeps_nulls {
                out.push_str("null");
            }
            texts.is_valid(at) || self.keeps_nulls
        })
    }
}

/// An object of all keys and their values.
pub(in crate::aggregate) struct JsonObjectAgg {
    pub(in crate::aggregate) keeps_nulls: bool,
}

impl JsonObjectAgg {
    /// What is held.
    pub(in crate::aggregate) fn element() -> DataType {
        DataType::Struct(fields())
    }
}

fn fields() -> Fields {
    let field = |name| Field::new(name, DataType::Utf8, true);
    Fields::from(vec![field("key"), field("value")])
}

impl Listing for JsonObjectAgg {
    fn values(&self, values: &[ArrayRef]) -> Result<ArrayRef> {
        let counts =
            if self.keeps_nulls { None } else { Some(is_not_null(&values[1])?.into_parts().0.into()) };
        Ok(Arc::new(StructArray::try_new(fields(), values.to_vec(), counts)?))
    }

    fn results(&self, ByGroup { offsets, values }: ByGroup) -> Result<ArrayRef> {
        let rows = values.as_struct();
        let (keys, texts) = (rows.column(0).as_string::<i32>(), rows.column(1).as_string::<i32>());
        if keys.null_count() > 0 {
            return failed(
                "JSON_OBJECTAGG: a key is null; write COALESCE(key, '') or leave such rows out".to_owned(),
            );
        }
        // As Flink has them.
        let mut order: Vec<usize> = (0..rows.len()).collect();
        for range in offsets.windows(2) {
            let group = &mut order[range[0] as usize..range[1] as usize];
            group.sort_by(|a, b| keys.value(*a).encode_utf16().cmp(keys.value(*b).encode_utf16()));
            if let Some(twice) = group.windows(2).find(|pair| keys.value(pair[0]) == keys.value(pair[1])) {
                return failed(format!(
                    "JSON_OBJECTAGG: the key {:?} came twice in a group; group by it too, or number the rows of each \
                     key and take one",
                    keys.value(twice[0])
                ));
            }
        }
        joined(&offsets, ['{', '}'], |at, out| {
            let at = order[at];
            write_json_text(keys.value(at), out);
            out.push(':');
            out.push_str(if texts.is_valid(at) { texts.value(at) } else { "null" });
            true
        })
    }
}

fn failed<T>(message: String) -> Result<T> {
    Err(DataFusionError::Execution(message))
}

/// The parts of each group between two marks, with commas; `write` says whether there is one.
fn joined(
    offsets: &[i32],
    [open, close]: [char; 2],
    write: impl Fn(usize, &mut String) -> bool,
) -> Result<ArrayRef> {
    let mut all = StringBuilder::new();
    let mut text = String::new();
    for range in offsets.windows(2) {
        text.clear();
        text.push(open);
        for at in range[0] as usize..range[1] as usize {
            if write(at, &mut text) {
                text.push(',');
            }
        }
        if text.ends_with(',') {
            text.pop();
        }
        text.push(close);
        all.append_value(&text);
    }
    Ok(Arc::new(all.finish()))
}

//! When two relations give the same rows: what is bound once and used twice is computed once.

use std::sync::Arc;

use super::{PairCondition, Projected, Relation, Table, Unnest};

/// A table is equal to itself: two with the same columns are read apart.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl PartialEq for PairCondition {
    fn eq(&self, other: &Self) -> bool {
        self.columns == other.columns && self.predicate.eq(&other.predicate)
    }
}

impl PartialEq for Projected {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.data_type == other.data_type && self.expr.eq(&other.expr)
    }
}

impl PartialEq for Unnest {
    fn eq(&self, other: &Self) -> bool {
        let how = |unnest: &Self| (unnest.is_spread, unnest.with_ordinality, unnest.keeps_rows);
        self.columns == other.columns && how(self) == how(other) && self.list.eq(&other.list)
    }
}

impl PartialEq for Relation {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Scan { table: a, columns: b }, Self::Scan { table: c, columns: d }) => {
                Arc::ptr_eq(a, c) && b == d
            }
            (Self::OneRow, Self::OneRow) => true,
            (Self::Filter { input: a, predicate: b }, Self::Filter { input: c, predicate: d }) => {
                a == c && b.eq(d)
            }
            (Self::Project { input: a, columns: b }, Self::Project { input: c, columns: d }) => {
                a == c && b == d
            }
            (Self::Unnest { input: a, unnest: b }, Self::Unnest { input: c, unnest: d }) => a == c && b == d,
            (Self::Union(a), Self::Union(b)) => a == b,
            (
                Self::Watermark { input: a, time: b, watermark: c },
                Self::Watermark { input: d, time: e, watermark: f },
            ) => a == d && b == e && c.eq(f),
            (Self::Clock { input: a }, Self::Clock { input: b }) => a == b,
            (Self::Windows { input: a, windows: b }, Self::Windows { input: c, windows: d }) => {
                a == c && b == d
            }
            (Self::Stateful(a), Self::Stateful(b)) => a == b,
            (
                Self::NotNull { input: a, columns: b, on_null: c },
                Self::NotNull { input: d, columns: e, on_null: f },
            ) => a == d && b == e && c == f,
            _ => false,
        }
    }
}

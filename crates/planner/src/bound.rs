//! A bound expression: what computes it, its type in Flink's words, and where it stands.

use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::{Column, Literal};
use narthex_sql::{DataType, Span};

use crate::arrow_types::arrow_type;

/// An expression whose names and types are known.
#[derive(Debug, Clone)]
pub struct Bound {
    /// What computes it; its Arrow type is [`arrow_type`] of `data_type`.
    pub expr: Arc<dyn PhysicalExpr>,
    /// Its type, with `NOT NULL` where it is never null.
    pub data_type: DataType,
    /// Where it stands in the job file.
    pub span: Span,
}

impl Bound {
    /// A column of the input.
    pub fn column(name: &str, index: usize, data_type: DataType, span: Span) -> Self {
        Self { expr: Arc::new(Column::new(name, index)), data_type, span }
    }

    /// A constant. `value` is of the type's Arrow type.
    pub fn literal(value: ScalarValue, data_type: DataType, span: Span) -> Self {
        Self { expr: Arc::new(Literal::new(value)), data_type, span }
    }

    /// A null of a type.
    pub fn null(data_type: &DataType, span: Span) -> Self {
        let value = ScalarValue::try_new_null(&arrow_type(data_type)).unwrap_or(ScalarValue::Null);
        Self::literal(value, data_type.bare().clone(), span)
    }

    /// TRUE or FALSE.
    pub(crate) fn boolean(value: bool, span: Span) -> Self {
        let data_type = DataType::NotNull(Box::new(DataType::Boolean));
        Self::literal(ScalarValue::Boolean(Some(value)), data_type, span)
    }

    /// Computes a constant now. One that fails is left to fail when it is evaluated, as in Flink.
    pub(crate) fn folded(self) -> Self {
        if self.expr.downcast_ref::<Literal>().is_some() {
            return self;
        }
        match self.constant() {
            Some(value) => Self { expr: Arc::new(Literal::new(value)), ..self },
            None => self,
        }
    }

    /// Whether it may be null.
    pub fn is_nullable(&self) -> bool {
        self.data_type.is_nullable()
    }

    /// Its value, if it is the same for every row and can be computed now.
    pub fn constant(&self) -> Option<ScalarValue> {
        if let Some(literal) = self.expr.downcast_ref::<Literal>() {
            return Some(literal.value().clone());
        }
        if !is_constant(&self.expr) {
            return None;
        }
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let one = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).ok()?;
        match self.expr.evaluate(&one).ok()? {
            ColumnarValue::Scalar(value) => Some(value),
            ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0).ok(),
        }
    }

    /// Its value, if it is a constant text.
    pub fn constant_text(&self) -> Option<String> {
        match self.constant()? {
            ScalarValue::Utf8(text) => text,
            _ => None,
        }
    }
}

fn is_constant(expr: &Arc<dyn PhysicalExpr>) -> bool {
    !expr.is_volatile_node()
        && expr.downcast_ref::<Column>().is_none()
        && expr.children().into_iter().all(is_constant)
}

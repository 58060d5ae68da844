//! A function as an expression: what Flink computes where DataFusion has nothing, or something else.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType as ArrowType, Schema};
use datafusion_common::Result;
use datafusion_expr::ColumnarValue;
use datafusion_physical_expr::PhysicalExpr;
use narthex_sql::{DataType, Span};

use crate::arrow_types::arrow_type;
use crate::bound::Bound;

/// Computes a column from columns, all of so many rows. An error costs the row that it comes from: the engine then asks
/// row by row.
pub(crate) type Compute = dyn Fn(&[ArrayRef], usize) -> Result<ArrayRef> + Send + Sync;

/// A call of a function.
#[derive(Clone)]
pub(crate) struct Kernel {
    name: &'static str,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    returns: ArrowType,
    is_volatile: bool,
    compute: Arc<Compute>,
}

impl Kernel {
    /// A call whose value depends on nothing but its arguments. `data_type` is what it gives, with `NOT NULL` where it
    /// is never null.
    pub(crate) fn call(
        name: &'static str,
        arguments: Vec<Bound>,
        data_type: DataType,
        span: Span,
        compute: impl Fn(&[ArrayRef], usize) -> Result<ArrayRef> + Send + Sync + 'static,
    ) -> Bound {
        Self::bind(name, arguments, data_type, span, false, Arc::new(compute))
    }

    /// A call whose value differs from time to time, such as a clock's.
    pub(crate) fn volatile(
        name: &'static str,
        arguments: Vec<Bound>,
        data_type: DataType,
        span: Span,
        compute: impl Fn(&[ArrayRef], usize) -> Result<ArrayRef> + Send + Sync + 'static,
    ) -> Bound {
        Self::bind(name, arguments, data_type, span, true, Arc::new(compute))
    }

    fn bind(
        name: &'static str,
        arguments: Vec<Bound>,
        data_type: DataType,
        span: Span,
        is_volatile: bool,
        compute: Arc<Compute>,
    ) -> Bound {
        let arguments = arguments.into_iter().map(|argument| argument.expr).collect();
        let kernel = Self { name, arguments, returns: arrow_type(&data_type), is_volatile, compute };
        Bound { expr: Arc::new(kernel), data_type, span }
    }
}

impl PhysicalExpr for Kernel {
    fn data_type(&self, _input: &Schema) -> Result<ArrowType> {
        Ok(self.returns.clone())
    }

    fn nullable(&self, _input: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let rows = batch.num_rows();
        let arguments: Result<Vec<ArrayRef>> = self
            .arguments
            .iter()
            .map(|argument| argument.evaluate(batch).and_then(|value| value.into_array(rows)))
            .collect();
        (self.compute)(&arguments?, rows).map(ColumnarValue::Array)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.arguments.iter().collect()
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Self { arguments: children, ..(*self).clone() }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }

    fn is_volatile_node(&self) -> bool {
        self.is_volatile
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (at, argument) in self.arguments.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{argument}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Two calls are the same when they compute the very same way: what was bound once.
impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.compute, &other.compute) && self.arguments == other.arguments
    }
}

impl Eq for Kernel {}

impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.arguments.hash(state);
    }
}

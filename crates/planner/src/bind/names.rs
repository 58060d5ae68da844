//! Columns, and fields of rows.

use arrow::array::{Array, AsArray, make_array};
use arrow::buffer::NullBuffer;
use narthex_sql::ast::{Expr, Ident};
use narthex_sql::{DataType, Mistake, Span, is_reserved, nearest};

use super::Binder;
use crate::bound::Bound;
use crate::catalog::DEFAULTS;
use crate::functions;
use crate::kernel::Kernel;

impl Binder<'_> {
    pub(super) fn name(&self, name: &Ident) -> Result<Bound, Mistake> {
        let is_unknown = name.quote_style.is_none() && name.value.eq_ignore_ascii_case("UNKNOWN");
        if is_unknown && !self.scope.columns.iter().any(|column| column.name == name.value) {
            return Ok(Bound::null(&DataType::Boolean, name.span));
        }
        refuse_reserved(name)?;
        let column = self.scope.column(name);
        // The one function without parentheses that is no word of the grammar.
        let is_pi = name.quote_style.is_none() && name.value.eq_ignore_ascii_case("PI");
        if column.is_err() && is_pi {
            return functions::call(self, "PI", Vec::new(), Vec::new(), name.span);
        }
        column
    }

    /// `column`, `table.column`, and fields behind.
    pub(super) fn path(&self, parts: &[Ident]) -> Result<Bound, Mistake> {
        parts.iter().try_for_each(refuse_reserved)?;
        // The one catalog and the one database may stand before a table.
        let is_default = |at: usize, wanted: &str| parts.get(at).is_some_and(|part| part.value == wanted);
        let parts = match (is_default(0, DEFAULTS[0]), is_default(0, DEFAULTS[1])) {
            (true, _) if is_default(1, DEFAULTS[1]) && parts.len() > 3 => &parts[2..],
            (_, true) if parts.len() > 2 => &parts[1..],
            _ => parts,
        };
        let (column, fields) = match parts {
            [table, column, fields @ ..] if self.scope.has_table(&table.value) => {
                (self.scope.column_of(table, column)?, fields)
            }
            [table, _, ..] if self.scope.columns.iter().all(|column| column.name != table.value) => {
                match self.scope.field(None, table)? {
                    Some(row) => (row, &parts[1..]),
                    None => return Err(self.scope.no_table(table)),
                }
            }
            [column, fields @ ..] => (self.scope.column(column)?, fields),
            [] => return Err(Mistake::new(Span::empty(), "a name is missing")),
        };
        fields.iter().try_fold(column, |row, name| field(row, &name.value, name.span))
    }

    /// A field by an expression behind a point.
    pub(super) fn dotted(row: Bound, name: &Expr) -> Result<Bound, Mistake> {
        use narthex_sql::ast::Spanned;
        match name {
            Expr::Identifier(name) => {
                refuse_reserved(name)?;
                field(row, &name.value, name.span)
            }
            Expr::CompoundIdentifier(names) => {
                names.iter().try_fold(row, |row, name| field(row, &name.value, name.span))
            }
            other => Err(Mistake::new(other.span(), format!("{other} is no field's name"))),
        }
    }
}

/// One of Flink's own words is no name, unless it stands in back quotes.
pub(crate) fn refuse_reserved(name: &Ident) -> Result<(), Mistake> {
    if name.quote_style == Some('\'') {
        return Err(Mistake::new(name.span, format!("'{}' is a text, not a name", name.value))
            .advise(format!("as a name it is written `{}`", name.value)));
    }
    if name.quote_style.is_some() || !is_reserved(&name.value) {
        return Ok(());
    }
    let message = format!("{} is a reserved word", name.value);
    Err(Mistake::new(name.span, message).advise(format!("as a name it is written `{}`", name.value)))
}

/// A field of a row, by its name.
pub(crate) fn field(row: Bound, name: &str, span: Span) -> Result<Bound, Mistake> {
    let DataType::Row(fields) = row.data_type.bare() else {
        let message =
            format!("there is no field {name}: the value before it is no ROW but {}", row.data_type.bare());
        return Err(Mistake::new(span, message));
    };
    let Some(at) = fields.iter().position(|field| field.name == name) else {
        let names = || fields.iter().map(|field| field.name.as_str());
        let advice = nearest(name, names()).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        let names: Vec<&str> = names().collect();
        return Err(Mistake::new(span, format!("the row has no field {name}{advice}"))
            .advise(format!("there are: {}", names.join(", "))));
    };
    let inside = &fields[at].data_type;
    let data_type = inside.with_nullable(inside.is_nullable() || row.is_nullable());
    let span = row.span.union(&span);
    Ok(Kernel::call("FIELD", vec![row], data_type, span, move |arguments, _| {
        let rows = arguments[0].as_struct();
        let field = rows.column(at);
        if rows.null_count() == 0 {
            return Ok(field.clone());
        }
        let nulls = NullBuffer::union(rows.nulls(), field.nulls());
        Ok(make_array(field.to_data().into_builder().nulls(nulls).build()?))
    }))
}

//! The columns that an expression can name.

use std::sync::Arc;

use chrono_tz::Tz;
use narthex_sql::ast::{Expr, Ident};
use narthex_sql::{DataType, Mistake, Span, nearest};

use crate::bind::row_field;
use crate::bound::Bound;
use crate::plan::{Projected, passed_on};

/// A column that can be named.
#[derive(Debug, Clone)]
pub struct ScopeColumn {
    /// The table's name or alias; none where it has none.
    pub table: Option<String>,
    /// The column's name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Whether it tells the stream's time.
    pub time: Option<TimeAttribute>,
    /// What it tells of the row's window.
    pub window: Option<WindowColumn>,
    /// It is found with its table's name only: one that a join made of it and another has its name.
    pub(crate) is_merged: bool,
}

/// The kinds of columns that tell the stream's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeAttribute {
    /// That of the events, for which there is a watermark.
    Rowtime,
    /// That of the clock, when the row is processed.
    Proctime,
}

/// What a column tells of the window that its row is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowColumn {
    /// Which part of it.
    pub part: WindowPart,
    /// The zone in which its borders are, where its time column holds moments.
    pub zone: Option<Tz>,
}

/// The columns of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowPart {
    /// `window_start`
    Start,
    /// `window_end`
    End,
    /// `window_time`
    Time,
}

impl ScopeColumn {
    /// A column that is only a value, of no table.
    pub fn plain(name: impl Into<String>, data_type: DataType) -> Self {
        Self { table: None, name: name.into(), data_type, time: None, window: None, is_merged: false }
    }
}

/// All columns of an input, in the order in which they lie in its batches. Names are case-sensitive, as Flink's.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The columns.
    pub columns: Vec<ScopeColumn>,
    /// What has been computed before, and in which column it is: keys and aggregates of a group.
    pub(crate) computed: Vec<(Expr, Bound)>,
    /// How many of the columns a `*` stands for, where not for all.
    pub(crate) width: Option<usize>,
    /// The columns before they were grouped.
    pub(crate) grouped_from: Option<Arc<Scope>>,
    /// Later rows take the place of earlier ones.
    pub(crate) versions: Option<Versions>,
}

/// Rows of which each holds for its key from its time until the next one's.
#[derive(Debug, Clone)]
pub(crate) struct Versions {
    /// The columns of the key, and that of the time, as long as all of them are there.
    pub(crate) places: Option<(Vec<usize>, usize)>,
    /// Nobody has said yet that only the last row counts,
    pub(crate) is_open: bool,
    /// by comparing this column with 1.
    pub(crate) number: Option<usize>,
    /// Where it is said that earlier rows go; without, they stay for all but who asks for versions.
    pub(crate) replaced: Option<Span>,
}

impl Versions {
    /// The same of computed columns.
    pub(crate) fn projected(self, columns: &[Projected]) -> Self {
        let place = |at: usize| passed_on(columns, at);
        let places = self.places.and_then(|(keys, time)| {
            let keys: Option<Vec<usize>> = keys.into_iter().map(place).collect();
            Some((keys?, place(time)?))
        });
        Self { places, number: self.number.and_then(place), ..self }
    }
}

impl Scope {
    /// Columns, and nothing computed before.
    pub fn of(columns: Vec<ScopeColumn>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// The last column that tells this of the window of its row.
    pub(crate) fn window_part(&self, part: WindowPart) -> Option<usize> {
        self.columns.iter().rposition(|column| column.window.is_some_and(|window| window.part == part))
    }

    /// The column in which an expression has been computed before.
    pub(crate) fn computed(&self, expr: &Expr) -> Option<Bound> {
        self.computed.iter().find(|(known, _)| known == expr).map(|(_, bound)| bound.clone())
    }

    /// What to say of a column that is there, but not in its group.
    fn not_grouped(&self, table: Option<&Ident>, name: &Ident) -> Option<Mistake> {
        self.grouped_from.as_ref()?.find(table, name).ok()?;
        let message = format!("{} is neither in GROUP BY nor inside of an aggregate", name.value);
        Some(Mistake::new(name.span, message).advise(
            "a group has many rows: GROUP BY it as well, or take one of its values with MAX, MIN or LAST_VALUE",
        ))
    }

    /// The column of this name, of any table.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn column(&self, name: &Ident) -> Result<Bound, Mistake> {
        self.find(None, name)
    }

    /// The column of this name of a table.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn column_of(&self, table: &Ident, name: &Ident) -> Result<Bound, Mistake> {
        self.find(Some(table), name)
    }

    /// Whether a table goes by this name.
    pub fn has_table(&self, table: &str) -> bool {
        self.columns.iter().any(|column| column.table.as_deref() == Some(table))
    }

    /// What to say of a name before a point that is neither a table's nor a column's.
    pub(crate) fn no_table(&self, name: &Ident) -> Mistake {
        let mut tables: Vec<&str> =
            self.columns.iter().filter_map(|column| column.table.as_deref()).collect();
        tables.dedup();
        let columns = self.columns.iter().map(|column| column.name.as_str());
        let nearest = nearest(&name.value, tables.iter().copied().chain(columns));
        let advice = nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        let message = format!("there is no table and no column {} here{advice}", name.value);
        let mistake = Mistake::new(name.span, message);
        match tables.as_slice() {
            [] => mistake,
            tables => mistake.advise(format!("FROM has {}", tables.join(", "))),
        }
    }

    /// Whether a row of another table has a field of the column's name.
    fn is_field_elsewhere(&self, column: &ScopeColumn) -> bool {
        let elsewhere = self.columns.iter().filter(|other| other.table != column.table);
        elsewhere.into_iter().any(|other| has_field(&other.data_type, &column.name))
    }

    /// The field of this name of the columns that are rows, as Flink finds it: where no column has the name, and no
    /// more than one row at the same depth has such a field.
    pub(crate) fn field(&self, table: Option<&Ident>, name: &Ident) -> Result<Option<Bound>, Mistake> {
        let is_mine =
            |column: &ScopeColumn| table.is_none_or(|table| column.table.as_ref() == Some(&table.value));
        let columns = self.columns.iter().enumerate().filter(|(_, column)| is_mine(column));
        let mut rows: Vec<Bound> = columns
            .map(|(at, column)| Bound::column(&column.name, at, column.data_type.clone(), name.span))
            .collect();
        loop {
            rows.retain(|row| matches!(row.data_type.bare(), DataType::Row(_)));
            let mut found = rows.iter().filter(|row| names(&row.data_type).any(|field| field == name.value));
            match (found.next(), found.next()) {
                (Some(row), None) => return row_field(row.clone(), &name.value, name.span).map(Some),
                (Some(_), Some(_)) => {
                    return Err(Mistake::new(name.span, format!("the field {} is ambiguous", name.value))
                        .advise("write the column's name before it"));
                }
                (None, _) if rows.is_empty() => return Ok(None),
                (None, _) => {}
            }
            let inside = rows.iter().flat_map(|row| names(&row.data_type).map(move |name| (row, name)));
            rows = inside
                .map(|(row, field)| row_field(row.clone(), field, name.span))
                .collect::<Result<_, _>>()?;
        }
    }

    fn find(&self, table: Option<&Ident>, name: &Ident) -> Result<Bound, Mistake> {
        let mine = |column: &&ScopeColumn| {
            table.map_or(!column.is_merged, |table| column.table.as_ref() == Some(&table.value))
        };
        let mut found =
            self.columns.iter().enumerate().filter(|(_, column)| mine(column) && column.name == name.value);
        match (found.next(), found.next()) {
            (Some((_, column)), None) if table.is_none() && self.is_field_elsewhere(column) => {
                Err(Mistake::new(name.span, format!("the column {} is ambiguous", name.value)).advise(
                    "a row of another table has a field of this name; write the table's name before it",
                ))
            }
            (Some((at, column)), None) => {
                Ok(Bound::column(&column.name, at, column.data_type.clone(), name.span))
            }
            (Some(_), Some(_)) => {
                Err(Mistake::new(name.span, format!("the column {} is ambiguous", name.value))
                    .advise("write the table's name before it"))
            }
            (None, _) => {
                if let Some(field) = self.field(table, name)? {
                    return Ok(field);
                }
                if let Some(mistake) = self.not_grouped(table, name) {
                    return Err(mistake);
                }
                let names = self.columns.iter().filter(mine).map(|column| column.name.as_str());
                let advice = nearest(&name.value, names).map(|name| format!("; did you mean {name}?"));
                let message = format!("there is no column {}{}", name.value, advice.unwrap_or_default());
                let all: Vec<&str> =
                    self.columns.iter().filter(mine).map(|column| column.name.as_str()).collect();
                let mistake = Mistake::new(name.span, message);
                Err(if all.is_empty() {
                    mistake
                } else {
                    mistake.advise(format!("there are: {}", all.join(", ")))
                })
            }
        }
    }
}

/// The names of a row's fields.
fn names(data_type: &DataType) -> impl Iterator<Item = &str> {
    let fields = match data_type.bare() {
        DataType::Row(fields) => fields.as_slice(),
        _ => &[],
    };
    fields.iter().map(|field| field.name.as_str())
}

fn has_field(data_type: &DataType, name: &str) -> bool {
    names(data_type).any(|field| field == name)
        || matches!(data_type.bare(), DataType::Row(fields) if fields.iter().any(|field| has_field(&field.data_type, name)))
}

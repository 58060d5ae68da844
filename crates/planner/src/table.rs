//! `CREATE TABLE`: what a table is, after `LIKE`, with its computed columns bound.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::Column as ColumnExpr;
use narthex_sql::{Column, ColumnKind, CreateTable, DataType, LikeFeature, LikeMode, Mistake, Watermark};

use crate::catalog::{Catalog, Entry, key};
use crate::environment::Environment;
use crate::hints::Hints;
use crate::plan::{Table, TableColumn, Visible};
use crate::query::QueryBinder;
use crate::scope::{Scope, ScopeColumn};

/// Most digits of a second that a time attribute has.
const TIME_ATTRIBUTE_DIGITS: u8 = 3;

/// Makes tables.
pub(crate) struct TableMaker<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) environment: &'a Environment,
    pub(crate) mistakes: &'a RefCell<Vec<Mistake>>,
    pub(crate) hints: &'a Hints,
}

impl TableMaker<'_> {
    /// The table that is created; none when it has mistakes, which are told.
    pub(crate) fn make(&self, create: &CreateTable) -> Option<Table> {
        let before = self.mistakes.borrow().len();
        let mut definition = create.clone();
        if create.query.is_some() {
            self.tell(
                Mistake::new(create.name.span(), "CREATE TABLE … AS SELECT is not supported")
                    .advise("write CREATE TABLE with its columns, and INSERT INTO it"),
            );
        }
        if create.like.is_some() && self.merge_like(&mut definition).is_none() {
            return None;
        }
        key_is_never_null(&mut definition);
        self.check_names(&definition);
        let columns = definition.columns.iter().filter_map(table_column).collect::<Vec<_>>();
        let visible = self.visible(&definition, &columns);
        self.check_keys(&definition, &visible);
        let watermark =
            definition.watermark.as_ref().and_then(|watermark| self.watermark(watermark, &visible));
        let name = key(&definition.name).map_err(|mistake| self.tell(mistake)).ok()?;
        let is_whole = self.mistakes.borrow().len() == before;
        let texts = |names: &[narthex_sql::ast::Ident]| names.iter().map(|name| name.value.clone()).collect();
        is_whole.then(|| Table {
            name,
            name_span: definition.name.span(),
            columns,
            primary_key: texts(&definition.primary_key),
            partitioned_by: texts(&definition.partitioned_by),
            options: definition.options.clone(),
            watermark,
            visible,
            definition,
        })
    }

    fn tell(&self, mistake: Mistake) {
        self.mistakes.borrow_mut().push(mistake);
    }

    /// What a query sees: computed columns over the others.
    fn visible(&self, definition: &CreateTable, columns: &[TableColumn]) -> Vec<Visible> {
        let scope = scope_of(columns.iter().map(|column| (&column.name, &column.data_type)));
        let binder = self.binder();
        let mut at = 0;
        let mut visible = Vec::new();
        for column in &definition.columns {
            let name = column.name.value.clone();
            match &column.kind {
                ColumnKind::Computed { expr } => {
                    if let Some(bound) = binder.expr(&scope, expr) {
                        let (data_type, expr, is_proctime) = (bound.data_type, bound.expr, is_proctime(expr));
                        visible.push(Visible { name, data_type, expr, is_computed: true, is_proctime });
                    }
                }
                ColumnKind::Physical { data_type } | ColumnKind::Metadata { data_type, .. } => {
                    let expr = Arc::new(ColumnExpr::new(&name, at));
                    let data_type = data_type.clone();
                    visible.push(Visible { name, data_type, expr, is_computed: false, is_proctime: false });
                    at += 1;
                }
            }
        }
        visible
    }

    fn binder(&self) -> QueryBinder<'_> {
        QueryBinder {
            catalog: self.catalog,
            environment: self.environment,
            mistakes: self.mistakes,
            hints: self.hints,
            named: Default::default(),
        }
    }

    fn check_names(&self, definition: &CreateTable) {
        let mut seen = BTreeSet::new();
        for Column { name, .. } in &definition.columns {
            if !seen.insert(&name.value) {
                self.tell(Mistake::new(name.span, format!("there is a column {} already", name.value)));
            }
        }
        if definition.columns.is_empty() && definition.query.is_none() {
            self.tell(Mistake::new(definition.name.span(), "the table has no columns"));
        }
    }

    fn check_keys(&self, definition: &CreateTable, visible: &[Visible]) {
        for name in definition.primary_key.iter().chain(&definition.partitioned_by) {
            match visible.iter().find(|column| column.name == name.value) {
                Some(column) if column.is_computed => self.tell(Mistake::new(
                    name.span,
                    format!("{} is computed; a key is made of the table's own columns", name.value),
                )),
                Some(_) => {}
                None => self.tell(Mistake::new(name.span, format!("there is no column {}", name.value))),
            }
        }
    }

    /// How the table tells time, if it does so rightly.
    fn watermark(
        &self,
        watermark: &Watermark,
        visible: &[Visible],
    ) -> Option<(usize, Arc<dyn PhysicalExpr>)> {
        use narthex_sql::ast::Expr;
        let scope = scope_of(visible.iter().map(|column| (&column.name, &column.data_type)));
        let column = match watermark.column.0.as_slice() {
            [single] => Expr::Identifier(single.clone()),
            parts => Expr::CompoundIdentifier(parts.to_vec()),
        };
        let binder = self.binder();
        let bound = binder.expr(&scope, &column);
        let time = binder.expr(&scope, &watermark.expr);
        let bound = bound?;
        let is_time = |data_type: &DataType| {
            matches!(data_type.bare(), DataType::Timestamp(digits) | DataType::TimestampLtz(digits)
                if *digits <= TIME_ATTRIBUTE_DIGITS)
        };
        if !is_time(&bound.data_type) {
            let message = format!(
                "a watermark needs a column of type TIMESTAMP(3) or TIMESTAMP_LTZ(3); {} is {}",
                watermark.column,
                bound.data_type.bare()
            );
            self.tell(
                Mistake::new(watermark.column.span(), message)
                    .advise("add a computed column, such as rt AS TO_TIMESTAMP_LTZ(ms, 3)"),
            );
            return None;
        }
        let time = time?;
        if !is_time(&time.data_type) {
            let message = format!(
                "a watermark is a TIMESTAMP(3) or TIMESTAMP_LTZ(3); this is {}",
                time.data_type.bare()
            );
            self.tell(Mistake::new(time.span, message));
            return None;
        }
        let at = bound.expr.downcast_ref::<ColumnExpr>()?.index();
        Some((at, time.expr))
    }

    /// Takes over what `LIKE` asks for: all of it, where nothing is said, and options of the same key are replaced.
    fn merge_like(&self, definition: &mut CreateTable) -> Option<()> {
        let like = definition.like.take()?;
        let base = match self.catalog.find(&like.table) {
            Ok(Entry::Table(table)) => table.definition.clone(),
            Ok(Entry::View(_)) => {
                self.tell(Mistake::new(
                    like.table.span(),
                    format!("{} is a view; LIKE takes a table", like.table),
                ));
                return None;
            }
            Ok(Entry::Broken) => return None,
            Err(mistake) => {
                self.tell(mistake);
                return None;
            }
        };
        let mode = |feature: LikeFeature| {
            let said = |wanted: LikeFeature| {
                like.features.iter().find(|(_, said)| *said == wanted).map(|(mode, _)| *mode)
            };
            let default =
                if feature == LikeFeature::Options { LikeMode::Overwriting } else { LikeMode::Including };
            said(feature).or_else(|| said(LikeFeature::All)).unwrap_or(default)
        };
        let takes = |feature: LikeFeature| mode(feature) != LikeMode::Excluding;
        let mut columns: Vec<Column> = base
            .columns
            .into_iter()
            .filter(|column| match column.kind {
                ColumnKind::Physical { .. } => true,
                ColumnKind::Metadata { .. } => takes(LikeFeature::Metadata),
                ColumnKind::Computed { .. } => takes(LikeFeature::Generated),
            })
            .collect();
        for own in definition.columns.drain(..) {
            let feature = match own.kind {
                ColumnKind::Computed { .. } => LikeFeature::Generated,
                _ => LikeFeature::Metadata,
            };
            match columns.iter_mut().find(|column| column.name.value == own.name.value) {
                Some(column) if mode(feature) == LikeMode::Overwriting => *column = own,
                // A second one of the name is told of later.
                _ => columns.push(own),
            }
        }
        definition.columns = columns;
        if takes(LikeFeature::Watermarks) && definition.watermark.is_none() {
            definition.watermark = base.watermark;
        }
        if takes(LikeFeature::Constraints) && definition.primary_key.is_empty() {
            definition.primary_key = base.primary_key;
        }
        if takes(LikeFeature::Partitions) && definition.partitioned_by.is_empty() {
            definition.partitioned_by = base.partitioned_by;
        }
        if takes(LikeFeature::Options) {
            let is_new = |key: &str| definition.options.iter().all(|own| own.key != key);
            if mode(LikeFeature::Options) == LikeMode::Including {
                let twice = base.options.iter().filter(|option| !is_new(&option.key));
                for option in twice {
                    let message = format!("{} has the option '{}' already", like.table, option.key);
                    let advice = "write OVERWRITING OPTIONS, or EXCLUDING OPTIONS";
                    self.tell(Mistake::new(like.table.span(), message).advise(advice));
                }
            }
            let taken: Vec<_> = base.options.into_iter().filter(|option| is_new(&option.key)).collect();
            definition.options.splice(0..0, taken);
        }
        Some(())
    }
}

/// Whether a column is the time of processing.
pub(crate) fn is_proctime(expr: &narthex_sql::ast::Expr) -> bool {
    matches!(expr, narthex_sql::ast::Expr::Function(call)
        if call.name.to_string().eq_ignore_ascii_case("PROCTIME"))
}

/// What a PRIMARY KEY names is NOT NULL, whether it says so or not.
fn key_is_never_null(definition: &mut CreateTable) {
    for column in &mut definition.columns {
        let is_key = definition.primary_key.iter().any(|key| key.value == column.name.value);
        if let (true, ColumnKind::Physical { data_type }) = (is_key, &mut column.kind) {
            *data_type = data_type.with_nullable(false);
        }
    }
}

fn table_column(column: &Column) -> Option<TableColumn> {
    let (name, span) = (column.name.value.clone(), column.name.span);
    match &column.kind {
        ColumnKind::Physical { data_type } => {
            Some(TableColumn { name, span, data_type: data_type.clone(), metadata: None, is_virtual: false })
        }
        ColumnKind::Metadata { data_type, from, is_virtual } => {
            let metadata = Some(from.clone().unwrap_or_else(|| name.clone()));
            Some(TableColumn { name, span, data_type: data_type.clone(), metadata, is_virtual: *is_virtual })
        }
        ColumnKind::Computed { .. } => None,
    }
}

fn scope_of<'a>(columns: impl Iterator<Item = (&'a String, &'a DataType)>) -> Scope {
    let columns = columns.map(|(name, data_type)| ScopeColumn::plain(name, data_type.clone())).collect();
    Scope::of(columns)
}

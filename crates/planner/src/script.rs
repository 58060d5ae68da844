//! A whole job file: its statements in order, from catalog to plan, and every mistake on the way.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use narthex_sql::ast::{Query, SelectItem, SetExpr, Spanned};
use narthex_sql::{
    AlterTable, Alteration, CreateView, DropKind, Insert as InsertStatement, Mistake, Name, Script, Show,
    Span, Statement, StatementKind,
};

use crate::bound::Bound;
use crate::catalog::{self, Catalog, Entry};
use crate::common;
use crate::describe;
use crate::endless::{endless, ranks_without_end};
use crate::environment::Environment;
use crate::functions;
use crate::hints::{Hints, with_options};
use crate::plan::{
    Insert, Job, OnNull, Plan, Projected, Relation, Stateful, StatefulInput, StatefulOperator, Step, Table,
};
use crate::prune::pruned;
use crate::query::{QueryBinder, Rows, counted, projected_as};
use crate::scope::{Scope, ScopeColumn, TimeAttribute};
use crate::secret::shown;
use crate::settings::Settings;
use crate::store::store;
use crate::table::TableMaker;

/// What a job file comes to.
#[derive(Debug, Default)]
pub struct Planned {
    /// What is to be run; only of use without mistakes.
    pub plan: Plan,
    /// Tables that are read or written, also by what has a mistake.
    pub tables: Vec<Arc<Table>>,
    /// All mistakes, in the order of their places.
    pub mistakes: Vec<Mistake>,
    /// What may be a mistake.
    pub warnings: Vec<Mistake>,
}

/// Plans a job file. `settings` hold until the file says otherwise.
pub fn plan(script: &Script, settings: &Settings, now_ms: Arc<dyn Fn() -> i64 + Send + Sync>) -> Planned {
    let mut planner = Planner {
        catalog: Catalog::default(),
        settings: settings.clone(),
        given: settings.clone(),
        now_ms,
        mistakes: RefCell::new(script.mistakes.clone()),
        warnings: Vec::new(),
        steps: Vec::new(),
        hints: Hints::default(),
    };
    script.statements.iter().for_each(|statement| planner.hinted(statement));
    let mut mistakes = planner.mistakes.into_inner();
    mistakes.sort_by_key(|mistake| (mistake.span.start.line, mistake.span.start.column));
    mistakes.dedup();
    let tables = planner.catalog.into_used();
    Planned { plan: Plan { steps: planner.steps }, tables, mistakes, warnings: planner.warnings }
}

struct Planner {
    catalog: Catalog,
    settings: Settings,
    /// As they came with the command.
    given: Settings,
    now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    mistakes: RefCell<Vec<Mistake>>,
    warnings: Vec<Mistake>,
    steps: Vec<Step>,
    /// Those of the statement that is planned.
    hints: Hints,
}

impl Planner {
    fn environment(&self) -> Environment {
        Environment { zone: self.settings.zone(), now_ms: self.now_ms.clone() }
    }

    fn tell(&self, mistake: Mistake) {
        self.mistakes.borrow_mut().push(mistake);
    }

    /// Plans a statement and sees that its hints stand where they mean something.
    fn hinted(&mut self, statement: &Statement) {
        self.hints = Hints::of(&statement.hints);
        let before = self.mistakes.borrow().len();
        self.statement(statement);
        // Parts of the syntax tree know no place; the statement's is better than none.
        for mistake in &mut self.mistakes.borrow_mut()[before..] {
            if mistake.span.start.line == 0 {
                mistake.span = statement.span;
            }
        }
        // Who stopped at a mistake has not come to all names.
        if self.mistakes.borrow().len() == before {
            let unused = self.hints.unused().map(|hint| {
                Mistake::new(hint.span, "a hint stands right behind the name of a table")
                    .advise("write for example FROM t /*+ OPTIONS('key' = 'value') */ AS x")
            });
            self.mistakes.borrow_mut().extend(unused.collect::<Vec<_>>());
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::CreateTable(create) => {
                let environment = self.environment();
                let maker = TableMaker {
                    catalog: &self.catalog,
                    environment: &environment,
                    mistakes: &self.mistakes,
                    hints: &self.hints,
                };
                let entry = maker.make(create).map_or(Entry::Broken, |table| Entry::Table(Arc::new(table)));
                self.add(&create.name, entry, create.if_not_exists);
            }
            StatementKind::CreateView(view) => self.view(view),
            StatementKind::Drop(drop) => {
                let removed = self.catalog.remove(&drop.name, drop.kind == DropKind::View);
                match removed {
                    Ok(false) if !drop.if_exists => {
                        let kind = if drop.kind == DropKind::View { "view" } else { "table" };
                        let message = format!("there is no {kind} {}", drop.name);
                        self.tell(Mistake::new(drop.name.span(), message).advise("or write IF EXISTS"));
                    }
                    Ok(_) => {}
                    Err(mistake) => self.tell(mistake),
                }
            }
            StatementKind::Set(Some(option)) => match self.settings.set(&option.key, &option.value) {
                Ok(None) => {}
                Ok(Some(warning)) => self.warnings.push(Mistake::new(option.key_span, warning)),
                Err(message) => {
                    let is_unknown = message.starts_with("there is no key");
                    let span = if is_unknown { option.key_span } else { option.value_span };
                    self.tell(Mistake::new(span, message));
                }
            },
            StatementKind::Set(None) => {
                let line = |(key, value)| format!("'{key}' = '{}'\n", shown(key, value));
                let all: String = self.settings.iter().map(line).collect();
                self.steps.push(Step::Print(all));
            }
            StatementKind::Reset(None) => self.settings = self.given.clone(),
            StatementKind::Reset(Some((key, _))) => match self.given.value(key) {
                Some(value) => drop(self.settings.set(key, value)),
                None => self.settings.reset(Some(key)),
            },
            StatementKind::Insert(insert) => self.job(std::slice::from_ref(insert), statement.span),
            StatementKind::StatementSet(inserts) => self.job(inserts, statement.span),
            StatementKind::Query(query) => self.tell(
                Mistake::new(query.span(), "a query by itself has nowhere to write to")
                    .advise("INSERT INTO a table; one WITH ('connector' = 'print') shows its rows"),
            ),
            StatementKind::Explain(inner) => self.explain(inner),
            StatementKind::Describe(name) => match self.catalog.find(name) {
                Ok(entry) => self.steps.extend(describe::entry(entry).map(Step::Print)),
                Err(mistake) => self.tell(mistake),
            },
            StatementKind::Show(show) => self.show(show),
            StatementKind::AlterTable(alter) => self.alter(alter),
            StatementKind::Unreadable(name) => self.add(name, Entry::Broken, true),
            StatementKind::Use { is_catalog, name } => {
                if let Err(mistake) = catalog::check_use(name, *is_catalog) {
                    self.tell(mistake);
                }
            }
        }
    }

    fn alter(&mut self, alter: &AlterTable) {
        let AlterTable { name, if_exists, alteration } = alter;
        let table = match self.catalog.find(name) {
            Ok(Entry::Table(table)) => table.clone(),
            Ok(Entry::View(_)) => {
                return self.tell(Mistake::new(name.span(), format!("{name} is a view, not a table")));
            }
            Ok(Entry::Broken) => return,
            Err(_) if *if_exists => return,
            Err(mistake) => return self.tell(mistake),
        };
        if table.definition.is_temporary {
            let message = format!("{name} is temporary, and temporary tables cannot be altered");
            return self.tell(Mistake::new(name.span(), message).advise("DROP it and CREATE it anew"));
        }
        match alteration {
            Alteration::Set(options) => self.catalog.replace(name, with_options(&table, options)),
            Alteration::Reset(keys) => {
                let mut table = (*table).clone();
                let is_kept = |key: &str| keys.iter().all(|(reset, _)| reset != key);
                table.options.retain(|option| is_kept(&option.key));
                table.definition.options.retain(|option| is_kept(&option.key));
                self.catalog.replace(name, Arc::new(table));
            }
            Alteration::Rename(new) => match catalog::key(new) {
                Ok(key) => {
                    let mut table = (*table).clone();
                    table.name = key;
                    self.add(new, Entry::Table(Arc::new(table)), false);
                    let _ = self.catalog.remove(name, false);
                }
                Err(mistake) => self.tell(mistake),
            },
        }
    }

    fn add(&mut self, name: &Name, entry: Entry, may_exist: bool) {
        if let Err(mistake) = self.catalog.add(name, entry, may_exist) {
            self.tell(mistake);
        }
    }

    fn view(&mut self, view: &CreateView) {
        let environment = self.environment();
        let rows = self.binder(&environment).query(&view.query);
        let named = rows.and_then(|rows| self.named_columns(view, rows));
        let named = named.filter(|rows| self.are_distinct(view, rows));
        let entry = named.map_or(Entry::Broken, |rows| Entry::View(Arc::new(rows)));
        self.add(&view.name, entry, view.if_not_exists);
    }

    /// Names of a view's columns, of which each must be there once.
    fn are_distinct(&self, view: &CreateView, rows: &Rows) -> bool {
        let mut seen = BTreeSet::new();
        let twice = rows.scope.columns.iter().position(|column| !seen.insert(&column.name));
        let Some(at) = twice else { return true };
        let own = view.columns.get(at).map(|name| name.span);
        let span = own.or_else(|| item_span(&view.query, at)).unwrap_or_else(|| view.name.span());
        let name = &rows.scope.columns[at].name;
        self.tell(
            Mistake::new(span, format!("the view {} has a column {name} already", view.name))
                .advise("give one of them another name with AS"),
        );
        false
    }

    fn named_columns(&self, view: &CreateView, mut rows: Rows) -> Option<Rows> {
        if view.columns.is_empty() {
            return Some(rows);
        }
        if view.columns.len() != rows.scope.columns.len() {
            let columns = counted(rows.scope.columns.len(), "column");
            let message = format!("{} for {columns}", counted(view.columns.len(), "name"));
            self.tell(Mistake::new(view.name.span(), message).advise("name all of them, or none"));
            return None;
        }
        for (column, name) in rows.scope.columns.iter_mut().zip(&view.columns) {
            column.name.clone_from(&name.value);
        }
        Some(rows)
    }

    fn binder<'a>(&'a self, environment: &'a Environment) -> QueryBinder<'a> {
        QueryBinder {
            catalog: &self.catalog,
            environment,
            mistakes: &self.mistakes,
            hints: &self.hints,
            named: Default::default(),
        }
    }

    fn job(&mut self, inserts: &[InsertStatement], span: Span) {
        let planned: Vec<_> = inserts.iter().map(|insert| self.insert(insert)).collect();
        // What has no plan has a mistake; without one, it would be left out and nobody would know.
        if planned.iter().any(Option::is_none) && self.mistakes.borrow().is_empty() {
            self.tell(Mistake::new(span, "this cannot be planned").advise("please report it, with the file"));
        }
        if let Some(inserts) = planned.into_iter().collect::<Option<Vec<Insert>>>() {
            let has_ttl = self.settings.state_ttl().is_some();
            let kept = inserts.iter().filter(|_| !has_ttl).flat_map(|insert| endless(&insert.input));
            for (kept, advice) in kept.collect::<BTreeSet<_>>() {
                let message = format!("the state of this job grows without end: {kept}");
                let advice = format!("{advice}; or set table.exec.state.ttl, such as '1 h'");
                self.warnings.push(Mistake::new(span, message).advise(advice));
            }
            self.steps.push(Step::Job(Job { inserts, settings: self.settings.clone(), span }));
        }
    }

    fn insert(&self, insert: &InsertStatement) -> Option<Insert> {
        let environment = self.environment();
        if insert.is_overwrite {
            self.tell(
                Mistake::new(insert.span, "INSERT OVERWRITE is not supported")
                    .advise("write INSERT INTO, into a table with a path of its own"),
            );
        }
        let sink = match self.binder(&environment).hinted(&insert.table) {
            Ok(Entry::Table(table)) => Some(table),
            Ok(Entry::View(_)) => {
                self.tell(Mistake::new(
                    insert.table.span(),
                    format!("{} is a view; rows go into tables", insert.table),
                ));
                None
            }
            Ok(Entry::Broken) => None,
            Err(mistake) => {
                self.tell(mistake);
                None
            }
        };
        let rows = self.binder(&environment).query(&insert.query);
        let sink = sink?;
        let targets = self.targets(insert, &sink);
        let (rows, targets) = (rows?, targets?);
        self.binder(&environment).not_replaced(&rows.scope)?;
        if let Some(span) = ranks_without_end(&rows.relation) {
            self.tell(Mistake::new(span, "all rows of a window are numbered here, and Flink takes only the first of them").advise(
                "select the number with an AS, and ask for the first in the query around it: WHERE n <= 10",
            ));
            return None;
        }
        let given = rows.scope.columns.len();
        if given != targets.len() {
            let given = counted(given, "column");
            let message = format!("the query gives {given}, {} takes {}", insert.table, targets.len());
            let names: Vec<&str> =
                targets.iter().filter_map(|&at| Some(sink.columns.get(at)?.name.as_str())).collect();
            self.tell(
                Mistake::new(insert.query.span(), message).advise(format!("it takes {}", names.join(", "))),
            );
            return None;
        }
        self.check_times(insert, &rows)?;
        let rows = self.reordered(insert, &sink, rows)?;
        let columns = self.stored(insert, &sink, &rows, &targets)?;
        let mut input = Relation::Project { input: Box::new(rows.relation), columns };
        let written = sink.written().enumerate();
        let never_null: Vec<_> = written
            .filter(|(_, column)| !column.data_type.is_nullable())
            .map(|(at, column)| (at, column.name.clone()))
            .collect();
        if !never_null.is_empty() {
            let on_null = if self.settings.drops_nulls() { OnNull::Drop } else { OnNull::Fail };
            input = Relation::NotNull { input: Box::new(input), columns: never_null, on_null };
        }
        Some(Insert { sink, input: pruned(input) })
    }

    /// Which of the table's columns the query fills, in the query's order.
    fn targets(&self, insert: &InsertStatement, sink: &Table) -> Option<Vec<usize>> {
        let written = || (0..sink.columns.len()).filter(|&at| !sink.columns[at].is_virtual);
        if insert.columns.is_empty() {
            return Some(written().collect());
        }
        let scope = Scope::of(
            written()
                .map(|at| ScopeColumn::plain(&sink.columns[at].name, sink.columns[at].data_type.clone()))
                .collect(),
        );
        let mut targets = Vec::new();
        for name in &insert.columns {
            if let Err(mistake) = scope.column(name) {
                self.tell(mistake);
                return None;
            }
            let at = written().find(|&at| sink.columns[at].name == name.value)?;
            if targets.contains(&at) {
                self.tell(Mistake::new(name.span, format!("the column {} is there twice", name.value)));
                return None;
            }
            targets.push(at);
        }
        let is_left_out = |at: &usize| !sink.columns[*at].data_type.is_nullable() && !targets.contains(at);
        if let Some(at) = written().find(is_left_out) {
            let name = &sink.columns[at].name;
            let message = format!("{name} of {} is NOT NULL, and gets no value", insert.table);
            self.tell(Mistake::new(insert.table.span(), message).advise("name it among the columns, too"));
            return None;
        }
        Some(targets)
    }

    /// Flink takes only one column that tells the stream's time into a table: it would not know which one to keep.
    fn check_times(&self, insert: &InsertStatement, rows: &Rows) -> Option<()> {
        let is_time = |column: &&ScopeColumn| column.time == Some(TimeAttribute::Rowtime);
        let times: Vec<&str> =
            rows.scope.columns.iter().filter(is_time).map(|column| column.name.as_str()).collect();
        if times.len() < 2 {
            return Some(());
        }
        let message =
            format!("{} tell the stream's time, and a table takes one such column", times.join(" and "));
        self.tell(
            Mistake::new(insert.query.span(), message)
                .advise("CAST the others: CAST(rt AS TIMESTAMP_LTZ(3)), or TIMESTAMP(3)"),
        );
        None
    }

    /// `sink.reorder`: the rows in the order of the stream's time. Rows with the same texts are kept by one task.
    fn reordered(&self, insert: &InsertStatement, sink: &Table, rows: Rows) -> Option<Rows> {
        let asked = sink.options.iter().find(|option| option.key == "sink.reorder");
        if !asked.is_some_and(|option| option.value.trim().eq_ignore_ascii_case("true")) {
            return Some(rows);
        }
        let Rows { relation, scope } = rows;
        let is_time = |column: &ScopeColumn| column.time == Some(TimeAttribute::Rowtime);
        let Some(time) = scope.columns.iter().position(is_time) else {
            let message = format!(
                "{} has sink.reorder, and no column of this query tells the stream's time",
                sink.name
            );
            let advice = "select the column of a table's WATERMARK, or window_time, as it is";
            self.tell(Mistake::new(insert.query.span(), message).advise(advice));
            return None;
        };
        let columns = relation.columns();
        let is_text = |at: &usize| common::is_text(&columns[*at].1);
        let keys = (0..columns.len()).filter(is_text).collect();
        let inputs = vec![StatefulInput { relation, keys }];
        let stateful = Stateful { inputs, operator: StatefulOperator::Reorder { time }, columns };
        Some(Rows { relation: Relation::Stateful(Box::new(stateful)), scope })
    }

    /// The query's columns as the table's: in its order and types, null where the query has none.
    fn stored(
        &self,
        insert: &InsertStatement,
        sink: &Table,
        rows: &Rows,
        targets: &[usize],
    ) -> Option<Vec<Projected>> {
        let mut columns: Vec<Option<Projected>> = Vec::new();
        for (at, column) in sink.columns.iter().enumerate().filter(|(_, column)| !column.is_virtual) {
            let from = targets.iter().position(|&target| target == at);
            let value = match from {
                Some(from) => {
                    let given = &rows.scope.columns[from];
                    let span = item_span(&insert.query, from).unwrap_or_else(|| insert.query.span());
                    let value = Bound::column(&given.name, from, given.data_type.clone(), span);
                    store(value, &column.data_type, self.settings.zone(), span)
                        .map_err(|mistake| self.tell(naming(mistake, sink, column)))
                }
                None if !column.data_type.is_nullable() => {
                    let message =
                        format!("the column {} is NOT NULL, and the list leaves it out", column.name);
                    self.tell(Mistake::new(insert.table.span(), message).advise("name it, with a value"));
                    Err(())
                }
                None => Ok(Bound::null(&column.data_type, insert.span)),
            };
            columns.push(value.ok().map(|value| projected_as(&column.name, &column.data_type, value)));
        }
        columns.into_iter().collect()
    }

    fn explain(&mut self, statement: &Statement) {
        let before = self.steps.len();
        self.statement(statement);
        let explained: Vec<Step> = self.steps.drain(before..).collect();
        for step in explained {
            match step {
                Step::Job(job) => self.steps.push(Step::Print(describe::job(&job))),
                print => self.steps.push(print),
            }
        }
    }

    fn show(&mut self, show: &Show) {
        let lines = |names: Vec<&str>| names.iter().map(|name| format!("{name}\n")).collect::<String>();
        let shown = match show {
            Show::Tables => lines(self.catalog.names().collect()),
            Show::Catalogs => format!("{}\n", catalog::DEFAULTS[0]),
            Show::Databases => format!("{}\n", catalog::DEFAULTS[1]),
            Show::Views => lines(self.catalog.views().collect()),
            Show::Functions => functions::function_usages().map(|(_, usage)| format!("{usage}\n")).collect(),
            Show::CreateTable(name) | Show::CreateView(name) | Show::Columns(name) => {
                match self.catalog.find(name) {
                    Ok(entry) => match show {
                        Show::Columns(_) => describe::entry(entry).unwrap_or_default(),
                        _ => describe::create(entry).unwrap_or_default(),
                    },
                    Err(mistake) => return self.tell(mistake),
                }
            }
        };
        self.steps.push(Step::Print(shown));
    }
}

/// A mistake about a value, with the column that it is for.
fn naming(mistake: Mistake, sink: &Table, column: &crate::plan::TableColumn) -> Mistake {
    let message =
        format!("{} of {} is {}: {}", column.name, sink.name, column.data_type.bare(), mistake.message);
    Mistake { message, ..mistake }
}

/// Where the n-th column of a query stands, if it is a plain list.
fn item_span(query: &Query, at: usize) -> Option<Span> {
    let SetExpr::Select(select) = &*query.body else { return None };
    let is_plain =
        |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. });
    select.projection.iter().all(is_plain).then(|| select.projection.get(at).map(Spanned::span))?
}

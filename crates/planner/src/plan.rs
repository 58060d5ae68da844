//! What is to be run: jobs, each with its inserts, each a tree of relations from tables to a table.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use chrono_tz::Tz;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::Column;
use narthex_sql::{CreateTable, DataType, OptionEntry, Span};

use crate::aggregates::AggregateCall;
use crate::arrow_types::arrow_field;
use crate::settings::Settings;
use crate::windows::WindowKind;

mod equality;

/// What a job file asks for, in order.
#[derive(Debug, Default)]
pub struct Plan {
    /// Jobs and what is to be printed between them.
    pub steps: Vec<Step>,
}

/// A statement that does something.
#[derive(Debug)]
pub enum Step {
    /// An `INSERT`, or a statement set.
    Job(Job),
    /// Text for the user: what `DESCRIBE`, `SHOW` or `EXPLAIN` ask for.
    Print(String),
}

/// Inserts that run together, and read each of their tables once.
#[derive(Debug)]
pub struct Job {
    /// Its inserts.
    pub inserts: Vec<Insert>,
    /// What was set when the statement was reached.
    pub settings: Settings,
    /// Where it stands.
    pub span: Span,
}

/// Rows into a table.
#[derive(Debug)]
pub struct Insert {
    /// The table that is written.
    pub sink: Arc<Table>,
    /// The rows: the table's columns, those that are written, in their order.
    pub input: Relation,
}

/// A table of the catalog.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name, without the default catalog and database.
    pub name: String,
    /// Where its name stands in its definition.
    pub name_span: Span,
    /// What a connector gives or takes: physical and metadata columns.
    pub columns: Vec<TableColumn>,
    /// `PRIMARY KEY`.
    pub primary_key: Vec<String>,
    /// `PARTITIONED BY`.
    pub partitioned_by: Vec<String>,
    /// `WITH (…)`, and what `LIKE` brought.
    pub options: Vec<OptionEntry>,
    /// How the table tells time: the place of the time column among the visible ones, and the watermark over them.
    pub(crate) watermark: Option<(usize, Arc<dyn PhysicalExpr>)>,
    /// What a query of the table sees, computed columns among them.
    pub(crate) visible: Vec<Visible>,
    /// As it was written, with what `LIKE` brought.
    pub(crate) definition: CreateTable,
}

/// A column that a connector gives or takes.
#[derive(Debug, Clone)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// Its type.
    pub data_type: DataType,
    /// For a metadata column, the connector's name for it.
    pub metadata: Option<String>,
    /// A metadata column that is only read.
    pub is_virtual: bool,
}

/// A column as queries see it.
#[derive(Debug, Clone)]
pub(crate) struct Visible {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    /// Over the table's connector columns.
    pub(crate) expr: Arc<dyn PhysicalExpr>,
    pub(crate) is_computed: bool,
    /// It is the time at which a row is processed.
    pub(crate) is_proctime: bool,
}

impl Table {
    /// The value of an option.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|option| option.key == key).map(|option| option.value.as_str())
    }

    /// The columns that an INSERT writes.
    pub fn written(&self) -> impl Iterator<Item = &TableColumn> {
        self.columns.iter().filter(|column| !column.is_virtual)
    }
}

/// Rows: from tables, and computed from other rows.
#[derive(Debug, Clone)]
pub enum Relation {
    /// Columns of a table, as its connector gives them: these, in this order.
    Scan {
        /// The table.
        table: Arc<Table>,
        /// Places in [`Table::columns`].
        columns: Vec<usize>,
    },
    /// One row without columns.
    OneRow,
    /// Rows for which the predicate is true.
    Filter {
        /// Of what.
        input: Box<Relation>,
        /// A boolean.
        predicate: Arc<dyn PhysicalExpr>,
    },
    /// Computed columns.
    Project {
        /// From what.
        input: Box<Relation>,
        /// The columns.
        columns: Vec<Projected>,
    },
    /// For each row its columns, and behind them those of each element of a list or map.
    Unnest {
        /// Of what.
        input: Box<Relation>,
        /// What is unnested.
        unnest: Unnest,
    },
    /// The rows of all, which have the same columns.
    Union(Vec<Relation>),
    /// Rows that tell time: how far it has come behind each of them.
    Watermark {
        /// Of what.
        input: Box<Relation>,
        /// The column whose time it is.
        time: usize,
        /// The watermark behind a row.
        watermark: Arc<dyn PhysicalExpr>,
    },
    /// Rows whose time is that of the machine's clock.
    Clock {
        /// Of what.
        input: Box<Relation>,
    },
    /// Each row once for each window that its time falls into, with the window's columns behind its own.
    Windows {
        /// Of what.
        input: Box<Relation>,
        /// Which windows.
        windows: Windows,
    },
    /// What an operator makes of rows that it keeps for a while.
    Stateful(Box<Stateful>),
    /// Rows of which columns that must not be null are not.
    NotNull {
        /// Of what.
        input: Box<Relation>,
        /// Places and names of these columns.
        columns: Vec<(usize, String)>,
        /// What becomes of others.
        on_null: OnNull,
    },
}

/// Windows over a time column, and the columns that they add: start, end and time of the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Windows {
    /// Their kind and sizes; sessions are an operator's, as they depend on other rows.
    pub kind: WindowKind,
    /// How far their borders are from multiples of their size.
    pub offset_ms: i64,
    /// The column whose time it is.
    pub time: usize,
    /// Where its values are moments, the zone in whose days and hours the borders are.
    pub zone: Option<Tz>,
    /// The type of the column of the window's time: that of the time column.
    pub time_type: DataType,
}

/// What an operator does to rows that it keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Stateful {
    /// Its inputs, with the columns whose values decide which task gets a row.
    pub inputs: Vec<StatefulInput>,
    /// What it does.
    pub operator: StatefulOperator,
    /// The columns that come out.
    pub columns: Vec<(String, DataType)>,
}

/// Rows on their way to an operator that keeps them.
#[derive(Debug, Clone, PartialEq)]
pub struct StatefulInput {
    /// The rows.
    pub relation: Relation,
    /// Rows with the same values in these columns meet.
    pub keys: Vec<usize>,
}

/// Operators that keep rows, or something of them, until time has passed.
#[derive(Debug, Clone, PartialEq)]
pub enum StatefulOperator {
    /// A row for each group of each window, when the window has ended: keys, start and end of the window, aggregates.
    WindowAggregate {
        /// Columns that make the groups.
        keys: Vec<usize>,
        /// Where the window's start and end are.
        window: WindowPlaces,
        /// What is computed of each group.
        aggregates: Vec<AggregateCall>,
        /// The windows where they overlap: rows then carry the borders of slices, of which windows are made.
        overlapping: Option<Overlapping>,
    },
    /// Each row when its session has ended, with the session's columns behind its own.
    Sessions {
        /// Columns whose values have sessions of their own.
        keys: Vec<usize>,
        /// The time column, the gap as size.
        windows: Windows,
    },
    /// The first rows of each group of each window by an order, with their number behind their columns.
    WindowRank {
        /// Columns that make the groups, besides the window.
        keys: Vec<usize>,
        /// Where the window's start and end are.
        window: WindowPlaces,
        /// The order within a group.
        order: Vec<SortKey>,
        /// Numbers that are kept: from 1.
        from: u64,
        /// To this one.
        to: u64,
        /// Of rows that are equal by the order, the last that came is the first.
        is_last_first: bool,
        /// Where it is written.
        span: Span,
    },
    /// The first row of each group by time.
    FirstRow {
        /// Columns that make the groups.
        keys: Vec<usize>,
        /// The time column.
        time: usize,
    },
    /// Each row with values of rows before it behind its columns, in the order of time.
    Over {
        /// Columns whose values are looked at apart.
        keys: Vec<usize>,
        /// The time column; none: rows are taken as they come.
        time: Option<usize>,
        /// Which rows a row looks at.
        frame: Frame,
        /// What is computed of them.
        calls: Vec<OverCall>,
    },
    /// The rows in the order of time, each when it has passed; those that come behind it at once.
    Reorder {
        /// The time column.
        time: usize,
    },
    /// The rows in the order of time and of other columns, each when it has passed; those that come too late for that
    /// not at all.
    Sort {
        /// The time column.
        time: usize,
        /// What decides among rows of one time.
        order: Vec<SortKey>,
    },
    /// Each row with the watermark before it behind its columns, null before the first one.
    CurrentWatermark,
    /// Pairs of rows of two inputs: the columns of the left one, and behind them those of the right one.
    Join(Join),
}

/// Windows that overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlapping {
    /// HOP or CUMULATE.
    pub kind: WindowKind,
    /// How far their borders are from multiples of their size.
    pub offset_ms: i64,
}

/// Which rows of two inputs make pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// Which of them may meet.
    pub kind: JoinKind,
    /// Columns of the left and of the right input that must be equal, in pairs.
    pub keys: Vec<JoinKey>,
    /// What must be true of a pair besides. An inner join has a filter behind it instead.
    pub condition: Option<PairCondition>,
    /// Which rows come out.
    pub sides: JoinSides,
}

/// Which rows come out of a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinSides {
    /// Pairs.
    Inner,
    /// Pairs, and rows of the left input that are in none, with nulls.
    Left,
    /// The same of the right input.
    Right,
    /// The same of both.
    Full,
    /// Rows of the left input that are in a pair, once, with nulls.
    Semi,
    /// Rows of the left input that are in none, with nulls.
    Anti,
}

impl JoinSides {
    /// Whether rows of the left, and of the right input, come out that are in no pair.
    pub fn keeps(self) -> [bool; 2] {
        [matches!(self, Self::Left | Self::Full | Self::Anti), matches!(self, Self::Right | Self::Full)]
    }
}

/// Columns that must be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinKey {
    /// Of the left input.
    pub left: usize,
    /// Of the right input.
    pub right: usize,
    /// Null is equal to null.
    pub is_null_safe: bool,
}

/// Which rows may meet, and so how long they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinKind {
    /// All that ever came.
    Regular,
    /// Rows whose times are near each other: right minus left is between these, in milliseconds.
    Interval {
        /// The left time column.
        left: usize,
        /// The right time column.
        right: usize,
        /// At least.
        least_ms: i64,
        /// At most.
        most_ms: i64,
    },
    /// Rows of the same window.
    Window {
        /// The left columns of the window.
        left: WindowPlaces,
        /// The right ones.
        right: WindowPlaces,
    },
    /// A row of the left input, and the last one of the right that is not later.
    Temporal {
        /// The left time column.
        left: usize,
        /// The right time column.
        right: usize,
        /// A version that comes behind a later one of its key is none.
        skips_older: bool,
    },
}

/// A condition on a pair.
#[derive(Debug, Clone)]
pub struct PairCondition {
    /// Over these columns.
    pub predicate: Arc<dyn PhysicalExpr>,
    /// Of which input, and which of its columns.
    pub columns: Vec<(usize, usize)>,
}

/// The rows that a row looks at, up to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// So many rows before it; all of them without a number.
    Rows(Option<u64>),
    /// Those whose time is not further back than so many milliseconds, and those of its own time; all of them without
    /// a number.
    Range(Option<i64>),
}

impl Frame {
    /// Whether rows leave it.
    pub fn is_bounded(&self) -> bool {
        !matches!(self, Self::Rows(None) | Self::Range(None))
    }
}

/// What is computed of the rows before a row.
#[derive(Debug, Clone, PartialEq)]
pub enum OverCall {
    /// An aggregate of the frame.
    Aggregate(AggregateCall),
    /// The number of the row.
    RowNumber,
    /// One more than the number of rows of earlier times.
    Rank,
    /// One more than the number of earlier times.
    DenseRank,
    /// The value of the row so many before.
    Lag {
        /// The value's column.
        column: usize,
        /// How many rows before.
        rows: u64,
        /// The column of what is taken where there is no such row.
        default: Option<usize>,
    },
}

/// Where a column is among computed ones, if one of them is that column as it is.
pub(crate) fn passed_on(columns: &[Projected], at: usize) -> Option<usize> {
    let is_it = |column: &Projected| column.expr.downcast_ref::<Column>().is_some_and(|it| it.index() == at);
    columns.iter().position(is_it)
}

/// A column that rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    /// Its place.
    pub column: usize,
    /// From the greatest to the least.
    pub is_descending: bool,
    /// Nulls come before all others.
    pub nulls_first: bool,
}

/// Where rows carry their window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowPlaces {
    /// The column of its start.
    pub start: usize,
    /// The column of its end.
    pub end: usize,
    /// The zone of both, where the time column holds moments.
    pub zone: Option<Tz>,
}

/// What becomes of a row with a null where there must be none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnNull {
    /// It fails the job: a column of a sink is NOT NULL.
    Fail,
    /// It is left out, because the user said so.
    Drop,
    /// It fails the job: without its time, the row has no place in the stream.
    NoTime,
}

/// A computed column.
#[derive(Debug, Clone)]
pub struct Projected {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// What computes it.
    pub expr: Arc<dyn PhysicalExpr>,
}

/// What is unnested, and how.
#[derive(Debug, Clone)]
pub struct Unnest {
    /// A list or a map.
    pub list: Arc<dyn PhysicalExpr>,
    /// The columns that an element makes, the ordinal behind them.
    pub columns: Vec<(String, DataType)>,
    /// Elements are rows, of which each field is a column.
    pub is_spread: bool,
    /// The place of each element, from 1, is the last column.
    pub with_ordinality: bool,
    /// A row without elements stays, with nulls.
    pub keeps_rows: bool,
}

impl Relation {
    /// Names and types of its columns.
    pub fn columns(&self) -> Vec<(String, DataType)> {
        match self {
            Self::Scan { table, columns } => columns
                .iter()
                .filter_map(|&at| table.columns.get(at))
                .map(|column| (column.name.clone(), column.data_type.clone()))
                .collect(),
            Self::OneRow => Vec::new(),
            Self::Filter { input, .. }
            | Self::NotNull { input, .. }
            | Self::Watermark { input, .. }
            | Self::Clock { input } => input.columns(),
            Self::Windows { input, windows } => {
                let mut columns = input.columns();
                columns.extend(windows.columns());
                columns
            }
            Self::Stateful(stateful) => stateful.columns.clone(),
            Self::Project { columns, .. } => {
                columns.iter().map(|column| (column.name.clone(), column.data_type.clone())).collect()
            }
            Self::Unnest { input, unnest } => {
                let mut columns = input.columns();
                columns.extend(unnest.columns.iter().cloned());
                columns
            }
            Self::Union(inputs) => inputs.first().map(Self::columns).unwrap_or_default(),
        }
    }

    /// The tables that it comes from, each once.
    pub fn tables(&self) -> Vec<&Arc<Table>> {
        match self {
            Self::Scan { table, .. } => vec![table],
            Self::OneRow => Vec::new(),
            Self::Filter { input, .. }
            | Self::Project { input, .. }
            | Self::Unnest { input, .. }
            | Self::Watermark { input, .. }
            | Self::Clock { input }
            | Self::Windows { input, .. }
            | Self::NotNull { input, .. } => input.tables(),
            Self::Stateful(stateful) => once_each(stateful.inputs.iter().map(|input| &input.relation)),
            Self::Union(inputs) => once_each(inputs.iter()),
        }
    }

    /// Its columns as Arrow's.
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<_> =
            self.columns().iter().map(|(name, data_type)| arrow_field(name, data_type)).collect();
        Arc::new(Schema::new(fields))
    }
}

impl Windows {
    /// The columns that a window adds to its rows.
    pub fn columns(&self) -> [(String, DataType); 3] {
        let border = DataType::NotNull(Box::new(DataType::Timestamp(3)));
        [
            ("window_start".to_owned(), border.clone()),
            ("window_end".to_owned(), border),
            ("window_time".to_owned(), self.time_type.clone()),
        ]
    }
}

/// The tables of relations, each once.
fn once_each<'a>(relations: impl Iterator<Item = &'a Relation>) -> Vec<&'a Arc<Table>> {
    let mut tables: Vec<&Arc<Table>> = Vec::new();
    for table in relations.flat_map(Relation::tables) {
        if !tables.iter().any(|other| Arc::ptr_eq(other, table)) {
            tables.push(table);
        }
    }
    tables
}

impl StatefulOperator {
    /// Its name in ledgers and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::WindowAggregate { .. } => "window-aggregate",
            Self::Sessions { .. } => "session",
            Self::WindowRank { .. } => "window-rank",
            Self::FirstRow { .. } => "first-row",
            Self::Over { .. } => "over",
            Self::Reorder { .. } => "reorder",
            Self::Sort { .. } => "sort",
            Self::CurrentWatermark => "current-watermark",
            Self::Join(join) => match join.kind {
                JoinKind::Regular => "join",
                JoinKind::Interval { .. } => "interval-join",
                JoinKind::Window { .. } => "window-join",
                JoinKind::Temporal { .. } => "temporal-join",
            },
        }
    }

    /// The columns that it looks at, by input, where it passes the columns of its inputs on: theirs in turn, and its
    /// own behind them.
    pub(crate) fn passes_on(&self) -> Option<Vec<(usize, usize)>> {
        let first = |places: Vec<usize>| Some(places.into_iter().map(|at| (0, at)).collect());
        match self {
            Self::WindowAggregate { .. } => None,
            Self::Sessions { keys, windows } => first([keys.as_slice(), &[windows.time]].concat()),
            Self::WindowRank { keys, window, order, .. } => {
                let order: Vec<usize> = order.iter().map(|key| key.column).collect();
                first([keys.as_slice(), &[window.start, window.end], &order].concat())
            }
            Self::FirstRow { keys, time } => first([keys.as_slice(), &[*time]].concat()),
            Self::Over { keys, time, calls, .. } => {
                let called = calls.iter().flat_map(OverCall::columns);
                first(keys.iter().copied().chain(*time).chain(called).collect())
            }
            Self::Reorder { time } => first(vec![*time]),
            Self::Sort { time, order } => {
                first(std::iter::once(*time).chain(order.iter().map(|key| key.column)).collect())
            }
            Self::CurrentWatermark => Some(Vec::new()),
            Self::Join(join) => Some(join.columns()),
        }
    }

    /// The same with its columns in other places.
    pub(crate) fn moved(self, place: &dyn Fn(usize, usize) -> usize) -> Self {
        let all = |keys: Vec<usize>| keys.into_iter().map(|at| place(0, at)).collect();
        match self {
            Self::WindowAggregate { .. } | Self::CurrentWatermark => self,
            Self::Sessions { keys, windows } => Self::Sessions {
                keys: all(keys),
                windows: Windows { time: place(0, windows.time), ..windows },
            },
            Self::WindowRank { keys, window, order, from, to, is_last_first, span } => {
                let start = place(0, window.start);
                let window = WindowPlaces { start, end: place(0, window.end), ..window };
                let order = order.into_iter().map(|key| SortKey { column: place(0, key.column), ..key });
                let order = order.collect();
                Self::WindowRank { keys: all(keys), window, order, from, to, is_last_first, span }
            }
            Self::Reorder { time } => Self::Reorder { time: place(0, time) },
            Self::Sort { time, order } => {
                let order = order.into_iter().map(|key| SortKey { column: place(0, key.column), ..key });
                Self::Sort { time: place(0, time), order: order.collect() }
            }
            Self::FirstRow { keys, time } => Self::FirstRow { keys: all(keys), time: place(0, time) },
            Self::Over { keys, time, frame, calls } => Self::Over {
                keys: all(keys),
                time: time.map(|time| place(0, time)),
                frame,
                calls: calls.into_iter().map(|call| call.moved(&|at| place(0, at))).collect(),
            },
            Self::Join(join) => Self::Join(join.moved(place)),
        }
    }
}

impl Join {
    /// The columns that it looks at, by input.
    fn columns(&self) -> Vec<(usize, usize)> {
        let mut columns: Vec<_> = self.keys.iter().flat_map(|key| [(0, key.left), (1, key.right)]).collect();
        columns.extend(self.condition.iter().flat_map(|condition| condition.columns.iter().copied()));
        match &self.kind {
            JoinKind::Regular => {}
            JoinKind::Interval { left, right, .. } | JoinKind::Temporal { left, right, .. } => {
                columns.extend([(0, *left), (1, *right)]);
            }
            JoinKind::Window { left, right } => {
                columns.extend([(0, left.start), (0, left.end), (1, right.start), (1, right.end)]);
            }
        }
        columns
    }

    fn moved(self, place: &dyn Fn(usize, usize) -> usize) -> Self {
        let window = |side: usize, window: WindowPlaces| WindowPlaces {
            start: place(side, window.start),
            end: place(side, window.end),
            ..window
        };
        let kind = match self.kind {
            JoinKind::Regular => JoinKind::Regular,
            JoinKind::Interval { left, right, least_ms, most_ms } => {
                JoinKind::Interval { left: place(0, left), right: place(1, right), least_ms, most_ms }
            }
            JoinKind::Window { left, right } => {
                JoinKind::Window { left: window(0, left), right: window(1, right) }
            }
            JoinKind::Temporal { left, right, skips_older } => {
                JoinKind::Temporal { left: place(0, left), right: place(1, right), skips_older }
            }
        };
        let keys = self.keys.into_iter().map(|key| JoinKey {
            left: place(0, key.left),
            right: place(1, key.right),
            ..key
        });
        let condition = self.condition.map(|condition| PairCondition {
            columns: condition.columns.into_iter().map(|(side, at)| (side, place(side, at))).collect(),
            ..condition
        });
        Self { kind, keys: keys.collect(), condition, ..self }
    }
}

impl OverCall {
    fn columns(&self) -> Vec<usize> {
        match self {
            Self::Aggregate(call) => call.arguments.iter().copied().chain(call.filter).collect(),
            Self::RowNumber | Self::Rank | Self::DenseRank => Vec::new(),
            Self::Lag { column, default, .. } => std::iter::once(*column).chain(*default).collect(),
        }
    }

    fn moved(self, place: &dyn Fn(usize) -> usize) -> Self {
        match self {
            Self::Aggregate(call) => Self::Aggregate(AggregateCall {
                arguments: call.arguments.iter().map(|&at| place(at)).collect(),
                filter: call.filter.map(place),
                ..call
            }),
            number @ (Self::RowNumber | Self::Rank | Self::DenseRank) => number,
            Self::Lag { column, rows, default } => {
                Self::Lag { column: place(column), rows, default: default.map(place) }
            }
        }
    }
}

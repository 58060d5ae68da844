//! A job as the engine runs it: each table is read once, pipelines lead from one of them to a table, and on the way to
//! operators that keep rows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::Column;
use narthex_planner::{Insert, Job, Relation, Stateful, StatefulOperator, Table};

use crate::operator::Operator;

/// What a job reads, computes and writes.
#[derive(Debug)]
pub struct JobGraph {
    /// Tables that are read, each once.
    pub scans: Vec<ScanNode>,
    /// Tables that are written, each once.
    pub sinks: Vec<Arc<Table>>,
    /// Operators that keep rows.
    pub stages: Vec<StageNode>,
    /// From the ones to the others.
    pub pipelines: Vec<Pipeline>,
}

/// A table that is read.
#[derive(Debug)]
pub struct ScanNode {
    /// The table; none: a single row without columns.
    pub table: Option<Arc<Table>>,
    /// The columns that any pipeline asks for: places in [`Table::columns`], ascending.
    pub columns: Vec<usize>,
}

/// An operator that keeps rows: several tasks run it, each with some of the keys.
#[derive(Debug)]
pub struct StageNode {
    /// What it does.
    pub operator: StatefulOperator,
    /// What comes in, by input.
    pub inputs: Vec<SchemaRef>,
    /// What comes out.
    pub schema: SchemaRef,
    /// The table that its rows end in, for messages.
    pub sink: usize,
}

/// Rows on their way from where they are read, or kept, to where they are kept or written.
#[derive(Debug)]
pub struct Pipeline {
    /// Where they come from.
    pub from: From,
    /// Which of the scan's columns, in which order; all of a stage's.
    pub columns: Vec<usize>,
    /// What is done to them, in order.
    pub operators: Vec<Operator>,
    /// Where they go.
    pub to: To,
    /// The table that they end in, for messages: a place in [`JobGraph::sinks`].
    pub sink: usize,
    /// The last column is the watermark before each row.
    pub has_marks: bool,
    /// The time of its rows is that of the machine's clock.
    pub is_by_clock: bool,
}

/// Where a pipeline begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// A place in [`JobGraph::scans`].
    Scan(usize),
    /// A place in [`JobGraph::stages`].
    Stage(usize),
}

/// Where a pipeline ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// A place in [`JobGraph::sinks`].
    Sink(usize),
    /// An operator that keeps rows.
    Stage {
        /// A place in [`JobGraph::stages`].
        stage: usize,
        /// Which of its inputs.
        input: usize,
        /// Rows with the same values in these columns go to the same task.
        keys: Vec<usize>,
    },
}

/// A graph that grows.
struct Builder {
    graph: JobGraph,
    /// What each stage does: queries that ask for the same share it.
    stateful: Vec<Stateful>,
}

/// A pipeline before the scans' columns are known.
struct Path {
    start: Start,
    operators: Vec<Operator>,
    is_by_clock: bool,
}

impl Path {
    fn new(start: Start) -> Self {
        Self { start, operators: Vec::new(), is_by_clock: false }
    }
}

enum Start {
    Scan { table: Option<Arc<Table>>, columns: Vec<usize> },
    Stage(usize),
}

impl JobGraph {
    /// The graph of a job.
    pub fn of(job: &Job) -> Self {
        Self::of_inserts(job.inserts.iter())
    }

    /// The graph of inserts that run together.
    pub fn of_inserts<'a>(inserts: impl Iterator<Item = &'a Insert>) -> Self {
        let graph = Self { scans: Vec::new(), sinks: Vec::new(), stages: Vec::new(), pipelines: Vec::new() };
        let mut builder = Builder { graph, stateful: Vec::new() };
        for insert in inserts {
            let sink = builder.sink(&insert.sink);
            for path in builder.paths(&insert.input, sink) {
                builder.pipeline(path, To::Sink(sink), sink);
            }
        }
        let mut graph = builder.graph;
        for pipeline in &mut graph.pipelines {
            let From::Scan(scan) = pipeline.from else { continue };
            let scanned = &graph.scans[scan].columns;
            for column in &mut pipeline.columns {
                *column = scanned.partition_point(|&other| other < *column);
            }
        }
        graph
    }
}

impl Builder {
    fn pipeline(&mut self, path: Path, to: To, sink: usize) {
        let (from, columns) = match path.start {
            Start::Scan { table, columns } => (From::Scan(self.scan(table, &columns)), columns),
            Start::Stage(stage) => {
                (From::Stage(stage), (0..self.graph.stages[stage].schema.fields().len()).collect())
            }
        };
        let (mut operators, is_by_clock) = (path.operators, path.is_by_clock);
        let is_watermark = |operator: &Operator| matches!(operator, Operator::Watermark { .. });
        let begins_marked = matches!(from, From::Stage(_));
        let mut has_marks = begins_marked || operators.iter().any(is_watermark);
        if matches!(to, To::Sink(_)) {
            // Nobody asks what time it is.
            operators.retain(|operator| !is_watermark(operator));
            has_marks = false;
        }
        if has_marks {
            operators = with_marks(operators, columns.len(), begins_marked);
        }
        self.graph.pipelines.push(Pipeline { from, columns, operators, to, sink, has_marks, is_by_clock });
    }

    fn sink(&mut self, table: &Arc<Table>) -> usize {
        self.graph.sinks.iter().position(|other| Arc::ptr_eq(other, table)).unwrap_or_else(|| {
            self.graph.sinks.push(table.clone());
            self.graph.sinks.len() - 1
        })
    }

    /// The scan of this table, with these columns among its own. A single row is its own each time.
    fn scan(&mut self, table: Option<Arc<Table>>, columns: &[usize]) -> usize {
        let is_it =
            |scan: &ScanNode| matches!((&scan.table, &table), (Some(a), Some(b)) if Arc::ptr_eq(a, b));
        let at = self.graph.scans.iter().position(is_it).unwrap_or_else(|| {
            self.graph.scans.push(ScanNode { table, columns: Vec::new() });
            self.graph.scans.len() - 1
        });
        let known = &mut self.graph.scans[at].columns;
        known.extend(columns);
        known.sort_unstable();
        known.dedup();
        at
    }

    /// The ways to the end of a relation: one for each input of a UNION ALL. Operators that keep rows are stages, to
    /// which pipelines of their own lead.
    fn paths(&mut self, relation: &Relation, sink: usize) -> Vec<Path> {
        let (input, operator) = match relation {
            Relation::Scan { table, columns } => {
                let start = Start::Scan { table: Some(table.clone()), columns: columns.clone() };
                return vec![Path::new(start)];
            }
            Relation::OneRow => {
                let start = Start::Scan { table: None, columns: Vec::new() };
                return vec![Path::new(start)];
            }
            Relation::Union(inputs) => {
                return inputs.iter().flat_map(|input| self.paths(input, sink)).collect();
            }
            Relation::Stateful(stateful) => {
                let stage = self.stage(stateful, relation.schema(), sink);
                return vec![Path::new(Start::Stage(stage))];
            }
            Relation::Filter { input, predicate } => {
                (input, Operator::Filter { predicate: predicate.clone() })
            }
            Relation::Project { input, columns } => {
                let exprs = columns.iter().map(|column| column.expr.clone()).collect();
                (input, Operator::Project { exprs, schema: relation.schema() })
            }
            Relation::Unnest { input, unnest } => {
                (input, Operator::Unnest { unnest: unnest.clone(), schema: relation.schema() })
            }
            Relation::Watermark { input, watermark, .. } => {
                (input, Operator::Watermark { watermark: watermark.clone() })
            }
            Relation::Clock { input } => {
                let mut below = self.paths(input, sink);
                below.iter_mut().for_each(|path| path.is_by_clock = true);
                return below;
            }
            Relation::Windows { input, windows } => {
                (input, Operator::Windows { windows: windows.clone(), schema: relation.schema() })
            }
            Relation::NotNull { input, columns, on_null } => {
                (input, Operator::NotNull { columns: columns.clone(), on_null: *on_null })
            }
        };
        let mut below = self.paths(input, sink);
        below.iter_mut().for_each(|path| path.operators.push(operator.clone()));
        below
    }

    fn stage(&mut self, stateful: &Stateful, schema: SchemaRef, sink: usize) -> usize {
        if let Some(stage) = self.stateful.iter().position(|other| other == stateful) {
            return stage;
        }
        let stage = self.graph.stages.len();
        self.stateful.push(stateful.clone());
        let inputs = stateful.inputs.iter().map(|input| input.relation.schema()).collect();
        self.graph.stages.push(StageNode { operator: stateful.operator.clone(), inputs, schema, sink });
        for (input, from) in stateful.inputs.iter().enumerate() {
            for path in self.paths(&from.relation, sink) {
                self.pipeline(path, To::Stage { stage, input, keys: from.keys.clone() }, sink);
            }
        }
        stage
    }
}

/// The same operators with the watermark before each row as the last column, from where watermarks are made.
fn with_marks(operators: Vec<Operator>, width: usize, begins_marked: bool) -> Vec<Operator> {
    let mut width = width;
    let mut has_marks = begins_marked;
    let mut marked = Vec::new();
    for operator in operators {
        let before = width;
        match operator {
            Operator::Watermark { .. } => {
                has_marks = true;
                marked.push(operator);
            }
            Operator::Project { mut exprs, schema } => {
                width = exprs.len();
                if has_marks {
                    exprs.push(column(MARK, before));
                    marked.push(Operator::Project { exprs, schema: with_mark(&schema, width) });
                } else {
                    marked.push(Operator::Project { exprs, schema });
                }
            }
            Operator::Unnest { unnest, schema } if has_marks => {
                width = schema.fields().len();
                marked.push(Operator::Unnest { unnest, schema: with_mark(&schema, before) });
                marked.push(mark_last(&schema, before));
            }
            Operator::Windows { windows, schema } if has_marks => {
                width = schema.fields().len();
                marked.push(Operator::Windows { windows, schema: with_mark(&schema, before) });
                marked.push(mark_last(&schema, before));
            }
            Operator::Unnest { ref schema, .. } | Operator::Windows { ref schema, .. } => {
                width = schema.fields().len();
                marked.push(operator);
            }
            Operator::Filter { .. } | Operator::NotNull { .. } => marked.push(operator),
        }
    }
    marked
}

/// The name of the column of watermarks.
pub(crate) const MARK: &str = "$watermark";

/// A schema with the column of watermarks at this place.
pub(crate) fn with_mark(schema: &SchemaRef, at: usize) -> SchemaRef {
    let mut fields: Vec<FieldRef> = schema.fields().iter().cloned().collect();
    fields.insert(at, Arc::new(Field::new(MARK, DataType::Int64, true)));
    Arc::new(Schema::new(fields))
}

/// Moves the column of watermarks from this place to the end.
fn mark_last(schema: &SchemaRef, at: usize) -> Operator {
    let fields = schema.fields().iter().enumerate();
    let exprs = fields
        .map(|(place, field)| column(field.name(), if place < at { place } else { place + 1 }))
        .chain([column(MARK, at)])
        .collect();
    Operator::Project { exprs, schema: with_mark(schema, schema.fields().len()) }
}

fn column(name: &str, at: usize) -> Arc<dyn PhysicalExpr> {
    Arc::new(Column::new(name, at))
}

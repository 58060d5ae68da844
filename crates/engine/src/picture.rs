//! A job as a picture: what it reads, what it computes and what it writes, and which way rows go.

use narthex_planner::Table;
use serde::Serialize;

use crate::graph::{From, JobGraph, Pipeline, To};
use crate::operator::Operator;

/// A job as nodes, and edges between their places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Tables that are read, operators that keep rows, tables that are written, and what is done on the way.
    pub nodes: Vec<Node>,
    /// From one place to another.
    pub edges: Vec<(usize, usize)>,
}

/// A table or an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// A table's name, or what is done.
    pub name: String,
    /// A table's connector.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Names in the ledger: of operators that follow each other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<String>,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// A table that is read.
    Source,
    /// Something that is computed.
    Operator,
    /// A table that is written.
    Sink,
}

impl JobGraph {
    /// The name of a pipeline's operator.
    pub(crate) fn operator_name(&self, pipeline: usize, place: usize) -> String {
        let operator = self.pipelines[pipeline].operators[place].name();
        format!("{operator}-{}-{}", pipeline + 1, place + 1)
    }

    /// The name of a stage's operator.
    pub(crate) fn stage_name(&self, stage: usize) -> String {
        format!("{}-{}", self.stages[stage].operator.name(), stage + 1)
    }

    /// The name of a table that is read.
    pub(crate) fn scan_name(&self, scan: usize) -> String {
        self.scans[scan].table.as_ref().map_or_else(|| "VALUES".to_owned(), |table| table.name.clone())
    }

    /// The job as a picture.
    pub fn picture(&self) -> Picture {
        let mut picture = Picture::default();
        let connector = |table: &Table| table.option("connector").unwrap_or_default().to_owned();
        for (at, scan) in self.scans.iter().enumerate() {
            let detail = scan.table.as_deref().map(connector).unwrap_or_default();
            picture.table(NodeKind::Source, self.scan_name(at), detail);
        }
        let stages: Vec<usize> = (0..self.stages.len())
            .map(|stage| {
                let name = self.stages[stage].operator.name().to_owned();
                picture.operators(name, vec![self.stage_name(stage)])
            })
            .collect();
        let sinks: Vec<usize> = self
            .sinks
            .iter()
            .map(|table| picture.table(NodeKind::Sink, table.name.clone(), connector(table)))
            .collect();
        for (at, pipeline) in self.pipelines.iter().enumerate() {
            let mut last = match pipeline.from {
                From::Scan(scan) => scan,
                From::Stage(stage) => stages[stage],
            };
            if !pipeline.operators.is_empty() {
                let names = (0..pipeline.operators.len()).map(|place| self.operator_name(at, place));
                let operators = picture.operators(done_in(pipeline), names.collect());
                picture.edges.push((last, operators));
                last = operators;
            }
            picture.edges.push((last, end_of(pipeline, &stages, &sinks)));
        }
        picture
    }
}

fn end_of(pipeline: &Pipeline, stages: &[usize], sinks: &[usize]) -> usize {
    match pipeline.to {
        To::Sink(sink) => sinks[sink],
        To::Stage { stage, .. } => stages[stage],
    }
}

/// What is done on a way: each kind of thing once, and not that columns are chosen and time is told.
fn done_in(pipeline: &Pipeline) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    for operator in &pipeline.operators {
        let kind = operator.name();
        if !kinds.contains(&kind)
            && !matches!(operator, Operator::Project { .. } | Operator::Watermark { .. })
        {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() { "project".to_owned() } else { kinds.join(", ") }
}

impl Picture {
    fn table(&mut self, kind: NodeKind, name: String, detail: String) -> usize {
        self.node(Node { kind, name, detail, operators: Vec::new() })
    }

    fn operators(&mut self, name: String, operators: Vec<String>) -> usize {
        self.node(Node { kind: NodeKind::Operator, name, detail: String::new(), operators })
    }

    fn node(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

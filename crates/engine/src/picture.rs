//! A job as a picture: what it reads, what it computes and what it writes, and which way rows go.

use narthex_planner::Table;
use serde::Serialize;

use crate::graph::{From, JobGraph, Pipeline, To};

/// A job as nodes, and edges between their places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Tables that are read, operators in the order of the ledger, tables that are written.
    pub nodes: Vec<Node>,
    /// From one place to another.
    pub edges: Vec<(usize, usize)>,
}

/// A table or an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its name in the ledger.
    pub name: String,
    /// A table's connector.
    pub detail: String,
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
            picture.node(NodeKind::Source, self.scan_name(at), detail);
        }
        let stages: Vec<usize> = (0..self.stages.len())
            .map(|stage| picture.node(NodeKind::Operator, self.stage_name(stage), String::new()))
            .collect();
        let sinks: Vec<usize> = self
            .sinks
            .iter()
            .map(|table| picture.node(NodeKind::Sink, table.name.clone(), connector(table)))
            .collect();
        for (at, pipeline) in self.pipelines.iter().enumerate() {
            let mut last = match pipeline.from {
                From::Scan(scan) => scan,
                From::Stage(stage) => stages[stage],
            };
            for place in 0..pipeline.operators.len() {
                let operator = picture.node(NodeKind::Operator, self.operator_name(at, place), String::new());
                picture.edges.push((last, operator));
                last = operator;
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

impl Picture {
    fn node(&mut self, kind: NodeKind, name: String, detail: String) -> usize {
        self.nodes.push(Node { kind, name, detail });
        self.nodes.len() - 1
    }
}

//! Flink SQL statements as plans: names, types and Flink's rules, on DataFusion's expressions.
//!
//! No I/O, no clock but the one it is given, no threads. What Flink does otherwise than DataFusion (integer division,
//! casts, nulls, times before 1970) is decided here, when an expression is bound: the engine only evaluates.

mod aggregates;
mod arrow_types;
mod bind;
mod bound;
mod cast;
mod catalog;
mod common;
mod decimal;
mod describe;
mod endless;
mod environment;
mod functions;
mod hints;
mod kernel;
mod moments;
mod plan;
mod printer;
mod probe;
mod prune;
mod query;
mod scope;
mod script;
mod secret;
mod session_filters;
mod settings;
mod slices;
mod store;
mod table;
#[cfg(test)]
mod testing;
mod text;
mod time;
mod windows;

pub use aggregates::{AggregateCall, AggregateFunction};
pub use arrow_types::{arrow_field, arrow_type};
pub use bind::bind_expression;
pub use bound::Bound;
pub use describe::job as describe_job;
pub use environment::Environment;
pub use functions::{function_usages, write_json_text};
pub use plan::{
    Frame, Insert, Job, Join, JoinKey, JoinKind, JoinSides, OnNull, OverCall, Overlapping, PairCondition,
    Plan, Projected, Relation, SortKey, Stateful, StatefulInput, StatefulOperator, Step, Table, TableColumn,
    Unnest, WindowPlaces, Windows,
};
pub use probe::{Probe, probes};
pub use scope::{Scope, ScopeColumn, TimeAttribute, WindowColumn, WindowPart};
pub use script::{Planned, plan};
pub use secret::is_secret;
pub use settings::{Push, Settings, flinks_settings, known_settings};
pub use text::{print_f32, print_f64};
pub use windows::{WindowKind, assign, to_local, to_moment, window_time};

//! Finds the columns that a table's options name, and checks their types.

use narthex_sql::{DataType, nearest};

use crate::options::Options;
use crate::prometheus::label_text::has_text;
use crate::prometheus::names::{NameRules, column_names};

const NUMBERS: &str = "TINYINT to BIGINT, FLOAT, DOUBLE or DECIMAL";
const TIMES: &str = "TIMESTAMP, TIMESTAMP_LTZ, or BIGINT in milliseconds since 1970";

/// Which columns make up a series, by position among those that are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub(crate) metric_name: MetricName,
    pub(crate) labels: Vec<LabelColumn>,
    pub(crate) label_map: Option<usize>,
    pub(crate) samples: Samples,
}

/// The metric's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MetricName {
    Literal(String),
    Column(usize),
}

/// A column that is a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelColumn {
    pub(crate) name: String,
    pub(crate) column: usize,
    pub(crate) data_type: DataType,
}

/// Where the samples of a row are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Samples {
    /// One, in two columns; a third one may say that the series ends.
    Columns { value: usize, time: usize, stale: Option<usize> },
    /// Several, in an array of rows.
    Array(usize),
}

/// Reads the mapping; none, and mistakes, where it cannot be.
pub(crate) fn read(options: &mut Options<'_>) -> Option<Mapping> {
    let is_utf8 = options.text("sink.name-validation").is_some_and(|rules| rules.trim() == "utf8");
    let columns = options.table.written_columns();
    let mut plan = Plan { options, columns, rules: NameRules { is_utf8 }, taken: Vec::new() };
    let metric_name = plan.metric_name();
    let samples = if plan.has("metric.samples") { plan.samples() } else { plan.value_and_timestamp() };
    let label_map = plan.label_map();
    let labels = plan.labels();
    Some(Mapping { metric_name: metric_name?, labels, label_map, samples: samples? })
}

struct Plan<'o, 'a> {
    options: &'o mut Options<'a>,
    columns: Vec<(String, DataType)>,
    rules: NameRules,
    /// Columns that are something else than labels.
    taken: Vec<usize>,
}

impl Plan<'_, '_> {
    fn has(&self, key: &str) -> bool {
        self.options.entry(key).is_some()
    }

    fn metric_name(&mut self) -> Option<MetricName> {
        let literal = self.options.text("metric.name.literal");
        match (literal, self.has("metric.name")) {
            (Some(_), true) => self.options.bad_key(
                "metric.name.literal",
                "is given beside metric.name; keep the literal where all rows are of one metric, else the column",
            ),
            (None, false) => self.options.missing(
                "metric.name",
                "is missing; name the column with the metric's name, or write the name itself: \
                 'metric.name.literal' = 'requests_total'",
            ),
            _ => {}
        }
        if let Some(problem) = literal.and_then(|literal| self.rules.problem_with_metric(literal)) {
            self.options.bad_value::<()>("metric.name.literal", problem);
        }
        let column = self.typed_column("metric.name", is_text, "STRING");
        literal.map(|literal| MetricName::Literal(literal.to_owned())).or(column.map(MetricName::Column))
    }

    fn value_and_timestamp(&mut self) -> Option<Samples> {
        for (key, what) in [
            ("metric.sample.key", "the column with the value"),
            ("metric.sample.timestamp", "the column with the time"),
        ] {
            if !self.has(key) {
                let problem =
                    format!("is missing; name {what}, or a column with several samples by metric.samples");
                self.options.missing(key, problem);
            }
        }
        let value = self.typed_column("metric.sample.key", is_number, NUMBERS);
        let time = self.typed_column("metric.sample.timestamp", is_time, TIMES);
        let stale =
            self.typed_column("metric.stale", |data_type| matches!(data_type, DataType::Boolean), "BOOLEAN");
        Some(Samples::Columns { value: value?, time: time?, stale })
    }

    fn samples(&mut self) -> Option<Samples> {
        for other in ["metric.sample.key", "metric.sample.timestamp", "metric.stale"] {
            if self.has(other) {
                self.options.bad_key(
                    other,
                    "is given beside metric.samples; keep one of the two ways to give samples",
                );
            }
        }
        let expected =
            format!("ARRAY<ROW<value, timestamp>>, the value a number ({NUMBERS}), then the time ({TIMES})");
        self.typed_column("metric.samples", is_samples, &expected).map(Samples::Array)
    }

    fn label_map(&mut self) -> Option<usize> {
        self.typed_column("metric.label.map", is_map_of_texts, "MAP<STRING, STRING>")
    }

    fn labels(&mut self) -> Vec<LabelColumn> {
        let mut labels = Vec::new();
        let Some(keys) = self.options.text("metric.label.keys") else {
            for column in 0..self.columns.len() {
                if !self.taken.contains(&column) && has_text(self.type_of(column)) {
                    labels.extend(
                        self.label(column, "; or leave it out: list the labels in metric.label.keys"),
                    );
                }
            }
            return labels;
        };
        let mut seen = Vec::new();
        for name in column_names(keys) {
            if seen.contains(&name) {
                self.options.bad_value::<()>("metric.label.keys", format!("names {name:?} twice"));
                continue;
            }
            seen.push(name);
            labels.extend(self.named_label(name, keys));
        }
        labels
    }

    fn named_label(&mut self, name: &str, keys: &str) -> Option<LabelColumn> {
        let Some(column) = self.columns.iter().position(|(other, _)| other == name) else {
            let is_comma_list = keys.contains(',') && !keys.trim_start().starts_with('[');
            let how = if is_comma_list { "; several columns are written a;b or [a,b]" } else { "" };
            return self.options.bad_value("metric.label.keys", format!("{}{how}", self.no_column(name)));
        };
        let data_type = self.type_of(column);
        if has_text(data_type) {
            return self.label(column, "");
        }
        let how = if is_map_of_texts(data_type.bare()) { "; name it by metric.label.map" } else { "" };
        let problem = format!("the column {name:?} is {data_type}, and only scalar types can be labels{how}");
        self.options.bad_value("metric.label.keys", problem)
    }

    fn label(&mut self, column: usize, further: &str) -> Option<LabelColumn> {
        let (name, data_type) = self.columns.get(column)?.clone();
        match self.rules.problem_with_label(&name) {
            Some(problem) => self.options.bad_value("metric.label.keys", format!("{problem}{further}")),
            None => Some(LabelColumn { name, column, data_type: data_type.bare().clone() }),
        }
    }

    /// The column that an option names, if it is there and of a good type.
    fn typed_column(&mut self, key: &str, is_good: fn(&DataType) -> bool, expected: &str) -> Option<usize> {
        let name = self.options.text(key)?.trim();
        let Some(column) = self.columns.iter().position(|(other, _)| other == name) else {
            return self.options.bad_value(key, self.no_column(name));
        };
        self.taken.push(column);
        let data_type = self.type_of(column);
        if is_good(data_type.bare()) {
            return Some(column);
        }
        let problem = format!("the column {name:?} is {data_type}; it must be {expected}");
        self.options.bad_value(key, problem)
    }

    fn type_of(&self, column: usize) -> &DataType {
        self.columns.get(column).map_or(&DataType::Null, |(_, data_type)| data_type)
    }

    fn no_column(&self, name: &str) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let near = nearest(name, names.iter().copied()).map(|near| format!("; the nearest is {near:?}"));
        let separator = if near.is_some() { "," } else { ";" };
        format!(
            "there is no column {name:?}{}{separator} there are {}",
            near.unwrap_or_default(),
            names.join(", ")
        )
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Char(_) | DataType::Varchar(_))
}

fn is_number(data_type: &DataType) -> bool {
    use DataType::{BigInt, Decimal, Double, Float, Int, SmallInt, TinyInt};
    matches!(data_type, TinyInt | SmallInt | Int | BigInt | Float | Double | Decimal(..))
}

fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::BigInt | DataType::Timestamp(_) | DataType::TimestampLtz(_))
}

fn is_samples(data_type: &DataType) -> bool {
    let DataType::Array(inside) = data_type else { return false };
    let DataType::Row(fields) = inside.bare() else { return false };
    let [value, time] = fields.as_slice() else { return false };
    is_number(value.data_type.bare()) && is_time(time.data_type.bare())
}

fn is_map_of_texts(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Map(key, value) if is_text(key.bare()) && is_text(value.bare()))
}

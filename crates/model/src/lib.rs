//! The values that narthex moves: labels, samples, time series; the one clock; and durations and sizes as they are
//! written.
//!
//! A [`TimeSeries`] is what Remote-Write 1.0 calls one: a complete label set (one of the labels is
//! `__name__`) and one or more samples. A [`Labels`] is built once, sorted and encoded once, and from then
//! on is cheap to clone, to hash and to send.
//!
//! Nothing here does I/O or logs. Only [`SystemClock`] reads the time.
//!
//! ```
//! use narthex_model::{Labels, Sample, TimeSeries};
//!
//! let labels = Labels::from_pairs([("__name__", "rpm"), ("vehicle", "V1"), ("fuel", "")]);
//! assert_eq!(labels.to_string(), r#"rpm{vehicle="V1"}"#); // an empty value is no label
//! let series = TimeSeries::new(labels, [Sample::new(3000.0, 1_700_000_000_000)]);
//! assert_eq!(series.samples.len(), 1);
//! ```
#![warn(missing_docs)]

mod bytes;
mod clock;
mod fault;
mod labels;
mod sample;
mod series;
mod units;
mod varint;

pub use bytes::{append_part, begins_with, same_bytes};
pub use clock::{Clock, ManualClock, SystemClock};
pub use fault::{LabelFault, LabelFaults};
pub use labels::{Labels, LabelsBuilder, MAX_LABEL_BYTES, METRIC_NAME};
pub use sample::{NORMAL_NAN_BITS, STALE_NAN_BITS, Sample};
pub use series::{Samples, TimeSeries};
pub use units::{format_bytes, format_duration, parse_bytes, parse_duration};
pub use varint::{put_varint, varint_len};

//! Remote-Write as bytes: no sockets, no clock, no logs; values in, values out.
//!
//! [`encode`] writes a `prometheus.WriteRequest` straight into a buffer, [`decode`] reads one strictly,
//! [`snappy`] packs and unpacks the block format with limits, [`headers`] names what a request carries.
//! [`text`] reads and writes the line formats that carry samples: exposition, OpenMetrics, NDJSON.
#![warn(missing_docs)]

pub mod decode;
pub mod encode;
pub mod headers;
pub mod snappy;
pub mod text;

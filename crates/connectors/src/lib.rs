//! Tables that narthex reads and writes, and the formats of their records.
//!
//! A table is what its `CREATE TABLE` says ([`TableDefinition`]): [`check`] finds all mistakes in its options without
//! opening anything, [`source`] and [`sink`] make what the engine reads and writes.
//!
//! ```
//! use narthex_connectors::{TableDefinition, check};
//!
//! let table = TableDefinition::named("out").option("connector", "blackhole").option("paht", "x");
//! let told: Vec<String> = check(&table).into_iter().map(|mistake| mistake.message).collect();
//! assert_eq!(told, ["paht: the connector blackhole has no such option"]);
//! ```

mod blackhole;
mod blocking;
mod connector;
mod datagen;
mod definition;
mod filesystem;
mod format;
mod guide;
mod options;
mod print;
mod prometheus;
#[cfg(test)]
mod testing;
mod text;
mod watermarks;

pub use connector::{CONNECTORS, check, feeds, reads, reads_standard_input, sink, source, warnings};
pub use definition::{Context, MetadataColumn, SignerSource, TableDefinition};
pub use filesystem::METADATA;
pub use guide::{CONNECTOR_INFOS, ConnectorInfo, format_options};
pub use options::OptionInfo;

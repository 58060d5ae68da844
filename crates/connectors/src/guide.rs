//! What the guide tells of connectors and formats, from the lists by which their options are read.

use crate::format::Format;
use crate::options::OptionInfo;
use crate::{datagen, filesystem, print, prometheus};

/// What the guide tells of a connector.
#[derive(Debug, Clone, Copy)]
pub struct ConnectorInfo {
    /// Its names.
    pub names: &'static [&'static str],
    /// What its tables are.
    pub doc: &'static str,
    /// Whether they can be read.
    pub is_read: bool,
    /// Whether they can be written.
    pub is_written: bool,
    /// Its own options.
    pub options: &'static [OptionInfo],
    /// Options of Flink that change nothing here, which is told.
    pub without_effect: &'static [&'static str],
    /// Options of Flink that are refused, and what to do instead.
    pub refused: &'static [(&'static str, &'static str)],
}

const READ_AND_WRITTEN: ConnectorInfo = ConnectorInfo {
    names: &[],
    doc: "",
    is_read: true,
    is_written: true,
    options: &[],
    without_effect: &[],
    refused: &[],
};

/// All connectors, for the guide.
pub const CONNECTOR_INFOS: &[ConnectorInfo] = &[
    ConnectorInfo {
        names: &["filesystem"],
        doc: "Files of records: read once, or as they grow; written as part files that appear when they are whole.",
        options: filesystem::OPTIONS,
        without_effect: &filesystem::WITHOUT_EFFECT,
        refused: &filesystem::NOT_SUPPORTED,
        ..READ_AND_WRITTEN
    },
    ConnectorInfo {
        names: &["datagen"],
        doc: "Made-up rows, random or in sequence. `#` stands for a column's name.",
        is_written: false,
        options: datagen::OPTIONS,
        ..READ_AND_WRITTEN
    },
    ConnectorInfo {
        names: &["print"],
        doc: "Rows on standard output, as `+I[1, abc, null]`.",
        is_read: false,
        options: print::OPTIONS,
        ..READ_AND_WRITTEN
    },
    ConnectorInfo {
        names: &["blackhole"],
        doc: "Takes rows and counts them.",
        is_read: false,
        ..READ_AND_WRITTEN
    },
    ConnectorInfo {
        names: &["prometheus", "narthex-prometheus"],
        doc: "Rows as samples, by Remote-Write: see [flink-sql.md](flink-sql.md). Beside these, all \
              [options of the sink](sink-options.md), and `sink.headers.NAME` for each header.",
        is_read: false,
        options: prometheus::TABLE_OPTIONS,
        ..READ_AND_WRITTEN
    },
];

/// All formats with their options, for the guide; keys are without the format's name.
pub fn format_options() -> impl Iterator<Item = (&'static str, &'static [OptionInfo])> {
    Format::NAMES.into_iter().filter_map(|name| Some((name, Format::options(name)?)))
}

#[cfg(test)]
mod tests {
    use narthex_sql::DataType;

    use super::*;
    use crate::connector::{CONNECTORS, check};
    use crate::definition::TableDefinition;
    use crate::options::Options;

    #[test]
    fn every_connector_and_no_other_is_told_of() {
        let names: Vec<&str> = CONNECTOR_INFOS.iter().flat_map(|info| info.names).copied().collect();
        assert_eq!(names, CONNECTORS);
    }

    #[test]
    fn every_option_is_told_whole() {
        let of_connectors = CONNECTOR_INFOS.iter().flat_map(|info| info.options);
        for option in of_connectors.chain(format_options().flat_map(|(_, options)| options)) {
            assert!(option.doc.ends_with('.') && option.doc.len() > 15, "{option:?}");
            assert!(!option.takes.is_empty() || option.key.ends_with('…'), "{option:?}");
        }
    }

    /// What is set to its default is as what is not set.
    #[test]
    fn documented_defaults_of_formats_are_the_real_ones() {
        for (name, options) in format_options() {
            let untouched = format!("{:?}", Format::new(name, &|_| None).unwrap());
            for option in options.iter().filter(|option| !option.default.is_empty()) {
                let value = |key: &str| (key == option.key).then(|| option.default.to_owned());
                assert_eq!(
                    format!("{:?}", Format::new(name, &value).unwrap()),
                    untouched,
                    "{name}.{}",
                    option.key
                );
            }
        }
    }

    #[test]
    fn documented_defaults_of_connectors_are_the_real_ones() {
        let filesystem =
            |table: &TableDefinition| format!("{:?}", filesystem::read(&mut Options::new(table)));
        let datagen = |table: &TableDefinition| format!("{:?}", datagen::read(&mut Options::new(table)));
        let print = |table: &TableDefinition| format!("{:?}", print::read(&mut Options::new(table)));
        let files = || TableDefinition::named("t").option("path", "/x").option("format", "json");
        let rows = || {
            let table = TableDefinition::named("t").column("s", DataType::STRING);
            table.column("ts", DataType::Timestamp(3)).option("connector", "datagen")
        };
        type Made<'a> = &'a dyn Fn() -> TableDefinition;
        type Shown<'a> = &'a dyn Fn(&TableDefinition) -> String;
        let all: [(&[OptionInfo], Made<'_>, Shown<'_>); 3] = [
            (filesystem::OPTIONS, &files, &filesystem),
            (datagen::OPTIONS, &rows, &datagen),
            (print::OPTIONS, &|| TableDefinition::named("t"), &print),
        ];
        for (options, table, shown) in all {
            for option in options.iter().filter(|option| is_value(option)) {
                let column = if option.key.ends_with("max-past") { "ts" } else { "s" };
                let key = option.key.replace('#', column);
                assert_eq!(shown(&table().option(&key, option.default)), shown(&table()), "{key}");
            }
        }
    }

    /// Not a default in words.
    fn is_value(option: &OptionInfo) -> bool {
        !option.default.is_empty() && !option.default.contains("type") && !option.default.contains("elements")
    }

    #[test]
    fn what_is_said_to_be_required_is() {
        let table = TableDefinition::named("t").option("connector", "filesystem");
        let told: Vec<String> = check(&table).into_iter().map(|mistake| mistake.message).collect();
        for option in filesystem::OPTIONS.iter().filter(|option| option.doc.starts_with("Required")) {
            assert!(
                told.iter().any(|told| told.starts_with(&format!("{}: is missing", option.key))),
                "{told:?}"
            );
        }
    }
}

//! Functions of JSON. Paths are Jayway's, as in Flink; one without `lax` before it is strict.

mod build;
mod eval;
mod filter;
mod path;
mod query;
mod quote;
mod read;
mod value;

pub use self::value::write_text as write_json_text;
use super::Function;

/// See the module.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "IS JSON",
        usage: "STRING IS JSON [VALUE | OBJECT | ARRAY | SCALAR]",
        bind: query::is_json,
    },
    Function { name: "JSON", usage: "JSON(STRING), within JSON_OBJECT and JSON_ARRAY", bind: build::json },
    Function {
        name: "JSON_ARRAY",
        usage: "JSON_ARRAY(value, … [{NULL | ABSENT} ON NULL])",
        bind: build::array,
    },
    Function {
        name: "JSON_EXISTS",
        usage: "JSON_EXISTS(json, path [{TRUE | FALSE | UNKNOWN | ERROR} ON ERROR])",
        bind: query::exists,
    },
    Function {
        name: "JSON_OBJECT",
        usage: "JSON_OBJECT('key' VALUE value, … [{NULL | ABSENT} ON NULL])",
        bind: build::object,
    },
    Function {
        name: "JSON_QUERY",
        usage: "JSON_QUERY(json, path [RETURNING ARRAY<STRING>] [WITH [CONDITIONAL] WRAPPER] \
                [{NULL | EMPTY ARRAY | EMPTY OBJECT | ERROR} ON {EMPTY | ERROR}])",
        bind: query::query,
    },
    Function { name: "JSON_QUOTE", usage: "JSON_QUOTE(STRING)", bind: quote::quote },
    Function { name: "JSON_STRING", usage: "JSON_STRING(value)", bind: build::string },
    Function { name: "JSON_UNQUOTE", usage: "JSON_UNQUOTE(STRING)", bind: quote::unquote },
    Function {
        name: "JSON_VALUE",
        usage: "JSON_VALUE(json, path [RETURNING STRING | BOOLEAN | INTEGER | DOUBLE] \
                [{NULL | ERROR | DEFAULT value} ON {EMPTY | ERROR}])",
        bind: query::value,
    },
];

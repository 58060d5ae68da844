//! Flink SQL text as typed statements: places, and all mistakes of a file at once.
//!
//! No I/O, no planning, no DataFusion. Tokens, expressions and queries are sqlparser's; Flink's DDL, its types and
//! the statements of its SQL client are parsed here, on sqlparser's building blocks.
//!
//! ```
//! let script = narthex_sql::parse("CREATE TABLE t (a INT, b TIMESTMP(3));\nINSERT INTO t SELECT 1, 2 FORM x;");
//! let told: Vec<String> = script.mistakes.iter().map(|mistake| mistake.to_string()).collect();
//! assert_eq!(told, [
//!     "1:26: there is no type TIMESTMP; did you mean TIMESTAMP?",
//!     "2:32: expected the end of the statement, found x",
//! ]);
//! ```

mod ddl;
mod depth;
mod dialect;
mod fault;
mod hint;
mod mask;
mod mistake;
mod nearest;
mod reserved;
mod script;
mod statement;
mod types;

pub use dialect::FlinkDialect;
pub use mistake::{Mistake, Source};
pub use nearest::nearest;
pub use reserved::is_reserved;
pub use script::{Script, parse};
pub use sqlparser::ast;
pub use sqlparser::tokenizer::{Location, Span};
pub use statement::{
    AlterTable, Alteration, Column, ColumnKind, CreateTable, CreateView, Drop, DropKind, Hint, Insert, Like,
    LikeFeature, LikeMode, Name, OptionEntry, Show, Statement, StatementKind, Watermark,
};
pub use types::{DataType, Field, TypeMistake};

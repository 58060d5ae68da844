//! What a job file can say.

use std::fmt;

use sqlparser::ast::{Expr, Ident, Query};
use sqlparser::tokenizer::{Location, Span};

use crate::types::DataType;

/// A statement and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// From its first token to its last, without the semicolon.
    pub span: Span,
    /// What it says.
    pub kind: StatementKind,
    /// Options that it gives to tables, in order.
    pub hints: Vec<Hint>,
}

/// `/*+ OPTIONS('key' = 'value') */`: options of a table for one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Where it stands.
    pub span: Span,
    /// Where the table's name ends that it stands behind.
    pub behind: Location,
    /// What it says.
    pub options: Vec<OptionEntry>,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// `CREATE TABLE`.
    CreateTable(Box<CreateTable>),
    /// `CREATE VIEW`.
    CreateView(CreateView),
    /// `DROP TABLE` or `DROP VIEW`.
    Drop(Drop),
    /// `SET 'key' = 'value'`; without a key: show all.
    Set(Option<OptionEntry>),
    /// `RESET 'key'`; without a key: all.
    Reset(Option<(String, Span)>),
    /// `INSERT INTO`.
    Insert(Insert),
    /// `EXECUTE STATEMENT SET BEGIN … END`: one job.
    StatementSet(Vec<Insert>),
    /// A query by itself.
    Query(Box<Query>),
    /// `EXPLAIN` of one of the others.
    Explain(Box<Statement>),
    /// `DESCRIBE` of a table.
    Describe(Name),
    /// `SHOW …`.
    Show(Show),
    /// A table or view is created, but its mistakes, which have been told, leave nothing of it than its name.
    Unreadable(Name),
    /// `ALTER TABLE`.
    AlterTable(AlterTable),
    /// `USE [CATALOG]`: names that stand before those of tables.
    Use {
        /// `CATALOG`.
        is_catalog: bool,
        /// The catalog, the database, or both.
        name: Name,
    },
}

/// `ALTER TABLE`.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterTable {
    /// The table.
    pub name: Name,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// What is done to it.
    pub alteration: Alteration,
}

/// What is done to a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Alteration {
    /// `SET ('key' = 'value', …)`.
    Set(Vec<OptionEntry>),
    /// `RESET ('key', …)`.
    Reset(Vec<(String, Span)>),
    /// `RENAME TO`.
    Rename(Name),
}

/// A table's name: one to three parts, as in `catalog.database.table`.
#[derive(Debug, Clone, PartialEq)]
pub struct Name(pub Vec<Ident>);

impl Name {
    /// From the first part to the last.
    pub fn span(&self) -> Span {
        Span::union_iter(self.0.iter().map(|part| part.span))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            f.write_str(&part.value)?;
        }
        Ok(())
    }
}

/// `CREATE TABLE`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    /// The table.
    pub name: Name,
    /// `TEMPORARY`.
    pub is_temporary: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// `WATERMARK FOR`.
    pub watermark: Option<Watermark>,
    /// `PRIMARY KEY (…) NOT ENFORCED`, of the table or of a column.
    pub primary_key: Vec<Ident>,
    /// `COMMENT`.
    pub comment: Option<String>,
    /// `PARTITIONED BY (…)`.
    pub partitioned_by: Vec<Ident>,
    /// `WITH (…)`, in order.
    pub options: Vec<OptionEntry>,
    /// `LIKE`.
    pub like: Option<Like>,
    /// `AS SELECT`.
    pub query: Option<Box<Query>>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// Where it comes from.
    pub kind: ColumnKind,
    /// `COMMENT`.
    pub comment: Option<String>,
}

/// Where a column comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnKind {
    /// The source's record.
    Physical {
        /// Its type, with or without NOT NULL.
        data_type: DataType,
    },
    /// What the source says about the record.
    Metadata {
        /// Its type.
        data_type: DataType,
        /// The source's name for it, where that is not the column's.
        from: Option<String>,
        /// Only read, never written.
        is_virtual: bool,
    },
    /// Other columns.
    Computed {
        /// How.
        expr: Box<Expr>,
    },
}

/// `WATERMARK FOR column AS expression`.
#[derive(Debug, Clone, PartialEq)]
pub struct Watermark {
    /// The time column; several parts where it is a field of a row.
    pub column: Name,
    /// How far the time has come.
    pub expr: Box<Expr>,
}

/// `'key' = 'value'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionEntry {
    /// The key.
    pub key: String,
    /// Where it stands.
    pub key_span: Span,
    /// The value.
    pub value: String,
    /// Where it stands.
    pub value_span: Span,
}

/// `LIKE table (…)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Like {
    /// The table whose parts are taken over.
    pub table: Name,
    /// What of it, in order.
    pub features: Vec<(LikeMode, LikeFeature)>,
}

/// Whether a part is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LikeMode {
    /// It is; the same part in both is a mistake.
    Including,
    /// It is not.
    Excluding,
    /// It is, and what the new table says wins.
    Overwriting,
}

/// A part of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LikeFeature {
    /// All of them.
    All,
    /// The primary key.
    Constraints,
    /// The distribution.
    Distribution,
    /// Computed columns.
    Generated,
    /// Metadata columns.
    Metadata,
    /// `WITH (…)`.
    Options,
    /// `PARTITIONED BY`.
    Partitions,
    /// Watermarks.
    Watermarks,
}

/// `CREATE VIEW`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateView {
    /// The view.
    pub name: Name,
    /// `TEMPORARY`.
    pub is_temporary: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// New names of its columns; none: those of the query.
    pub columns: Vec<Ident>,
    /// `COMMENT`.
    pub comment: Option<String>,
    /// What it shows.
    pub query: Box<Query>,
}

/// `DROP TABLE` or `DROP VIEW`.
#[derive(Debug, Clone, PartialEq)]
pub struct Drop {
    /// A table or a view.
    pub kind: DropKind,
    /// Its name.
    pub name: Name,
    /// `TEMPORARY`.
    pub is_temporary: bool,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

/// What is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropKind {
    /// A table.
    Table,
    /// A view.
    View,
}

/// `INSERT INTO table (columns) query`.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// From INSERT to the query's end.
    pub span: Span,
    /// Where to.
    pub table: Name,
    /// `OVERWRITE` in place of `INTO`.
    pub is_overwrite: bool,
    /// Which columns; none: all, in order.
    pub columns: Vec<Ident>,
    /// What.
    pub query: Box<Query>,
}

/// What `SHOW` asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Show {
    /// `SHOW TABLES`.
    Tables,
    /// `SHOW VIEWS`.
    Views,
    /// `SHOW FUNCTIONS`.
    Functions,
    /// `SHOW CREATE TABLE`.
    CreateTable(Name),
    /// `SHOW CREATE VIEW`.
    CreateView(Name),
    /// `SHOW COLUMNS FROM`.
    Columns(Name),
    /// `SHOW CATALOGS`, `SHOW CURRENT CATALOG`.
    Catalogs,
    /// `SHOW DATABASES`, `SHOW CURRENT DATABASE`.
    Databases,
}

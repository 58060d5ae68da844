//! What a connector is told: the table as it was declared, and the job that it belongs to.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono_tz::Tz;
use narthex_sink::{Clock, DeadLetters, Signer, SinkMetrics, SystemClock};
use narthex_sql::{DataType, OptionEntry, Span};

/// A table as it was declared.
#[derive(Debug, Clone)]
pub struct TableDefinition {
    /// Its name, for messages.
    pub name: String,
    /// Physical and metadata columns, in order; computed ones are the planner's.
    pub columns: Vec<(String, DataType)>,
    /// Which of the columns are metadata.
    pub metadata: Vec<MetadataColumn>,
    /// `WITH (…)`, in order.
    pub options: Vec<OptionEntry>,
    /// Where the name stands.
    pub name_span: Span,
    /// Columns of the primary key.
    pub primary_key: Vec<String>,
    /// Columns of `PARTITIONED BY`.
    pub partitioned_by: Vec<String>,
}

/// A column that says something about the record in place of being in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataColumn {
    /// Its position among the table's columns.
    pub column: usize,
    /// The connector's name for it.
    pub key: String,
    /// Whether it is only read: a sink's rows are then without it.
    pub is_virtual: bool,
    /// Where it is declared.
    pub span: Span,
}

impl TableDefinition {
    /// A table without columns and options.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            columns: Vec::new(),
            metadata: Vec::new(),
            options: Vec::new(),
            name_span: Span::empty(),
            primary_key: Vec::new(),
            partitioned_by: Vec::new(),
        }
    }

    /// The same table with a further option, whose place is not known.
    #[must_use]
    pub fn option(mut self, key: &str, value: &str) -> Self {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.options.push(OptionEntry { key, value, key_span: Span::empty(), value_span: Span::empty() });
        self
    }

    /// The same table with a further physical column.
    #[must_use]
    pub fn column(mut self, name: &str, data_type: DataType) -> Self {
        self.columns.push((name.to_owned(), data_type));
        self
    }

    /// The metadata that a column is; none for a physical one.
    pub(crate) fn metadata_of(&self, column: usize) -> Option<&MetadataColumn> {
        self.metadata.iter().find(|metadata| metadata.column == column)
    }

    /// The columns of a row that is written: all but the virtual ones.
    pub(crate) fn written_columns(&self) -> Vec<(String, DataType)> {
        let is_written = |at: usize| !self.metadata_of(at).is_some_and(|metadata| metadata.is_virtual);
        self.columns
            .iter()
            .enumerate()
            .filter(|(at, _)| is_written(*at))
            .map(|(_, column)| column.clone())
            .collect()
    }
}

/// What a connector knows of the job.
#[derive(Clone)]
pub struct Context {
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// The session's zone, `table.local-time-zone`.
    pub zone: Tz,
    /// The job's file of dead letters.
    pub dead_letters: Option<DeadLetters>,
    /// What sinks call themselves, such as `narthex/0.1.0`.
    pub user_agent: String,
    /// What makes request signers.
    pub signers: Option<Arc<dyn SignerSource>>,
    /// What shows the numbers of sinks.
    pub metrics: SinkMetrics,
    /// Which of the jobs of a file it is, from 1.
    pub job_number: usize,
}

impl Context {
    /// The machine's clock, UTC, no dead letters, no signers.
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            zone: Tz::UTC,
            dead_letters: None,
            user_agent: user_agent.into(),
            signers: None,
            metrics: SinkMetrics::default(),
            job_number: 1,
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("zone", &self.zone).finish_non_exhaustive()
    }
}

/// Makes the signers of requests that tables ask for by `metric.request-signer`.
#[async_trait]
pub trait SignerSource: Send + Sync {
    /// Names of the signers.
    fn names(&self) -> Vec<&'static str>;

    /// Keys of the options that a signer takes, such as `aws.region`.
    fn options(&self, signer: &str) -> Vec<&'static str>;

    /// The signer for a receiver, with the values of its options.
    ///
    /// # Errors
    /// What is wrong, without a secret.
    async fn signer(
        &self,
        signer: &str,
        endpoint_url: &str,
        options: &[(String, String)],
    ) -> Result<Arc<dyn Signer>, String>;
}

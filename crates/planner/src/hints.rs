//! Options that a statement gives to tables beside their own: `t /*+ OPTIONS('key' = 'value') */`.

use std::cell::Cell;
use std::sync::Arc;

use narthex_sql::{Hint, OptionEntry, Span};

use crate::plan::Table;

/// The hints of a statement, and which of them a table was found for.
#[derive(Debug, Default)]
pub(crate) struct Hints(Vec<(Hint, Cell<bool>)>);

impl Hints {
    pub(crate) fn of(hints: &[Hint]) -> Self {
        Self(hints.iter().map(|hint| (hint.clone(), Cell::new(false))).collect())
    }

    /// The hint behind a name.
    pub(crate) fn behind(&self, name: Span) -> Option<&Hint> {
        let (hint, is_used) = self.0.iter().find(|(hint, _)| hint.behind == name.end)?;
        is_used.set(true);
        Some(hint)
    }

    /// Those that stand behind no name of a table.
    pub(crate) fn unused(&self) -> impl Iterator<Item = &Hint> {
        self.0.iter().filter(|(_, is_used)| !is_used.get()).map(|(hint, _)| hint)
    }
}

/// A table with these options in place of its own of the same keys.
pub(crate) fn with_options(table: &Table, options: &[OptionEntry]) -> Arc<Table> {
    let mut table = table.clone();
    let is_kept = |kept: &OptionEntry| options.iter().all(|new| new.key != kept.key);
    for own in [&mut table.options, &mut table.definition.options] {
        own.retain(is_kept);
        own.extend_from_slice(options);
    }
    Arc::new(table)
}

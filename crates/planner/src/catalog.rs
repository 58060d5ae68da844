//! Tables and views by name.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use narthex_sql::ast::Ident;
use narthex_sql::{Mistake, Name, nearest};

use crate::plan::Table;
use crate::query::Rows;

/// Names that stand before a table's without meaning anything else.
pub(crate) const DEFAULTS: [&str; 2] = ["default_catalog", "default_database"];

/// What a name stands for.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Table(Arc<Table>),
    View(Arc<Rows>),
    /// Its definition has a mistake, which has been told.
    Broken,
}

/// Tables and views.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    entries: BTreeMap<String, Entry>,
    /// Tables that were read or written, each once.
    used: RefCell<Vec<Arc<Table>>>,
}

impl Catalog {
    /// Adds an entry. One that is there already stays.
    pub(crate) fn add(&mut self, name: &Name, entry: Entry, may_exist: bool) -> Result<(), Mistake> {
        let key = key(name)?;
        if self.entries.contains_key(&key) && !may_exist {
            return Err(Mistake::new(name.span(), format!("there is a table or view {key} already"))
                .advise("DROP it first, or write IF NOT EXISTS"));
        }
        self.entries.entry(key).or_insert(entry);
        Ok(())
    }

    /// What a name stands for.
    pub(crate) fn find(&self, name: &Name) -> Result<&Entry, Mistake> {
        let key = key(name)?;
        self.entries.get(&key).ok_or_else(|| {
            let advice = nearest(&key, self.names()).map(|name| format!("; did you mean {name}?"));
            let mistake =
                Mistake::new(name.span(), format!("there is no table {key}{}", advice.unwrap_or_default()));
            let all: Vec<&str> = self.names().collect();
            if all.is_empty() { mistake } else { mistake.advise(format!("there are: {}", all.join(", "))) }
        })
    }

    /// As [`Self::find`], for what is read or written.
    pub(crate) fn use_entry(&self, name: &Name) -> Result<&Entry, Mistake> {
        let entry = self.find(name)?;
        if let Entry::Table(table) = entry {
            self.use_table(table);
        }
        Ok(entry)
    }

    /// Notes that a table is read or written.
    pub(crate) fn use_table(&self, table: &Arc<Table>) {
        let mut used = self.used.borrow_mut();
        if !used.iter().any(|other| Arc::ptr_eq(other, table)) {
            used.push(table.clone());
        }
    }

    /// Puts another table in the place of one, for `ALTER TABLE`.
    pub(crate) fn replace(&mut self, name: &Name, table: Arc<Table>) {
        if let Ok(key) = key(name) {
            self.entries.insert(key, Entry::Table(table));
        }
    }

    /// Tables that were read or written.
    pub(crate) fn into_used(self) -> Vec<Arc<Table>> {
        self.used.into_inner()
    }

    /// Removes an entry; whether there was one of this kind.
    pub(crate) fn remove(&mut self, name: &Name, is_view: bool) -> Result<bool, Mistake> {
        let key = key(name)?;
        let is_it = match self.entries.get(&key) {
            Some(Entry::View(_)) => is_view,
            Some(Entry::Table(_)) => !is_view,
            Some(Entry::Broken) => true,
            None => false,
        };
        if is_it {
            self.entries.remove(&key);
        }
        Ok(is_it)
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The names of all views.
    pub(crate) fn views(&self) -> impl Iterator<Item = &str> {
        let is_view = |entry: &Entry| matches!(entry, Entry::View(_));
        self.entries.iter().filter(move |(_, entry)| is_view(entry)).map(|(name, _)| name.as_str())
    }
}

/// Whether a name is that of the one catalog, or of the one database.
pub(crate) fn check_use(name: &Name, is_catalog: bool) -> Result<(), Mistake> {
    let last = if is_catalog { [DEFAULTS[1], ""].as_slice() } else { &[""] };
    let mut parts = name.0.clone();
    parts.extend(last.iter().map(|part| Ident::new(*part)));
    key(&Name(parts)).map(|_| ())
}

/// A name without the default catalog and database, which are the only ones.
pub(crate) fn key(name: &Name) -> Result<String, Mistake> {
    let Some((last, before)) = name.0.split_last() else { return Ok(String::new()) };
    if before.len() > DEFAULTS.len() {
        return Err(Mistake::new(name.span(), format!("{name} has too many parts"))
            .advise("a name is that of a table, with a database and a catalog before it at the most"));
    }
    let expected = &DEFAULTS[DEFAULTS.len() - before.len().min(DEFAULTS.len())..];
    for (part, expected) in before.iter().zip(expected) {
        if part.value != *expected {
            return Err(Mistake::new(part.span, format!("there is no {} here", part.value))
                .advise(format!("there is one catalog and one database: {}", DEFAULTS.join("."))));
        }
    }
    Ok(last.value.clone())
}

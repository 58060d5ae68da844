//! Functions of arrays and maps. Places count from 1.

mod arrays;
mod build;
mod elements;
mod maps;
mod order;
mod sets;
mod types;

use super::Function;

/// See the module.
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "ARRAY_APPEND", usage: "ARRAY_APPEND(ARRAY, element)", bind: arrays::append },
    Function { name: "ARRAY_CONCAT", usage: "ARRAY_CONCAT(ARRAY, …)", bind: sets::concat },
    Function { name: "ARRAY_CONTAINS", usage: "ARRAY_CONTAINS(ARRAY, element)", bind: elements::contains },
    Function { name: "ARRAY_DISTINCT", usage: "ARRAY_DISTINCT(ARRAY)", bind: arrays::distinct },
    Function { name: "ARRAY_EXCEPT", usage: "ARRAY_EXCEPT(ARRAY, ARRAY)", bind: sets::except },
    Function { name: "ARRAY_INTERSECT", usage: "ARRAY_INTERSECT(ARRAY, ARRAY)", bind: sets::intersect },
    Function {
        name: "ARRAY_JOIN",
        usage: "ARRAY_JOIN(ARRAY<STRING>, separator [, for null])",
        bind: elements::join,
    },
    Function { name: "ARRAY_MAX", usage: "ARRAY_MAX(ARRAY)", bind: order::max },
    Function { name: "ARRAY_MIN", usage: "ARRAY_MIN(ARRAY)", bind: order::min },
    Function { name: "ARRAY_POSITION", usage: "ARRAY_POSITION(ARRAY, element)", bind: elements::position },
    Function { name: "ARRAY_PREPEND", usage: "ARRAY_PREPEND(ARRAY, element)", bind: arrays::prepend },
    Function { name: "ARRAY_REMOVE", usage: "ARRAY_REMOVE(ARRAY, element)", bind: arrays::remove },
    Function { name: "ARRAY_REVERSE", usage: "ARRAY_REVERSE(ARRAY)", bind: arrays::reverse },
    Function { name: "ARRAY_SLICE", usage: "ARRAY_SLICE(ARRAY, start [, end])", bind: arrays::slice },
    Function {
        name: "ARRAY_SORT",
        usage: "ARRAY_SORT(ARRAY [, is ascending [, nulls first]])",
        bind: order::sort,
    },
    Function { name: "ARRAY_UNION", usage: "ARRAY_UNION(ARRAY, ARRAY)", bind: sets::union },
    Function { name: "CARDINALITY", usage: "CARDINALITY(ARRAY or MAP)", bind: elements::cardinality },
    Function { name: "ELEMENT", usage: "ELEMENT(ARRAY of one element)", bind: elements::element },
    Function { name: "MAP_ENTRIES", usage: "MAP_ENTRIES(MAP)", bind: maps::entries },
    Function {
        name: "MAP_FROM_ARRAYS",
        usage: "MAP_FROM_ARRAYS(ARRAY of keys, ARRAY of values)",
        bind: maps::from_arrays,
    },
    Function { name: "MAP_KEYS", usage: "MAP_KEYS(MAP)", bind: maps::keys },
    Function { name: "MAP_UNION", usage: "MAP_UNION(MAP, …)", bind: maps::union },
    Function { name: "MAP_VALUES", usage: "MAP_VALUES(MAP)", bind: maps::values },
];

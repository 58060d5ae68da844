//! Names that mean something in Flink, but are no scalar function here.

use narthex_sql::{Mistake, Span};

/// Functions of windows, as tables or in GROUP BY, and what tells of them.
const OF_WINDOWS: [&str; 16] = [
    "CUMULATE",
    "HOP",
    "HOP_END",
    "HOP_PROCTIME",
    "HOP_ROWTIME",
    "HOP_START",
    "SESSION",
    "SESSION_END",
    "SESSION_PROCTIME",
    "SESSION_ROWTIME",
    "SESSION_START",
    "TUMBLE",
    "TUMBLE_END",
    "TUMBLE_PROCTIME",
    "TUMBLE_ROWTIME",
    "TUMBLE_START",
];

/// Functions that Flink has and narthex does not.
const MISSING: [&str; 15] = [
    "BITMAP_BUILD",
    "CURRENT_DATABASE",
    "HASH_CODE",
    "ML_EVALUATE",
    "ML_PREDICT",
    "OBJECT_OF",
    "OBJECT_UPDATE",
    "PARSE_JSON",
    "SOURCE_WATERMARK",
    "STREAMRECORD_TIMESTAMP",
    "TRY_PARSE_JSON",
    "VECTOR_SEARCH",
    "GROUPING",
    "GROUPING_ID",
    "GROUP_ID",
];

/// Names of other databases, and what Flink calls them.
const ELSEWHERE: [(&str, &str); 12] = [
    ("LENGTH", "CHAR_LENGTH"),
    ("POW", "POWER"),
    ("STRPOS", "LOCATE or POSITION"),
    ("LCASE", "LOWER"),
    ("UCASE", "UPPER"),
    ("SUBSTRING_INDEX", "SPLIT_INDEX"),
    ("REGEXP_LIKE", "REGEXP"),
    ("DATE_TRUNC", "FLOOR(time TO unit)"),
    ("DATEDIFF", "TIMESTAMPDIFF"),
    ("DATE_ADD", "TIMESTAMPADD"),
    ("NVL", "IFNULL or COALESCE"),
    ("TRUNC", "TRUNCATE"),
];

/// What to say of a name that is known, if it is.
pub(super) fn known(name: &str, span: Span) -> Option<Mistake> {
    if name == "CURRENT_WATERMARK" {
        let message = "CURRENT_WATERMARK takes one time column, and stands in SELECT, WHERE or GROUP BY";
        return Some(Mistake::new(span, message).advise("write CURRENT_WATERMARK(rt)"));
    }
    if OF_WINDOWS.contains(&name) {
        let message = format!("{name} is a function of windows and cannot stand here");
        let advice = "windows stand in FROM, as TABLE(TUMBLE(TABLE t, DESCRIPTOR(rt), size)), or in GROUP BY, and their \
                      borders in the SELECT of a query with such a GROUP BY";
        return Some(Mistake::new(span, message).advise(advice));
    }
    if MISSING.contains(&name) {
        return Some(Mistake::new(span, format!("Flink has the function {name}, narthex does not have it")));
    }
    let (_, ours) = ELSEWHERE.iter().find(|(theirs, _)| *theirs == name)?;
    Some(Mistake::new(span, format!("there is no function {name} in Flink SQL; it is {ours} there")))
}

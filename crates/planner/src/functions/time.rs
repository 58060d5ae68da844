//! Functions of times. Before 1970 some of Flink's truncate toward zero, and so do these.

mod add;
mod calendar;
mod clock;
mod column;
mod convert;
mod difference;
mod extract;
mod iso;
mod java_format;
mod java_parse;
mod names;
mod overlaps;
mod parse;
mod round;
mod simple_format;
mod unit;
mod zone;

pub(super) use self::iso::iso;
use super::Function;

/// See the module.
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "CEIL", usage: "CEIL(number), CEIL(time TO unit)", bind: round::ceil },
    Function { name: "CEILING", usage: "CEILING(number)", bind: round::ceil },
    Function { name: "CONVERT_TZ", usage: "CONVERT_TZ(STRING, zone, zone)", bind: convert::convert_tz },
    Function { name: "CURRENT_DATE", usage: "CURRENT_DATE", bind: clock::current_date },
    Function {
        name: "CURRENT_ROW_TIMESTAMP",
        usage: "CURRENT_ROW_TIMESTAMP()",
        bind: clock::current_timestamp,
    },
    Function { name: "CURRENT_TIME", usage: "CURRENT_TIME", bind: clock::local_time },
    Function { name: "CURRENT_TIMESTAMP", usage: "CURRENT_TIMESTAMP", bind: clock::current_timestamp },
    Function {
        name: "DATE_FORMAT",
        usage: "DATE_FORMAT(TIMESTAMP or STRING, pattern)",
        bind: convert::date_format,
    },
    Function {
        name: "DAYOFMONTH",
        usage: "DAYOFMONTH(time)",
        bind: |arguments| extract::unit(arguments, "DAY"),
    },
    Function {
        name: "DAYOFWEEK",
        usage: "DAYOFWEEK(time)",
        bind: |arguments| extract::unit(arguments, "DOW"),
    },
    Function {
        name: "DAYOFYEAR",
        usage: "DAYOFYEAR(time)",
        bind: |arguments| extract::unit(arguments, "DOY"),
    },
    Function { name: "EXTRACT", usage: "EXTRACT(unit FROM time)", bind: extract::extract },
    Function { name: "FLOOR", usage: "FLOOR(number), FLOOR(time TO unit)", bind: round::floor },
    Function {
        name: "FROM_UNIXTIME",
        usage: "FROM_UNIXTIME(seconds [, pattern])",
        bind: convert::from_unixtime,
    },
    Function { name: "HOUR", usage: "HOUR(time)", bind: |arguments| extract::unit(arguments, "HOUR") },
    Function { name: "LOCALTIME", usage: "LOCALTIME", bind: clock::local_time },
    Function { name: "LOCALTIMESTAMP", usage: "LOCALTIMESTAMP", bind: clock::local_timestamp },
    Function { name: "MINUTE", usage: "MINUTE(time)", bind: |arguments| extract::unit(arguments, "MINUTE") },
    Function { name: "MONTH", usage: "MONTH(time)", bind: |arguments| extract::unit(arguments, "MONTH") },
    Function { name: "NOW", usage: "NOW()", bind: clock::current_timestamp },
    Function { name: "OVERLAPS", usage: "(start, end) OVERLAPS (start, end)", bind: overlaps::overlaps },
    Function { name: "PROCTIME", usage: "PROCTIME()", bind: clock::current_timestamp },
    Function {
        name: "QUARTER",
        usage: "QUARTER(time)",
        bind: |arguments| extract::unit(arguments, "QUARTER"),
    },
    Function { name: "SECOND", usage: "SECOND(time)", bind: |arguments| extract::unit(arguments, "SECOND") },
    Function { name: "TIMESTAMPADD", usage: "TIMESTAMPADD(unit, integer, time)", bind: add::timestamp_add },
    Function {
        name: "TIMESTAMPDIFF",
        usage: "TIMESTAMPDIFF(unit, from, to)",
        bind: difference::timestamp_diff,
    },
    Function { name: "TO_DATE", usage: "TO_DATE(STRING [, pattern])", bind: convert::to_date },
    Function { name: "TO_TIMESTAMP", usage: "TO_TIMESTAMP(STRING [, pattern])", bind: convert::to_timestamp },
    Function {
        name: "TO_TIMESTAMP_LTZ",
        usage: "TO_TIMESTAMP_LTZ(number [, 0 or 3]), TO_TIMESTAMP_LTZ(STRING [, pattern [, zone]])",
        bind: convert::to_timestamp_ltz,
    },
    Function {
        name: "UNIX_TIMESTAMP",
        usage: "UNIX_TIMESTAMP([STRING [, pattern]])",
        bind: convert::unix_timestamp,
    },
    Function { name: "WEEK", usage: "WEEK(time)", bind: |arguments| extract::unit(arguments, "WEEK") },
    Function { name: "YEAR", usage: "YEAR(time)", bind: |arguments| extract::unit(arguments, "YEAR") },
];

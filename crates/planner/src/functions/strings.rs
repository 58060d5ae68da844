//! Functions of texts. Positions count characters (code points) from 1, as Flink's.

mod change;
mod format;
mod look;
mod parts;
mod printf;
mod split;
mod urls;

pub(super) use self::look::bytes_at;
use super::Function;

/// See the module.
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "ASCII", usage: "ASCII(STRING)", bind: look::ascii },
    Function { name: "BTRIM", usage: "BTRIM(STRING [, characters])", bind: change::btrim },
    Function { name: "CHARACTER_LENGTH", usage: "CHARACTER_LENGTH(STRING)", bind: look::char_length },
    Function { name: "CHAR_LENGTH", usage: "CHAR_LENGTH(STRING)", bind: look::char_length },
    Function { name: "CHR", usage: "CHR(integer)", bind: format::chr },
    Function { name: "CONCAT", usage: "CONCAT(STRING, …)", bind: change::concat },
    Function { name: "CONCAT_WS", usage: "CONCAT_WS(separator, STRING, …)", bind: change::concat_ws },
    Function { name: "ELT", usage: "ELT(index, STRING, …)", bind: parts::elt },
    Function { name: "ENDSWITH", usage: "ENDSWITH(STRING, end)", bind: look::ends_with },
    Function { name: "INITCAP", usage: "INITCAP(STRING)", bind: change::initcap },
    Function { name: "INSTR", usage: "INSTR(STRING, sought [, start [, occurrence]])", bind: look::instr },
    Function { name: "IS_ALPHA", usage: "IS_ALPHA(value)", bind: look::is_alpha },
    Function { name: "IS_DECIMAL", usage: "IS_DECIMAL(value)", bind: look::is_decimal },
    Function { name: "IS_DIGIT", usage: "IS_DIGIT(value)", bind: look::is_digit },
    Function { name: "LEFT", usage: "LEFT(STRING, INT)", bind: parts::left },
    Function { name: "LOCATE", usage: "LOCATE(sought, STRING [, start])", bind: look::locate },
    Function { name: "LOWER", usage: "LOWER(STRING)", bind: change::lower },
    Function { name: "LPAD", usage: "LPAD(STRING, length, filling)", bind: format::lpad },
    Function { name: "LTRIM", usage: "LTRIM(STRING [, characters])", bind: change::ltrim },
    Function {
        name: "OVERLAY",
        usage: "OVERLAY(STRING PLACING new FROM start [FOR length])",
        bind: parts::overlay,
    },
    Function { name: "PARSE_URL", usage: "PARSE_URL(url, part [, key])", bind: urls::parse_url },
    Function { name: "POSITION", usage: "POSITION(sought IN STRING)", bind: look::locate },
    Function { name: "PRINTF", usage: "PRINTF(format, value, …)", bind: printf::printf },
    Function { name: "REPEAT", usage: "REPEAT(STRING, INT)", bind: change::repeat },
    Function { name: "REPLACE", usage: "REPLACE(STRING, old, new)", bind: change::replace },
    Function { name: "REVERSE", usage: "REVERSE(STRING)", bind: change::reverse },
    Function { name: "RIGHT", usage: "RIGHT(STRING, INT)", bind: parts::right },
    Function { name: "RPAD", usage: "RPAD(STRING, length, filling)", bind: format::rpad },
    Function { name: "RTRIM", usage: "RTRIM(STRING [, characters])", bind: change::rtrim },
    Function { name: "SPLIT", usage: "SPLIT(STRING, separator)", bind: split::split },
    Function {
        name: "SPLIT_INDEX",
        usage: "SPLIT_INDEX(STRING, separator, index from 0)",
        bind: split::split_index,
    },
    Function { name: "STARTSWITH", usage: "STARTSWITH(STRING, start)", bind: look::starts_with },
    Function {
        name: "STR_TO_MAP",
        usage: "STR_TO_MAP(STRING [, separator, key separator])",
        bind: split::str_to_map,
    },
    Function { name: "SUBSTR", usage: "SUBSTR(STRING, start [, length])", bind: parts::substring },
    Function {
        name: "SUBSTRING",
        usage: "SUBSTRING(STRING FROM start [FOR length])",
        bind: parts::substring,
    },
    Function { name: "TRANSLATE", usage: "TRANSLATE(STRING, characters, others)", bind: change::translate },
    Function {
        name: "TRIM",
        usage: "TRIM([LEADING | TRAILING | BOTH] [characters FROM] STRING)",
        bind: change::trim,
    },
    Function { name: "TYPEOF", usage: "TYPEOF(value)", bind: format::type_of },
    Function { name: "UPPER", usage: "UPPER(STRING)", bind: change::upper },
    Function { name: "URL_DECODE", usage: "URL_DECODE(STRING)", bind: urls::decode },
    Function { name: "URL_ENCODE", usage: "URL_ENCODE(STRING)", bind: urls::encode },
];

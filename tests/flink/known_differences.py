"""Where the engines differ, and stay so: each with the narrowest pattern that finds it, and why.

docs/sql.md tells users of those that they can meet.
"""

import collections
import json
import re

# Holds for differences of these kinds (see expressions.Difference) in expressions that the pattern finds.
Known = collections.namedtuple("Known", "kinds pattern reason")

DEFECT = "a defect of Flink's: "
NUMBERS = r"(?:dc\d?|DECIMAL|\d+\.\d+)"

KNOWN = [
    Known("plan failure", r"\b(TRUNCATE|SIGN)\((ti|si|CAST\([^()]* AS (TINYINT|SMALLINT)\))", DEFECT + "its code does not compile"),
    Known("failure", rf"\b(GREATEST|LEAST)\(.*{NUMBERS}", DEFECT + "a null among different types is a NullPointerException"),
    Known("value", r"\bTO_DATE\(tstext, ", DEFECT + "a text that is no date becomes a day in the year 1705471; here it is null"),
    Known("value plan", r"EXTRACT\(MI(LLI|CRO)SECOND FROM (dt|DATE|CAST\(\w+ AS DATE\)|CAST\(NULL AS DATE\))",
          DEFECT + "a date has milliseconds in it"),
    Known("failure", r"\bFROM_UNIXTIME\(", "so many seconds that the year has six digits are refused here"),
    Known("value failure plan", r"CAST\(.* AS TIME\)", DEFECT + "the time of day before 1970 is negative"),
    Known("value", r"CAST\('NaN' AS DOUBLE\)", DEFECT + "a constant NaN equals, and is below, what a computed one does not"),
    Known("failure", r"\bCEIL\(tm TO", DEFECT + "24:00:00 is no time of day"),
    Known("value", r"\bJSON_(ARRAY|OBJECT|STRING)\(", "the last digit, where two are as near to a DOUBLE"),
    Known("type", r"^INTERVAL .* [-+*/] |INTERVAL", "the names of interval types that come of arithmetic"),
    Known("value", r"\bARRAY_(SORT|DISTINCT|MIN|MAX|UNION|EXCEPT|INTERSECT|POSITION|CONTAINS|REMOVE)\(.*\bad\b",
          DEFECT + "NaN has no place in the order of an array's elements"),
    Known("failure value", r"\bMAP\[|\bMAP_FROM_ARRAYS\(", "a null key is left out here; Flink keeps it and then fails to write it as JSON"),
    Known("value", r"\bARRAY\[.*\]\[", DEFECT + "an index behind the end of an array of NOT NULL elements reads what lies there"),
    Known("value", r"MAP_(UNION|VALUES|KEYS|ENTRIES)|STR_TO_MAP|CAST\(.*AS STRING\)", "the order of a map's entries"),
    Known("value", r"\bLOG\(0, ", "a constant -0.0 is 0.0 in Flink"),
    Known("value", r"\b(ROUND|TRUNCATE)\(\w+, (small|CAST)", "a DECIMAL that gets a digit more than its type has is null here"),
    Known("plan", r"CAST\((bo2?|TRUE|FALSE|\(.*\)) AS DECIMAL\(4, 4\)\)", DEFECT + "it checks 1 when it plans, whatever the value is"),
    Known("plan", r"\bATAN2\(", "a DECIMAL beside another number is taken here"),
    Known("plan", r"CAST\(CAST\(NULL AS INT\) AS TIMESTAMP_LTZ\(3\)\)", "an INT is no time here, also where it is a constant null"),
    Known("plan", r"\bARRAY_(CONTAINS|POSITION|REMOVE|APPEND|PREPEND)\(ARRAY\['", "a longer text is taken here beside CHAR elements"),
    Known("value", r"\b(LOG10|LOG2|LOG|LN|EXP|POWER|SIN|COS|TAN|COT|ASIN|ACOS|ATAN|ATAN2|SINH|COSH|TANH)\(",
          "the last digit of what is no exact function"),
    Known("value", r"\b(OVERLAY|LPAD|RPAD|SUBSTRING|LEFT|RIGHT|TRANSLATE|SPLIT|REPLACE|REVERSE|REGEXP_\w+)\(",
          "half of a character beyond the BMP, which Java can have and UTF-8 cannot"),
    Known("value", r"\b(UNIX_TIMESTAMP|FROM_UNIXTIME|CONVERT_TZ|DATE_FORMAT|TO_DATE)\(tstext",
          "Java's calendar before 1582 and before zones had whole offsets; its letters u and e"),
]

# The last digits, and halves of characters: only where that is all of the difference.
ULPS = 8
LONE = re.compile(r"[\ud800-\udfff]")
DIGIT = re.compile(r"\d(?=[^\d])")


def reason(difference):
    """Why a difference is known, or nothing."""
    for known in KNOWN:
        if difference.what in known.kinds.split() and re.search(known.pattern, difference.expression):
            if known.reason.startswith("the last digit of") and not close(difference):
                continue
            if known.reason.startswith("the last digit,") and not is_close_as_text(difference):
                continue
            if known.reason.startswith("half of") and not is_cut(difference):
                continue
            return known.reason
    return None


def close(difference):
    def number(value):
        return float(value.removeprefix("number ")) if isinstance(value, str) and value.startswith("number ") else None

    pairs = [(number(value), number(difference.narthex[key])) for key, value in difference.flink.items()]
    return all(None not in pair and abs(pair[0] - pair[1]) <= ULPS * 2.3e-16 * max(map(abs, pair)) for pair in pairs)


def is_cut(difference):
    def shown(value):
        return json.dumps(value, ensure_ascii=False)

    return all(LONE.search(shown(value)) or "?" in shown(difference.narthex[key]) for key, value in difference.flink.items())


def is_close_as_text(difference):
    """Texts with the same digits but for the last ones of numbers."""
    return all(DIGIT.sub("", f"{value} ") == DIGIT.sub("", f"{difference.narthex[key]} ")
               for key, value in difference.flink.items())

"""Templates of expressions over the table of random_rows.py, by topic; `{kind}` is replaced by one of its texts at random."""

import re

KINDS = {
    "int": ["ti", "si", "i", "i2", "l", "small", "n", "0", "1", "-1", "7", "100", "2147483647", "CAST(3 AS BIGINT)",
            "CAST(5 AS TINYINT)", "CAST(-300 AS SMALLINT)", "CAST(NULL AS INT)", "CHAR_LENGTH(s)", "CARDINALITY(ai)"],
    "intcol": ["ti", "si", "i", "i2", "l", "small", "n"],
    "few": ["small", "small", "0", "1", "2", "3", "5", "-1", "-2", "10", "CAST(NULL AS INT)"],
    "approx": ["f", "d", "d2", "unit", "1.5E0", "-0.5E0", "CAST(2.5 AS FLOAT)", "CAST(small AS DOUBLE)", "CAST('NaN' AS DOUBLE)"],
    "dec": ["dc", "dc2", "dc0", "dc4", "1.5", "-0.25", "3.000", "CAST(small AS DECIMAL(6, 2))", "100.00", "0.1"],
    "num": ["{int}", "{approx}", "{dec}"],
    "numcol": ["{intcol}", "f", "d", "unit", "dc", "dc2", "dc0", "dc4"],
    "text": ["s", "s2", "w", "v", "sn", "num", "'abc'", "''", "' b '", "'😀é'", "CAST(NULL AS STRING)", "UPPER(s)", "CAST(i AS STRING)", "c"],
    "textcol": ["s", "s2", "w", "v", "sn", "c", "num"],
    "short": ["'a'", "'b'", "''", "' '", "'x'", "','", "'ab'", "'😀'", "w", "s2", "'l'", "CAST(NULL AS STRING)"],
    "like": ["'a%'", "'%b%'", "'_'", "'%'", "''", "'A_C'", "'%😀%'", "'a.c'", "'%\\%'", "'x+'", "'_a_'", "w"],
    "regex": ["'a'", "'[a-z]+'", "'(a)(b)?'", "'^.*$'", "'\\d+'", "'.'", "''", "'x*'", "'(?i)ABC'", "'[^a-z]'", "'(\\w+) (\\w+)'",
              "'\\s'", "'a|b'", "'[äöü]'", "'^$'", "'(.)(.)'", "'\\bfoo\\b'"],
    "bool": ["bo", "bo2", "TRUE", "FALSE", "(i > 0)", "(s IS NULL)", "CAST(NULL AS BOOLEAN)", "(d < d2)", "(s = s2)", "(NOT bo)"],
    "cmp": ["=", "<>", "<", "<=", ">", ">="],
    "date": ["dt", "DATE '2024-02-29'", "DATE '1969-12-31'", "CAST(ts AS DATE)", "CAST(NULL AS DATE)"],
    "time": ["tm", "TIME '12:34:56'", "TIME '00:00:00'", "CAST(TIMESTAMP '2024-05-06 07:08:09.5' AS TIME)"],
    "ts": ["ts0", "ts", "tsb", "ts6", "TIMESTAMP '2024-05-06 07:08:09.123'", "TIMESTAMP '1969-12-31 23:59:59'",
           "CAST(dt AS TIMESTAMP(3))", "CAST(NULL AS TIMESTAMP(3))", "CAST(lz AS TIMESTAMP(3))"],
    "lz": ["lz", "lz6", "TO_TIMESTAMP_LTZ(l, 3)", "CAST(ts AS TIMESTAMP_LTZ(3))", "TO_TIMESTAMP_LTZ(i, 0)"],
    "moment": ["{date}", "{ts}", "{lz}", "{ts}"],
    "daytime": ["INTERVAL '1' DAY", "INTERVAL '-3' HOUR", "INTERVAL '90' MINUTE", "INTERVAL '1.5' SECOND", "INTERVAL '2 03' DAY TO HOUR",
                "INTERVAL '1 02:03:04.5' DAY TO SECOND(3)", "INTERVAL '10:20' MINUTE TO SECOND", "INTERVAL '0' SECOND",
                "INTERVAL '100' DAY(3)"],
    "yearmonth": ["INTERVAL '1' MONTH", "INTERVAL '-13' MONTH", "INTERVAL '2' YEAR", "INTERVAL '1-02' YEAR TO MONTH"],
    "interval": ["{daytime}", "{yearmonth}"],
    "unit": ["YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"],
    "floorunit": ["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "DECADE", "CENTURY", "MILLENNIUM"],
    "part": ["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOY", "DOW", "ISODOW", "ISOYEAR", "HOUR", "MINUTE", "SECOND", "MILLISECOND",
             "MICROSECOND", "DECADE", "CENTURY", "MILLENNIUM", "EPOCH"],
    "format": ["'yyyy-MM-dd HH:mm:ss'", "'yyyyMMdd'", "'dd.MM.yy HH:mm'", "'HH:mm:ss.SSS'", "'yyyy-MM-dd''T''HH:mm:ss'", "'EEE, d MMM yyyy'",
               "'hh:mm a'", "'D'", "'e'", "'Q'", "''", "'yyyy'", "'w'", "'MMMM'", "'EEEE'", "'SSSSSS'", "'uuuu-MM'"],
    "zone": ["'UTC'", "'Europe/Berlin'", "'America/New_York'", "'GMT+05:30'", "'Asia/Shanghai'", "'PST'", "'nowhere'"],
    "type": ["TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(10, 2)", "DECIMAL(38, 18)", "DECIMAL(5, 0)", "BOOLEAN",
             "STRING", "CHAR(3)", "VARCHAR(4)", "DATE", "TIME", "TIMESTAMP(3)", "TIMESTAMP(0)", "TIMESTAMP(6)", "TIMESTAMP_LTZ(3)", "BYTES",
             "BINARY(4)", "VARBINARY(3)"],
    "numtype": ["TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(10, 2)", "DECIMAL(38, 18)", "DECIMAL(5, 0)", "DECIMAL(4, 4)"],
    "any": ["{textcol}", "{intcol}", "{approx}", "dc", "dc2", "dc0", "bo", "dt", "tm", "ts0", "ts", "ts6", "lz", "bytes_"],
    "json": ["j", "'{\"a\":{\"b\":[1,\"x\",null]}}'", "s"],
    "path": ["'$'", "'$.a'", "'$.b'", "'$.a.b'", "'$.a[0]'", "'$[0]'", "'$[*]'", "'lax $.a'", "'strict $.a'", "'lax $.a.b.c'", "'$.a[*].b'",
             "'lax $.a[*].b'", "'$.b[2].c'", "'$..b'", "'$.a.b[1]'", "'$[1].a'", "'lax $[1].a'", "'$[''a b'']'"],
    "empty": ["", "", "NULL ON EMPTY", "DEFAULT 'e' ON EMPTY"],
    "error": ["", "", "NULL ON ERROR", "DEFAULT 'x' ON ERROR"],
    "arrint": ["ai", "ai2", "ARRAY[1, 2, 2]", "ARRAY[CAST(NULL AS INT), 3]", "CAST(NULL AS ARRAY<INT>)"],
    "arrtext": ["texts", "ARRAY['x', 'y']", "SPLIT(s, ',')", "ARRAY[s, w]"],
    "arr": ["{arrint}", "{arrtext}", "ad"],
    "map": ["m", "MAP['a', 1, 'b', CAST(NULL AS INT)]", "MAP['k', small]"],
    "hash": ["MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512"],
    "charset": ["'UTF-8'", "'UTF-16'", "'US-ASCII'", "'ISO-8859-1'", "'UTF-16BE'", "'UTF-16LE'"],
}

TEMPLATES = {
    "arithmetic": [
        "{num} + {num}", "{num} - {num}", "{num} * {num}", "{num} / NULLIF({numcol}, 0)", "{int} % NULLIF({intcol}, 0)",
        "MOD({int}, NULLIF({intcol}, 0))", "MOD({dec}, NULLIF({dec}, 0))", "-{numcol}", "+{numcol}", "ABS({num})", "({num} + {num}) * {num}",
        "{num} - ({num} - {num})", "{int} / NULLIF({dec}, 0)", "{approx} / {approx}", "{dec} * {dec} + {dec}", "{dec} % NULLIF({int}, 0)",
    ],
    "math": [
        "ROUND({num})", "ROUND({num}, {few})", "FLOOR({num})", "CEIL({num})", "SIGN({num})", "SQRT(ABS({numcol}))", "POWER({numcol}, {few})",
        "EXP({unit_})", "LN(ABS({approx}) + 1)", "LOG10(ABS({num}) + 1)", "LOG2(ABS({int}) + 1)", "LOG({few}, 8)", "SIN({unit_})", "COS({approx})",
        "ATAN2({approx}, {num})", "ASIN({unit_})", "DEGREES({num})", "RADIANS({num})", "TRUNCATE({dec}, {few})", "TRUNCATE({intcol}, {few})",
        "BIN({int})", "HEX({int})", "HEX({text})", "GREATEST({num}, {num}, {num})", "LEAST({num}, {num})", "TANH({unit_})", "COT({unit_})",
        "TRUNCATE({unit_}, {few})", "ROUND({dec}, {few})", "UNHEX({text})",
    ],
    "comparison": [
        "{num} {cmp} {num}", "{text} {cmp} {text}", "{bool} {cmp} {bool}", "{ts} {cmp} {ts}", "{date} {cmp} {date}", "{time} {cmp} {time}",
        "{lz} {cmp} {lz}", "{ts} {cmp} '2024-05-06 07:08:09'", "{date} {cmp} '2024-02-29'", "{num} BETWEEN {num} AND {num}",
        "{num} NOT BETWEEN {num} AND {num}", "{num} BETWEEN SYMMETRIC {num} AND {num}", "{intcol} NOT BETWEEN SYMMETRIC {few} AND {few}", "{text} BETWEEN {text} AND {text}", "{intcol} IN (1, 2, 7, -1)", "{intcol} NOT IN (0, 1)",
        "{intcol} IN (1, NULL)", "{textcol} IN ('a', 'abc', '')", "{num} IS DISTINCT FROM {num}", "{text} IS NOT DISTINCT FROM {text}",
        "bytes_ {cmp} bytes_", "ai {cmp} ai2", "r.a {cmp} {int}", "dc {cmp} {num}", "d {cmp} d2", "{ts} {cmp} {date}", "dt IN (DATE '2024-02-29', DATE '1970-01-01')",
        "({int}, {text}) = ({int}, {text})", "dc IN (1, 2.5, 0)", "d IN (1, 2.5)",
    ],
    "logic": [
        "{bool} AND {bool}", "{bool} OR {bool}", "NOT ({bool})", "({bool}) IS TRUE", "({bool}) IS NOT TRUE", "({bool}) IS FALSE",
        "({bool}) IS NOT FALSE", "({bool}) IS UNKNOWN", "({bool}) IS NOT UNKNOWN", "{bool} AND ({bool} OR {bool})",
        "{any} IS NULL", "{any} IS NOT NULL",
    ],
    "choice": [
        "CASE WHEN {bool} THEN {num} WHEN {bool} THEN {num} ELSE {num} END", "CASE WHEN {bool} THEN {num} END",
        "CASE {intcol} WHEN 1 THEN 'one' WHEN 7 THEN {text} ELSE 'else' END", "COALESCE({num}, {num})", "COALESCE({text}, {text}, 'z')",
        "NULLIF({num}, {num})", "NULLIF({text}, {text})", "IF({bool}, {num}, {num})", "IF({bool}, {text}, {text})", "IFNULL({num}, {num})",
        "IFNULL({text}, {text})", "CASE WHEN {bool} THEN {ts} ELSE {ts} END", "COALESCE({date}, {date})", "CASE WHEN {bool} THEN {text} ELSE NULL END",
        "COALESCE({ts}, {ts})", "GREATEST({text}, {text})", "IF({bool}, NULL, {int})",
    ],
    "cast": [
        "TRY_CAST({any} AS {type})", "TRY_CAST({any} AS {type})", "TRY_CAST({any} AS {type})", "TRY_CAST({any} AS {type})",
        "CAST({numcol} AS {numtype})", "CAST({numcol} AS {numtype})", "CAST({any} AS STRING)", "TRY_CAST(num AS {type})", "TRY_CAST(tstext AS {type})",
        "TRY_CAST({text} AS {numtype})", "CAST({num} AS VARCHAR(3))", "CAST({any} AS CHAR(8))", "CAST(CAST({numcol} AS {numtype}) AS STRING)",
        "CAST(ai AS ARRAY<STRING>)", "CAST(ai AS ARRAY<BIGINT>)", "CAST(m AS MAP<STRING, DOUBLE>)", "CAST(ai AS STRING)", "CAST(mt AS STRING)",
        "CAST(r AS STRING)", "CAST(ar AS STRING)", "CAST(ad AS STRING)", "TRY_CAST(texts AS ARRAY<INT>)", "CAST(bytes_ AS STRING)",
        "CAST({text} AS BYTES)", "CAST({bool} AS {numtype})", "CAST({interval} AS STRING)", "CAST(r AS ROW<a STRING, b STRING, c ROW<d STRING, e ARRAY<STRING>>>)",
    ],
    "strings": [
        "CONCAT({text}, {text})", "{text} || {text}", "CONCAT_WS({short}, {text}, {text}, {text})", "UPPER({text})", "LOWER({text})",
        "INITCAP({text})", "CHAR_LENGTH({text})", "SUBSTRING({text}, {few})", "SUBSTRING({text}, {few}, {few})", "SUBSTRING({text} FROM {few} FOR {few})",
        "SUBSTR({text}, {few})", "LEFT({text}, {few})", "RIGHT({text}, {few})", "LPAD({text}, {few}, {short})", "RPAD({text}, {few}, {short})",
        "TRIM({text})", "LTRIM({text})", "RTRIM({text})", "BTRIM({text})", "TRIM(BOTH {short} FROM {text})", "TRIM(LEADING {short} FROM {text})", "TRIM(TRAILING 'a' FROM {text})",
        "LTRIM({text}, {short})", "RTRIM({text}, {short})", "BTRIM({text}, {short})", "REPLACE({text}, {short}, {short})", "REVERSE({text})", "REPEAT({text}, {few})",
        "POSITION({short} IN {text})", "POSITION({short} IN {text} FROM {few})", "TRIM(LEADING FROM {text})", "LOCATE({short}, {text})", "LOCATE({short}, {text}, {few})", "INSTR({text}, {short})",
        "OVERLAY({text} PLACING {short} FROM {few} FOR {few})", "OVERLAY({text} PLACING {short} FROM {few})", "ASCII({text})", "CHR({int})", "SPLIT_INDEX({text}, {short}, {few})",
        "TO_BASE64({text})", "FROM_BASE64({text})", "STARTSWITH({text}, {short})", "ENDSWITH({text}, {short})", "TRANSLATE({text}, {short}, {short})",
        "ELT({few}, {text}, {text})", "STR_TO_MAP({text})", "STR_TO_MAP({text}, ',', '=')", "SPLIT({text}, {short})", "PARSE_URL(s, 'HOST')", "URL_ENCODE({text})",
        "URL_DECODE({text})", "{hash}({text})", "SHA2({text}, 256)", "PRINTF('%s-%d', {text}, {int})", "PRINTF('%08.3f|%x|%5s|%-5s', {dbl}, i, s, w)", "IS_ALPHA({text})", "IS_DIGIT({text})",
        "IS_DECIMAL({text})", "INSTR({text}, {short}, {few})", "INSTR({text}, {short}, {few}, {few})", "DECODE(ENCODE({text}, {charset}), {charset})", "SPLIT_INDEX({text}, 44, {few})",
        "ENCODE({text}, {charset})", "CHARACTER_LENGTH({text})", "JSON_QUOTE({text})", "JSON_UNQUOTE({text})",
    ],
    "patterns": [
        "{text} LIKE {like}", "{text} NOT LIKE {like}", "{text} LIKE 'a!%' ESCAPE '!'", "{text} SIMILAR TO '(a|b)%'", "{text} SIMILAR TO '[a-c]+'", "{text} NOT SIMILAR TO '_{{2}}'",
        "REGEXP({text}, {regex})", "REGEXP_EXTRACT({text}, {regex})", "REGEXP_EXTRACT({text}, {regex}, {few})", "REGEXP_REPLACE({text}, {regex}, {short})",
        "REGEXP_COUNT({text}, {regex})", "REGEXP_INSTR({text}, {regex})", "REGEXP_SUBSTR({text}, {regex})", "REGEXP_EXTRACT_ALL({text}, {regex})",
        "REGEXP_EXTRACT_ALL({text}, {regex}, {few})", "{text} LIKE {text}", "{text} SIMILAR TO {short}",
    ],
    "times": [
        "EXTRACT({part} FROM {ts})", "EXTRACT({part} FROM {date})", "EXTRACT({part} FROM {lz})", "EXTRACT(HOUR FROM {time})", "EXTRACT({unit} FROM {interval})",
        "YEAR({moment})", "QUARTER({moment})", "MONTH({moment})", "WEEK({moment})", "DAYOFYEAR({moment})", "DAYOFMONTH({moment})", "DAYOFWEEK({moment})",
        "HOUR({ts})", "MINUTE({ts})", "SECOND({ts})", "FLOOR({ts} TO {floorunit})", "CEIL({ts} TO {floorunit})", "FLOOR({date} TO {floorunit})", "CEIL({date} TO MONTH)",
        "FLOOR({lz} TO {floorunit})", "FLOOR({time} TO HOUR)", "CEIL({time} TO MINUTE)", "{ts} + {interval}", "{ts} - {interval}", "{lz} + {interval}", "{date} + {interval}", "{date} - {yearmonth}", "{time} + {daytime}",
        "{interval} + {ts}", "TIMESTAMPADD({unit}, {few}, {ts})", "TIMESTAMPADD({unit}, {few}, {date})", "TIMESTAMPDIFF({unit}, {ts}, {ts})", "TIMESTAMPDIFF({unit}, {date}, {date})",
        "TIMESTAMPDIFF({unit}, {ts}, {date})", "TIMESTAMPDIFF(DAY, {lz}, {lz})", "DATE_FORMAT({ts}, {format})", "DATE_FORMAT({lz}, {format})", "DATE_FORMAT(tstext, {format})", "TO_TIMESTAMP(tstext)",
        "TO_TIMESTAMP(tstext, {format})", "TO_DATE(tstext)", "TO_DATE(tstext, {format})", "UNIX_TIMESTAMP(tstext)", "UNIX_TIMESTAMP(tstext, {format})", "FROM_UNIXTIME({int})", "FROM_UNIXTIME(small, {format})",
        "TO_TIMESTAMP_LTZ({int}, 3)", "TO_TIMESTAMP_LTZ({int}, 0)", "CONVERT_TZ(tstext, {zone}, {zone})", "CAST({ts} AS DATE)", "CAST({ts} AS TIME)", "CAST({ts} AS TIMESTAMP(0))", "CAST({lz} AS DATE)", "CAST({lz} AS TIMESTAMP(3))",
        "({ts}, {ts}) OVERLAPS ({ts}, {interval})", "CAST({moment} AS STRING)", "TO_TIMESTAMP(DATE_FORMAT({ts}, 'yyyyMMddHHmmss'), 'yyyyMMddHHmmss')",
        "{daytime} + {daytime}", "{yearmonth} * 2", "{daytime} {cmp} {daytime}", "TO_TIMESTAMP_LTZ({approx}, 0)", "TIMESTAMPADD(HOUR, {few}, {lz})", "CAST({int} AS TIMESTAMP_LTZ(3))",
        "TO_TIMESTAMP_LTZ(tstext)", "TO_TIMESTAMP_LTZ(tstext, {format})", "UNIX_TIMESTAMP(CAST({ts} AS STRING))",
    ],
    "json": [
        "JSON_VALUE({json}, {path})", "JSON_VALUE({json}, {path} {empty} {error})", "JSON_VALUE(j, {path} RETURNING BOOLEAN)", "JSON_VALUE(j, {path} RETURNING STRING)", "JSON_QUERY({json}, {path})",
        "JSON_QUERY(j, {path} WITH WRAPPER)", "JSON_QUERY(j, {path} WITH CONDITIONAL WRAPPER)", "JSON_QUERY(j, {path} WITH UNCONDITIONAL ARRAY WRAPPER)", "JSON_QUERY(j, {path} EMPTY ARRAY ON EMPTY EMPTY OBJECT ON ERROR)", "JSON_EXISTS({json}, {path})",
        "JSON_EXISTS(j, {path} TRUE ON ERROR)", "JSON_EXISTS(j, {path} UNKNOWN ON ERROR)", "{json} IS JSON", "{json} IS NOT JSON", "j IS JSON OBJECT", "j IS JSON ARRAY", "j IS JSON SCALAR", "{text} IS JSON VALUE", "JSON_STRING({any})", "JSON_STRING(ai)", "JSON_STRING(m)", "JSON_STRING(r)",
        "JSON_OBJECT('k' VALUE {any})", "JSON_OBJECT('k' VALUE {any}, 'l' VALUE {num} ABSENT ON NULL)", "JSON_OBJECT(KEY 'k' VALUE {text} NULL ON NULL)", "JSON_OBJECT('k' : {num})", "JSON_ARRAY({any}, {num}, {text})", "JSON_ARRAY({any}, {num} NULL ON NULL)",
        "JSON_OBJECT('a' VALUE JSON_ARRAY({num}), 'b' VALUE JSON_OBJECT('c' VALUE {text}))", "JSON_QUERY(j, {path} RETURNING ARRAY<STRING>)", "JSON_OBJECT('a' VALUE JSON(j))", "JSON_VALUE(j, {path} RETURNING INTEGER NULL ON ERROR)",
    ],
    "collections": [
        "{arr}[{few_}]", "CARDINALITY({arr})", "ELEMENT(ARRAY[{any}])", "ARRAY_CONTAINS({arrint}, {few})", "ARRAY_CONTAINS({arrtext}, {short})", "ARRAY_DISTINCT({arr})", "ARRAY_POSITION({arrint}, {few})", "ARRAY_SLICE({arr}, {few})",
        "ARRAY_SLICE({arr}, {few}, {few})", "ARRAY_SORT({arr})", "ARRAY_SORT({arr}, {bool_})", "ARRAY_SORT({arr}, FALSE, TRUE)", "ARRAY_MAX({arr})", "ARRAY_MIN({arr})", "ARRAY_JOIN({arrtext}, {short})", "ARRAY_JOIN({arrtext}, {short}, {short})",
        "ARRAY_CONCAT({arrint}, {arrint})", "ARRAY_REVERSE({arr})", "ARRAY_APPEND({arrint}, {few})", "ARRAY_PREPEND({arrint}, {few})", "ARRAY_REMOVE({arrint}, {few})", "ARRAY_UNION({arrint}, {arrint})", "ARRAY_EXCEPT({arrint}, {arrint})", "ARRAY_INTERSECT({arrint}, {arrint})",
        "ARRAY[{num}, {num}]", "ARRAY[{text}, {text}]", "{map}['a']", "{map}[{short}]", "MAP_KEYS({map})", "MAP_VALUES({map})", "MAP_ENTRIES({map})", "MAP_UNION({map}, {map})", "MAP_FROM_ARRAYS({arrtext}, texts)", "MAP[{text}, {int}]",
        "CARDINALITY({map})", "r.a", "r.c.d", "r.c.e[1]", "ar[1].k", "ar[{few_}].v", "ROW({any}, {num})", "CAST(ROW({int}, {text}) AS ROW<x BIGINT, y STRING>)", "CAST(MAP[{int}, {text}] AS STRING)", "(r).b", "CAST(ROW({any}, {any}) AS STRING)", "m IS NULL", "mt['a'] || 'x'",
        "CARDINALITY(SPLIT({text}, ','))", "ARRAY[ai, ai2]", "ARRAY[ROW(1, 'a'), ROW(i, s)]", "ARRAY_CONCAT({arrtext}, {arrtext}, texts)",
    ],
}
KINDS |= {"unit_": ["unit", "0E0", "1E0", "CAST(0.5 AS FLOAT)", "small"], "few_": ["1", "2", "3", "10", "small + 5", "CAST(ABS(ti) AS INT) + 1"],
          "bool_": ["TRUE", "FALSE", "bo"], "dbl": ["d", "unit", "1.5E0"]}

HOLE = re.compile(r"\{(\w+)\}")


def fill(random, template):
    """A template with each hole filled; `{{` and `}}` stand for braces."""
    text = template.replace("{{", "\x01").replace("}}", "\x02")
    while HOLE.search(text):
        text = HOLE.sub(lambda hole: random.choice(KINDS[hole[1]]), text, count=1)
    return text.replace("\x01", "{").replace("\x02", "}")

"""Random rows of every type, as lines of JSON: nulls, ties, extremes, unicode, NaN, times before 1970, empty texts."""

import base64
import datetime
import json
import re
import string

# Names and types; texts have columns of their own for what they mean: numbers, times, JSON, well-known words.
COLUMNS = [
    ("s", "STRING"), ("s2", "STRING"), ("w", "STRING"), ("c", "CHAR(5)"), ("v", "VARCHAR(10)"),
    ("num", "STRING"), ("tstext", "STRING"), ("j", "STRING"), ("sn", "STRING NOT NULL"),
    ("ti", "TINYINT"), ("si", "SMALLINT"), ("i", "INT"), ("i2", "INT"), ("small", "INT"), ("n", "INT NOT NULL"),
    ("l", "BIGINT"), ("f", "FLOAT"), ("d", "DOUBLE"), ("d2", "DOUBLE"), ("unit", "DOUBLE"),
    ("dc", "DECIMAL(10, 3)"), ("dc2", "DECIMAL(38, 18)"), ("dc0", "DECIMAL(5, 0)"), ("dc4", "DECIMAL(20, 4)"),
    ("bo", "BOOLEAN"), ("bo2", "BOOLEAN"),
    ("dt", "DATE"), ("tm", "TIME"), ("ts0", "TIMESTAMP(0)"), ("ts", "TIMESTAMP(3)"), ("tsb", "TIMESTAMP(3)"),
    ("ts6", "TIMESTAMP(6)"), ("ts9", "TIMESTAMP(9)"), ("lz", "TIMESTAMP_LTZ(3)"), ("lz6", "TIMESTAMP_LTZ(6)"),
    ("bytes_", "BYTES"),
    ("ai", "ARRAY<INT>"), ("ai2", "ARRAY<INT>"), ("texts", "ARRAY<STRING>"), ("ad", "ARRAY<DOUBLE>"),
    ("m", "MAP<STRING, INT>"), ("mt", "MAP<STRING, STRING>"),
    ("r", "ROW<a INT, b STRING, c ROW<d DOUBLE, e ARRAY<INT>>>"), ("ar", "ARRAY<ROW<k STRING, v INT>>"),
]

WORDS = ["", " ", "a", "A", "b", "abc", "ABC", "Hello, World", "hello world", "straße", "ÄÖÜ", "ß", "é", "日本語", "😀", "a😀b",
         "a,b,c", "a;b", "k=v", "%", "_", "a_b%c", "\\", "a\\b", "'", '"', "tab\there", "line\nbreak", " x ", "xx", "xyzzy",
         "007", "12", "-3", "3.99", "1e3", "NaN", "true", "false", "2024-02-29", "foo bar baz", "aaa", "ababab", "x" * 40]
NUMBER_TEXTS = ["0", "1", "-1", "12", " 7 ", "3.99", "-2.5", "1e3", "1E2", "", " ", "abc", "NaN", "Infinity", "127", "128", "-129",
                "32768", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "+5", "0x10", "1_000",
                "1,5", ".5", "5.", "-0", "00012", "1.23456789012345678901234567890", "t", "true", "TRUE", "no", "0.1"]
TIME_TEXTS = ["2024-05-06 07:08:09", "2024-05-06 07:08:09.123", "2024-05-06T07:08:09", "2024-05-06", "1969-12-31 23:59:59.999",
              "1960-02-29 00:00:00", "2023-02-29 00:00:00", "2024-13-01 00:00:00", "", "07:08:09", "07:08", "24:00:00",
              "2024-05-06 07:08", "2024-5-6 7:8:9", "1582-10-15 00:00:00", "9999-12-31 23:59:59.999", "nonsense",
              "2024-05-06 07:08:09Z", "2024-05-06 07:08:09.120000000", "2024/05/06", "06.05.2024 07:08", " 2024-05-06 ",
              "2024-05-06 07:08:09 +02:00", "12:00:00.5"]
JSON_TEXTS = ['{"a":1}', '{"a":"x","b":[1,2,{"c":null}]}', '{"a":null}', "{}", "[]", "[1,2,3]", "1", '"text"', "null", "true", "", " ",
              "{", '{"a":1', "nonsense", '{"a":{"b":{"c":7}}}', '{"a":1.50}', '{"a":1e3}', '{"a":true}', '{"a":"12"}',
              '{"a":[{"b":1},{"b":2},{"b":"x"}]}', '{"a b":1,"ü":"é"}', '{"a":1,"a":2}', '[{"a":1},{"a":2}]',
              '{"a":12345678901234567890}', '{"a":"😀\\n"}']
# Around the digits of a decimal, which json would write as a double.
MARK = "#!"
INT_EXTREMES = {"TINYINT": 7, "SMALLINT": 15, "INT": 31, "BIGINT": 63}


class RandomRows:
    """`random` is seeded by the caller."""

    def __init__(self, random):
        self.random = random

    def line(self, key, number):
        row = {key: number}
        for name, declared in COLUMNS:
            value = self.value(name, declared)
            if value is not None or self.random.random() < 0.5:
                row[name] = value
        line = json.dumps(row, ensure_ascii=self.random.random() < 0.5)
        return re.sub(f'"{MARK}(.*?){MARK}"', r"\1", line)

    def value(self, name, declared):
        if "NOT NULL" not in declared and self.random.random() < 0.1:
            return None
        special = {"num": NUMBER_TEXTS, "tstext": TIME_TEXTS, "j": JSON_TEXTS}.get(name)
        if special:
            return self.random.choice(special)
        if name == "w":
            return self.random.choice(WORDS)
        if name == "small":
            return self.random.randint(-3, 12)
        if name == "unit":
            return self.random.choice([-1.0, -0.5, 0.0, 0.25, 1.0, round(self.random.uniform(-1, 1), 6)])
        return self.of_type(declared.replace(" NOT NULL", ""))

    def of_type(self, declared):
        random = self.random
        if declared in ("STRING", "CHAR(5)", "VARCHAR(10)"):
            text = self.text()
            if declared == "CHAR(5)":
                return text[:5].ljust(5)
            return text[:10] if declared == "VARCHAR(10)" else text
        if declared in INT_EXTREMES:
            return self.whole(INT_EXTREMES[declared])
        if declared in ("FLOAT", "DOUBLE"):
            return self.float(declared)
        if declared.startswith("DECIMAL"):
            return self.decimal(declared)
        if declared == "BOOLEAN":
            return random.random() < 0.5
        if declared == "DATE":
            return self.moment().strftime("%Y-%m-%d").rjust(10, "0")
        if declared == "TIME":
            return self.moment().strftime("%H:%M:%S")
        if declared.startswith("TIMESTAMP"):
            digits = int(declared[-2])
            nanos = "".join(random.choice("0123456789") for _ in range(digits)) if random.random() < 0.8 else ""
            text = self.moment().strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0") + (f".{nanos}" if nanos else "")
            return text + ("Z" if "LTZ" in declared else "")
        if declared == "BYTES":
            return base64.b64encode(random.choice([self.text().encode(), random.randbytes(random.randint(0, 6))])).decode()
        return self.nested(declared)

    def nested(self, declared):
        random = self.random
        if declared.startswith("ARRAY<"):
            length = random.choice([0, 1, 2, 3, 3, 4, 6])
            return [None if random.random() < 0.15 else self.element(declared[6:-1]) for _ in range(length)]
        if declared.startswith("MAP<STRING, "):
            keys = random.sample(["a", "b", "c", "k", "", "ü"], random.randint(0, 4))
            return {key: None if random.random() < 0.15 else self.element(declared[12:-1]) for key in keys}
        if declared == "ROW<k STRING, v INT>":
            return {"k": self.maybe("STRING"), "v": self.maybe("INT")}
        return {"a": self.maybe("INT"), "b": self.maybe("STRING"),
                "c": None if random.random() < 0.2 else {"d": self.maybe("DOUBLE"), "e": self.maybe("ARRAY<INT>")}}

    def element(self, declared):
        """Few different ones, so that there are ties."""
        if declared == "INT":
            return self.random.choice([1, 2, 2, 3, -1, 0, 2147483647])
        if declared == "STRING":
            return self.random.choice(["x", "y", "y", "", "ä", "Z"])
        return self.of_type(declared)

    def maybe(self, declared):
        return None if self.random.random() < 0.15 else self.of_type(declared)

    def text(self):
        if self.random.random() < 0.6:
            return self.random.choice(WORDS)
        alphabet = self.random.choice([string.ascii_letters, string.digits + " .,-", "abAB 1", "äöß€😀日x "])
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randint(0, 12)))

    def whole(self, bits):
        extreme = 1 << bits
        return self.random.choice([
            0, 1, -1, 2, 7, -7, 10, 100, -100, extreme - 1, -extreme, -extreme + 1,
            self.random.randint(-10, 10), self.random.randint(-extreme, extreme - 1)])

    def float(self, declared):
        big = 3.4e38 if declared == "FLOAT" else 1.7976931348623157e308
        value = self.random.choice([
            0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 1.5, 0.1, 100.0, 1e10, -1e10, 1e-5, 1e20, 123456.789, big, -big, 1e-40,
            "NaN", "Infinity", "-Infinity", round(self.random.uniform(-100, 100), 3), self.random.uniform(-1e6, 1e6)])
        return value

    def decimal(self, declared):
        precision, scale = (int(part) for part in declared[8:-1].split(","))
        digits = "".join(self.random.choice("0123456789") for _ in range(self.random.randint(1, precision)))
        digits = self.random.choice([digits, "9" * precision, "0", "1" + "0" * scale, "25", "5", "15"]).zfill(scale + 1)
        whole, fraction = (digits[:-scale], f".{digits[-scale:]}") if scale else (digits, "")
        whole = whole.lstrip("0") or "0"
        return f"{MARK}{self.random.choice(['', '-'])}{whole}{fraction}{MARK}"

    def moment(self):
        random = self.random
        if random.random() < 0.6:
            return datetime.datetime(*random.choice([
                (2024, 5, 6, 7, 8, 9), (2024, 2, 29, 23, 59, 59), (2023, 12, 31, 0, 0, 0), (1970, 1, 1, 0, 0, 0),
                (1969, 12, 31, 23, 59, 59), (1960, 2, 29, 12, 0, 0), (2000, 1, 1, 0, 0, 0), (1900, 3, 1, 1, 2, 3),
                (2024, 3, 31, 1, 30, 0), (2024, 10, 27, 2, 30, 0), (2021, 1, 3, 6, 0, 0), (1850, 6, 15, 18, 45, 1)]))
        return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=random.randint(-3_000_000_000, 4_000_000_000))


def declaration(key, path, columns=COLUMNS, options=""):
    listed = ", ".join([f"{key} INT", *(f"`{name}` {declared}" for name, declared in columns)])
    return (f"CREATE TABLE t ({listed}) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json'{options});\n")

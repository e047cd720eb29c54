#!/usr/bin/python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Random TOML documents, and what Python's tomllib makes of them.

Prints, for each, three lines of hexadecimal digits or words: the document, then "good" or "bad", then the tree as
tests/unit/toml_dump.h writes it. Always the same, by a fixed seed. Half of the documents are spoilt in a
place or two; those about which tomllib knowingly differs from TOML 1.0.0 are left out.
"""

import datetime
import math
import random
import re
import sys
import tomllib

rng = random.Random(20210112)

KEYS = ["a", "b", "c", "aa", "ab", "a-b", "0", "1e5", '""', "''", '"a"', "'b c'", '"\\u00e4"', "'\u00e4'"]
TEXTS = ["", "x", "x y", "\u00e4\u20ac\U0001f600", "#", "a.b", "[x]", "x = 1", "=", ","]
ESCAPES = ["\\n", "\\t", '\\"', "\\\\", "\\u00e4", "\\U0001F600", "\\b", "\\f", "\\r", "\\u0000"]
TELLING = list("[]{}=.,#'\"\\\n\r\t _-+:0129abeEinfxoTZ\u00e4\x00\x7f") + ["'''", '"""', "[[", "]]", "\r\n", "\\u"]


def text():
    return "".join(rng.choice(TEXTS) for _ in range(rng.randrange(3)))


def string():
    kind = rng.randrange(4)
    if kind == 0:
        return '"' + text() + "".join(rng.choice(ESCAPES) for _ in range(rng.randrange(3))) + text() + '"'
    if kind == 1:
        return "'" + text() + "\\" * rng.randrange(3) + text() + "'"
    line = rng.choice(["\n", "\r\n", "", "\n\n"])
    if kind == 2:
        return '"""' + line + text() + rng.choice(["", "\\\n  ", '"', '""', "\\  \r\n\t\n", "\\n"]) + text() + line + '"""'
    return "'''" + line + text() + rng.choice(["", "\\", "'", "''", '"""']) + text() + line + "'''"


def underscored(digits):
    if len(digits) > 1 and rng.randrange(3) == 0:
        at = rng.randrange(1, len(digits))
        return digits[:at] + "_" + digits[at:]
    return digits


def number():
    sign = rng.choice(["", "", "+", "-"])
    small = str(rng.randrange(1000))
    kind = rng.randrange(8)
    if kind < 2:
        return sign + underscored(str(rng.choice([0, 7, 65536, 2**53 + 1, 2**62, 2**63 - 1, 2**63, rng.getrandbits(40)])))
    if kind == 2:
        return rng.choice(["0x", "0o", "0b"]) + underscored(rng.choice(["0", "1", "101", "0110", "7", "ff"]))
    if kind == 3:
        return sign + rng.choice(["inf", "nan"])
    if kind == 4:
        return sign + underscored(small) + "." + underscored(str(rng.randrange(10**9)))
    if kind == 5:
        return sign + small + rng.choice("eE") + rng.choice(["", "+", "-"]) + str(rng.randrange(400))
    if kind == 6:
        return repr(rng.uniform(-1, 1) * 10.0 ** rng.randrange(-300, 300))
    return sign + small + ".5e" + rng.choice(["0", "01", "-3", "+1_0"])


def time():
    date = "%04d-%02d-%02d" % (rng.randrange(1, 10000), rng.randrange(1, 13), rng.choice([1, 28, 29, 30, 31]))
    clock = "%02d:%02d:%02d" % (rng.randrange(24), rng.randrange(60), rng.randrange(60))
    clock += rng.choice(["", "", ".5", ".123456", ".000001999"])
    offset = rng.choice(["Z", "z", "+01:30", "-23:59", "+00:00", "-00:00"])
    return rng.choice([date, clock, date + rng.choice("Tt ") + clock, date + rng.choice("Tt ") + clock + offset])


def blank():
    return rng.choice(["", "", " ", "\t "])


def key():
    parts = [rng.choice(KEYS) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    return (blank() + "." + blank()).join(parts)


def line_break():
    return rng.choice(["", "", "\n", " # c,]\n", "\r\n "])


def value(depth):
    kind = rng.randrange(8)
    if kind < 2:
        return string()
    if kind < 4:
        return number()
    if kind == 4:
        return time()
    if kind == 5 or depth == 0:
        return rng.choice(["true", "false"])
    if kind == 6:
        inner = [line_break() + value(depth - 1) + line_break() for _ in range(rng.randrange(4))]
        return "[" + ",".join(inner) + ("," if inner and rng.randrange(2) else "") + line_break() + "]"
    return "{" + ",".join(blank() + key() + blank() + "=" + blank() + value(depth - 1) + blank()
                          for _ in range(rng.randrange(3))) + "}"


def line():
    kind = rng.randrange(10)
    if kind == 0:
        return "# " + text()
    if kind == 1:
        return blank() + "[" + blank() + key() + blank() + "]" + blank()
    if kind == 2:
        return "[[" + blank() + key() + blank() + "]]" + rng.choice(["", "# c"])
    return blank() + key() + blank() + "=" + blank() + value(3) + blank() + rng.choice(["", "", "# c"])


def document():
    return "".join(line() + rng.choice(["\n", "\n", "\n\n", "\r\n"]) for _ in range(rng.choice([1, 1, 2, 4, 6])))


def spoil(document):
    for _ in range(rng.choice([1, 1, 2])):
        at = rng.randrange(len(document) + 1)
        document = document[:at] + rng.choice(TELLING + [""]) + document[at + rng.randrange(2):]
    return document


class TooLarge(Exception):
    """An integer that does not fit into 64 bits."""


def dump_text(s):
    return '"' + "".join(chr(c) if 0x20 <= c < 0x7f and c not in b'\\"' else "\\x%02x" % c for c in s.encode()) + '"'


def dump_clock(t):
    return "T%02d:%02d:%02d.%06d" % (t.hour, t.minute, t.second, t.microsecond)


def dump_date(d):
    return "%04d-%02d-%02d" % (d.year, d.month, d.day)


def dump(v):
    if isinstance(v, dict):
        return "{" + ",".join(dump_text(k) + ":" + dump(c) for k, c in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ",".join(dump(c) for c in v) + "]"
    if isinstance(v, str):
        return dump_text(v)
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        if not -2**63 <= v < 2**63:
            raise TooLarge
        return str(v)
    if isinstance(v, float):
        if math.isnan(v):
            return "nan"
        return "%.17g" % v + (".0" if abs(v) < 1e17 and v == math.floor(v) else "")
    if isinstance(v, datetime.datetime):
        offset = "%+d" % (v.utcoffset().total_seconds() // 60) if v.tzinfo else ""
        return dump_date(v) + dump_clock(v) + offset
    return dump_date(v) if isinstance(v, datetime.date) else dump_clock(v)


# Years 0 and leap seconds, which Python's dates do not have.
DIFFERENT = re.compile(r"0000-|:60")


def main():
    count = int(sys.argv[1])
    while count > 0:
        text = document()
        if rng.randrange(2):
            text = spoil(text)
        if DIFFERENT.search(text):
            continue
        try:
            tree = dump(tomllib.loads(text))
        except (tomllib.TOMLDecodeError, TooLarge):
            tree = None
        print(text.encode().hex() + "\n" + ("bad\n" if tree is None else "good\n") + (tree or ""))
        count -= 1


main()

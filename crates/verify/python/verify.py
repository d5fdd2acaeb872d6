#!/usr/bin/env python3
"""Checks an evidence bundle of Nines, offline: python3 verify.py FILE --policy policy.txt

A second verifier, written from SPEC.md and the reference of contracts, sharing no code with `nines
verify`. It needs Python 3.9 and nothing else; with the package `cryptography` signatures are faster. It answers
V1 to V6 with PASS, FAIL (place and reason) or NOT-CHECKED (reason) and ends with 0 if all pass, 1 if
any fails, 2 if none fails but something was not checked, 3 if the file or the policy cannot be read.

Timestamps (RFC 3161) are verified by the program `openssl`, where `--tsa-roots` is given.

V6 recomputes everything of the result that counts per minute can tell, in exact fractions: every
reading of the contract, exclusions, credits and deadlines. What it cannot follow it names, as JSON
pointers into `result.json`, and answers NOT-CHECKED: zones that this machine does not know, until it has
a time zone database (`pip install tzdata`). Formulas over the times of single samples neither verifier
recomputes.

It reads in this order: signatures, texts, trees, log entries, policy, timestamps, the file, schedules,
the verifier with V1 to V6, then V6 in parts (calendar, spans that come again, counts and readings, credits,
deadlines, support, formulas), and what lines may hold.
"""

import argparse
import base64
import binascii
import bisect
import calendar
import functools
import hashlib
import json
import math
import mmap
import re
import struct
import subprocess
import sys
import tempfile
import time
import zlib
import zoneinfo
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from types import SimpleNamespace as Data

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(100_000)  # As long as a fraction may be; longer numbers are refused.

MINUTE_MS = 60_000
LATE_US = 15 * 60 * 1_000_000
AHEAD_US = 5 * 60 * 1_000_000
SLOTS_MAX = 366 * 86_400
RESERVED = ("_ctrl", "_sys", "_time")
# Of the rule for repeats: how long one may wait for room, and most entries of one line about those
# that were left out.
REPEAT_WAIT_MS, LEFT_OUT_MAX = 60_000, 100
ZERO = bytes(32)


try:
    from tomllib import loads as read_toml
except ImportError:  # Before Python 3.11.
    def read_toml(text):
        return Toml(text).document()


class Unreadable(Exception):
    """The file is no bundle, or the policy no policy."""


class Bad(Exception):
    """What was read is not as the page says: where, and how."""

    def __init__(self, place, reason):
        super().__init__(f"{place}: {reason}")
        self.place, self.reason = place, reason


class Missing(Exception):
    """A part that a check needs failed elsewhere."""


class Unsupported(Exception):
    """A formula or key that this program does not recompute."""


def sha256(data):
    return hashlib.sha256(data).digest()


def pairwise(values):
    values = list(values)
    return zip(values, values[1:])


class Progress:
    """What is being done, on stderr, every other second."""

    started = last = time.monotonic()

    @classmethod
    def tell(cls, text):
        now = time.monotonic()
        if now - cls.last > 2:
            cls.last = now
            print(f"{now - cls.started:4.0f} s: {text}", file=sys.stderr, flush=True)


# Ed25519, strictly: S < L, canonical points, none of small order, no cofactor.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
BASE_Y = 4 * pow(5, P - 2, P) % P
IDENTITY = (0, 1, 1, 0)


def decompress(data):
    """The point of 32 bytes in extended coordinates, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * SQRT_M1 % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def small_order(point):
    for _ in range(3):
        point = add(point, point)
    return point[0] == 0 and (point[1] - point[2]) % P == 0


def comb(point):
    """Multiples of a point by each value of each of the 64 four-bit digits of a scalar."""
    rows = []
    for _ in range(64):
        row = [IDENTITY]
        for _ in range(15):
            row.append(add(row[-1], point))
        rows.append(row)
        point = add(row[-1], point)
    return rows


def multiply(rows, scalar):
    total = IDENTITY
    for row in rows:
        if scalar & 15:
            total = add(total, row[scalar & 15])
        scalar >>= 4
    return total


def encode_point(point):
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


@functools.lru_cache(maxsize=None)
def small_points():
    """The points of small order, as they are spelled: all multiples of one of order 8."""
    y = 2
    while True:
        point = decompress(y.to_bytes(32, "little"))
        y += 1
        if point is None:
            continue
        point = multiply(comb(point), L)
        four = add(add(point, point), add(point, point))
        if encode_point(four) != encode_point(IDENTITY):
            break
    found, at = set(), IDENTITY
    for _ in range(8):
        found.add(encode_point(at))
        at = add(at, point)
    return found


class Key:
    """A public key of a name and a type (1: notes, 4: cosignatures)."""

    base = None
    verified = 0

    def __init__(self, name, kind, public):
        point = decompress(public)
        if point is None or small_order(point):
            raise ValueError("a key of small order or in another encoding")
        self.name, self.kind, self.public = name, kind, public
        self.id = sha256(name.encode() + b"\n" + bytes([kind]) + public)[:4]
        self.rows, self.point = None, point
        self.fast = Ed25519PublicKey and Ed25519PublicKey.from_public_bytes(public)

    def verifies(self, message, signature):
        """Both ways compute R anew and compare its bytes: only points in their one spelling pass."""
        if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= L:
            return False
        if signature[:32] in small_points():
            return False
        Key.verified += 1
        if Key.verified % 100 == 0:
            Progress.tell(f"{Key.verified} signatures verified")
        if self.fast:
            try:
                self.fast.verify(signature, message)
                return True
            except InvalidSignature:
                return False
        return self.verifies_slowly(message, signature)

    def verifies_slowly(self, message, signature):
        if Key.base is None:
            Key.base = comb(decompress(BASE_Y.to_bytes(32, "little")))
        if self.rows is None:
            x, y, z, t = self.point
            self.rows = comb((P - x, y, z, P - t))
        s = int.from_bytes(signature[32:], "little")
        hashed = hashlib.sha512(signature[:32] + self.public + message).digest()
        k = int.from_bytes(hashed, "little") % L
        return encode_point(add(multiply(Key.base, s), multiply(self.rows, k))) == signature[:32]


def parse_vkey(text, kind):
    name, _, rest = text.partition("+")
    key_id, _, data = rest.partition("+")
    public = unbase64(data)
    if not is_word(name, 255) or len(public) != 33 or public[0] != kind:
        raise ValueError("not a vkey of this type")
    key = Key(name, kind, public[1:])
    if key.id.hex() != key_id:
        raise ValueError("a vkey whose id is another")
    return key


# Texts.

SPACES = re.compile("[\\s\\u0085\\u001c-\\u001f]")
CONTROL = re.compile("[\\u0000-\\u001f\\u007f-\\u009f]")


@functools.lru_cache(maxsize=4096)
def is_word(text, size_max=None):
    if not text or SPACES.search(text) or CONTROL.search(text):
        return False
    return size_max is None or (len(text.encode()) <= size_max and "+" not in text)


def unbase64(text):
    spelled = text.encode("ascii")
    data = binascii.a2b_base64(spelled)
    if binascii.b2a_base64(data, newline=False) != spelled:
        raise ValueError("base64 in another spelling")
    return data


def unhash(text):
    data = unbase64(text)
    if len(data) != 32:
        raise ValueError("a hash of another length")
    return data


DECIMAL = re.compile("-?(0|[1-9][0-9]{0,18}|1[0-9]{19})")


def decimal(text, below=2**64, least=0):
    if not DECIMAL.fullmatch(text) or text == "-0":
        raise ValueError(f"`{text[:40]}` is no decimal")
    if not least <= int(text) < below:
        raise ValueError(f"`{text}` is out of range")
    return int(text)


def fields(text, names):
    """The values of lines `name value`, in this order and no others."""
    lines = text.split("\n")
    if lines.pop() != "" or len(lines) != len(names):
        raise ValueError("other lines than expected")
    values = []
    for line, name in zip(lines, names):
        if not line.startswith(name + " "):
            raise ValueError(f"no line `{name}`")
        values.append(line[len(name) + 1 :])
    return values


def refuse(_):
    raise ValueError("a number that is no integer")


def once(pairs):
    """An object, whose keys stand once each."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key that stands twice")
    return dict(pairs)


def whole(text):
    value = int(text)
    if text == "-0" or not -(2**63) <= value < 2**64:
        raise ValueError("an integer out of range")
    return value


PLAIN = json.JSONDecoder(parse_constant=refuse, parse_int=whole, object_pairs_hook=once)
STRICT = json.JSONDecoder(parse_float=refuse, parse_constant=refuse)
WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
KEY = re.compile("[a-z0-9_-]+")
KEYS = set()  # Those found good, at most 4096.


def check_keys_of(value):
    for key in value.keys() - KEYS:
        if not KEY.fullmatch(key):
            raise ValueError(f"key `{key[:40]}`")
        if len(KEYS) < 4096:
            KEYS.add(key)


def walk(value, depth):
    if depth > 32:
        raise ValueError("nested too deep")
    if value.__class__ is dict:
        if not KEYS.issuperset(value):
            check_keys_of(value)
        value = value.values()
    elif value.__class__ is not list:
        raise ValueError("null")
    for part in value:
        kind = part.__class__
        if kind is int:
            if not -(2**53) < part < 2**53:
                raise ValueError("an integer out of range")
        elif kind is not str and kind is not bool:
            walk(part, depth + 1)


def canonical(line):
    """The object of a canonical line (strict JCS)."""
    if len(line) > 1_048_576:
        raise ValueError("line too long")
    text = line.decode()
    if CONTROL.search(text):
        raise ValueError("not canonical: a control character")
    try:
        value = STRICT.decode(text)
        if not isinstance(value, dict):
            raise ValueError("no object")
        walk(value, 1)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if WRITER.encode(value) != text:
        raise ValueError("not canonical")
    return value


NOTE_CONTROL = re.compile("[\\u0000-\\u0009\\u000b-\\u001f]")


class Note:
    """A signed note: its text and its signature lines (name, id, signature)."""

    def __init__(self, data):
        if len(data) > 16 << 20:
            raise ValueError("note too long")
        whole = data.decode()
        if NOTE_CONTROL.search(whole):
            raise ValueError("a control character in a note")
        text, found, tail = whole.rpartition("\n\n")
        if not found or not text or not tail.endswith("\n"):
            raise ValueError("no signed note")
        self.text = text + "\n"
        self.signatures = []
        for line in tail[:-1].split("\n"):
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != "\u2014" or not is_word(parts[1], 255):
                raise ValueError("no signature line")
            signature = unbase64(parts[2])
            if len(signature) < 5:
                raise ValueError("no signature")
            self.signatures.append((parts[1], signature[:4], signature[4:]))
        if len(self.signatures) > 128:
            raise ValueError("too many signatures")

    def by(self, key):
        return [s for name, key_id, s in self.signatures if (name, key_id) == (key.name, key.id)]

    def verified(self, key):
        lines = self.by(key)
        message = self.text.encode()
        return bool(lines) and all(key.verifies(message, line) for line in lines)

    def cosigned(self, key):
        """The earliest time of a witness's lines, None where there is none."""
        times = []
        for line in self.by(key):
            if len(line) != 72:
                raise ValueError(f"the cosignature of `{key.name}` has another length")
            time = int.from_bytes(line[:8], "big")
            message = f"cosignature/v1\ntime {time}\n{self.text}".encode()
            if time >= 2**63 or not key.verifies(message, line[8:]):
                raise ValueError(f"the cosignature of `{key.name}` is wrong")
            times.append(time)
        return min(times, default=None)


class Toml:
    """Contracts, for Pythons without a reader of TOML: what contracts are written in, and no more."""

    BARE = re.compile("[A-Za-z0-9_-]+")
    SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
    BLANK = re.compile(r"[ \t]*")
    END = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
    WORD = re.compile(r"[0-9A-Za-z_:.+-]+(?: [0-9]{2}:[0-9.:]+(?:Z|[+-][0-9:]+)?)?")
    ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}

    def __init__(self, text):
        self.text, self.at = text.replace("\r\n", "\n"), 0

    def document(self):
        table = root = {}
        self.skip(self.SPACE)
        while self.at < len(self.text):
            if self.take("["):
                many = self.take("[")
                path = self.path("]]" if many else "]")
                table = self.open(root, path, many)
            else:
                self.pair(table)
            found = self.END.match(self.text, self.at)
            if not found:
                raise ValueError(f"TOML: something behind a value at {self.at}")
            self.at = found.end()
            self.skip(self.SPACE)
        return root

    def skip(self, pattern):
        self.at = pattern.match(self.text, self.at).end()

    def take(self, mark):
        found = self.text.startswith(mark, self.at)
        self.at += len(mark) if found else 0
        return found

    def need(self, mark):
        if not self.take(mark):
            raise ValueError(f"TOML: no `{mark}` at {self.at}")

    def path(self, end):
        names = []
        while True:
            self.skip(self.BLANK)
            bare = self.BARE.match(self.text, self.at)
            names.append(bare[0] if bare else self.string())
            self.at = bare.end() if bare else self.at
            self.skip(self.BLANK)
            if not self.take("."):
                self.need(end)
                return names

    @staticmethod
    def into(table, name):
        table = table.setdefault(name, {})
        table = table[-1] if isinstance(table, list) else table
        if not isinstance(table, dict):
            raise ValueError(f"TOML: `{name}` is no table")
        return table

    def open(self, table, path, many):
        for name in path[:-1]:
            table = self.into(table, name)
        if many:
            table.setdefault(path[-1], []).append({})
        return self.into(table, path[-1])

    def pair(self, table):
        path = self.path("=")
        for name in path[:-1]:
            table = self.into(table, name)
        self.skip(self.BLANK)
        if path[-1] in table:
            raise ValueError(f"TOML: `{path[-1]}` stands twice")
        table[path[-1]] = self.value()

    def value(self):
        if self.text[self.at : self.at + 1] in ('"', "'"):
            return self.string()
        if self.take("["):
            return self.items("]", [], lambda found: found.append(self.value()))
        if self.take("{"):
            return self.items("}", {}, self.pair)
        found = self.WORD.match(self.text, self.at)
        if not found:
            raise ValueError(f"TOML: no value at {self.at}")
        self.at, word = found.end(), found[0]
        if word in ("true", "false"):
            return word == "true"
        if re.fullmatch("[+-]?(?:0|[1-9](?:_?[0-9])*)", word):
            return int(word)
        return (date if len(word) == 10 else datetime).fromisoformat(re.sub("[Zz]$", "+00:00", word))

    def items(self, end, found, one):
        while True:
            self.skip(self.SPACE)
            if self.take(end):
                return found
            one(found)
            self.skip(self.SPACE)
            if not self.take(","):
                self.need(end)
                return found

    def string(self):
        mark = self.text[self.at : self.at + 1]
        if mark not in ('"', "'"):
            raise ValueError(f"TOML: no name or text at {self.at}")
        mark *= 3 if self.text.startswith(mark * 3, self.at) else 1
        self.need(mark)
        if len(mark) == 3:
            self.take("\n")
        found = []
        while not self.take(mark):
            char = self.text[self.at : self.at + 1]
            self.at += 1
            if not char or char == "\n" and len(mark) == 1:
                raise ValueError("TOML: text without an end")
            found.append(self.escape() if char == "\\" and mark[0] == '"' else char)
        return "".join(found)

    def escape(self):
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char in ("u", "U"):
            size = 4 if char == "u" else 8
            digits = self.text[self.at : self.at + size]
            self.at += size
            return chr(int(digits, 16))
        if char in ("\n", " ", "\t"):
            self.skip(re.compile(r"[ \t\n]*"))
            return ""
        if char not in self.ESCAPES:
            raise ValueError("TOML: an escape that is none")
        return self.ESCAPES[char]


def entries(data):
    at, found = 0, []
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        if at + 2 + size > len(data):
            raise ValueError("an entry is cut off")
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return found


# Trees.


def leaf_hash(data):
    return sha256(b"\0" + data)


def node(left, right):
    return sha256(b"\1" + left + right)


class Range:
    """A compact range."""

    def __init__(self, size=0, hashes=()):
        if bin(size).count("1") != len(hashes):
            raise ValueError("a compact range of another size")
        self.size, self.hashes = size, list(hashes)

    def append(self, leaf):
        size = self.size
        while size & 1:
            leaf = node(self.hashes.pop(), leaf)
            size >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def root(self):
        if not self.hashes:
            return sha256(b"")
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node(left, root)
        return root


def root_of(leaves):
    whole = Range()
    for leaf in leaves:
        whole.append(leaf)
    return whole.root()


def root_by_proof(leaf, index, size, proof):
    """RFC 9162, 2.1.3.2: the root that an inclusion path leads to."""
    if index >= size or len(proof) > 63:
        raise ValueError("a path outside of its tree")
    fn, sn, root = index, size - 1, leaf
    for part in proof:
        if sn == 0:
            raise ValueError("a path that is too long")
        if fn & 1 or fn == sn:
            root = node(part, root)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node(root, part)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ValueError("a path that is too short")
    return root


# Formats of log entries.


def parse_batch(note):
    text = note.text
    head, _, rest = text.partition("\n")
    if head != "sla-evidence/batch/v1":
        raise ValueError("no batch")
    agent, seq, prev, boot, wall, mono, streams, seen = fields(
        rest, ("agent", "batch", "prev", "boot", "wall", "mono", "streams", "seen")
    )
    if not is_word(agent, 255) or not re.fullmatch("[0-9a-f]{16}", boot):
        raise ValueError("no batch: agent or boot")
    wall = [decimal(part, 2**63, -(2**63)) for part in words(wall, 2)]
    mono = [decimal(part) for part in words(mono, 2)]
    count, root = words(streams, 2)
    origin, size, seen_root = words(seen, 3)
    batch = Data(agent=agent, seq=decimal(seq), prev=unhash(prev), boot=boot, wall=wall, mono=mono)
    batch.streams, batch.root = decimal(count), unhash(root)
    batch.seen = (origin, decimal(size), unhash(seen_root))
    if not is_word(origin):
        raise ValueError("no batch: seen")
    empty = sha256(b"")
    if batch.streams == 0 and (batch.root != empty or wall[0] != wall[1] or mono[0] != mono[1]):
        raise ValueError("no heartbeat")
    batch.hash, batch.note = sha256(text.encode()), note
    return batch


def words(text, many):
    parts = text.split(" ")
    if len(parts) != many or "" in parts:
        raise ValueError(f"not {many} words")
    return parts


TYPES = set(
    "annotate contract credential enrol exclusion hold incident maintenance plan prune revoke "
    "rotate software supersede".split()
)


def parse_record(note):
    head, _, rest = note.text.partition("\n")
    if head != "sla-evidence/registry/v1":
        raise ValueError("neither batch nor registry record")
    chain, entry, prev, kind, at, body = fields(
        rest, ("chain", "entry", "prev", "type", "at", "body")
    )
    if not is_word(chain, 255) or kind not in TYPES:
        raise ValueError("no registry record: chain or type")
    record = Data(chain=chain, entry=decimal(entry), prev=unhash(prev), kind=kind)
    record.at, record.body_hash = decimal(at), unhash(body)
    record.hash, record.note = sha256(note.text.encode()), note
    return record


def parse_checkpoint(note):
    lines = note.text.split("\n")
    if len(lines) != 4 or not lines[0] or CONTROL.search(lines[0]):
        raise ValueError("no checkpoint")
    point = Data(origin=lines[0], size=decimal(lines[1]), root=unhash(lines[2]), note=note)
    if point.size == 0 and point.root != sha256(b""):
        raise ValueError("an empty log of another root")
    return point


# Policy.


class Policy:
    def __init__(self, text):
        self.logs, self.witnesses, self.groups = [], {}, {}
        self.quorum, publics, members = None, set(), set()
        for line in text.splitlines():
            words = line.split("#", 1)[0].split() if line.startswith("#") else line.split()
            if not words:
                continue
            word, rest = words[0], words[1:]
            if word == "log" and len(rest) in (1, 2):
                key = parse_vkey(rest[0], 1)
                if key.public in [log.public for log in self.logs]:
                    raise ValueError("a log stands twice")
                self.logs.append(key)
            elif word == "witness" and len(rest) in (2, 3):
                self.name(rest[0])
                key = parse_vkey(rest[1], 4)
                if key.public in publics:
                    raise ValueError("a witness stands twice")
                publics.add(key.public)
                self.witnesses[rest[0]] = key
            elif word == "group" and len(rest) >= 3:
                self.name(rest[0])
                if any(m not in self.witnesses and m not in self.groups for m in rest[2:]):
                    raise ValueError("a group of unknown members")
                if members & set(rest[2:]) or len(set(rest[2:])) != len(rest[2:]):
                    raise ValueError("a member of two groups")
                members |= set(rest[2:])
                count = len(rest) - 2
                words = {"any": 1, "all": count}
                least = words[rest[1]] if rest[1] in words else decimal(rest[1])
                if not 1 <= least <= count:
                    raise ValueError("a threshold that cannot be met")
                self.groups[rest[0]] = (least, rest[2:])
            elif word == "quorum" and len(rest) == 1 and self.quorum is None:
                if rest[0] != "none" and rest[0] not in self.witnesses | self.groups:
                    raise ValueError("an unknown quorum")
                self.quorum = rest[0]
            else:
                raise ValueError(f"the line `{line[:60]}`")
        if self.quorum is None or not self.logs:
            raise ValueError("no quorum or no log")

    def name(self, name):
        if name == "none" or name in self.witnesses or name in self.groups:
            raise ValueError(f"the name `{name}` is taken")

    def time(self, name, times):
        """When a witness or group was complete, None if it is not."""
        if name in self.witnesses:
            return times.get(name)
        least, members = self.groups[name]
        found = sorted(t for t in (self.time(m, times) for m in members) if t is not None)
        return found[least - 1] if len(found) >= least else None


# Timestamps.

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
TST_INFO = bytes.fromhex("2a864886f70d0109100104")
SHA256 = bytes.fromhex("608648016503040201")


def der_values(data):
    """The values in DER bytes: pairs of tag and content."""
    at, found = 0, []
    while at < len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 128:
            count = size & 127
            size = int.from_bytes(data[at : at + count], "big")
            if not 1 <= count <= 4 or size < 128 or data[at] == 0:
                raise ValueError("a length that is not DER")
            at += count
        if tag & 31 == 31 or at + size > len(data):
            raise ValueError("a value that is cut off")
        found.append((tag, data[at : at + size]))
        at += size
    return found


def der_one(data, tag):
    (found,) = der_values(data)
    if found[0] != tag:
        raise ValueError(f"tag {found[0]:#x} where {tag:#x} belongs")
    return found[1]


def der_count(content):
    if not content or content[0] & 128 or (len(content) > 1 and content[0] == 0 and not content[1] & 128):
        raise ValueError("an integer that is negative or spelled long")
    return int.from_bytes(content, "big")


def der_time(content):
    """Microseconds since the epoch of a GeneralizedTime in UTC."""
    found = re.fullmatch(r"([0-9]{14})(?:\.([0-9]{1,18}))?Z", content.decode("ascii"))
    if not found:
        raise ValueError("a time that is not in UTC")
    at = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
    return int(at.timestamp()) * 1_000_000 + int(((found[2] or "") + "000000")[:6])


def parse_stamp(data):
    """What an RFC 3161 response says; nothing here is verified."""
    if len(data) > 65_536:
        raise ValueError("longer than 65536 bytes")
    (tag, status), (_, token) = der_values(der_one(data, 0x30))
    number_tag, number = der_values(status)[0]
    if tag != 0x30 or number_tag != 2 or der_count(number) > 1:
        raise ValueError("no token was granted")
    (_, kind), (_, wrapped) = der_values(token)
    if kind != SIGNED_DATA:
        raise ValueError("not signed data")
    (_, kind), (_, content) = der_values(der_values(der_one(wrapped, 0x30))[2][1])
    if kind != TST_INFO:
        raise ValueError("of another content")
    info = der_values(der_one(der_one(content, 4), 0x30))
    (_, algorithm), (_, imprint) = der_values(info[2][1])
    if info[0] != (2, b"\x01") or der_values(algorithm)[0] != (6, SHA256) or info[4][0] != 0x18:
        raise ValueError("another version or hash")
    accuracy = 1_000_000
    if len(info) > 5 and info[5][0] == 0x30:
        units = {2: 1_000_000, 0x80: 1_000, 0x81: 1}
        parts = [(tag, der_count(content)) for tag, content in der_values(info[5][1])]
        if [tag for tag, _ in parts] != [tag for tag in units if tag in dict(parts)]:
            raise ValueError("an accuracy that is none")
        accuracy = sum(units[tag] * number for tag, number in parts)
        if accuracy > 86_400_000_000 or any(tag != 2 and number > 999 for tag, number in parts):
            raise ValueError("an accuracy out of range")
    return Data(imprint=imprint, at=der_time(info[4][1]), accuracy=accuracy)


def parse_stamp_or_refuse(data):
    try:
        return parse_stamp(data)
    except (IndexError, OverflowError) as e:
        raise ValueError(str(e)) from None


def openssl_verifies(data, stamp, roots):
    """Whether OpenSSL finds a token sound, as of its own time; None where there is no OpenSSL."""
    with tempfile.NamedTemporaryFile(suffix=".tsr") as file:
        file.write(data)
        file.flush()
        command = ["openssl", "ts", "-verify", "-digest", stamp.imprint.hex(), "-in", file.name]
        command += ["-CAfile", roots, "-partial_chain", "-attime", str(stamp.at // 1_000_000)]
        try:
            return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
        except OSError:
            return None


# The file.


def extra_fields(raw, sizes):
    """Refuses what cannot be taken apart; gives `sizes` as ZIP64 fields correct them."""
    at, sizes = 0, list(sizes)
    while at + 4 <= len(raw):
        kind, length = struct.unpack_from("<2H", raw, at)
        body, at = raw[at + 4 : at + 4 + length], at + 4 + length
        if len(body) != length or kind == 0x7075:
            raise ValueError("an extra field that is cut off, or gives another name")
        for nth, size in enumerate(sizes) if kind == 1 else ():
            if size == 0xFFFFFFFF:
                if len(body) < 8:
                    raise ValueError("a ZIP64 field that is cut off")
                sizes[nth], body = int.from_bytes(body[:8], "little"), body[8:]
    return sizes


def dos_time(date, time):
    """A DOS date and time, None where there is no such."""
    try:
        datetime(1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63)
    except ValueError:
        return None
    return (date, time & ~31 | min(time & 31, 29)) if time & 31 <= 30 else None


def is_path(name):
    parts = name.split("/")
    allowed = re.fullmatch("[A-Za-z0-9._/-]{1,512}", name)
    return bool(allowed) and not any(part in ("", ".", "..") for part in parts)


def is_beside(path):
    """Whether a member stands outside of the manifest."""
    found = re.fullmatch(r"MANIFEST\.(note|tsr|tsr\.(0|[1-9][0-9]{0,4}))", path)
    return bool(found) and not (found[2] and int(found[2]) >= 65_536)


# What the comment of a bundle begins with, before the SHA-256 of all bytes before it.
COMMENT = b"nines-bundle sha256:"


class Bundle:
    """A ZIP that holds nothing but its listed entries. Its structures are read here, and by nothing
    else, so that no leniency of a library decides what the file says."""

    def __init__(self, path):
        try:
            with open(path, "rb") as file:
                if file.seek(0, 2) > 2 << 30:
                    raise ValueError("too large")
                self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            start, entries = self.directory()
            self.check_layout(start, entries)
            self.infos = self.members(entries)
            self.whole = self.as_written(start, len(entries))
        except (OSError, ValueError, struct.error) as e:
            raise Unreadable(f"failed to open `{path}`: {e}") from None

    def directory(self):
        """Where the central directory starts, and what it lists: of all records that may end the
        file, by the last that leads to a directory."""
        data, at, why = self.data, len(self.data), ValueError("no end of a central directory")
        least = max(0, at - 65_572)
        while (at := data.rfind(b"PK\5\6", least, at + 3)) >= 0:
            if at + 22 > len(data):
                continue
            disk, first, here, many, size, start, comment = struct.unpack_from("<4H2LH", data, at + 4)
            if many == 0xFFFF or 0xFFFFFFFF in (size, start):
                why = ValueError("ZIP64")
            elif at + 22 + comment > len(data) or disk or first or here != many:
                why = ValueError("a directory on several disks, or a comment that is cut off")
            elif not many and start <= at:
                return at, []
            elif many and start + 4 <= at and data[start : start + 4] == b"PK\1\2":
                try:
                    return start, self.listed(start, many)
                except (ValueError, struct.error) as e:
                    why = e
                    if start + size == at:
                        break
        raise why

    def as_written(self, directory, many):
        """Whether the comment behind the end record, which has to be of the directory that was read, names
        the SHA-256 of all bytes before it. None if there is no comment."""
        for size in (0, len(COMMENT) + 64):
            at = len(self.data) - size
            end = self.data[max(0, at - 22) : max(0, at)]
            if end[:4] == b"PK\5\6" and end[20:] == size.to_bytes(2, "little"):
                break
        else:
            return False
        if struct.unpack("<H4xL", end[10:20]) != (many, directory):
            return False
        digest = hashlib.sha256()
        for start in range(0, at if size else 0, 1 << 20):
            digest.update(self.data[start : min(start + (1 << 20), at)])
        return self.data[at:] == COMMENT + digest.hexdigest().encode() if size else None

    def listed(self, at, many):
        entries = []
        for _ in range(many):
            head = struct.unpack_from("<4s2B5H3L5H2L", self.data, at)
            magic, _, system, _, flags, method, time, date, crc, packed, size = head[:11]
            name_size, extra_size, comment_size, _, _, mode, start = head[11:]
            end = at + 46 + name_size + extra_size + comment_size
            if magic != b"PK\1\2" or end > len(self.data):
                raise ValueError("no entry of a directory")
            name = self.data[at + 46 : at + 46 + name_size]
            extra = self.data[at + 46 + name_size : end - comment_size]
            size, packed, start = extra_fields(extra, (size, packed, start))
            link = system == 3 and mode >> 16 & 0o120000 == 0o120000
            entries.append(Data(name=name, flags=flags, method=method, link=link, start=start,
                                stamp=dos_time(date, time), sums=[crc, packed, size]))
            at = end
        if len({entry.name for entry in entries}) != many:
            raise ValueError("a name that stands twice")
        return entries

    def check_layout(self, directory, entries):
        """Local headers say what the directory says, and nothing overlaps or hides between them."""
        spans = []
        for entry in entries:
            magic, _, flags, method, time, date, *sums, name_size, extra_size = struct.unpack_from(
                "<4s5H3L2H", self.data, entry.start
            )
            at = entry.start + 30 + name_size
            name, extra = self.data[entry.start + 30 : at], self.data[at : at + extra_size]
            sums[2], sums[1] = extra_fields(extra, (sums[2], sums[1]))
            entry.at = at + extra_size
            if magic != b"PK\3\4" or entry.at > len(self.data):
                raise ValueError("an entry without its local header")
            same = name == entry.name and method == entry.method and not (flags ^ entry.flags) & 9
            later = entry.flags & 8
            told = all(a == b or later and a == 0 for a, b in zip(sums, entry.sums))
            if not same or not told or dos_time(date, time) != entry.stamp:
                raise ValueError("a local header that says something else than the directory")
            spans.append((entry.start, entry.at + entry.sums[1]))
        spans.sort()
        ends = [0, *(end for _, end in spans)]
        starts = [*(start for start, _ in spans), directory]
        if any(end > start for end, start in zip(ends, starts)) or spans and starts[0] != 0:
            raise ValueError("entries that overlap, or bytes before the first")
        for end, start in zip(ends, starts):
            while (end := self.data.find(b"PK\3\4", end, start)) >= 0:
                sizes = self.data[end + 26 : end + 30]
                if end + 30 + sum(struct.unpack("<2H", sizes.ljust(4, b"\xff"))) <= start:
                    raise ValueError("a local entry that is not listed")
                end += 1

    def members(self, entries):
        members, total = {}, 0
        if len(entries) > 60_000:
            raise ValueError("too many entries")
        for entry in entries:
            name, size = entry.name.decode(), entry.sums[2]
            folder = name.endswith("/")
            if not is_path(name[:-1] if folder else name):
                raise ValueError("a name that is not allowed")
            if entry.method not in (0, 8) or entry.flags & 1 or entry.link or folder and size:
                raise ValueError(f"`{name}` is no plain file, stored or deflated")
            if not folder:
                total += size
                members[name] = entry
            if size > 512 << 20 or total > 2 << 30:
                raise ValueError("unpacks to too much")
        if total > max(200 * len(self.data), 16 << 20):
            raise ValueError("unpacks to too much")
        return members

    def read(self, path):
        if path not in self.infos:
            raise Bad(path, "is missing")
        entry = self.infos[path]
        crc, packed, size = entry.sums
        data = self.data[entry.at : entry.at + packed]
        stream, is_whole = zlib.decompressobj(-15), True
        try:
            if entry.method == 8:
                data = stream.decompress(data, size + 1)
                is_whole = stream.eof  # All bytes may be there, and the end of the stream not.
        except zlib.error as e:
            raise Bad(path, f"cannot be unpacked: {e}") from None
        if not is_whole or len(data) != size or zlib.crc32(data) != crc:
            raise Bad(path, "cannot be unpacked: another length, checksum or end")
        return data

    def text(self, path):
        return self.parsed(path, bytes.decode)

    def json(self, path):
        value = self.parsed(path, lambda data: PLAIN.decode(data.decode()))
        self.parsed(path, lambda _: WRITER.encode(value).encode())  # No half of a surrogate pair.
        return value

    def parsed(self, path, parse):
        data = self.read(path)
        try:
            return parse(data)
        except (ValueError, RecursionError) as e:
            raise Bad(path, str(e)) from None


def burst_of(target):
    """The rule of a planned target for repeats after a failure."""
    burst = target.get("burst", {"count": 2, "spacing_ms": 10_000})
    shaped(burst, BURST)
    if burst.keys() - {"count", "spacing_ms", "confirm"}:
        raise ValueError("a burst with unknown keys")
    return {"confirm": 2, **burst}


def day_of(ms):
    """The day of client request ids: since 1970, up to the last one that has a seed."""
    return max(0, min(ms // 86_400_000, 36_524))


def need(value, place, **shape):
    """Keys that have to be there, of their types."""
    if not isinstance(value, dict):
        raise Bad(place, "is no object")
    for key, kind in shape.items():
        if type(value.get(key)) is not kind or kind is int and value[key] >= 2**63:
            raise Bad(place, f"`{key}` is absent, of another type or out of range")
    return value


def window_of(value, place):
    need(value, place, start=int, end=int)
    if value["start"] >= value["end"]:
        raise Bad(place, "an empty window")
    return value["start"], value["end"]


# Schedules.

MONTHS = dict(zip("jan feb mar apr may jun jul aug sep oct nov dec".split(), range(1, 13)))
DAYS = dict(zip("sun mon tue wed thu fri sat".split(), range(7)))


def cron_field(text, low, high, names):
    def number(word):
        value = names.get(word.lower())
        value = decimal(word) if value is None else value
        if not low <= value <= high:
            raise ValueError(f"`{word}` is out of range in a cron field")
        return value

    found = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if span == "*":
            first, last = low, high
        elif "-" in span:
            first, last = map(number, span.split("-", 1))
        elif slash:
            raise ValueError("a step without a range")
        else:
            first = last = number(span)
        step = decimal(step) if slash else 1
        if first > last or step == 0:
            raise ValueError("an empty cron field")
        found |= set(range(first, last + 1, step))
    return found


class Schedule:
    """The slots of one target on one agent by one plan."""

    def __init__(self, target, nth, place, agents):
        self.interval, self.cron, window = None, None, MINUTE_MS
        if ("interval_s" in target) == ("cron" in target):
            raise ValueError("not one of interval and cron")
        if "interval_s" in target:
            self.interval = window = 1000 * target["interval_s"]
            if not 1 <= target["interval_s"] <= 86_400:
                raise ValueError("an interval out of range")
        else:
            spans = [(0, 59, {}), (0, 23, {}), (1, 31, {}), (1, 12, MONTHS), (0, 7, DAYS)]
            words = target["cron"].split(" ")
            if len(words) != 5 or "*" not in (words[2], words[4]):
                raise ValueError("a cron of another form")
            self.cron = [cron_field(word, *span) for word, span in zip(words, spans)]
        phase = window * (nth * 11400714819323198485 % 2**64) >> 64
        self.offset = (window * place // agents + phase) % window

    def fits(self, minute):
        time = datetime.fromtimestamp(minute * 60, timezone.utc)
        day = time.isoweekday() % 7
        minutes, hours, days, months, weekdays = self.cron
        return (
            time.minute in minutes and time.hour in hours and time.day in days
            and time.month in months and (day in weekdays or day == 0 and 7 in weekdays)
        )

    def slots(self, start, end):
        """Slots in [start, end), ascending."""
        if self.interval:
            first = start + (self.offset - start) % self.interval
            return range(first, end, self.interval)
        minutes = range((start - self.offset) // MINUTE_MS, (end - self.offset) // MINUTE_MS + 1)
        slots = (minute * MINUTE_MS + self.offset for minute in minutes if self.fits(minute))
        return [slot for slot in slots if start <= slot < end]


def stamp(ms):
    """RFC 3339, in UTC."""
    try:
        return datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"


# What arises where a value has another shape than was looked for.
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)
CHECKS = ("container", "chain", "log", "time", "coverage", "result")
# Records whose bodies are read, by the last part of the chain's name.
BODIES = {
    "fleet": ("software", "enrol", "plan", "rotate", "revoke", "supersede"),
    "contract": ("contract",),
}


class Part:
    """A part of the bundle, or why it cannot be read."""

    def __init__(self, load):
        self.value = self.bad = None
        try:
            self.value = load()
        except (Bad, Missing) as e:
            self.bad = e
        except MALFORMED as e:
            self.bad = Bad("the bundle", f"is malformed: {type(e).__name__} {e}")

    def own(self):
        """The part, for the check that answers for it."""
        if self.bad:
            raise self.bad
        return self.value

    def needed(self, what):
        """The part, for a check that only needs it."""
        if self.bad:
            raise Missing(f"needs {what}, which cannot be read: {self.bad}")
        return self.value


class Verifier:
    """Six checks in turn. Each ends with the first thing that it finds."""

    def __init__(self, bundle, policy, tsa_roots=None):
        self.bundle, self.policy, self.tsa_roots = bundle, policy, tsa_roots
        self.found = {check: Data(bad=None, remarks=[]) for check in CHECKS}
        self.claim = Part(self.load_claim)
        self.registry = Part(self.load_registry)
        self.inputs = Part(self.load_inputs)
        self.proofs = Part(self.load_proofs)
        self.log = Part(self.load_log)
        self.anchors, self.anchor_sizes = Part(self.load_anchors), None
        self.streams, self.own = {}, {}
        if not (self.inputs.bad or self.log.bad or self.claim.bad):
            self.load_streams(self.inputs.value)
        for check in CHECKS:
            if self.claim.bad and check != "container":
                found = Part(lambda: self.claim.needed("the claim"))
            else:
                found = Part(getattr(self, f"check_{check}"))
            self.found[check].bad = found.bad

    def remark(self, check, text):
        self.found[check].remarks.append(text)

    # What the checks share.

    def load_claim(self):
        place = "claim/claim.json"
        claim = need(
            self.bundle.json(place), place, schema=str, origin=str, contract=str, violation=str,
            window=dict, as_of=int, simulated=bool,
        )
        claim["window"] = dict(zip(("start", "end"), window_of(claim["window"], place)))
        origin = claim["origin"]
        good = re.fullmatch("[a-z0-9._/-]{1,128}", origin) and ID.fullmatch(claim["contract"])
        if claim["schema"] != "nines-claim/1" or len(claim) != 7 or not good:
            raise Bad(place, "of another schema, or with a name that is not allowed")
        if any(not part or ".." in part for part in origin.split("/")):
            raise Bad(place, "the origin is none")
        return claim

    def name(self, rest):
        return f"{self.claim.needed('the claim')['origin']}/{rest}"

    def load_inputs(self):
        place = "result/inputs.json"
        inputs = self.bundle.json(place)
        if isinstance(inputs, dict):
            inputs = {"places": [], "scopes": [], **inputs}
        need(
            inputs, place, schema=str, contract=str, terms_sha256=str, window=dict, as_of=int,
            targets=list, agents=list, places=list, scopes=list, exclusions=list,
        )
        start, end = window_of(inputs["window"], place)
        inputs["window"] = {"start": start, "end": end}
        odd = inputs.keys() - {"fees", "credited_12_months", "subscribed", "exclusions", *INPUTS}
        for part in inputs["places"]:
            odd |= need(part, place, agent=str, region=str, network=str).keys() - {"agent", "region", "network"}
        for part in inputs["scopes"]:
            odd |= need(part, place, target=str, scope=dict).keys() - {"target", "scope"}
            odd |= need(part["scope"], place, **dict.fromkeys(part["scope"], str)).keys() - DIMENSIONS
        for part in inputs["exclusions"]:
            need(part, place, window=dict, kind=str, reason=str)
            odd |= part.keys() - {"window", "kind", "reason", "announced"}
            window_of(part["window"], place)
            need(part, place, **({} if part.get("announced") is None else {"announced": int}))
        for key in ("fees", "credited_12_months"):
            if inputs.get(key) is not None:
                odd |= need(inputs[key], place, minor=int, currency=str).keys() - {"minor", "currency"}
                money = inputs[key]
                if not 0 <= money["minor"] < 2**53 or not re.fullmatch("[A-Z]{3}", money["currency"]):
                    raise Bad(place, f"`{key}` is no amount")
        if inputs.get("subscribed") is not None:
            window_of(inputs["subscribed"], place)
        if odd or inputs["schema"] != "nines-inputs/1":
            raise Bad(place, f"of another schema; unknown keys: {', '.join(sorted(odd))}")
        agents, targets = inputs["agents"], inputs["targets"]
        names = [*agents, *targets, *(p["agent"] for p in inputs["places"])]
        names += [inputs["contract"], *(p["target"] for p in inputs["scopes"])]
        if not all(isinstance(n, str) and ID.fullmatch(n) for n in names):
            raise Bad(place, "a name that is not allowed")
        if len(set(agents)) != len(agents) or len(set(targets)) != len(targets):
            raise Bad(place, "an agent or target is named twice")
        streams = len(agents) * len(targets)
        if end - start > 366 * 1440 or len(inputs["exclusions"]) > 10_000 or not 0 < streams <= 15_000:
            raise Bad(place, "exceeds the limits")
        return inputs

    def load_proofs(self):
        place, proven = "registry/proofs.json", {}
        proofs = need(self.bundle.json(place), place, schema=str, proofs=list)
        if proofs["schema"] != "nines-proofs/1" or len(proofs) != 2:
            raise Bad(place, "of another schema")
        for proof in proofs["proofs"]:
            need(proof, place, chain=str, entry=int, index=int, proof=list)
            if len(proof) != 4 or proof["entry"] < 0 or proof["index"] < 0:
                raise Bad(place, "no proof")
            try:
                path = [unhash(part) for part in proof["proof"]]
            except MALFORMED as e:
                raise Bad(place, str(e)) from None
            proven[proof["chain"], proof["entry"]] = Data(index=proof["index"], path=path)
        return proven

    def load_registry(self):
        """The chains, whole, and what follows from them."""
        claim = self.claim.needed("the claim")
        registry = Data(agents={}, plans=[], records=[], contracts=[])
        registry.chains = (self.name("fleet"), self.name(f"contracts/{claim['contract']}"))
        for place, chain in zip(("registry/fleet.entries", "registry/contract.entries"), registry.chains):
            records = self.bundle.parsed(place, lambda d: [self.record(e) for e in entries(d)])
            prev = ZERO
            if not 0 < len(records) <= 10_000:
                raise Bad(place, "is empty or too long")
            for number, record in enumerate(records):
                if (record.chain, record.entry, record.prev) != (chain, number, prev):
                    raise Bad(place, f"record {number} does not follow in `{chain}`")
                prev, record.place = record.hash, f"{place}, entry {number}"
                if record.kind in BODIES["fleet" if chain == registry.chains[0] else "contract"]:
                    self.load_body(record)
            registry.records += records
        self.load_software(registry)
        for record in registry.records:
            if not record.note.verified(registry.operator):
                raise Bad(record.place, "is not signed by the operator")
            try:
                self.take(registry, record, claim)
            except MALFORMED as e:
                raise Bad(record.place, f"the {record.kind} body: {e}") from None
        for plan, after in pairwise(registry.plans):
            plan.end = after.start
        return registry

    @staticmethod
    def record(data):
        record = parse_record(Note(data))
        record.leaf, record.body = leaf_hash(data), None
        return record

    def load_body(self, record):
        path = f"registry/bodies/{record.body_hash.hex()}.json"
        data = self.bundle.read(path)
        if sha256(data) != record.body_hash:
            raise Bad(path, "has another hash")
        record.body = self.bundle.parsed(path, canonical)

    def load_software(self, registry):
        first = registry.records[0]
        if first.kind != "software":
            raise Bad(first.place, "does not name the keys")
        try:
            for what in ("operator", "export", "log"):
                key = parse_vkey(first.body[f"{what}_vkey"], 1)
                if key.name != self.name(what):
                    raise ValueError(f"the key of `{what}` has another name")
                setattr(registry, what, key)
        except MALFORMED as e:
            raise Bad(first.place, f"the software body: {e}") from None

    def take(self, registry, record, claim):
        """Follows one record."""
        body, agents = record.body, registry.agents
        if body is None:
            return

        def agent_of(key):
            agent = agents[body[key]]
            if key == "agent" and agent.end:
                raise ValueError(f"agent `{agent.name}` was {agent.end.how} before")
            return agent

        if record.kind == "enrol":
            name, key = body["agent"], parse_vkey(body["vkey"], 1)
            if not ID.fullmatch(name) or name in agents or key.name != self.name(f"agents/{name}"):
                raise ValueError(f"agent `{name}` is enrolled twice or by another name")
            strings(body, "region", "network")
            lines = f"nines/enrol/v1\nagent {name}\nvkey {body['vkey']}\n"
            note = Note(unbase64(body["proof"]))
            if not note.text.startswith(lines) or not note.verified(key):
                raise ValueError("the proof is of another enrolment, or not signed by the key")
            agents[name] = Data(
                name=name, region=body["region"], network=body["network"], end=None, enrol=record,
                keys=[Data(key=key, start=0, by=None, end=None)], superseded=False,
            )
        elif record.kind == "rotate":
            agent, start = agent_of("agent"), count(body["from_batch"])
            newest, key = agent.keys[-1], parse_vkey(body["new_vkey"], 1)
            if body["old_vkey"] != vkey_text(newest.key) or key.name != newest.key.name:
                raise ValueError("does not follow from the records before it")
            if any(k.key.id == key.id for k in agent.keys) or start < newest.start:
                raise ValueError("does not follow from the records before it")
            note = Note(unbase64(body["proof"]))
            if note.text != (f"nines/rotate/v1\nagent {agent.name}\nold {body['old_vkey']}\n"
                             f"new {body['new_vkey']}\nfrom-batch {start}\n"):
                raise ValueError("the proof is of another rotation")
            for which, k in (("old", newest.key), ("new", key)):
                if not note.verified(k):
                    raise ValueError(f"the proof is not signed by the {which} key")
            newest.end = record
            agent.keys.append(Data(key=key, start=start, by=record, end=None))
        elif record.kind == "revoke":
            agent, start = agent_of("agent"), count(body["from_batch"])
            strings(body, "reason")
            if body["vkey"] != vkey_text(agent.keys[-1].key):
                raise ValueError("does not name the newest key")
            agent.end = Data(record=record, start=start, how=f"revoked ({body['reason'][:200]})")
            agent.keys[-1].end = record
        elif record.kind == "supersede":
            other, start = agent_of("supersedes"), count(body["from_batch"])
            if agent_of("agent") is other or other.superseded:
                raise ValueError("does not follow from the records before it")
            if other.end and other.end.start != start:
                raise ValueError("names another batch than the revocation")
            how, other.superseded = f"superseded by `{body['agent']}`", True
            other.end = other.end or Data(record=record, start=start, how=how)
            other.keys[-1].end = other.keys[-1].end or record
        elif record.kind == "plan":
            registry.plans.append(self.plan(body, record, registry.plans[-1:]))
        elif record.kind == "contract":
            strings(body, "contract", "terms_sha256")
            if body["contract"] != claim["contract"] or not all(map(ID.fullmatch, body["targets"])):
                raise ValueError("is about another contract")
            registry.contracts.append(body)

    @staticmethod
    def plan(body, record, before):
        plan = Data(revision=count(body["revision"]), start=body["effective_from_ms"], end=2**62)
        plan.agents = [agent["id"] for agent in body["agent"]]
        plan.targets, plan.record = {target["id"]: target for target in body["target"]}, record
        plan.nonces = unhash(body["nonces"]) if "nonces" in body else None
        sizes = (len(set(plan.agents)), len(plan.targets))
        if type(plan.start) is not int or 0 in sizes or sizes != (len(body["agent"]), len(body["target"])):
            raise ValueError("a plan without beginning, or that names nothing, or something twice")
        if before and (before[0].revision >= plan.revision or before[0].start > plan.start):
            raise ValueError("goes back behind the plan before")
        for nth, target in enumerate(body["target"]):
            window = 1000 * target.get("interval_s", 60)
            Schedule(target, nth, 0, 1)
            if not ID.fullmatch(target["id"]) or not 0 < target["deadline_ms"] < 2**32:
                raise ValueError("a target without name or deadline")
            burst = burst_of(target)
            if burst["count"] > 60 or burst["confirm"] > 10 or burst["count"] and not burst["spacing_ms"]:
                raise ValueError("a burst out of range")
            if not 0 <= target.get("jitter_ms", 0) <= window // 10:
                raise ValueError("a jitter above a tenth of the interval")
        return plan

    def load_log(self):
        log, place = Data(), "log/prefix.hashes"
        names = [n for n in self.bundle.infos if re.fullmatch(r"log/(0|[1-9][0-9]*)-(0|[1-9][0-9]*)\.entries", n)]
        if len(names) != 1:
            raise Bad("log", "not one segment")
        lines = self.bundle.text(place).split("\n")
        try:
            if lines.pop() != "":
                raise ValueError("no last LF")
            log.prefix = Range(decimal(lines[0]), [unhash(line) for line in lines[1:]])
        except MALFORMED as e:
            raise Bad(place, str(e)) from None
        log.start, log.place = log.prefix.size, names[0]
        log.entries = self.bundle.parsed(log.place, entries)
        log.end = log.start + len(log.entries)
        if log.place != f"log/{log.start}-{log.end}.entries" or len(log.entries) > 500_000:
            raise Bad(log.place, "does not hold the entries that its name says, or too many")
        self.parse_segment(log)
        return log

    def load_anchors(self):
        """Checkpoints, each with its time or why it has none."""
        place = "log/anchors.entries"
        anchors = self.bundle.parsed(
            place, lambda d: [parse_checkpoint(Note(e)) for e in entries(d)]
        )
        if not anchors or any(a.size >= b.size for a, b in pairwise(anchors)):
            raise Bad(place, "is empty or out of order")
        witnesses = {}
        for key in self.policy.witnesses.values() if self.policy else ():
            witnesses[key.name, key.id] = (key, 2**64)
        registry = self.registry.value
        for agent in registry.agents.values() if registry else ():
            for held in agent.keys:
                key = Key(held.key.name, 4, held.key.public)
                end = self.record_index(held.end) if held.end else 2**64
                witnesses[key.name, key.id] = (key, end or 0)
        for anchor in anchors:
            anchor.place = f"{place}, size {anchor.size}"
            anchor.time = Part(lambda: self.anchor_time(anchor, witnesses))
        return anchors

    @staticmethod
    def anchor_time(anchor, witnesses):
        first = None
        for name, key_id in dict.fromkeys(s[:2] for s in anchor.note.signatures):
            key, end = witnesses.get((name, key_id), (None, None))
            if key is None:
                continue
            try:
                time = anchor.note.cosigned(key)
            except ValueError as e:
                raise Bad(anchor.place, str(e)) from None
            if first is None and anchor.size <= end:
                first = time
        if first is None:
            raise Bad(anchor.place, "no known witness signed it")
        return first

    def anchored(self, batch):
        """When the log held a batch, in microseconds; None where no anchor tells."""
        if not hasattr(batch, "anchored"):
            anchors = self.anchors.value or ()
            if self.anchor_sizes is None:
                self.anchor_sizes = [anchor.size for anchor in anchors]
            at = bisect.bisect_right(self.anchor_sizes, batch.index)
            time = anchors[at].time if at < len(anchors) else None
            batch.anchored = None if time is None or time.bad else time.value * 1_000_000
        return batch.anchored

    def is_ahead(self, wall, batch):
        anchored = self.anchored(batch)
        return anchored is not None and wall > anchored + AHEAD_US

    @staticmethod
    def parse_segment(log):
        log.batches, log.records, log.strange = {}, {}, []
        log.in_order, log.twice, log.leaves = [], [], []
        for index, entry in enumerate(log.entries, log.start):
            place = f"{log.place}, index {index}"
            log.leaves.append(leaf_hash(entry))
            try:
                note = Note(entry)
                if note.text.startswith("sla-evidence/batch/v1\n"):
                    one = parse_batch(note)
                    known, key = log.batches.setdefault(one.agent, {}), one.seq
                else:
                    one = parse_record(note)
                    known, key = log.records.setdefault(one.chain, {}), one.entry
            except ValueError as e:
                log.strange.append((place, str(e)))
                continue
            one.index, one.place, one.leaf = index, place, log.leaves[-1]
            log.in_order.append(one)
            if key in known:
                what = f"a second batch {key} of" if hasattr(one, "seq") else f"a second entry {key} of"
                log.twice.append((place, f"fork: {what} `{getattr(one, 'agent', '') or one.chain}`"))
            else:
                known[key] = one

    def record_index(self, record):
        """The log index of a record, None where nothing says it."""
        if self.log.bad:
            return None
        logged = self.log.value.records.get(record.chain, {}).get(record.entry)
        if logged:
            return logged.index
        proof = (self.proofs.value or {}).get((record.chain, record.entry))
        return proof.index if proof else None

    # V1.

    def check_container(self):
        if self.bundle.whole:
            self.remark("container", "the bytes of the file are those whose SHA-256 its comment names")
        elif self.bundle.whole is None:
            self.remark("container", "the file was packed anew: no comment names the SHA-256 of its bytes. "
                                     "Its members are checked, what lies around them is not")
        members = Part(self.check_members)
        if self.bundle.whole is False and not isinstance(members.bad, Bad):
            raise Bad("the ZIP file", "has a comment, or an end, that does not name the SHA-256 of the bytes before "
                                      "it: get the file again. Unpacked and packed anew, without a comment, a copy "
                                      "is judged by its members alone")
        members.own()

    def check_members(self):
        place = "MANIFEST.note"
        note = self.bundle.parsed(place, Note)
        lines = note.text.split("\n")[:-1]
        if len(lines) < 3 or lines[0] != "sla-evidence/bundle/v1":
            raise Bad(place, "no manifest")
        if not lines[1].startswith("claim ") or not is_word(lines[1][6:]):
            raise Bad(place, "no claim")
        if lines[2] not in ("profile claim", "profile light"):
            raise Bad(place, "no profile")
        listed = [(line[66:], line[:64]) for line in lines[3:]]
        for line, (path, _) in zip(lines[3:], listed):
            if not re.fullmatch("[0-9a-f]{64}  .*", line) or not is_path(path) or is_beside(path):
                raise Bad(place, "no line of a hash and a path")
        if any(a >= b for (a, _), (b, _) in pairwise(listed)):
            raise Bad(place, "paths out of order")
        for path, digest in listed:
            if sha256(self.bundle.read(path)).hex() != digest:
                raise Bad(path, "is not what the manifest lists")
        for path in sorted(self.bundle.infos.keys() - dict(listed).keys()):
            if not is_beside(path):
                raise Bad(path, "is not listed")
        claim = self.claim.own()
        if lines[1][6:] != claim["violation"]:
            raise Bad(place, "is of another claim")
        if lines[2] != "profile claim":
            raise Missing("this program reads profile `claim` only")
        if (claim["origin"].split("/")[0] == "simulated.invalid") != claim["simulated"]:
            raise Bad("claim/claim.json", "`simulated` does not agree with the origin")
        if not note.verified(self.registry.needed("the export key").export):
            raise Bad(place, "is not signed by the export key")

    # V2.

    def check_chain(self):
        log = self.log.needed("the log segment")
        registry = self.registry.needed("the agents' keys")
        for place, reason in log.strange:
            raise Bad(place, reason)
        agents = {agent.keys[0].key.name: agent for agent in registry.agents.values()}
        for name, batches in log.batches.items():
            if name not in agents:
                raise Bad(next(iter(batches.values())).place, f"`{name}` is no enrolled agent")
        for agent in agents.values():
            for key in agent.keys[1:]:
                key.index = self.record_index(key.by)
                if key.index is None:
                    raise Bad(key.by.place, "is not in the log")
        for name, batches in log.batches.items():
            # A second batch of a number is a fork, which V3 tells.
            self.check_links(name, [batches[seq] for seq in sorted(batches)])
        self.check_keys(agents, [batch for batch in log.in_order if hasattr(batch, "seq")])
        inputs = self.inputs.needed("the inputs")
        for part in self.streams.values():
            part.own()
        for agent in inputs["agents"]:
            for stream in RESERVED if (agent, RESERVED[0]) in self.own else ():
                self.own[agent, stream].own()

    @staticmethod
    def check_links(name, batches):
        before = None
        for batch in batches:
            bad = lambda reason: Bad(batch.place, f"batch {batch.seq} of `{name}` {reason}")
            if (batch.seq == 0) != (batch.prev == ZERO):
                raise bad("is first, or is not, against its `prev`")
            if batch.mono[0] > batch.mono[1]:
                raise bad("runs backwards by `mono`")
            if before and (batch.seq != before.seq + 1 or batch.prev != before.hash):
                raise bad(f"follows batch {before.seq}")
            before = batch

    @staticmethod
    def check_keys(agents, batches):
        last = {}
        for batch in batches:
            agent, name = agents[batch.agent], batch.agent
            bad = lambda reason: Bad(batch.place, f"batch {batch.seq} of `{name}` {reason}")
            key = [k for k in agent.keys if k.start <= batch.seq][-1]
            if {key_id for by, key_id, _ in batch.note.signatures if by == name} != {key.key.id}:
                raise bad("is not signed by its key")
            if key.by and key.index >= batch.index:
                raise bad("was logged before the record of its key")
            if agent.end and batch.seq >= agent.end.start:
                raise bad(f"is not believed: {agent.end.how}")
            if key.key.id not in last or last[key.key.id][1].seq < batch.seq:
                last[key.key.id] = (key.key, batch)
        for key, batch in last.values():
            if not batch.note.verified(key):
                raise Bad(batch.place, f"batch {batch.seq} of `{batch.agent}` is not signed by its key")

    def load_streams(self, inputs):
        held = self.bundle.infos
        for agent in inputs["agents"]:
            for target in inputs["targets"]:
                if f"agents/{agent}/{target}.jsonl" in held:
                    self.streams[agent, target] = Part(lambda: self.stream(agent, target))
            if any(f"agents/{agent}/{own}.jsonl" in held for own in RESERVED):
                for own in RESERVED:
                    self.own[agent, own] = Part(lambda: self.stream(agent, own))

    def stream(self, agent, stream):
        """The lines of one stream, each with the batch that was signed over it."""
        base, lines, slots = f"agents/{agent}/{stream}", [], 0
        data = self.bundle.read(f"{base}.jsonl")
        if data and not data.endswith(b"\n"):
            raise Bad(f"{base}.jsonl", "no last LF")
        raw = data.split(b"\n")[:-1]
        for number, line in enumerate(raw, 1):
            try:
                value = canonical(line)
                check_line(stream, value)
                slots += value.get("count", 0) if "gap" in value and stream not in RESERVED else 0
                if slots > SLOTS_MAX:
                    raise ValueError("too many slots in gaps")
            except MALFORMED as e:
                raise Bad(f"{base}.jsonl, line {number}", str(e) or "a key is absent") from None
            lines.append(value)
            if number % 1000 == 0:
                Progress.tell(f"read {number} lines of {base}.jsonl")
        self.check_paths(agent, stream, base, raw, lines)
        if stream not in RESERVED:
            self.check_details(base, lines)
        return lines

    def check_paths(self, agent, stream, base, raw, lines):
        batches = self.log.value.batches.get(self.name(f"agents/{agent}"), {})
        paths = self.bundle.text(f"{base}.paths").split("\n")
        if paths.pop() != "":
            raise Bad(f"{base}.paths", "no last LF")
        done, first, before = 0, None, -1
        for number, line in enumerate(paths, 1):
            place = f"{base}.paths, line {number}"
            try:
                parts = line.split(" ")
                seq, leaf, streams, i, many = (decimal(part) for part in parts[:5])
                proof = [unhash(part) for part in parts[5:]]
                if many == 0 or i + many >= 2**64 or seq <= before:
                    raise ValueError("a count of 0, or batches out of order")
                batch = batches.get(seq)
                if batch is None or batch.streams != streams:
                    raise ValueError(f"batch {seq} is not in the segment, or has other streams")
                if first is not None and i != first:
                    raise ValueError("does not continue the stream")
                first, before = i + many, seq
                part = lines[done : done + many]
                if len(part) != many:
                    raise ValueError("there are too few lines")
                for at, value in enumerate(part):
                    if value["i"] != i + at:
                        raise ValueError(f"index {value['i']} stands where {i + at} belongs")
                    value["batch"] = batch
                root = root_of(leaf_hash(r) for r in raw[done : done + many])
                told = base64.b64encode(root).decode()
                leaf_line = leaf_hash(f"{stream} {i} {many} {told}".encode())
                if root_by_proof(leaf_line, leaf, streams, proof) != batch.root:
                    raise ValueError(f"these are not the lines that batch {seq} was signed over")
            except (ValueError, TypeError) as e:
                raise Bad(place, str(e)) from None
            done += many
        if done != len(lines):
            raise Bad(f"{base}.jsonl, line {done + 1}", "a line that no batch carries")

    def check_details(self, base, lines):
        place = f"{base}.details.jsonl"
        data = self.bundle.read(place)
        if data and not data.endswith(b"\n"):
            raise Bad(place, "no last LF")
        found = iter(data.split(b"\n")[:-1])
        for line in lines:
            if "gap" in line or line["outcome"] == "ok" or "detail" not in line:
                continue
            detail = next(found, None)
            if detail is None:
                raise Bad(place, "ends too early")
            if base64.b64encode(sha256(detail)).decode() != line["detail"]:
                raise Bad(place, f"does not match the hash of core {line['i']}")
            try:
                canonical(detail)
            except ValueError as e:
                raise Bad(place, str(e)) from None
        if next(found, None) is not None:
            raise Bad(place, "a line that no core names")

    # V3.

    def check_log(self):
        log, anchors, name = self.log.own(), self.anchors.own(), self.name("log")
        batches = [b for b in log.in_order if hasattr(b, "seen")]
        wanted = {anchor.size for anchor in anchors} | {b.seen[1] for b in batches}
        whole = Range(log.start, log.prefix.hashes)
        roots = {0: sha256(b""), log.start: whole.root()}
        for leaf in log.leaves:
            whole.append(leaf)
            if whole.size in wanted:
                roots[whole.size] = whole.root()
        for anchor in anchors:
            if not log.start <= anchor.size <= log.end or anchor.root != roots[anchor.size]:
                raise Bad(anchor.place, "the entries have another root, or do not reach it")
        if anchors[-1].size != log.end:
            raise Bad(log.place, "the last anchor does not cover it")
        for place, reason in log.twice:
            raise Bad(place, reason)
        for batch in batches:
            origin, size, root = batch.seen
            if origin != name or size > batch.index or roots.get(size, root) != root:
                raise Bad(batch.place, "the agent saw another log")
        self.check_log_signatures(anchors, name)
        registry = self.registry.needed("the registry")
        self.check_records_logged(log, registry, anchors[-1])
        self.check_other_contracts(log, registry)
        if not self.policy:
            raise Missing("needs a policy: whose log and which witnesses to believe")
        self.check_quorum(anchors[-1])

    def check_log_signatures(self, anchors, name):
        for anchor in anchors:
            if anchor.origin != name:
                raise Bad(anchor.place, "is of another log")
            keys = self.policy.logs if self.policy else [self.registry.needed("the log's key").log]
            signed = [key for key in keys if anchor.note.by(key)]
            if not signed or signed[0].name != name or not anchor.note.verified(signed[0]):
                raise Bad(anchor.place, "is not signed by the log")

    def check_records_logged(self, log, registry, last):
        proofs = self.proofs.own()
        for record in registry.records:
            logged = log.records.get(record.chain, {}).get(record.entry)
            if logged:
                if logged.leaf != record.leaf:
                    raise Bad(record.place, "another record was logged")
                continue
            proof = proofs.get((record.chain, record.entry))
            if proof is None or proof.index >= log.start:
                raise Bad(record.place, "is neither in the segment nor proven to lie before it")
            try:
                if root_by_proof(record.leaf, proof.index, last.size, proof.path) != last.root:
                    raise ValueError("the proof does not lead to the root")
            except ValueError as e:
                raise Bad("registry/proofs.json", str(e)) from None

    def check_other_contracts(self, log, registry):
        """No other chain in the segment registers the same terms."""
        terms = {body["terms_sha256"] for body in registry.contracts}
        for record in log.in_order:
            if getattr(record, "kind", None) != "contract" or record.chain in registry.chains:
                continue
            path = f"registry/bodies/{record.body_hash.hex()}.json"
            if path in self.bundle.infos:
                data = self.bundle.read(path)
                told = self.bundle.parsed(path, canonical).get("terms_sha256")
                if told in terms and sha256(data) == record.body_hash:
                    raise Bad(record.place, "another chain registers the same contract")

    def check_quorum(self, last):
        times = {}
        for name, key in self.policy.witnesses.items():
            try:
                time = last.note.cosigned(key)
            except ValueError as e:
                raise Bad(last.place, str(e)) from None
            if time is not None:
                times[name] = time
        if self.policy.quorum != "none" and self.policy.time(self.policy.quorum, times) is None:
            raise Bad(last.place, "quorum not met")

    # V4.

    def check_time(self):
        if self.claim.own()["simulated"]:
            self.remark("time", "simulated clock: no time here is claim-grade")
        self.registry.needed("the agents' keys")
        latest = None
        for anchor in self.anchors.needed("the anchors"):
            time = anchor.time.own()
            if latest is not None and time < latest - 60:
                raise Bad(anchor.place, "lies more than 60 s before a smaller one")
            latest = time if latest is None else max(time, latest)
        stamps = self.read_stamps()
        for anchor in self.anchors.value:
            over = min((until for size, until in stamps if size >= anchor.size), default=None)
            if over is not None and anchor.time.value * 1_000_000 > over + 60_000_000:
                raise Bad(anchor.place, "first cosigned after a timestamp over it")
        log, inputs = self.log.needed("the log segment"), self.inputs.needed("the inputs")
        judged = {self.name(f"agents/{agent}") for agent in inputs["agents"]}
        for batch in log.in_order if stamps else ():
            until = self.stamped(stamps, batch)
            if getattr(batch, "agent", None) in judged and until and batch.wall[1] > until + AHEAD_US:
                raise Bad(batch.place, "claims a time after a timestamp that covers it")
        self.tell_stamps(stamps)
        for batch in log.in_order:
            if getattr(batch, "agent", None) in judged:
                if self.anchored(batch) is None:
                    raise Missing("needs an anchor for every entry")
                if self.is_ahead(batch.wall[1], batch):
                    raise Bad(batch.place, "claims a time after its anchor")
        for agent in inputs["agents"]:
            own = [(key, part) for key, part in self.own.items() if key[0] == agent]
            self.check_ahead([(key, part.needed("what the agents say")) for key, part in own])
        for key, part in self.streams.items():
            self.check_ahead([(key, part.needed("the disclosed streams"))])

    def check_ahead(self, streams):
        for (agent, stream), lines in streams:
            for number, line in enumerate(lines, 1):
                if self.is_ahead(line.get("wall_us", -(2**63)), line["batch"]):
                    place = f"agents/{agent}/{stream}.jsonl, line {number}"
                    raise Bad(place, "claims a time after its anchor")

    def read_stamps(self):
        """Sizes of stamped checkpoints, each with the time by which it existed."""
        found, of_manifest = [], []
        for name in self.bundle.infos:
            parts = re.fullmatch(r"log/timestamps/([0-9]+)\.([0-9]+)\.tsr", name)
            number = re.fullmatch(r"MANIFEST\.tsr(?:\.([0-9]+))?", name)
            try:
                if parts:
                    decimal(parts[2], 2**32, 1)
                    found.append((name, decimal(parts[1])))
                elif number:
                    decimal(number[1] or "0", 2**16)
                    of_manifest.append(name)
            except ValueError:
                continue
        count = len(found) + len(of_manifest)
        if not self.tsa_roots:
            if count:
                self.remark("time", f"{count} timestamps not checked: no roots given (--tsa-roots)")
            return []
        if not count:
            self.remark("time", "holds no timestamps that the given roots could vouch for")
        notes = {anchor.size: anchor.note for anchor in self.anchors.value}
        stamps = []
        for name, size in found:
            if size not in notes:
                raise Bad(name, "there is no anchor of this size")
            stamp = self.verify_stamp(name, notes[size])
            stamps.append((size, stamp.at + stamp.accuracy))
        if of_manifest:
            try:
                note = self.bundle.parsed("MANIFEST.note", Note)
            except Bad:
                raise Missing("needs the manifest") from None
            for name in of_manifest:
                stamp = self.verify_stamp(name, note)
                at = datetime.fromtimestamp((stamp.at + stamp.accuracy) / 1_000_000, timezone.utc)
                self.remark("time", f"the manifest existed by {at.isoformat()} ({name})")
        elif count:
            self.remark("time", "the manifest bears no timestamp")
        return stamps

    def verify_stamp(self, name, note):
        stamp = self.bundle.parsed(name, parse_stamp_or_refuse)
        if stamp.imprint != sha256(note.text.encode()):
            raise Bad(name, "is of something else")
        sound = openssl_verifies(self.bundle.read(name), stamp, self.tsa_roots)
        if sound is None:
            raise Missing("timestamps are verified by the program `openssl`, which is not there")
        if not sound:
            raise Bad(name, "openssl does not verify it under the given roots")
        return stamp

    @staticmethod
    def stamped(stamps, batch):
        return min((time for size, time in stamps if size > batch.index), default=None)

    def tell_stamps(self, stamps):
        if not stamps:
            return
        covered, samples, longest = 0, 0, 0
        for part in self.streams.values():
            for line in part.value or ():
                if "gap" not in line:
                    time, samples = self.stamped(stamps, line["batch"]), samples + 1
                    if time is not None:
                        covered, longest = covered + 1, max(longest, time - line["wall_us"])
        remark = f"{covered} of {samples} disclosed samples lie under {len(stamps)} timestamped checkpoints"
        if covered:
            remark += f"; the longest time from a sample to the first of them is {-(-longest // 1_000_000)} s"
        self.remark("time", remark)

    # V5.

    def check_coverage(self):
        registry, log = self.registry.own(), self.log.needed("the log segment")
        inputs = self.inputs.own()
        held = {(record.chain, record.entry) for record in registry.records}
        for record in log.in_order:
            if getattr(record, "chain", None) in registry.chains and (record.chain, record.entry) not in held:
                raise Bad(record.place, f"entry {record.entry} of `{record.chain}` is not in the bundle")
        self.check_who(registry, inputs)
        for agent in inputs["agents"]:
            self.check_closed(log, agent)
        for agent in inputs["agents"]:
            for target in inputs["targets"]:
                self.check_slots(registry, agent, target)
                self.check_bursts(registry, agent, target)
        self.check_nonces()
        self.check_plans_named(registry)

    def check_nonces(self):
        """The seed of client request ids is revealed for days that are over, and is what plans stated."""
        place, given = "registry/nonces.json", None
        if place in self.bundle.infos:
            given = need(self.bundle.json(place), place, schema=str, day=int, revisions=list, seed=str)
            if given["schema"] != "nines-nonces/1" or len(given) != 4:
                raise Bad(place, "of another schema")
            given["seed"] = self.bundle.parsed(place, lambda _: unhash(given["seed"]))
        start, end = self.bounds()
        told = [p for p in self.plans_in_force() if p.nonces]
        day = day_of(end) - 1
        due = told and day >= day_of(max(start, told[0].start))
        if not due and given is None:
            return
        if not due or given is None:
            raise Bad(place, "is there and must not be" if given else f"does not reveal the seed of day {day}")
        revisions = [p.revision for p in told]
        if given["day"] != day or given["revisions"] != revisions or bool in map(type, given["revisions"]):
            raise Bad(place, f"must reveal the seed of day {day} for plan revisions {revisions}")
        seed = given["seed"]
        for _ in range(day):
            seed = sha256(seed)
        if any(p.nonces != seed for p in told):
            raise Bad(place, "a plan revision did not commit to this seed")
        self.remark(
            "coverage",
            f"client request ids up to day {day} since 1970 follow from the plan's seed, revealed",
        )

    def bounds(self):
        """The judged time in milliseconds."""
        inputs = self.inputs.own()
        start, end = window_of(inputs["window"], "result/inputs.json")
        return start * MINUTE_MS, min(end, inputs["as_of"]) * MINUTE_MS

    def plans_in_force(self):
        start, end = self.bounds()
        plans = self.registry.value.plans
        return [p for p in plans if max(p.start, start) < min(end, p.end)]

    def check_who(self, registry, inputs):
        place, digest = "result/inputs.json", inputs["terms_sha256"]
        bodies = [body for body in registry.contracts if body["terms_sha256"] == digest]
        if not bodies or set(bodies[-1]["targets"]) != set(inputs["targets"]):
            raise Bad(place, "the targets are not those of the registered contract")
        plans = self.plans_in_force()
        planned = {agent for plan in plans for agent in plan.agents}
        for agent in sorted(planned - registry.agents.keys()):
            raise Bad(place, f"agent `{agent}` is not enrolled")
        for target in inputs["targets"]:
            if not any(target in plan.targets for plan in plans):
                raise Bad(place, f"no plan in force probes `{target}`")
        for agent in sorted(planned ^ set(inputs["agents"])):
            raise Bad(place, f"agent `{agent}` is not in both the plans and the inputs")

    def check_plans_named(self, registry):
        plans = {p.revision: self.record_index(p.record) for p in registry.plans}
        for (agent, target), part in self.streams.items():
            for number, line in enumerate(part.needed(f"`{target}` of `{agent}`"), 1):
                place = f"agents/{agent}/{target}.jsonl, line {number}"
                if line["plan"] not in plans:
                    raise Bad(place, f"names plan {line['plan']}, which is not registered")
                index = plans[line["plan"]]
                if index is None or index >= line["batch"].index:
                    raise Bad(place, "its plan was logged after the first batch that names it")

    def schedule(self, plan, agent, target):
        if agent not in plan.agents or target not in plan.targets:
            return None
        nth = list(plan.targets).index(target)
        return Schedule(plan.targets[target], nth, plan.agents.index(agent), len(plan.agents))

    def check_slots(self, registry, agent, target):
        start, end = self.bounds()
        place, expected = f"agents/{agent}/{target}.jsonl", {}
        plans = {p.revision: self.schedule(p, agent, target) for p in registry.plans}
        for plan in self.plans_in_force():
            if plans[plan.revision]:
                slots = plans[plan.revision].slots(max(start, plan.start), min(end, plan.end))
                expected |= dict.fromkeys(slots, 0)
        part = self.streams.get((agent, target))
        if part is None and expected and not registry.agents[agent].end:
            raise Bad(place, "the bundle lacks this stream")
        lines = part.needed(f"`{target}` of `{agent}`") if part else ()
        for number, line in enumerate(lines, 1):
            if "gap" in line:
                slots, schedule = gap_slots(line), plans.get(line["plan"])
                own = schedule and slots and schedule.slots(line["first_ms"], line["last_ms"] + 1)
                if not own or (own != slots if schedule.interval else list(own) != list(slots)):
                    raise Bad(f"{place}, line {number}", "the gap has other slots than its plan")
            elif (line["kind"], line["source"], line["attempt"]) == ("planned", "probe", 1):
                slots = (line["slot_ms"],)
            else:
                continue
            for slot in slots:
                if expected.get(slot, 0):
                    raise Bad(place, f"slot {stamp(slot)} is accounted for twice")
                if slot in expected:
                    expected[slot] += 1
                elif start <= slot < min(end, self.plans_in_force()[-1].end):
                    raise Bad(f"{place}, line {number}", f"{stamp(slot)} is no slot")
        silent = [slot for slot, times in expected.items() if not times]
        if silent:
            last = self.delivered(agent, target)
            if last is None or min(silent) < last:
                raise Bad(place, f"slot {stamp(min(silent))} has neither sample nor gap")
            self.remark(
                "coverage",
                f"agent `{agent}`: {len(silent)} slots from {stamp(min(silent))} to "
                f"{stamp(max(silent))} of `{target}` are unmeasured, declared lost by the operator: "
                f"{registry.agents[agent].end.how}",
            )

    def check_bursts(self, registry, agent, target):
        """Repeats are those that the rule of the plan gives, and what is missing is told by the agent."""
        if (agent, target) not in self.streams:
            return
        (start, end), place = self.bounds(), f"agents/{agent}/{target}.jsonl"
        end = min(end, self.plans_in_force()[-1].end)
        plans = {p.revision: p.targets[target] for p in registry.plans if target in p.targets}
        left_out, loads = self.left_out(agent)
        failing, gaps, repeats, made = {}, set(), [], set()
        for line in self.streams[agent, target].needed(f"`{target}` of `{agent}`"):
            if "gap" in line:
                gaps.update(gap_slots(line) or ())
            elif line["source"] != "probe" or not start <= line["slot_ms"] < end:
                continue
            elif (line["kind"], line["attempt"]) == ("planned", 1):
                if line["outcome"] != "ok" and line["attribution"] != "ours":
                    failing[line["slot_ms"]] = line
            elif line["kind"] == "burst":
                repeats.append(line)
        for line in repeats:
            slot, attempt, failed = line["slot_ms"], line["attempt"], failing.get(line["slot_ms"])
            known = failed["plan"] == line["plan"] if failed else slot in gaps
            if not known or line["plan"] not in plans or not 2 <= attempt < 2 + burst_of(plans[line["plan"]])["count"]:
                raise Bad(place, f"repeat {attempt} of slot {stamp(slot)} is not one that the plan's rule gives")
            if (slot, attempt) in made:
                raise Bad(place, f"repeat {attempt} of slot {stamp(slot)} stands twice")
            made.add((slot, attempt))
        told, untold = {}, 0
        for slot, line in failing.items():
            plan = plans.get(line["plan"], {"burst": {"count": 0, "spacing_ms": 0}, "deadline_ms": 0})
            burst, deadline = burst_of(plan), plan["deadline_ms"]
            over = deadline + burst["count"] * (burst["spacing_ms"] + REPEAT_WAIT_MS + deadline) + MINUTE_MS
            lived = loads.get(line["batch"].boot, -1) >= line["mono_us"] + 1000 * over
            for attempt in range(2, 2 + burst["count"]):
                why = [r for first, many, r in left_out.get((target, slot), ()) if first <= attempt < first + many]
                if (slot, attempt) in made:
                    continue
                if lived and not why:
                    raise Bad(place, f"repeat {attempt} of slot {stamp(slot)} is missing, and nothing tells why")
                if why:
                    told[why[0]] = told.get(why[0], 0) + 1
                else:
                    untold += 1
        for reason, many in sorted(told.items()):
            self.remark("coverage", f"agent `{agent}` left out repeats of `{target}`: {reason} {many}")
        if untold:
            self.remark(
                "coverage",
                f"agent `{agent}`: {untold} repeats of bursts of `{target}` are missing where its run "
                "ended or tells nothing of them",
            )

    def left_out(self, agent):
        """Repeats that an agent says it left out, and by run until when it told of all of them."""
        left_out, loads = {}, {}
        for own in RESERVED if (agent, RESERVED[0]) in self.own else ():
            self.own[agent, own].needed("what the agents say about themselves")
        for line in self.own[agent, "_sys"].value if (agent, "_sys") in self.own else ():
            for one in line.get("left_out", ()):
                part = left_out.setdefault((one["target"], one["slot_ms"]), [])
                part.append((one["attempt"], one["count"], one["reason"]))
            if len(line.get("left_out", range(LEFT_OUT_MAX))) < LEFT_OUT_MAX:
                boot = line["batch"].boot
                loads[boot] = max(line["mono_us"], loads.get(boot, 0))
        return left_out, loads

    def delivered(self, agent, target):
        """Before when (ms) slots of an ended agent may not be missing, None if all must be there."""
        enrolled, log = self.registry.value.agents[agent], self.log.value
        if enrolled.end is None:
            return None
        end, enrol = enrolled.end, enrolled.enrol
        if self.record_index(end.record) is None:
            raise Bad(end.record.place, "is not in the log")
        if end.start == 0:
            if enrol.entry not in log.records.get(enrol.chain, {}):
                raise Bad(log.place, f"begins after the enrolment of `{agent}`, which never delivered")
            return -(2**62)
        batch = log.batches.get(self.name(f"agents/{agent}"), {}).get(end.start - 1)
        if batch is None:
            raise Bad(end.record.place, f"the segment lacks batch {end.start - 1} of `{agent}`")
        told = [p.targets[target] for p in self.plans_in_force() if target in p.targets]
        longest = max((t["deadline_ms"] + t.get("jitter_ms", 0) for t in told), default=0)
        return batch.wall[1] // 1000 - longest - MINUTE_MS

    def check_closed(self, log, agent):
        """An agent's batches reach the end of its part, so that no tail is cut off."""
        start, end = self.bounds()
        parts = [min(end, p.end) for p in self.plans_in_force() if agent in p.agents]
        batches = log.batches.get(self.name(f"agents/{agent}"), {}).values()
        if self.registry.value.agents[agent].end or any(b.wall[1] >= max(parts) * 1000 for b in batches):
            return
        raise Bad(log.place, f"agent `{agent}` has no batch that closes its part")

    # V6.

    def check_result(self):
        terms = self.bundle.text("contract/terms.toml")
        contract = self.bundle.parsed("contract/terms.toml", lambda d: read_toml(d.decode()))
        claim, inputs, place = self.claim.own(), self.inputs.own(), "result/inputs.json"
        for key in ("contract", "window", "as_of"):
            if inputs[key] != claim[key]:
                raise Bad(place, f"`{key}` is not that of the claim")
        if contract["contract"]["id"] != inputs["contract"]:
            raise Bad("contract/terms.toml", "is another contract than the one claimed")
        left = []
        try:
            if Windows(contract["window"]).at(inputs["window"]["start"]) != window_of(inputs["window"], place):
                raise Bad(place, "the window is none of the contract's")
        except (Unsupported, OverflowError, OSError) as e:
            left.append(f"the window in {place} ({e})")
        digest = sha256(terms.encode()).hex()
        if inputs["terms_sha256"] != digest:
            raise Bad(place, "of another contract text")
        registry = self.registry.needed("the registry")
        bodies = [body for body in registry.contracts if body["terms_sha256"] == digest]
        if not bodies:
            raise Bad("contract/terms.toml", "was never registered")
        if bodies[-1].get("fees") not in (None, inputs.get("fees")):
            raise Bad(place, "the fees are not those registered")
        self.check_places(registry, inputs)
        self.check_scopes(inputs)
        for promise in contract.get("commitment", []):
            metrics = [promise["metric"], *(a["metric"] for a in promise.get("alternative", []))]
            if contract["events"].get("attribution") == "request_end" or any(map(needs_times, metrics)):
                raise Missing(f"the formula of `{promise['id']}` needs the times of single samples")
        if any(self.found[check].bad for check in ("chain", "time", "coverage")):
            raise Missing("needs streams and times that hold (V2, V4, V5)")
        left += self.check_assessment(contract, digest)
        self.bundle.read("report/report.html")
        if left:
            raise Missing("recomputed in part; not recomputed: " + ", ".join(left))

    def check_places(self, registry, inputs):
        text = lambda places: sorted(json.dumps(place, sort_keys=True) for place in places)
        agents = [registry.agents[name] for name in inputs["agents"] if name in registry.agents]
        due = [{"agent": a.name, "region": a.region, "network": a.network} for a in agents]
        if text(inputs["places"]) != text(due):
            raise Bad("result/inputs.json", "the places are not those of the enrolments")

    def check_scopes(self, inputs):
        due = []
        for target in inputs["targets"]:
            told = [p.targets[target] for p in self.plans_in_force() if target in p.targets]
            scopes = []
            for plan in told:
                scope, request = {}, plan.get("request", {})
                if "credential" in plan:
                    scope = dict.fromkeys(("organisation", "account", "project"), plan["credential"])
                if request.get("kind") == "call":
                    params = request.get("params", {})
                    regions = [params[k] for k in ("region", "location") if k in params]
                    scope |= {"region": regions[0]} if regions else {}
                    scope |= {k: request[k] for k in ("model", "tier") if k in request}
                scopes.append(scope | plan.get("scope", {}))
            agreed = {k: v for k, v in scopes[0].items() if all(s.get(k) == v for s in scopes)} if scopes else {}
            due.append({"target": target, "scope": agreed})
        text = lambda scopes: sorted(json.dumps(s, sort_keys=True) for s in scopes)
        if text(inputs["scopes"]) != text(due):
            raise Bad("result/inputs.json", "the scopes are not what the plans in force say")

    def check_assessment(self, contract, digest):
        """Compares what follows with `result.json`; gives where this program cannot follow."""
        place, left = "result/result.json", []
        told = need(self.bundle.json(place), place, commitments=list, exclusions=list)
        same(sorted(told), ["as_of", "commitments", "contract", "contract_sha256", "credit",
                            "exclusions", "schema", "window"], "/")
        inputs = self.inputs.own()
        due = {"schema": "assessment/1", "contract_sha256": digest}
        due |= {key: inputs[key] for key in ("contract", "as_of")}
        due["window"] = {key: inputs["window"][key] for key in ("start", "end")}
        for key, value in due.items():
            same(told[key], value, f"/{key}")
        tables = {f"result/minutes-{promise['id']}.csv" for promise in contract.get("commitment", [])}
        held = {path for path in self.bundle.infos if path.startswith("result/minutes-")}
        if tables != held:
            raise Bad("result", "does not hold one table of minutes for every commitment")
        judged = told["commitments"]
        try:
            judge = Judge(contract, inputs, self.cells())
            subjects = [subject for promise in contract.get("commitment", []) for subject in judge.subjects(promise)]
            everywhere = judge.everywhere({target for subject in subjects for target in subject.targets})
            same(told["exclusions"], judge.exclusions(judge.window, everywhere)[0], "/exclusions")
        except (Unsupported, OverflowError, OSError) as e:
            return [f"/exclusions ({e})", "/commitments", "/credit", "result/minutes-*.csv"]
        same(len(judged), len(subjects), "/commitments")
        dues = []
        for at, subject in enumerate(subjects):
            where, found = f"/commitments/{at}", need(judged[at], place)
            same(sorted(found), sorted(COMMITMENT.split()), where)
            Progress.tell(f"judging `{subject.name}`")
            try:
                due, part = judge.commitment(subject)
            except (Unsupported, OverflowError, OSError) as e:
                left.append(f"{where} ({e})")
                continue
            for key, value in due.items():
                same(found[key], value, f"{where}/{key}")
            dues += [part] if part else []
        for promise in contract.get("commitment", []):
            path = f"result/minutes-{promise['id']}.csv"
            try:
                table = judge.table(promise)
            except (Unsupported, OverflowError, OSError) as e:
                left.append(f"{path} ({e})")
                continue
            for number, (row, line) in enumerate(zip(table, self.bundle.text(path).split("\n")), 1):
                if row != line:
                    raise Bad(f"{path}, line {number}", f"is `{line[:80]}` where `{row}` was recomputed")
            if self.bundle.text(path) != "\n".join(table):
                raise Bad(path, "has another number of lines")
        if any(one.startswith("/commitments") for one in left):
            return [*left, "/credit"]
        same(told["credit"], credit_total(dues), "/credit")
        return left

    def cells(self):
        """All disclosed lines, as counts."""
        cells = Cells(window_of(self.inputs.own()["window"], "result/inputs.json"))
        for (agent, target), part in self.streams.items():
            for line in part.own():
                if "gap" in line:
                    cells.miss(agent, target, line)
                else:
                    cells.add(agent, target, line, self.anchored(line["batch"]) - line["wall_us"] > LATE_US)
        return cells

    # The answer.

    def report(self):
        verdicts = []
        for check in CHECKS:
            found = self.found[check]
            told = {"check": check, "verdict": "pass"}
            if isinstance(found.bad, Bad):
                told |= {"verdict": "fail", "place": found.bad.place, "reason": found.bad.reason}
            elif found.bad:
                told |= {"verdict": "not_checked", "reason": str(found.bad)}
            verdicts.append(told | {"remarks": found.remarks})
        claim = self.claim.value
        return {"simulated": bool(claim and claim["simulated"]), "claim": claim, "verdicts": verdicts}


# V6 in parts. First the calendar: days of a zone, and windows cut by them.


class Zone:
    """A time zone of the IANA database. Instants are minutes in UTC; a minute lies in the day that
    began last, also where a clock that is set back shows an earlier date again."""

    def __init__(self, name):
        self.name = name
        try:
            self.info = timezone.utc if name == "UTC" else zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise Unsupported(
                f"the zone {name[:64]} is not known to this machine; `pip install tzdata` or the time zone "
                "database of the system will make it known"
            ) from None

    def local(self, minute):
        """What a clock shows."""
        return datetime.fromtimestamp(minute * 60, self.info).replace(tzinfo=None, fold=0)

    def _second(self, local):
        return int(local.replace(tzinfo=self.info).timestamp())

    def minute_at(self, local):
        """When a clock shows a time: first, or would, had it not been set forward over it."""
        return self._second(local) // 60

    def day_start(self, day):
        """The first minute of a day; where clocks are set forward over midnight, when they are."""
        midnight = datetime(day.year, day.month, day.day)
        late = self._second(midnight)
        if datetime.fromtimestamp(late, self.info).replace(tzinfo=None, fold=0) == midnight:
            return late // 60
        shows = lambda second: datetime.fromtimestamp(second, self.info).replace(tzinfo=None, fold=0)
        early = int(midnight.replace(tzinfo=self.info, fold=1).timestamp())
        while early < late:
            middle = (early + late) // 2
            early, late = (early, middle) if shows(middle) >= midnight else (middle + 1, late)
        return late // 60

    def day_of(self, minute):
        shown = self.local(minute).date()
        days = (shown + timedelta(days) for days in range(2, -3, -1))
        return next((day for day in days if self.day_start(day) <= minute), shown)


def day_in(month, day):
    """A day of a month, counted from January of the year 0; in shorter months their last."""
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


class Windows:
    """How a contract cuts time."""

    def __init__(self, rule):
        self.rule, self.kind = rule, rule["kind"]
        self.zone = Zone(rule.get("timezone", "UTC"))
        self.months = 3 if self.kind == "calendar_quarter" else 1
        self.day = rule["anchor_day"] if self.kind == "billing_month" else 1

    def number(self, minute, zone):
        """Which month, quarter or billing month a minute lies in."""
        day = zone.day_of(minute)
        own = (day.year * 12 + day.month - 1) // self.months
        return own if self.first_day(own) <= day else own - 1

    def first_day(self, number):
        return day_in(number * self.months, self.day)

    def last_day(self, number):
        return self.first_day(number + 1) - timedelta(1)

    def numbered(self, number, zone):
        return zone.day_start(self.first_day(number)), zone.day_start(self.first_day(number + 1))

    def trailing(self, last, zone):
        end = zone.day_start(last + timedelta(1))
        start = zone.day_start(last + timedelta(1 - self.rule["days"]))
        return (start, end) if start < end else self.trailing(zone.day_of(end - 1), zone)

    def at(self, minute):
        """The window that a minute lies in."""
        if self.kind == "fixed_days":
            anchor, length = int(self.rule["anchor"].timestamp()) // 60, self.rule["days"] * 1440
            start = (minute - anchor) // length * length + anchor
            return start, start + length
        if self.kind == "trailing_days":
            return self.trailing(self.zone.day_of(minute), self.zone)
        return self.numbered(self.number(minute, self.zone), self.zone)

    def later(self, window, many):
        if self.kind == "fixed_days":
            return self.at(window[0] + many * self.rule["days"] * 1440)
        return self.numbered(self.number(window[0], self.zone) + many, self.zone)

    def in_zone(self, zone, window):
        """The window of the same name in another zone."""
        if zone.name == self.zone.name or self.kind == "fixed_days":
            return window
        if self.kind == "trailing_days":
            return self.trailing(self.zone.day_of(window[1] - 1), zone)
        return self.numbered(self.number(window[0], self.zone), zone)


# Spans that come again, by a rule of RFC 5545 that chooses days.

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
RULE = set("FREQ INTERVAL WKST BYMONTH BYMONTHDAY BYYEARDAY BYDAY BYSETPOS COUNT UNTIL".split())
NEVER_YEARS = 400  # After these the calendar repeats itself, after as many times INTERVAL a rule.


def numbers(text, low, high):
    """Whole numbers, none of them 0."""
    found = set()
    for one in text.split(",") if text else ():
        if not re.fullmatch("[+-]?[0-9]{1,9}", one) or not low <= int(one) <= high or not int(one):
            raise ValueError(f"`{one}` is not from {low} to {high}")
        found.add(int(one))
    return found


def number_of(text, high):
    found = numbers(text, 1, high)
    if len(found) != 1 or "," in text:
        raise ValueError(f"`{text}` is not one number")
    return found.pop()


class Recurrence:
    """Spans that come again, as in `[exclusion.recurs]`."""

    def __init__(self, told):
        place = "contract/terms.toml"
        need(told, place, rrule=str, minutes=int, timezone=str, **{"from": str})
        self.zone, self.minutes = Zone(told["timezone"]), told["minutes"]
        try:
            if not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", told["from"]) or not 1 <= self.minutes <= 10_080:
                raise ValueError("no time of day, or a length out of range")
            self.time = datetime.strptime(told["from"], "%H:%M").time()
            self.starts = self.day_told(told["starts"]) if "starts" in told else None
            self.origin = self.starts or date(1970, 1, 1)
            self.read(told["rrule"])
        except ValueError as e:
            raise Bad(place, f"spans that recur cannot be read: {e}") from None

    @staticmethod
    def day_told(told):
        if isinstance(told, str) and re.fullmatch("[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}", told):
            told = date(*map(int, told.split("-")))
        if type(told) is not date or not 1 <= told.year <= 9997:
            raise ValueError("`starts` is no day")
        return told

    def read(self, text):
        if len(text) > 512 or not re.fullmatch("[A-Za-z0-9;=,+-]+", text):
            raise ValueError("the rule is none")
        parts = {}
        for part in text.upper().split(";"):
            key, _, value = part.partition("=")
            if key not in RULE or key in parts or not value:
                raise ValueError(f"`{part}` in the rule")
            parts[key] = value
        self.freq = parts.get("FREQ")
        if self.freq not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
            raise ValueError("the rule has no FREQ, or another")
        self.interval = number_of(parts.get("INTERVAL", "1"), 1000)
        self.week_start = WEEKDAYS.index(parts.get("WKST", "MO"))
        self.months = numbers(parts.get("BYMONTH", ""), 1, 12)
        self.month_days = numbers(parts.get("BYMONTHDAY", ""), -31, 31)
        self.year_days = numbers(parts.get("BYYEARDAY", ""), -366, 366)
        most = {"MONTHLY": 31, "WEEKLY": 53}.get(self.freq, 366)
        self.positions = numbers(parts.get("BYSETPOS", ""), -most, most)
        if self.month_days and self.freq == "WEEKLY" or self.year_days and self.freq != "YEARLY":
            raise ValueError("days that are not for this FREQ")
        self.read_weekdays(parts.get("BYDAY", ""))
        names_days = self.month_days or self.year_days or self.weekdays or self.numbered
        count = number_of(parts["COUNT"], 1000) if "COUNT" in parts else None
        if self.starts is None and (count or self.interval > 1 or self.freq != "DAILY" and not names_days):
            raise ValueError("the rule needs `starts`")
        if not names_days:
            self.take_day_of(self.origin)
        self.end_by(parts.get("UNTIL"), count)

    def read_weekdays(self, text):
        """Weekdays without a number, or with the number that they have in a month or year."""
        self.weekdays, self.numbered = set(), set()
        low, high = {"MONTHLY": (-4, 5), "YEARLY": (-52, 53)}.get(self.freq, (0, 0))
        for one in text.split(",") if text else ():
            found = re.fullmatch(f"([+-]?[0-9]{{1,2}})?({'|'.join(WEEKDAYS)})", one)
            if not found:
                raise ValueError(f"`{one}` is no weekday")
            nth, weekday = found[1], WEEKDAYS.index(found[2])
            if nth is None:
                self.weekdays.add(weekday)
            else:
                self.numbered |= {(n, weekday) for n in numbers(nth, low, high)}
        if self.weekdays and self.numbered:
            raise ValueError("weekdays with a number and without")

    def take_day_of(self, first):
        """The day that a rule takes from its first one."""
        if self.freq == "WEEKLY":
            self.weekdays = {first.weekday()}
        elif self.freq != "DAILY":
            self.month_days = {first.day}
        if self.freq == "YEARLY" and not self.months:
            self.months = {first.month}

    def end_by(self, until, count):
        """The last day that can be chosen, and the last minute in which a span can start."""
        self.last, self.until = date(9997, 12, 31), None
        if until and count:
            raise ValueError("COUNT beside UNTIL")
        if until:
            found = re.fullmatch("([0-9]{8})(?:T([0-9]{6})(Z?))?", until)
            if not found:
                raise ValueError("UNTIL is neither a day nor a time")
            at = datetime.strptime(found[1] + (found[2] or "000000"), "%Y%m%d%H%M%S")
            self.last = at.date()
            if found[2]:
                self.until = (Zone("UTC") if found[3] else self.zone).minute_at(at)
                self.last = Zone("UTC").day_of(self.until) + timedelta(2)
        elif count:
            counted = day_in(min(self.starts.year + 100, 9997) * 12 + self.starts.month - 1, self.starts.day)
            days = list(zip(range(count), self.days(self.starts, counted)))
            self.last = days[-1][1] if days else date.min
        beyond = min(self.origin.year + NEVER_YEARS * self.interval, 9997)
        if next(self.days(self.origin, date(beyond, 12, 31)), None) is None:
            raise ValueError("the rule never comes to pass")

    def is_named(self, day):
        """Whether a day fits every part of the rule."""
        if self.months and day.month not in self.months or self.weekdays and day.weekday() not in self.weekdays:
            return False
        if not (self.month_days or self.year_days or self.numbered):
            return True
        at, length = day.day, calendar.monthrange(day.year, day.month)[1]
        if self.month_days and not (at in self.month_days or at - length - 1 in self.month_days):
            return False
        if self.freq == "YEARLY" and (self.year_days or not self.months):
            nth, of_year = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
            if self.year_days and not (nth in self.year_days or nth - of_year - 1 in self.year_days):
                return False
            at, length = (at, length) if self.months else (nth, of_year)
        number = {((at + 6) // 7, day.weekday()), (-((length - at) // 7) - 1, day.weekday())}
        return not self.numbered or bool(number & self.numbered)

    def week_of(self, day):
        return day - timedelta((day.weekday() - self.week_start) % 7)

    def period_of(self, day):
        """Which day, week, month or year a day lies in, counted from that of the first day."""
        first = self.origin
        return {
            "DAILY": (day - first).days,
            "WEEKLY": (self.week_of(day) - self.week_of(first)).days // 7,
            "MONTHLY": 12 * (day.year - first.year) + day.month - first.month,
            "YEARLY": day.year - first.year,
        }[self.freq]

    def period(self, number):
        """First day and length of a period."""
        first = self.origin
        if self.freq == "DAILY":
            return first + timedelta(number), 1
        if self.freq == "WEEKLY":
            return self.week_of(first) + timedelta(7 * number), 7
        if self.freq == "YEARLY":
            year = first.year + number
            return date(year, 1, 1), 366 if calendar.isleap(year) else 365
        start = day_in(12 * first.year + first.month - 1 + number, 1)
        return start, calendar.monthrange(start.year, start.month)[1]

    def days(self, first, last):
        """The days chosen, in order."""
        first, last = max(first, self.starts or first), min(last, self.last)
        number = self.period_of(first)
        number -= number % self.interval
        while first <= last:
            start, length = self.period(number)
            if start > last:
                return
            days = [day for day in (start + timedelta(n) for n in range(length)) if self.is_named(day)]
            for at, day in enumerate(days):
                is_picked = not self.positions or {at + 1, at - len(days)} & self.positions
                if is_picked and first <= day <= last:
                    yield day
            number += self.interval

    def spans(self, window):
        """The minutes of a window that are covered, in order and apart."""
        start, end = window
        first = self.zone.day_of(start) - timedelta(self.minutes // 1440 + 2)
        found = []
        for day in self.days(first, self.zone.day_of(end - 1)):
            begins = self.zone.minute_at(datetime.combine(day, self.time))
            own = max(begins, start), min(begins + self.minutes, end)
            if own[0] >= own[1] or self.until is not None and begins > self.until:
                continue
            if found and found[-1][1] >= own[0]:
                own = min(found[-1][0], own[0]), max(found.pop()[1], own[1])
            found.append(own)
        return found


def outside_of(spans, window):
    """What spans, in order and apart, leave of a window."""
    starts, ends = [window[0], *(end for _, end in spans)], [*(start for start, _ in spans), window[1]]
    return [(start, end) for start, end in zip(starts, ends) if start < end]


# Then counts: what the samples of a minute are to a contract.

COMMITMENT = (
    "id commitment claim family target observed high low verdict reading_dependent least_favourable "
    "spread credit no_credit budget minutes downtime timeline support rules deadlines"
)
STATES = ("up", "down", "degraded", "empty", "excluded", "unmeasured", "future")
EFFECTS = ("not_excluded", "remove_from_denominator", "treat_as_up")
GAP_ORDER = ("agent_down", "overloaded", "budget", "paused", "no_key", "spool_full")
FAMILIES = {
    "downtime_minutes": {"rule", "threshold", "min_run_minutes", "min_valid_per_minute", "kinds"},
    "interval_mean": {"interval_s", "align", "empty", "min_valid", "kinds"},
    "request_ratio": {"dedupe", "success_within_s", "kinds"},
}
FAMILIES["outage_proportional"] = FAMILIES["downtime_minutes"] | {"affected_ratio"}
READINGS_MAX = 128
EDGE_MINUTES_MAX = 1440


def same(told, due, where):
    if WRITER.encode(told) != WRITER.encode(due):
        raise Bad("result/result.json", f"recomputed, `{where}` comes out otherwise")


def fraction(value):
    return None if value is None else {"num": str(value.numerator), "den": str(value.denominator)}


def percent(text):
    return Fraction(text) / 100


def total_of(parts):
    """The exact sum of pairs of numerator and denominator; equal denominators are added first."""
    by_denominator = Counter()
    for many, of in parts:
        by_denominator[of] += many
    sums = [Fraction(many, of) for of, many in sorted(by_denominator.items()) if many]
    while len(sums) > 1:
        sums = [sum(sums[at : at + 2]) for at in range(0, len(sums), 2)]
    return sums[0] if sums else Fraction(0)


def needs_times(metric):
    metric = metric.get("of", metric)
    timed = {"dedupe", "success_within_s"} & metric.keys()
    return metric["family"] == "latency_attainment" or bool(timed)


class Tally:
    """How many requests of a minute, or of several, are what."""

    __slots__ = ("error", "success", "unknown", "not_valid", "late")

    def __init__(self, error=0, success=0, unknown=0, not_valid=0, late=0):
        self.error, self.success, self.unknown = error, success, unknown
        self.not_valid, self.late = not_valid, late

    def add(self, other):
        self.error += other.error
        self.success += other.success
        self.unknown += other.unknown
        self.not_valid += other.not_valid
        self.late += other.late

    @property
    def valid(self):
        return self.error + self.success

    @property
    def uncertain(self):
        return self.unknown + self.late

    def empty(self):
        return not (self.error or self.success or self.unknown or self.late) and self.not_valid > 0

    def unmeasured(self):
        return not (self.error or self.success) and not self.empty()

    def heard(self):
        return bool(self.error or self.success or self.unknown or self.not_valid or self.late)

    def all_up(self):
        return Tally(success=self.valid + self.unknown, not_valid=self.not_valid, late=self.late)


class Minute:
    __slots__ = ("standing", "tally", "missed")

    def __init__(self, standing, tally, missed):
        self.standing, self.tally, self.missed = standing, tally, missed


NOTHING_MISSED = Counter()
CLASS = ("kind", "source", "outcome", "attribution", "status", "stream", "served_tier", "late")


class Cells:
    """All samples of the hours that touch the window, as counts by agent, target, minute and class;
    and the slots that were not run."""

    def __init__(self, window):
        self.hours = range(window[0] // 60, (window[1] - 1) // 60 + 1)
        self.classes, self.known, self.counts = [], {}, Counter()
        self.missed, self.heard = defaultdict(Counter), set()

    def add(self, agent, target, line, late):
        minute = line["wall_us"] // (1000 * MINUTE_MS)
        if minute // 60 not in self.hours:
            return
        line = {**line, "late": late}
        key = (*map(line.get, CLASS), *line.get("features", ()))
        nth = self.known.setdefault(key, len(self.classes))
        if nth == len(self.classes):
            self.classes.append(line)
        self.counts[agent, target, minute, nth] += 1
        self.heard.add((agent, target, minute // 60))

    def miss(self, agent, target, line):
        for slot in gap_slots(line):
            minute = slot // MINUTE_MS
            if minute // 60 in self.hours:
                self.missed[agent, target, minute][line["gap"]] += 1
                self.heard.add((agent, target, minute // 60))


def matches(line, when):
    """Whether a sample fits the `when` of an event rule."""
    status = line.get("status")
    tests = {
        "status": lambda s: status is not None and str(s) in (str(status), f"{status // 100}xx"),
        "outcome": lambda word: line["outcome"] == word,
        "attribution": lambda word: line["attribution"] == word,
        "feature": lambda word: word in line.get("features", ()),
        "tier": lambda word: line.get("served_tier") == word,
    }
    if when.get("stream") not in (None, line["stream"]):
        return False
    return all(any(map(tests[key], words)) for key, words in when.items() if key in tests and words)


# Keys of the tables that results hang on, with those that change words only. A contract with others
# is not one that this program understands.
NOTES = set("basis provenance note".split())
WORDS = {
    "window": set("kind timezone timezone_basis also_test_timezones run_across_edge anchor_day days anchor".split()),
    "events": set("attribution default rule".split()),
    "rule": set("class when otherwise".split()),
    "when": set("status outcome attribution feature tier stream quorum".split()),
    "evidence": set("quorum pooling".split()),
    "commitment": set("id target compare rounding requires overrides metric alternative credit".split()),
    "credit": set(
        "kind bands percent amount step steps multiplier cap_percent cap_amount cap_12_months_percent "
        "cap_12_months_amount min_amount rounding amount_unit form one_level_per_incident schedule_basis".split()
    ),
    "exclusion": set("kind effect notice_hours minutes_max recurs span regions".split()),
    "recurs": set("rrule from minutes timezone starts".split()),
    "deadline": {"purpose", "anchor", "hours", "days", "business_days", "working_days", "months", "nth_after_incident"},
}


def check_words(contract):
    events, promises = contract["events"], contract.get("commitment", [])
    tables = [("window", contract["window"]), ("events", events), ("evidence", contract.get("evidence", {}))]
    tables += [pair for rule in events.get("rule", []) for pair in (("rule", rule), ("when", rule["when"]))]
    tables += [("commitment", promise) for promise in promises]
    tables += [("credit", one["credit"]) for promise in promises
               for one in (promise, *promise.get("overrides", [])) if "credit" in one]
    tables += [("exclusion", clause) for clause in contract.get("exclusion", [])]
    tables += [("recurs", clause["recurs"]) for clause in contract.get("exclusion", []) if "recurs" in clause]
    tables += [("deadline", clause) for clause in contract.get("claim", {}).get("deadlines", [])]
    for name, table in tables:
        odd = sorted(table.keys() - WORDS[name] - NOTES)
        if odd:
            raise Unsupported(f"the key `{odd[0][:40]}` of its {name}")


class Judge:
    """Follows a contract from counts to an assessment."""

    def __init__(self, contract, inputs, cells):
        self.contract, self.inputs, self.cells = contract, inputs, cells
        self.window = window_of(inputs["window"], "result/inputs.json")
        self.windows = Windows(contract["window"])
        self.scopes = {scope["target"]: scope["scope"] for scope in inputs["scopes"]}
        self.places = {place["agent"]: place for place in inputs["places"]}
        self.rules, self.default = contract["events"].get("rule", []), contract["events"]["default"]
        self.clauses = contract.get("exclusion", [])
        own = inputs.get("subscribed")
        self.subscribed = own and window_of(own, "result/inputs.json")
        self.found, self.excluded = {}, {}
        check_words(contract)
        self.recurring = [Recurrence(clause["recurs"]) if "recurs" in clause else None for clause in self.clauses]
        if any(clause.get("span") == "outside" and "recurs" not in clause for clause in self.clauses):
            raise Bad("contract/terms.toml", "an exclusion outside of no spans")

    # Exclusions.

    def region(self, target):
        return self.scopes.get(target, {}).get("region")

    def everywhere(self, targets):
        """By clause, whether it holds for everything that is judged, or for samples of its regions only."""
        regions = [texts(clause["regions"]) if "regions" in clause else None for clause in self.clauses]
        return tuple(own is None or all(self.region(t) in own for t in targets) for own in regions)

    def spans_of(self, nth, announced, window):
        """The spans of a clause in a window, announced or fixed by the contract, in order."""
        clause, rule = self.clauses[nth], self.recurring[nth]
        found = [span for span in announced if span["kind"] == clause["kind"]]
        own = rule.spans(window) if rule else []
        for start, end in outside_of(own, window) if clause.get("span") == "outside" else own:
            found.append({"start": start, "end": end, "kind": clause["kind"], "reason": "recurs by the contract"})
        return sorted(found, key=lambda span: (span["start"], span["end"]))

    def exclusions(self, window, everywhere):
        """What became of every span, and by clause those that count: for all, and in regions only."""
        if (window, everywhere) not in self.excluded:
            self.excluded[window, everywhere] = self.find_exclusions(window, everywhere)
        return self.excluded[window, everywhere]

    def find_exclusions(self, window, everywhere):
        told, applied, regional = [], [], []
        spans = list(filter(None, (inside(span, window) for span in self.inputs["exclusions"])))
        for nth, clause in enumerate(self.clauses):
            left, hours = clause.get("minutes_max"), clause.get("notice_hours")
            for span in self.spans_of(nth, spans, window):
                length = span["end"] - span["start"]
                if hours is not None and is_short_of(span, hours):
                    outcome = {"is": "notice_too_short", "hours": hours}
                elif left is not None and length > left:
                    outcome = {"is": "limit_reached", "minutes": clause["minutes_max"]}
                else:
                    word = "applied" if everywhere[nth] else "applied_in_regions"
                    outcome = {"is": word, "effect": clause["effect"]}
                    left = left if left is None else left - length
                    (applied if everywhere[nth] else regional).append((nth, span["start"], span["end"]))
                told.append(considered(span, outcome))
        kinds = [clause["kind"] for clause in self.clauses]
        told += [considered(s, {"is": "unknown_kind"}) for s in spans if s["kind"] not in kinds]
        return told, applied, regional

    @staticmethod
    def effects(view, spans, window):
        """What spans do to every minute of a window: where they overlap, what finds more uptime."""
        effects = [0] * (window[1] - window[0])
        for clause, first, last in spans:
            effect = EFFECTS.index(view["effects"][clause])
            for at in range(first - window[0], last - window[0]):
                effects[at] = max(effects[at], effect)
        return effects

    def excuses(self, subject, view, span):
        """By region, what its own exclusions do to the samples of every minute."""
        regional, found = self.exclusions(span, self.everywhere(subject.targets))[2], {}
        for region in {self.region(target) for target in subject.targets} - {None}:
            own = [one for one in regional if region in texts(self.clauses[one[0]]["regions"])]
            if own:
                found[region] = self.effects(view, own, span)
        return found

    def standings(self, subject, view, span):
        """What every minute is before anything measured is looked at."""
        start, end = span
        effects = self.effects(view, self.exclusions(span, self.everywhere(subject.targets))[1], span)
        past = min(max(self.inputs["as_of"], start), end) - start
        found = []
        for at, effect in enumerate(effects):
            outside = self.subscribed and not self.subscribed[0] <= start + at < self.subscribed[1]
            found.append("remove_from_denominator" if effect == 1 else "future" if at >= past else
                         "treat_as_up" if effect or outside else "judged")
        return found

    # Who is judged.

    def covers(self, promise, target):
        asked = self.contract.get("scope", {}).get("covers", {}), promise.get("requires", {})
        pairs = [pair for part in asked for pair in part.items()]
        scope = self.scopes.get(target, {})
        return all(k not in scope or scope[k] in ([v] if type(v) is str else v) for k, v in pairs)

    def subject(self, promise, other, targets, region):
        """What one result is about."""
        name = promise["id"] + (f".{other['model_list']}" if other else "")
        return Data(
            promise=promise, name=name + (f"@{region}" if region else ""), region=region,
            targets=set(targets), target=percent((other or promise)["target"]),
            credit=(other or {}).get("credit", promise.get("credit")),
        )

    def whole(self, promise):
        targets = [t for t in self.inputs["targets"] if self.covers(promise, t)]
        return self.subject(promise, None, targets, None)

    def subjects(self, promise):
        """A commitment, once for every list of models, and each of these for every region."""
        left, own = self.whole(promise).targets, []
        lists = self.contract.get("model_lists", {})
        for other in promise.get("overrides", []):
            models = lists.get(other["model_list"], [])
            mine = {t for t in left if self.scopes.get(t, {}).get("model") in models}
            own += [(other, mine)] if mine else []
        for _, mine in own:
            left = left - mine
        if left or not own:
            own.insert(0, (None, left))
        pooled = self.contract.get("evidence", {}).get("pooling", "pooled") == "pooled"
        regions = [None] if pooled else sorted({place["region"] for place in self.places.values()})
        return [self.subject(promise, *one, region) for one in own for region in regions]

    def is_mine(self, subject, agent, target):
        return target in subject.targets and subject.region in (None, self.places[agent]["region"])

    def claimability(self, targets):
        reasons, targets = [], sorted(targets)
        if self.contract["contract"].get("remedy", "credit") == "none":
            reasons.append({"reason": "no_remedy"})
        if not targets:
            reasons.append({"reason": "no_target"})
        for dimension in self.contract.get("scope", {}).get("partition", []):
            values = [self.scopes.get(target, {}).get(dimension) for target in targets]
            if None in values:
                target = targets[values.index(None)]
                reasons.append({"reason": "not_known", "dimension": dimension, "target": target})
            several = sorted({value for value in values if value is not None})
            if len(several) > 1:
                reasons.append({"reason": "several_parts", "dimension": dimension, "values": several})
        return {"standing": "indicative", "reasons": reasons} if reasons else {"standing": "claimable"}

    # Counting.

    def ruling(self, line, otherwise, kinds):
        """(class, whether a quorum is asked for, the rule) of a sample; None where it is not counted."""
        kind = line["kind"] if line["source"] == "probe" or line["kind"] == "manual" else "traffic"
        if kind not in kinds:
            return None
        for nth, rule in enumerate(self.rules):
            if matches(line, rule["when"]):
                event = rule["otherwise"] if nth in otherwise and "otherwise" in rule else rule["class"]
                return event, rule["when"].get("quorum") is True, nth
        return self.default, False, None

    def count(self, subject, view, span):
        """Counts of every minute, the same where late samples are unmeasured (None where no counted
        one is late), missed slots by minute, and how often each rule decided."""
        default = {"planned", "traffic"}
        if "rule" in view["metric"]:
            default |= {"burst", "confirm"}
        kinds = frozenset(view["metric"].get("kinds", default))
        effects = view["effects"] if any("regions" in clause for clause in self.clauses) else ()
        key = (subject.name, span, view["otherwise"], kinds, effects)
        if key not in self.found:
            rulings = [self.ruling(line, view["otherwise"], kinds) for line in self.cells.classes]
            self.found[key] = self.counted(subject, span, rulings, self.excuses(subject, view, span))
        return self.found[key]

    def counted(self, subject, span, rulings, excuses):
        start, end = span
        literal, prompt = ([Tally() for _ in range(start, end)] for _ in "12")
        rules, votes, held, missed = Counter(), defaultdict(set), [], {}
        lates = [line["late"] for line in self.cells.classes]
        counts_votes = any(rule["when"].get("quorum") is True for rule in self.rules)
        any_late = False

        def put(tally, event, many):
            setattr(tally, event, getattr(tally, event) + many)

        for (agent, target, at, nth), many in self.cells.counts.items():
            if rulings[nth] is None or not start <= at < end or not self.is_mine(subject, agent, target):
                continue
            (event, quorum, rule), late, at = rulings[nth], lates[nth], at - start
            excuse = excuses[self.region(target)][at] if self.region(target) in excuses else 0
            if excuse == 1:
                continue
            if excuse == 2 and event != "not_valid":
                event, quorum = "success", False
            rules[rule] += many
            any_late = any_late or late
            if counts_votes and (quorum or event == "error"):
                votes[at].add((agent, late))
            if quorum:
                held.append((at, event, late, many))
                continue
            put(literal[at], event, many)
            put(prompt[at], "late" if late else event, many)
        for at, event, late, many in held:
            put(literal[at], event if self.is_quorum(a for a, _ in votes[at]) else "unknown", many)
            reached = self.is_quorum(a for a, was_late in votes[at] if not was_late)
            put(prompt[at], "late" if late else event if reached else "unknown", many)
        for (agent, target, at), reasons in self.cells.missed.items():
            if start <= at < end and self.is_mine(subject, agent, target):
                missed.setdefault(at - start, Counter()).update(reasons)
        return literal, prompt if any_late else None, missed, rules

    def is_quorum(self, agents):
        agents = set(agents)
        quorum = self.contract.get("evidence", {}).get("quorum", {"agents": 3, "networks": 2})
        networks = {self.places[agent]["network"] for agent in agents}
        return len(agents) >= quorum["agents"] and len(networks) >= quorum["networks"]

    # Readings: every clause that is open gives a choice, every combination of choices a reading.

    def readings(self, subject):
        """Views, the literal one first, and whether any were left out."""
        clauses = [settings for settings in self.open_clauses(subject) if len(settings) > 1]
        kept = [[one for one in settings if self.is_measured(subject, one[1])] for settings in clauses]
        cut = any(len(few) < len(all_) for few, all_ in zip(kept, clauses))
        clauses = [settings for settings in kept if len(settings) > 1]
        views = [self.literal(subject)]
        if math.prod(map(len, clauses)) <= READINGS_MAX:
            for settings in clauses:
                views = [apply(view, setting, nth > 0) for nth, setting in enumerate(settings) for view in views]
            return sorted(views, key=lambda view: len(view["choices"])), cut
        views += [apply(views[0], setting, True) for settings in clauses for setting in settings[1:]]
        return views[:READINGS_MAX], True

    def literal(self, subject):
        window, promise = self.contract["window"], subject.promise
        known = lambda word, default: default if word in (None, "unknown") else word
        rounding, steps = promise.get("rounding", {"mode": "none"}), (subject.credit or {}).get("steps")
        return {
            "choices": [], "late": False, "zone": self.windows.zone,
            "edge": known(window.get("run_across_edge"), "cut"),
            "part": known(self.contract.get("scope", {}).get("part_month"), "own_period"),
            "otherwise": frozenset(), "effects": tuple(clause["effect"] for clause in self.clauses),
            "rounding": (known(rounding["mode"], "none"), rounding.get("digits")),
            "steps": known(steps, "floor"), "metric": metric_readings(promise["metric"])[0][1],
        }

    def open_clauses(self, subject):
        """For every clause that may be open the ways to read it: choices, and what they change."""
        promise, window = subject.promise, self.contract["window"]
        path = f"commitment.{promise['id']}"
        one = lambda clause, value, **change: ([{"clause": clause, "value": value}], change)
        yield [one("late_samples", "counted", late=False), one("late_samples", "unmeasured", late=True)]
        settings = [(choices_of(open_, f"{path}.metric"), {"metric": metric})
                    for open_, metric in metric_readings(promise["metric"])]
        for other in promise.get("alternative", []):
            clause = f"{path}.alternative"
            settings += [([{"clause": clause, "value": other["id"]}, *choices_of(open_, clause)], {"metric": metric})
                         for open_, metric in metric_readings(other["metric"])]
        yield settings
        yield [one(f"{path}.rounding", rounding_text(mode), rounding=mode) for mode in roundings(promise)]
        if (subject.credit or {}).get("steps") == "unknown":
            yield [one(f"{path}.credit.steps", word, steps=word) for word in ("floor", "ceil")]
        zones = dict.fromkeys([self.windows.zone.name, *window.get("also_test_timezones", [])])
        yield [one("window.timezone", name, zone=Zone(name)) for name in zones]
        runs = promise["metric"].get("of", promise["metric"]).get("min_run_minutes", 1)
        if window.get("run_across_edge", "unknown") == "unknown" and runs > 1:
            yield [one("window.run_across_edge", word, edge=word) for word in ("cut", "span")]
        own, part = self.subscribed, self.contract.get("scope", {}).get("part_month", "unknown")
        if own and part == "unknown" and (own[0] > self.window[0] or own[1] < self.window[1]):
            yield [one("scope.part_month", word, part=word) for word in ("own_period", "assume_up", "whole_month")]
        for nth, rule in enumerate(self.rules):
            if "otherwise" in rule:
                clause, word = f"events.rule.{nth}", rule["otherwise"].replace("_", "")
                yield [one(clause, "as written"), one(clause, word, otherwise=nth)]
        kinds = {span["kind"] for span in self.inputs["exclusions"]}
        for nth, clause in enumerate(self.clauses):
            if clause.get("basis", "stated") != "stated" and ("recurs" in clause or clause["kind"] in kinds):
                effects = dict.fromkeys([clause["effect"], *EFFECTS])
                yield [one(f"exclusion.{nth}.effect", word, effect=(nth, word)) for word in effects]

    def is_measured(self, subject, change):
        """Whether there is any sample where a reading looks beyond the window."""
        first, last = self.window
        if "zone" in change:
            first, last = self.windows.in_zone(change["zone"], self.window)
        elif change.get("edge") == "span":
            first, last = first - 1, last + 1
        hours = {hour for agent, target, hour in self.cells.heard if self.is_mine(subject, agent, target)}
        spans = [(first, self.window[0]), (self.window[1], last)]
        seen = [any(hour in hours for hour in range(start // 60, (end - 1) // 60 + 1))
                for start, end in spans if start < end]
        return any(seen) if change.get("edge") == "span" else all(seen)

    def spans(self, view):
        """The window of a reading, and the minutes that runs may reach into beside it."""
        window = self.windows.in_zone(view["zone"], self.window)
        if view["part"] == "own_period" and self.subscribed:
            start, end = max(window[0], self.subscribed[0]), min(window[1], self.subscribed[1])
            window = (start, end) if start < end else window
        runs = min(view["metric"].get("min_run_minutes", 1), EDGE_MINUTES_MAX)
        beyond = runs - 1 if view["edge"] == "span" else 0
        return window, (window[0] - beyond, window[1] + beyond)

    def see(self, subject, view):
        """The formula under a reading; None where it differs by late samples only, of which there
        are none."""
        metric = view["metric"]
        if metric["family"] not in FAMILIES or metric.keys() - FAMILIES[metric["family"]] - {"family"}:
            raise Unsupported(f"its formula, {metric['family']}")
        window, span = self.spans(view)
        literal, prompt, missed, _ = self.count(subject, view, span)
        if view["late"] and prompt is None:
            return None
        tallies = prompt if view["late"] else literal
        minutes = [Minute(standing, tally, missed.get(at, NOTHING_MISSED))
                   for at, (standing, tally) in enumerate(zip(self.standings(subject, view, span), tallies))]
        return Formula(metric, minutes, span[0], window, view["zone"])

    def reading(self, subject, view):
        """What follows from a reading; None where it is idle."""
        formula = self.see(subject, view)
        if formula is None:
            return None
        observed, high, low = formula.bounds()
        kept = lambda uptime: self.keeps(subject, view, uptime)
        verdict = ("breached" if not kept(high) else "met" if kept(low) else
                   "open" if self.inputs["as_of"] < formula.window[1] else
                   "no_data" if observed is None else "indeterminate")
        credit, none = None, None
        if verdict == "breached" and subject.credit:
            credit, none = credit_of(subject.credit, self.figures(subject, view, high, formula.window))
        return Data(choices=view["choices"], observed=observed, high=high, low=low, verdict=verdict,
                    credit=credit, no_credit=none, formula=formula, view=view)

    @staticmethod
    def keeps(subject, view, uptime):
        uptime, target = rounded(view["rounding"], uptime), subject.target
        return uptime > target if subject.promise.get("compare") == "gt" else uptime >= target

    def figures(self, subject, view, high, window):
        """What a credit hangs on."""
        length = window[1] - window[0]
        return Data(
            target=subject.target, uptime=rounded(view["rounding"], high), downtime=(1 - high) * length,
            days=-(-length // 1440), currency=self.contract["contract"]["currency"], steps=view["steps"],
            fees=self.inputs.get("fees"), credited=self.inputs.get("credited_12_months"),
        )

    # What follows.

    def commitment(self, subject):
        """What follows for a subject, by key, and what the sum of credits needs of it."""
        views, cut = self.readings(subject)
        judged = [one for one in (self.reading(subject, view) for view in views) if one]
        literal, others = judged[0], judged[1:]
        formula, view = literal.formula, literal.view
        detail = formula.detail()
        units, used = Fraction(detail.units), Fraction(detail.used)
        rules = self.count(subject, view, self.spans(view)[1])[3]
        kept = lambda uptime: self.keeps(subject, view, uptime)
        remedy = self.contract["contract"].get("remedy", "credit")
        owed = literal.credit is not None if remedy == "credit" else remedy == "termination" and literal.verdict == "breached"
        occasion = Data(window=formula.window, downtime=[(d["start"], d["end"]) for d in detail.downtime],
                        since=breached_by(detail, formula, kept) if owed else None)
        spread = spread_of(literal, others, cut)
        due = {
            "id": subject.name, "commitment": subject.promise["id"],
            "family": subject.promise["metric"]["family"], "claim": self.claimability(subject.targets),
            "target": fraction(subject.target), "observed": fraction(literal.observed),
            "high": fraction(literal.high), "low": fraction(literal.low), "verdict": literal.verdict,
            "downtime": detail.downtime, "timeline": formula.timeline(detail.states),
            "budget": {"unit": detail.unit, "allowed": fraction(units * (1 - subject.target)), "used": fraction(used),
                       "remaining": fraction(units * (1 - subject.target) - used)},
            "minutes": {"window": len(detail.states), **dict.fromkeys(STATES, 0),
                        **Counter(state["state"] for state in detail.states)},
            "rules": [{"rule": nth, "class": self.default if nth is None else self.rules[nth]["class"],
                       "samples": rules[nth]} for nth in sorted(rules, key=lambda nth: (nth is None, nth))],
            "reading_dependent": bool(spread and spread["conclusions"]), "spread": spread,
            "least_favourable": least_favourable(literal, others),
            "credit": told_credit(literal.credit), "no_credit": literal.no_credit,
            "support": formula.support(),
            "deadlines": Deadlines(self.windows, occasion).of(self.contract.get("claim")),
        }
        part = literal.credit and Data(
            schedule=subject.credit, credit=literal.credit, downtime=occasion.downtime,
            figures=self.figures(subject, view, literal.high, formula.window),
        )
        return due, part

    def table(self, promise):
        formula = self.see(*self.first_view(self.whole(promise)))
        formula.bounds()
        rows = ["minute,state,valid,errors,unknown,not_valid"]
        minutes = formula.minutes[formula.inside]
        for at, (state, minute) in enumerate(zip(formula.detail().states, minutes), formula.window[0]):
            t = minute.tally
            counts = (t.valid, t.error, t.unknown, t.not_valid)
            rows.append(",".join([stamp(at * MINUTE_MS), state["state"], *map(str, counts)]))
        return [*rows, ""]

    def first_view(self, subject):
        return subject, self.literal(subject)


def inside(span, window):
    """The part of an announced span in a window, None where there is none."""
    begins, ends = window_of(span["window"], "result/inputs.json")
    start, end = max(begins, window[0]), min(ends, window[1])
    told = {"start": start, "end": end, "begins": begins, "announced": span.get("announced")}
    return {**told, "kind": span["kind"], "reason": span["reason"]} if start < end else None


def texts(value):
    """One text, or a list of them."""
    return [value] if isinstance(value, str) else value


def is_short_of(span, hours):
    """Whether a span was announced, and later than by some hours before it begins."""
    if "begins" not in span:
        return False
    return span["announced"] is None or span["announced"] > span["begins"] - 60 * hours


def considered(span, outcome):
    window = {"start": span["start"], "end": span["end"]}
    return {"window": window, "kind": span["kind"], "reason": span["reason"], "outcome": outcome}


def metric_readings(metric):
    """Every way to read a metric: what was chosen for its open keys, and the metric without them."""
    found = [([], metric.get("of", metric))]
    words = {"align": ("epoch", "window_start", "local_midnight"), "empty": ("up", "skip"),
             "affected_ratio": ("measured", "one")}
    for key in words:
        found = [part for open_, one in found for part in (
            [(open_ + [(key, word)], {**one, key: word}) for word in words[key]]
            if one.get(key) == "unknown" else [(open_, one)])]
    return found


def choices_of(open_, path):
    return [{"clause": f"{path}.{key}", "value": word} for key, word in open_]


def roundings(promise):
    text = promise.get("rounding", {"mode": "none"})
    mode, digits = text["mode"], text.get("digits")
    if mode == "none":
        return [("none", None)]
    literal = ("none", None) if mode == "unknown" else (mode, digits)
    if mode != "unknown" and text.get("basis", "stated") == "stated":
        return [literal]
    return list(dict.fromkeys([literal, ("none", None), ("half_up", digits), ("floor", digits)]))


def rounding_text(rounding):
    mode, digits = rounding
    how = {"half_up": "rounded half-up to", "floor": "cut off after"}
    return "not rounded" if mode == "none" else f"{how[mode]} {digits} decimal{'s' if digits != 1 else ''}"


def rounded(rounding, uptime):
    mode, digits = rounding
    if mode == "none":
        return uptime
    scale = 100 * 10**digits
    half = Fraction(1, 2) if mode == "half_up" else 0
    return Fraction(math.floor(uptime * scale + half), scale)


def apply(view, setting, departs):
    """A view under one more setting."""
    choices, change = setting[0], dict(setting[1])
    if "otherwise" in change:
        change["otherwise"] = view["otherwise"] | {change["otherwise"]}
    if "effect" in change:
        nth, word = change.pop("effect")
        change["effects"] = tuple(word if at == nth else old for at, old in enumerate(view["effects"]))
    return {**view, **change, "choices": view["choices"] + (choices if departs else [])}


def concludes(reading):
    """Verdict and credit: what one reading may conclude otherwise than another."""
    credit = reading.credit
    return reading.verdict, credit and (credit.share, credit.amount)


def gain(reading):
    """What a claimant has of a reading: what is credited, how certain, how much was lost."""
    share = 0 if not reading.credit else 1 if reading.credit.share is None else reading.credit.share
    certainty = ("met", "no_data", "open", "indeterminate", "breached").index(reading.verdict)
    return share, certainty, -reading.high


def told_reading(reading):
    return {
        "choices": reading.choices, "observed": fraction(reading.observed), "high": fraction(reading.high),
        "low": fraction(reading.low), "verdict": reading.verdict, "credit": told_credit(reading.credit),
    }


def least_favourable(literal, others):
    """The other reading that gives least, where any gives something else."""
    if not others:
        return None
    worst = min(others, key=lambda reading: (gain(reading), len(reading.choices)))
    numbers = lambda reading: (reading.high, reading.low, reading.observed, concludes(reading))
    if all(numbers(other) == numbers(literal) for other in others):
        return None
    return told_reading(literal if gain(literal) < gain(worst) else worst)


def spread_of(literal, others, cut):
    """How readings differ, None where there is one only."""
    if not others and not cut:
        return None
    all_, conclusions = [*others, literal], {}
    for other in others:  # Those with fewest departures from the letter come first.
        if concludes(other) != concludes(literal):
            conclusions.setdefault(concludes(other), other)
    return {
        "readings": len(all_), "cut": cut, "lowest": fraction(min(one.low for one in all_)),
        "highest": fraction(max(one.high for one in all_)),
        "conclusions": [told_reading(one) for one in conclusions.values()],
    }


# Then credits: schedule, uptime and fees to an exact share and an amount. Order: the rule, then the
# caps, of which the fees are one, then the minimum, then rounding.

MINOR_MAX = 2**53 - 1
DIGITS = dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0)
DIGITS |= dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
LIMITS = ("fees", "cap_percent", "cap_amount", "cap_12_months", "min_amount")


class Worth:
    """A share of the fees, an amount in minor units, or both."""

    def __init__(self, share=None, minor=None):
        self.share, self.minor = share, minor

    @classmethod
    def of_share(cls, share, fees):
        return cls(share, None if fees is None else fees * share)

    @classmethod
    def of_amount(cls, minor, fees):
        return cls(minor / fees if fees else None, minor)

    def exceeds(self, other):
        """None where the two cannot be compared. Of equal amounts the greater share is above."""
        shares = None if None in (self.share, other.share) else self.share > other.share
        if None in (self.minor, other.minor):
            return shares
        return bool(shares) if self.minor == other.minor else self.minor > other.minor

    def cut(self, bounds):
        """What is left under limits: it, the limits below, those not compared, the lowest amount."""
        left, cuts, unchecked, highest = self, [], [], Fraction(MINOR_MAX)
        for limit, worth in bounds:
            exceeds = self.exceeds(worth)
            if exceeds is not False:
                (unchecked if exceeds is None else cuts).append(limit)
            if worth.minor is not None:
                highest = min(highest, worth.minor)
            if left.exceeds(worth):
                left = worth
        return left, cuts, unchecked, highest


def minor_scale(currency):
    return 10 ** DIGITS.get(currency, 2)


def minor_of(money, currency):
    """An amount of minor units, None where it is not known in this currency."""
    return Fraction(money["minor"]) if money and money["currency"] == currency else None


def round_amount(exact, highest, schedule, currency):
    """A whole amount, not lifted above the lowest limit by going over to whole units."""
    unit = minor_scale(currency) if schedule.get("amount_unit") == "whole" else 1
    rules = {"half_up": lambda n: math.floor(n + Fraction(1, 2)), "floor": math.floor, "ceil": math.ceil,
             "half_even": round}
    whole = rules[schedule.get("rounding", "half_up")]
    minor = whole(exact / unit) * unit
    if minor > whole(highest):
        minor = math.floor(highest / unit) * unit
    return min(minor, MINOR_MAX)


def in_band(band, figures):
    low, high = (Fraction(band[key]) if key in band else None for key in ("gt_minutes", "le_minutes"))
    if band.keys() & {"gt_minutes", "le_minutes"}:
        return (low is None or figures.downtime > low) and (high is None or figures.downtime <= high)
    return ("ge" not in band or figures.uptime >= percent(band["ge"])) and (
        figures.uptime < percent(band["lt"]) if "lt" in band else
        "le" not in band or figures.uptime <= percent(band["le"]))


def band_range(band, by_downtime):
    if by_downtime:
        return {"downtime": {key: fraction(Fraction(band[key])) for key in ("gt_minutes", "le_minutes") if key in band}}
    top = {key: fraction(percent(band[key])) for key in ("lt", "le") if key in band}
    return {"uptime": {**({"ge": fraction(percent(band["ge"]))} if "ge" in band else {}), "top": top}}


def schedule_worth(schedule, figures, fees):
    """What the rule gives before any limit, and what in it gave that; None and why not."""
    kind = schedule["kind"]
    source = {"kind": kind}
    if kind in ("bands", "daily_multiple"):
        bands = schedule["bands"]
        at = next((at for at, band in enumerate(bands) if in_band(band, figures)), None)
        if at is None:
            return None, {"reason": "in_no_band"}
        by_downtime = bool(bands[0].keys() & {"gt_minutes", "le_minutes"})
        source |= {"position": at, "range": band_range(bands[at], by_downtime)}
        if kind == "bands":
            share = percent(bands[at]["percent"])
            source["percent"] = fraction(share)
        else:
            days = Fraction(bands[at]["days"])
            share = days / figures.days
            source |= {"days": fraction(days), "window_days": figures.days}
    elif kind == "flat" and "amount" in schedule:
        minor = Fraction(schedule["amount"]) * minor_scale(figures.currency)
        return Worth.of_amount(minor, fees), source
    elif kind == "flat":
        share = percent(schedule["percent"])
    elif kind == "per_step":
        whole = {"floor": math.floor, "ceil": math.ceil}[figures.steps]
        steps, each = whole((figures.target - figures.uptime) / percent(schedule["step"])), percent(schedule["percent"])
        if steps == 0:
            return None, {"reason": "below_one_step"}
        share = each * steps
        source |= {"steps": steps, "reading": figures.steps, "percent": fraction(each)}
    elif kind == "proportional":
        lost, multiplier = 1 - figures.uptime, Fraction(schedule.get("multiplier", "1"))
        share = lost * multiplier
        source |= {"lost": fraction(lost), "multiplier": fraction(multiplier)}
    else:
        raise Unsupported(f"credits by {kind}")
    return Worth.of_share(share, fees), source


def credit_limits(schedule, figures):
    """The upper limits of a schedule, in the order of LIMITS."""
    currency = figures.currency
    fees, scale = minor_of(figures.fees, currency), minor_scale(currency)
    yield "fees", Worth.of_share(Fraction(1), fees)
    if "cap_percent" in schedule:
        yield "cap_percent", Worth.of_share(percent(schedule["cap_percent"]), fees)
    if "cap_amount" in schedule:
        yield "cap_amount", Worth.of_amount(Fraction(schedule["cap_amount"]) * scale, fees)
    if schedule.keys() & {"cap_12_months_percent", "cap_12_months_amount"}:
        # The fees of twelve months are in no bundle: a share of them is not known.
        credited, worth = minor_of(figures.credited, currency), Worth()
        if credited is not None and "cap_12_months_amount" in schedule:
            left = Fraction(schedule["cap_12_months_amount"]) * scale - credited
            worth = Worth.of_amount(max(left, Fraction(0)), fees)
        yield "cap_12_months", worth


def credit_of(schedule, figures):
    """(credit, None) of an uptime below the target, or (None, why there is none)."""
    if figures.uptime >= figures.target:
        return None, {"reason": "target_kept"}
    worth, source = schedule_worth(schedule, figures, minor_of(figures.fees, figures.currency))
    if worth is None:
        return None, source
    left, cuts, unchecked, highest = worth.cut(credit_limits(schedule, figures))
    least = schedule.get("min_amount")
    if left.minor is None:
        unchecked += ["min_amount"] if least else []
    elif left.minor == 0 and "cap_12_months" in cuts:
        return None, {"reason": "cap_used_up"}
    elif least:
        ((key, bound),) = [(key, Fraction(least[key])) for key in ("gt", "ge") if key in least]
        bound *= minor_scale(figures.currency)
        if not (left.minor > bound or key == "ge" and left.minor == bound):
            return None, {"reason": "below_minimum", "exact_minor": fraction(left.minor)}
    amount = None if left.minor is None else round_amount(left.minor, highest, schedule, figures.currency)
    return Data(share=left.share, minor=left.minor, amount=amount, currency=figures.currency,
                source=source, cuts=cuts, unchecked=unchecked), None


def told_credit(credit):
    return credit and {
        "share": fraction(credit.share), "exact_minor": fraction(credit.minor),
        "amount": None if credit.amount is None else {"minor": credit.amount, "currency": credit.currency},
        "source": credit.source, "cuts": credit.cuts, "unchecked": credit.unchecked,
    }


def is_same_incident(one, other):
    if not (one.schedule.get("one_level_per_incident") and other.schedule.get("one_level_per_incident")):
        return False
    return any(a < d and c < b for a, b in one.downtime for c, d in other.downtime)


def counted_credits(dues):
    """Positions that count: of credits that share downtime, where that is asked, the dearest."""
    groups = []
    for at, due in enumerate(dues):
        same_ = [group for group in groups if any(is_same_incident(due, dues[other]) for other in group)]
        groups = [group for group in groups if group not in same_]
        groups.append(sorted([at, *(other for group in same_ for other in group)]))
    counted = []
    for group in groups:
        by_amount = all(dues[at].credit.minor is not None for at in group)
        value = lambda at: dues[at].credit.minor if by_amount else dues[at].credit.share
        order = lambda at: (value(at) is not None, value(at) or 0)
        counted.append(max(group, key=lambda at: (order(at), -at)))
    return sorted(counted)


def credit_total(dues):
    """What all credits of a window are worth together; None where there is none."""
    counted = counted_credits(dues)
    chosen = [dues[at] for at in counted]
    if not chosen:
        return None
    first, bounds = chosen[0], {}
    for due in chosen:
        for limit, worth in credit_limits(due.schedule, due.figures):
            exceeds = worth.exceeds(bounds[limit]) if limit in bounds else True
            if exceeds is not False:
                bounds[limit] = worth if exceeds else Worth()
    one_base = len({due.schedule["basis"] for due in chosen}) == 1
    sums = [[getattr(due.credit, key) for due in chosen] for key in ("share", "minor", "amount")]
    share, minor, amount = (None if None in parts else sum(parts) for parts in sums)
    worth = Worth(share if one_base else None, minor)
    left, cuts, unchecked, highest = worth.cut(sorted(bounds.items(), key=lambda pair: LIMITS.index(pair[0])))
    unchecked = {*unchecked, *(limit for due in chosen for limit in due.credit.unchecked)}
    told = None
    if left.minor is not None and amount is not None:
        currency = first.figures.currency
        within = lambda exact: round_amount(exact, highest, first.schedule, currency)
        # Rounding each part up must not carry the sum over a cap that its exact sum keeps.
        over = cuts or min(amount, MINOR_MAX) > within(highest)
        told = {"minor": within(left.minor) if over else min(amount, MINOR_MAX), "currency": currency}
    return {
        "counted": counted, "share": fraction(left.share if one_base else None),
        "exact_minor": fraction(left.minor), "amount": told, "cuts": cuts,
        "unchecked": sorted(unchecked, key=LIMITS.index),
    }


# Then deadlines: the literal one as the text reads, and a safe one that nobody can call late.


def breached_by(detail, formula, kept):
    """The minute by whose end the promise could no longer be kept, None where it still can."""
    losses, units = detail.losses, detail.units
    if not units:
        return None
    low, high = 0, len(losses) + 1
    while low < high:
        middle = (low + high) // 2
        if kept(1 - total_of((failed, of) for _, failed, of in losses[:middle]) / units):
            low = middle + 1
        else:
            high = middle
    return losses[low - 1][0] + formula.start if 0 < low <= len(losses) else None


def plus_months(day, many):
    return day_in(day.year * 12 + day.month - 1 + many, day.day)


def plus_business_days(day, many):
    """The n-th day from Monday to Friday after a day. Public holidays are not known."""
    day -= timedelta(max(0, day.weekday() - 4))
    return day + timedelta(many + (day.weekday() + many) // 5 * 2)


class Deadlines:
    """The deadlines of one occasion: notices where there was downtime, claims once something is due.
    A due date is a day (within it) or a minute (before it)."""

    LENGTHS = {"hours": "hours", "days": "days", "business_days": "business_days",
               "working_days": "business_days", "months": "months"}

    def __init__(self, windows, occasion):
        self.windows, self.zone = windows, windows.zone
        self.window, self.downtime, self.since = occasion.window, occasion.downtime, occasion.since

    def of(self, claim):
        found = (self.deadline(claim, clause) for clause in (claim or {}).get("deadlines", []))
        return [deadline for deadline in found if deadline]

    def deadline(self, claim, clause):
        opens = None
        if clause["purpose"] == "notice":
            if not self.downtime:
                return None
        elif self.since is None:
            return None
        elif "opens" in claim:
            opens = self.readings(claim["opens"])
            opens = opens and opens[0]
        readings = self.readings(clause)
        if readings is None:
            return None
        literal, safe = readings
        told = {"purpose": clause["purpose"]}
        begins = -math.inf
        if opens is not None:
            later = opens + timedelta(1) if isinstance(opens, date) else opens
            begins = self.zone.day_start(later) if isinstance(later, date) else later
            told["opens"] = {"literal": self.text(opens), "safe": self.text(later)}
        # Nobody can mean an end before the beginning, nor a strict one after the plain one.
        if not begins < self.before(safe) <= self.before(literal):
            safe = literal
        told |= {"literal": self.text(literal), "safe": self.text(safe)}
        return told if self.zone.name == "UTC" else {**told, "zone": self.zone.name}

    @staticmethod
    def text(due):
        return due.isoformat() if isinstance(due, date) else stamp(due * MINUTE_MS)

    def before(self, due):
        """The first minute that is too late."""
        return self.zone.day_start(due + timedelta(1)) if isinstance(due, date) else due

    def readings(self, clause):
        """The plain and the strict reading of a clause, None where there is nothing to run from."""
        anchor, window, end = clause["anchor"], self.window, self.window[1]
        nth = clause.get("nth_after_incident")
        period = next(((self.LENGTHS[key], clause[key]) for key in self.LENGTHS if key in clause), None)
        first, last = (self.downtime[0], self.downtime[-1]) if self.downtime else (None, None)
        if anchor in ("window_end", "invoice"):
            day = self.day_ending_at(end)
            due = self.after_instant(end, period) if day is None else self.after_day(day, period)
            return due, due
        if anchor == "eligibility":
            if self.since is None:
                return None
            whole = self.day_ending_at(end) is not None and period[0] != "hours"
            literal = self.after_day(self.zone.day_of(end), period) if whole else self.after_instant(end, period)
            return literal, self.after_instant_strictly(self.since, period)
        if anchor == "month_end":
            return tuple(self.after_day(self.last_of_month(at), period)
                         for at in (end - 1, first[0] if first else end - 1))
        if anchor in ("incident", "downtime_end"):
            side = int(anchor == "downtime_end")
            if not self.downtime:
                return None
            return self.after_instant(last[side], period), self.after_instant_strictly(first[side], period)
        if anchor == "billing_month_end":
            return self.billing_months(nth, nth)
        if anchor != "billing_cycle_end":
            raise Unsupported(f"deadlines from {anchor}")
        if self.windows.kind == "trailing_days":
            return self.billing_months(nth, nth - 1)
        return tuple(self.end_of(self.windows.later(window, many)) for many in (nth, nth - 1))

    def billing_months(self, literal, safe):
        months = self.windows
        if months.kind != "billing_month":
            months = Windows({"kind": "calendar_month", "timezone": self.zone.name})
        end = lambda incident, many: months.last_day(months.number(incident, self.zone) + many)
        first = self.downtime[0][0] if self.downtime else self.window[0]
        last = self.downtime[-1][0] if self.downtime else self.window[1] - 1
        return end(last, literal), end(first, safe)

    def day_ending_at(self, end):
        last = self.zone.day_of(end - 1)
        return last if self.zone.day_start(last + timedelta(1)) == end else None

    def end_of(self, window):
        day = self.day_ending_at(window[1])
        return window[1] if day is None else day

    def last_of_month(self, minute):
        day = self.zone.day_of(minute)
        return day_in(day.year * 12 + day.month - 1, 31)

    def after_day(self, day, period):
        """A period that begins when a day is over: the day it leads to."""
        unit, many = period
        if unit == "hours":
            return self.zone.day_start(day + timedelta(1)) + 60 * many
        return (plus_business_days(day, many) if unit == "business_days" else
                plus_months(day, many) if unit == "months" else day + timedelta(many))

    def after_instant(self, start, period):
        """A period that begins at an instant: the same time by the clock of the zone, later."""
        unit, many = period
        if unit == "hours":
            return start + 60 * many
        if unit == "business_days":
            return plus_business_days(self.zone.day_of(start), many)
        local = self.zone.local(start)
        day = plus_months(local.date(), many) if unit == "months" else local.date() + timedelta(many)
        return self.zone.minute_at(datetime.combine(day, local.time()))

    def after_instant_strictly(self, start, period):
        """The same, where the business day of the instant counts as the first."""
        if period[0] != "business_days":
            return self.after_instant(start, period)
        return plus_business_days(self.zone.day_of(start) - timedelta(1), period[1])


# Then what counts support, one-sided at 95 % by Clopper and Pearson, without floats.

REQUESTS_MAX = 10**9
PLACES, NEGLIGIBLE_BITS = 192, 64


def is_unlikely(at_least, of, num, den):
    """Whether so many successes of as many trials, or more, come in at most one case of 20 at the
    chance num / den; None where it is too close to tell."""
    seen, mean = at_least * den, of * num
    if seen >= mean and 10 * (seen - mean) ** 2 >= min(seen + mean, 2 * (of * den - mean)) * den * 35:
        return True  # By the bounds of Chernoff.
    peak = min((of + 1) * num // den, of)
    sides = {True: [0, 0], False: [0, 0]}  # Of the edge: lower and upper sums of terms.

    def walk(counts, ratio):
        low = high = 1 << PLACES
        for at, left in counts:
            up, down = ratio(at)
            low, high = low * up // down, -(-high * up // down)
            if high.bit_length() <= NEGLIGIBLE_BITS:
                for side in sides.values():
                    side[1] += high * left
                return
            side = sides[at >= at_least]
            side[0] += low
            side[1] += high

    for nth in (0, 1):
        sides[peak >= at_least][nth] += 1 << PLACES
    walk(((at, of - at + 1) for at in range(peak + 1, of + 1)),
         lambda at: ((of - at + 1) * num, at * (den - num)))
    walk(((at, at + 1) for at in range(peak - 1, -1, -1)),
         lambda at: ((at + 1) * (den - num), (of - at) * num))
    tail, rest = sides[True], sides[False]
    if tail[1] * 19 <= rest[0]:
        return True
    if tail[0] * 19 > rest[1]:
        return False
    if of * den.bit_length() > 1 << 16:
        return None
    tail = sum(math.comb(of, at) * num**at * (den - num) ** (of - at) for at in range(at_least, of + 1))
    return tail * 20 <= den**of


def supported(errors, valid, threshold):
    """What errors of valid requests support about the rate behind them."""
    num, den = threshold.numerator, threshold.denominator
    if not valid or valid > REQUESTS_MAX:
        return "undetermined"
    if threshold >= 1:
        return "at_most"
    if num == 0:
        return "above" if errors else "undetermined"
    above = errors * den > valid * num
    tail = (errors, valid, num, den) if above else (valid - errors, valid, den - num, den)
    if errors * den == valid * num or not is_unlikely(*tail):
        return "undetermined"
    return "above" if above else "at_most"


def requests_needed(threshold):
    """The fewest requests that, all without an error, support a rate of at most this."""
    enough = lambda valid: supported(0, valid, threshold) == "at_most"
    low, high = 1, REQUESTS_MAX
    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


# Last the formulas.


class Formula:
    """A formula over the minutes of a window. `measured` takes what is unknown for nothing, `up` for
    successes and time without samples for good, `down` for errors and such time for lost."""

    def __init__(self, metric, minutes, start, window, zone):
        self.metric, self.minutes, self.start = metric, minutes, start
        self.window, self.zone = window, zone
        self.inside = slice(window[0] - start, window[1] - start)
        self.bounds = getattr(self, f"{metric['family']}_bounds")
        self.detail = getattr(self, f"{metric['family']}_detail")
        self.known = {}

    def state(self, minute, tally):
        if minute.standing == "future":
            return {"state": "future"}
        if minute.standing != "judged":
            return {"state": "excluded", "effect": minute.standing}
        if tally.empty():
            return {"state": "empty"}
        if tally.unmeasured():
            return {"state": "unmeasured", "reasons": reasons(tally, minute.missed)}
        return {"state": "degraded" if tally.error else "up"}

    def timeline(self, states):
        spans = []
        for at, state in enumerate(states, self.window[0]):
            if spans and spans[-1][1] == state:
                spans[-1][0][1] = at + 1
            else:
                spans.append(([at, at + 1], state))
        return [{"start": start, "end": end, **state} for (start, end), state in spans]

    def down(self, start, end, valid, errors):
        """A span of downtime, by index, with how closely successes around it bound it."""
        if "good" not in self.known:
            self.known["good"] = [at for at, minute in enumerate(self.minutes) if minute.tally.success]
        good = self.known["good"]
        before, after = bisect.bisect_left(good, start), bisect.bisect_left(good, end)
        return {
            "start": self.start + start, "end": self.start + end, "valid": valid, "errors": errors,
            "start_known_to_s": 60 * (start + 1 - good[before - 1]) if before else None,
            "end_known_to_s": 60 * (good[after] + 2 - end) if after < len(good) else None,
        }

    def support(self):
        """Minute by minute, whether there are samples enough for the threshold."""
        if "threshold" not in self.metric:
            return None
        threshold = Fraction(self.metric["threshold"])
        needed, found = requests_needed(threshold), Counter()
        if needed is None:
            return None
        for minute in self.minutes[self.inside]:
            if minute.standing == "judged" and minute.tally.valid:
                found[minute.tally.error, minute.tally.valid] += 1
        told = Counter({"above": 0, "at_most": 0, "undetermined": 0})
        for (errors, valid), many in found.items():
            told[supported(errors, valid, threshold)] += many
        return {**told, "samples_needed": needed}

    # Runs of bad minutes.

    def is_bad(self, minute, how, late):
        """`late` samples were errors or successes, or (0) nothing is known of them."""
        tally, least = minute.tally, self.metric.get("min_valid_per_minute", 0)
        if minute.standing == "future" or minute.standing == "judged" and tally.unmeasured():
            return how == "down"
        if minute.standing != "judged":
            return False
        errors, valid, enough = tally.error, tally.valid, tally.valid
        if how == "up":
            valid += tally.uncertain
        elif how == "down":
            unknown = tally.unknown + (tally.late if late else 0)
            errors, with_unknown = errors + unknown, valid + unknown
            # Late successes can be what makes the volume.
            valid = max(with_unknown, least)
            enough = with_unknown + (0 if late else tally.late)
            if valid > enough:
                return False
        if enough < least:
            return False
        rule, share = self.metric["rule"], self.known.setdefault("share", Fraction(self.metric.get("threshold", 0)))
        if rule == "rate_gt":
            return errors * share.denominator > share.numerator * valid
        if rule == "rate_ge":
            return valid > 0 and errors * share.denominator >= share.numerator * valid
        return 0 < valid == errors if rule == "all_fail" else errors > 0

    def runs(self, how, late=False):
        """Runs that are long enough and reach into the window; with all their minutes."""
        if ("runs", how, late) in self.known:
            return self.known["runs", how, late]
        found, first, shortest = [], None, self.metric["min_run_minutes"]
        for at, minute in enumerate([*self.minutes, None]):
            if minute and self.is_bad(minute, how, late):
                first = at if first is None else first
            elif first is not None:
                if at - first >= shortest and first < self.inside.stop and at > self.inside.start:
                    found.append((first, at))
                first = None
        self.known["runs", how, late] = found
        return found

    def clip(self, run):
        return max(run[0], self.inside.start), min(run[1], self.inside.stop)

    def length(self, run):
        start, end = self.clip(run)
        return end - start

    def denominators(self):
        """All minutes that count, and of these the known; None where nothing was measured."""
        all_, known, measured = 0, 0, 0
        for minute in self.minutes[self.inside]:
            if minute.standing == "remove_from_denominator":
                continue
            seen = minute.standing == "judged" and not minute.tally.unmeasured()
            all_, measured = all_ + 1, measured + seen
            known += seen or minute.standing == "treat_as_up"
        return all_, known if measured else None

    def run_states(self, runs):
        states = [self.state(minute, minute.tally) for minute in self.minutes[self.inside]]
        for run in runs:
            start, end = (at - self.inside.start for at in self.clip(run))
            states[start:end] = [{"state": "down"}] * (end - start)
        return states

    def total(self, run):
        total = Tally()
        for minute in self.minutes[slice(*run)]:
            total.add(minute.tally)
        return total

    def run_downtime(self, runs):
        totals = [(run, self.total(run)) for run in map(self.clip, runs)]
        return [self.down(*run, total.valid, total.error) for run, total in totals]

    def run_losses(self, shares):
        """(the minute in which it is over, failed, of) of every lost minute."""
        return [(at + 1, failed, of) for run, failed, of in shares for at in range(*self.clip(run))]

    def downtime_minutes_bounds(self):
        lost = lambda how: sum(map(self.length, self.runs(how)))
        return self.uptimes(lost("measured"), lost("up"), lost("down"))

    def uptimes(self, measured, up, down):
        all_, known = self.denominators()
        observed = 1 - Fraction(measured) / known if known else None
        return observed, 1 - Fraction(up) / all_ if all_ else Fraction(1), 1 - Fraction(down) / all_ if all_ else Fraction(0)

    def downtime_minutes_detail(self):
        runs = self.runs("measured")
        return Data(states=self.run_states(runs), downtime=self.run_downtime(runs), unit="minutes",
                    used=sum(map(self.length, runs)), units=self.denominators()[0],
                    losses=self.run_losses((run, 1, 1) for run in self.runs("up")))

    def outages(self, how):
        """Runs, each with the share of errors by which its minutes are lost."""
        certain, possible = self.runs("up"), self.runs("down", late=True)
        least = {"all_fail": 1, "any_fail": 0}.get(self.metric["rule"], self.metric.get("threshold"))
        least, both, found = Fraction(least), set(certain) & set(possible), []
        for run in {"measured": self.runs("measured"), "up": certain, "down": possible}[how]:
            total = self.total(run)
            uncertain = 0 if how == "measured" else total.uncertain
            errors, valid = total.error + (uncertain if how == "down" else 0), total.valid + uncertain
            if self.metric["affected_ratio"] == "one":
                found.append((run, 1, 1))
            elif how == "measured" or run in both:
                found.append((run, errors, valid))
            else:
                found.append((run, least.numerator, least.denominator) if how == "up" else (run, 1, 1))
        return found

    def outage_lost(self, how):
        return total_of((failed * self.length(run), of) for run, failed, of in self.outages(how))

    def outage_proportional_bounds(self):
        return self.uptimes(*map(self.outage_lost, ("measured", "up", "down")))

    def outage_proportional_detail(self):
        detail = self.downtime_minutes_detail()
        detail.used, detail.losses = self.outage_lost("measured"), self.run_losses(self.outages("up"))
        return detail

    # Intervals.

    def interval_edges(self):
        length, (start, end) = self.metric["interval_s"] // 60, self.window
        align = self.metric.get("align", "epoch")
        if align == "local_midnight":
            day, last = self.zone.day_of(start), self.zone.day_of(end)
            days = [day + timedelta(nth) for nth in range((last - day).days + 1)]
            origins = sorted({self.zone.day_start(day) for day in days})
        else:
            origins = [start if align == "window_start" else start // length * length]
        edges = {edge for origin, until in zip(origins, [*origins[1:], end])
                 for edge in range(origin, min(until, end), length) if edge > start}
        return sorted(edges | {start, end})

    def intervals(self):
        """(first, end, content, counts) of every interval, by index."""
        if "intervals" in self.known:
            return self.known["intervals"]
        found = []
        for first, last in pairwise(self.interval_edges()):
            minutes, total = self.minutes[first - self.start : last - self.start], Tally()
            standings = {minute.standing for minute in minutes}
            for minute in minutes:
                if minute.standing == "judged":
                    total.add(minute.tally)
                elif minute.standing == "treat_as_up":
                    total.add(minute.tally.all_up())
            enough = max(self.metric.get("min_valid", 0), 1)
            content = ("future" if "future" in standings else
                       "excluded" if "judged" not in standings else
                       "unmeasured" if total.unmeasured() else
                       "counted" if total.valid >= enough else
                       "doubtful" if total.valid + total.uncertain >= enough else "empty")
            found.append((first - self.start, last - self.start, content, total))
        self.known["intervals"] = found
        return found

    def interval_loss(self, content, total, how):
        """(errors, valid) of an interval, None where it loses nothing."""
        if content in ("future", "unmeasured") or content == "doubtful" and self.skips():
            return (1, 1) if how == "down" else None
        errors = total.error + (total.unknown if how == "down" else 0)
        valid = total.valid + {"measured": 0, "up": total.uncertain, "down": total.unknown}[how]
        if content == "doubtful":  # Late successes can be what makes the volume.
            valid = max(valid, self.metric.get("min_valid", 0))
        counts = content == "counted" or content == "doubtful" and how == "down"
        return (errors, valid) if counts and errors else None

    def skips(self):
        return self.metric["empty"] == "skip"

    def interval_losses(self, how):
        losses = ((last, self.interval_loss(content, total, how)) for _, last, content, total in self.intervals())
        return [(last, *loss) for last, loss in losses if loss]

    def interval_counts(self):
        """All intervals that count, and of these the known; None where nothing was measured."""
        all_, known, measured = 0, 0, 0
        for first, last, content, _ in self.intervals():
            removed = content == "excluded" and self.effect(first, last) == "remove_from_denominator"
            if removed or content == "empty" and self.skips():
                continue
            open_ = content in ("future", "unmeasured") or content == "doubtful" and self.skips()
            all_, known = all_ + 1, known + (not open_)
            measured += not open_ and content != "excluded"
        return all_, known if measured else None

    def interval_mean_bounds(self):
        lost = lambda how: total_of(loss[1:] for loss in self.interval_losses(how))
        all_, known = self.interval_counts()
        observed = 1 - lost("measured") / known if known else None
        return observed, 1 - lost("up") / all_ if all_ else Fraction(1), 1 - lost("down") / all_ if all_ else Fraction(0)

    def effect(self, first, last):
        return max((m.standing for m in self.minutes[first:last]), key=EFFECTS.index)

    def interval_mean_detail(self):
        states, downtime = [], []
        for first, last, content, total in self.intervals():
            missed = sum((minute.missed for minute in self.minutes[first:last] if minute.missed), Counter())
            if content == "excluded":
                state = {"state": content, "effect": self.effect(first, last)}
            elif content == "unmeasured" or content == "doubtful" and self.skips():
                state = {"state": "unmeasured", "reasons": reasons(total, missed)}
            elif content == "counted":
                state = {"state": "up" if not total.error else "degraded" if total.success else "down"}
            else:
                state = {"state": "future" if content == "future" else "empty"}
            for minute in self.minutes[first:last]:
                out = minute.standing in EFFECTS
                states.append({"state": "excluded", "effect": minute.standing} if out else state)
            loss = self.interval_loss(content, total, "measured")
            if loss:
                downtime.append(self.down(first, last, loss[1], loss[0]))
        used = total_of((down["errors"], down["valid"]) for down in downtime)
        return Data(states=states, downtime=downtime, unit="intervals", used=used,
                    units=self.interval_counts()[0], losses=self.interval_losses("up"))

    # Requests.

    def requests(self):
        """The counts of every minute, and how many requests nobody saw; None where that is unknown."""
        if "requests" in self.known:
            return self.known["requests"]
        counts = [minute.tally if minute.standing == "judged" else
                  minute.tally.all_up() if minute.standing == "treat_as_up" else Tally()
                  for minute in self.minutes]
        planned = "planned" in self.metric.get("kinds", ("planned",))
        slots = sampled = requests = silent = 0
        stretches, distances, last = [], [], None
        for at, (minute, tally) in enumerate(zip(self.minutes, counts)):
            if minute.standing != "judged":
                stretches.append(silent)
                silent = 0
                continue
            missed, heard = sum(minute.missed.values()) if planned else 0, minute.tally.heard()
            slots, sampled = slots + missed, sampled + heard
            requests += tally.valid + tally.uncertain
            if not heard and not missed:
                silent += 1
                continue
            stretches.append(silent)
            silent = 0
            distances += [] if last is None else [at - last]
            last = at
        usual = sorted(distances)[(len(distances) - 1) // 2] if distances else 1
        missing = sum(length // usual for length in [*stretches, silent])
        unseen = None if missing and not sampled else slots + (-(-requests * missing // sampled) if missing else 0)
        self.known["requests"] = counts, unseen
        return counts, unseen

    def request_count(self):
        """Every request there may have been."""
        counts, unseen = self.requests()
        return sum(t.valid + t.uncertain for t in counts) + (unseen or 0)

    def request_ratio_bounds(self):
        counts, unseen = self.requests()
        errors, good = sum(t.error for t in counts), sum(t.success for t in counts)
        all_, observed = self.request_count(), Fraction(good, good + errors) if good + errors else None
        if unseen is None or any(m.standing == "future" for m in self.minutes):
            return observed, Fraction(1), Fraction(0)
        failed = unseen + sum(t.error + t.uncertain for m, t in zip(self.minutes, counts) if m.standing == "judged")
        high = Fraction(all_ - errors, all_) if all_ else Fraction(1)
        return observed, high, Fraction(good, good + failed) if good + failed else Fraction(0)

    def request_ratio_detail(self):
        counts, _ = self.requests()
        states, spans = [], []
        for at, (minute, tally) in enumerate(zip(self.minutes, counts)):
            lost = minute.standing == "judged" and tally.error and not tally.success
            states.append({"state": "down"} if lost else self.state(minute, tally))
            if tally.error and spans and spans[-1][1] == at:
                spans[-1][1] = at + 1
            elif tally.error:
                spans.append([at, at + 1])
        downtime = [self.down(a, b, sum(t.valid for t in counts[a:b]), sum(t.error for t in counts[a:b]))
                    for a, b in spans]
        return Data(states=states, downtime=downtime, unit="requests", units=self.request_count(),
                    used=sum(t.error for t in counts),
                    losses=[(at + 1, t.error, 1) for at, t in enumerate(counts) if t.error])


def reasons(tally, missed):
    told = ["unknown"] if tally.unknown else []
    told += ["late"] if tally.late else []
    return told + [reason for reason in GAP_ORDER if missed[reason]] or ["no_data"]


INPUTS = "schema contract terms_sha256 window as_of targets agents places scopes".split()
DIMENSIONS = {
    "organisation", "account", "project", "region", "model", "model_family", "tier", "consumption",
    "endpoint", "deployment",
}
ID = re.compile("[a-z0-9][a-z0-9._-]{0,63}")
GAPS = {"agent_down", "overloaded", "budget", "paused", "no_key", "spool_full"}
OUTCOMES = set(
    "ok dns tcp tls connect_timeout ttfb_timeout ttft_timeout stall deadline stream_cut "
    "no_terminator json_cut malformed overloaded capacity_429 rate_limited quota_daily billing auth "
    "geo_blocked model_gone bad_request blocked refused server_error gateway_error truncated "
    "empty_answer wrong_answer wrong_model tier_downgrade unexpected_status probe_fault".split()
)
# What the value of a key has to be: a bound for whole numbers from 0, words, or a test. The first
# set of keys has to be there.
U64, I64, TEXT, FLAG = 2**64, range(-(2**63), 2**63), str, bool
ALWAYS = {"i": U64, "v": 2**8}
SAMPLE = (
    ALWAYS | {"attempt": 2**32, "deadline_ms": 2**32, "end_us": U64, "mono_us": U64, "plan": U64,
              "slot_ms": I64, "wall_us": I64, "stream": FLAG, "outcome": OUTCOMES,
              "attribution": {"none", "provider", "gateway", "network", "ours", "agent", "unknown"},
              "kind": {"planned", "burst", "confirm", "manual"}, "source": {"probe", "traffic"}},
    {"asked_model": TEXT, "asked_tier": TEXT, "served_model": TEXT, "served_tier": TEXT,
     "cred": ID.fullmatch, "detail": lambda text: unhash(text), "first_us": U64, "last_us": U64,
     "sent_us": U64, "input_tokens": U64, "output_tokens": U64, "status": 2**16,
     "features": lambda all_: all(type(one) is str for one in all_)},
)
GAP = (ALWAYS | {"count": U64, "first_ms": I64, "last_ms": I64, "plan": U64, "gap": GAPS}, {})
WRITTEN = ALWAYS | {"wall_us": I64, "mono_us": U64}
OWN = {
    "_ctrl": (WRITTEN | {"minute": I64, "of": 2**16, "ok": 2**16},
              {"failed": lambda names: all(map(ID.fullmatch, names)),
               "hosts": lambda hosts: all(shaped(host, HOST) for host in hosts)}),
    "_sys": (WRITTEN | {"event": {"boot", "load", "shutdown"}},
             {"build": TEXT, "version": TEXT, "cpu_permille": 2**32, "cpu_pressure_permille": 2**32,
              "memory_pressure_permille": 2**32, "lag_us_max": U64, "mem_free_kib": U64,
              "rss_kib": U64, "plan": U64,
              "left_out": lambda all_: type(all_) is list and all(shaped(one, LEFT_OUT) for one in all_)}),
    "_time": (WRITTEN | {"source": {"chrony", "ntp", "kernel", "receipt", "none"}},
              {"bound_us": U64, "collector_bound_us": U64, "collector_offset_us": I64,
               "offset_us": I64, "stratum": 2**8, "synced": FLAG}),
}
LEFT_OUT = (
    {"attempt": 2**32, "count": 2**32, "reason": GAPS, "slot_ms": I64, "target": ID.fullmatch}, {}
)
HOST = ({"host": TEXT, "tcp": FLAG}, {"tls": FLAG})
BURST = ({"count": 2**32, "spacing_ms": 2**32}, {"confirm": 2**32})


def shape_of(always, optional):
    """A shape as a list: key, whether it has to be there, its type, and the values that it may have or
    a test."""
    found = []
    for key, test in {**always, **optional}.items():
        kind, values = (
            (test, None) if isinstance(test, type) else (int, range(test)) if isinstance(test, int) else
            (int, test) if isinstance(test, range) else (str, test) if isinstance(test, set) else (None, test)
        )
        found.append((key, key in always, kind, values))
    return found


def shaped(line, shape):
    """Refuses an object whose keys are absent or of another type; others may stand beside them."""
    for key, needed, kind, values in shape:
        if key not in line:
            if needed:
                raise KeyError(key)
            continue
        value = line[key]
        good = values(value) if kind is None else value.__class__ is kind and (values is None or value in values)
        if not good:
            raise ValueError(f"`{key}` is of another type or out of range")
    return True


SAMPLE, GAP, HOST, LEFT_OUT, BURST = (
    shape_of(*shape) for shape in (SAMPLE, GAP, HOST, LEFT_OUT, BURST)
)
OWN = {stream: shape_of(*shape) for stream, shape in OWN.items()}


def check_line(stream, line):
    """Refuses a line that its stream cannot have."""
    if stream in RESERVED:
        shaped(line, OWN[stream])
        if stream == "_ctrl" and line["ok"] > line["of"]:
            raise ValueError("more controls answered than were asked")
    elif "gap" not in line:
        shaped(line, SAMPLE)
    elif shaped(line, GAP) and not (line["count"] and line["first_ms"] <= line["last_ms"]):
        raise ValueError("a gap without slots")


def gap_slots(line):
    """The slots of a gap, evenly spaced; None where they cannot be."""
    first, last, many = line["first_ms"], line["last_ms"], line["count"]
    if many == 1:
        return range(first, first + 1) if first == last else None
    step, rest = divmod(last - first, many - 1)
    return range(first, last + 1, step) if step > 0 and not rest and last - first < 2**40 else None


def count(value):
    if type(value) is not int or value < 0:
        raise ValueError("a number that is none")
    return value


def strings(body, *keys):
    if any(type(body[key]) is not str for key in keys):
        raise ValueError("text is missing")


def vkey_text(key):
    data = base64.b64encode(bytes([key.kind]) + key.public).decode()
    return f"{key.name}+{key.id.hex()}+{data}"


def render(report):
    lines = ["SIMULATED: evidence of nothing"] if report["simulated"] else []
    for number, told in enumerate(report["verdicts"], 1):
        word = told["verdict"].upper().replace("_", "-")
        why = ": ".join(told[key] for key in ("place", "reason") if key in told)
        lines.append(f"V{number} {told['check']:<10} {word}" + (f"  {why}" if why else ""))
        lines += [f"   {remark}" for remark in told["remarks"]]
    return "\n".join(lines)


def answer(path, policy, tsa_roots):
    try:
        return Verifier(Bundle(path), policy, tsa_roots).report()
    except Unreadable as unreadable:
        return {"unreadable": str(unreadable)}


def main():
    global Ed25519PublicKey
    parser = argparse.ArgumentParser(description="Checks an evidence bundle of Nines, offline.")
    parser.add_argument("file", nargs="?", help="the bundle")
    parser.add_argument("--policy", help="log and witnesses to believe, from outside the bundle")
    parser.add_argument("--tsa-roots", help="whose timestamps to believe, in PEM, from outside the bundle")
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    parser.add_argument("--pure", action="store_true", help="leave `cryptography` aside")
    parser.add_argument("--batch", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if bool(arguments.file) == arguments.batch:
        parser.error("give one bundle")
    if arguments.pure:
        Ed25519PublicKey = None
    policy = None
    if arguments.policy:
        try:
            with open(arguments.policy, "rb") as file:
                policy = Policy(file.read().decode())
        except (OSError, ValueError, KeyError) as e:
            print(f"UNREADABLE  failed to read `{arguments.policy}`: {e}")
            return 3
    if arguments.tsa_roots:
        try:
            with open(arguments.tsa_roots, "rb") as file:
                if b"-----BEGIN CERTIFICATE-----" not in file.read():
                    raise ValueError("no certificates")
        except (OSError, ValueError) as e:
            print(f"UNREADABLE  failed to read `{arguments.tsa_roots}`: {e}")
            return 3
    if arguments.batch:  # For tests: a path per line in, a report per line out.
        Progress.last = math.inf
        for line in sys.stdin:
            print(json.dumps(answer(line.rstrip("\n"), policy, arguments.tsa_roots)), flush=True)
        return 0
    report = answer(arguments.file, policy, arguments.tsa_roots)
    if "unreadable" in report:
        print(json.dumps(report) if arguments.json else f"UNREADABLE  {report['unreadable']}")
        return 3
    print(json.dumps(report, indent=2) if arguments.json else render(report))
    words = {told["verdict"] for told in report["verdicts"]}
    return 1 if "fail" in words else 2 if "not_checked" in words else 0


if __name__ == "__main__":
    sys.exit(main())

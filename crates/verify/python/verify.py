#!/usr/bin/env python3
"""Checks an evidence bundle of Nines, offline: python3 verify.py FILE --policy policy.txt

A second verifier, written from SPEC.md alone and sharing no code with `nines verify`. It needs
Python 3.11 and nothing else; with the package `cryptography` signatures are faster. It answers
V1 to V6 with PASS, FAIL (place and reason) or NOT-CHECKED (reason) and ends with 0 if all pass, 1 if
any fails, 2 if none fails but something was not checked, 3 if the file or the policy cannot be read.

Timestamps (RFC 3161) are verified by the program `openssl`, where `--tsa-roots` is given.

V6 recomputes the literal reading of `downtime_minutes`, in exact fractions, and says what it left
unchecked: credits, other readings, other formulas. So its best answer there is NOT-CHECKED.
"""

import argparse
import base64
import bisect
import hashlib
import json
import re
import struct
import subprocess
import sys
import tempfile
import tomllib
import zipfile
import zlib
from collections import Counter, defaultdict
from datetime import datetime, timezone
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace as Data

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None

MINUTE_MS = 60_000
LATE_US = 15 * 60 * 1_000_000
AHEAD_US = 5 * 60 * 1_000_000
RESERVED = ("_ctrl", "_sys", "_time")
ZERO = bytes(32)


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


class Key:
    """A public key of a name and a type (1: notes, 4: cosignatures)."""

    base = None
    slow = 0

    def __init__(self, name, kind, public):
        point = decompress(public)
        if point is None or small_order(point):
            raise ValueError("a key of small order or in another encoding")
        self.name, self.kind, self.public = name, kind, public
        self.id = sha256(name.encode() + b"\n" + bytes([kind]) + public)[:4]
        self.rows, self.point = None, point
        self.fast = Ed25519PublicKey and Ed25519PublicKey.from_public_bytes(public)

    def verifies(self, message, signature):
        if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= L:
            return False
        r = decompress(signature[:32])
        if r is None or small_order(r):
            return False
        if self.fast:
            try:
                self.fast.verify(signature, message)
                return True
            except InvalidSignature:
                return False
        return self.verifies_slowly(message, signature)

    def verifies_slowly(self, message, signature):
        Key.slow += 1
        if Key.slow % 500 == 0:
            print(f"{Key.slow} signatures verified ...", file=sys.stderr)
        if Key.base is None:
            Key.base = comb(decompress(BASE_Y.to_bytes(32, "little")))
        if self.rows is None:
            x, y, z, t = self.point
            self.rows = comb((P - x, y, z, P - t))
        s = int.from_bytes(signature[32:], "little")
        hashed = hashlib.sha512(signature[:32] + self.public + message).digest()
        k = int.from_bytes(hashed, "little") % L
        x, y, z, _ = add(multiply(Key.base, s), multiply(self.rows, k))
        inverse = pow(z, P - 2, P)
        x, y = x * inverse % P, y * inverse % P
        return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


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


def is_word(text, size_max=None):
    if not text or SPACES.search(text) or CONTROL.search(text):
        return False
    return size_max is None or (len(text.encode()) <= size_max and "+" not in text)


def unbase64(text):
    data = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 in another spelling")
    return data


def unhash(text):
    data = unbase64(text)
    if len(data) != 32:
        raise ValueError("a hash of another length")
    return data


def decimal(text, below=2**64, least=0):
    if not re.fullmatch("-?(0|[1-9][0-9]{0,18}|1[0-9]{19})", text) or text == "-0":
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


def integer(text):
    value = int(text)
    if abs(value) > 2**53 - 1:
        raise ValueError("an integer out of range")
    return value


def refuse(_):
    raise ValueError("a number that is no integer")


STRICT = json.JSONDecoder(parse_float=refuse, parse_constant=refuse, parse_int=integer)
WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
KEY = re.compile("[a-z0-9_-]+")


def walk(value, depth):
    if depth > 32:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        for key, part in value.items():
            if not KEY.fullmatch(key):
                raise ValueError(f"key `{key[:40]}`")
            if part.__class__ not in (str, int, bool):
                walk(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            if part.__class__ not in (str, int, bool):
                walk(part, depth + 1)
    else:
        raise ValueError("null")


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


class Note:
    """A signed note: its text and its signature lines (name, id, signature)."""

    def __init__(self, data):
        if len(data) > 16 << 20:
            raise ValueError("note too long")
        whole = data.decode()
        if re.search("[\\u0000-\\u0009\\u000b-\\u001f]", whole):
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
        if size.bit_count() != len(hashes):
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
    wall = [decimal(part, 2**63, -(2**63)) for part in pair(wall)]
    mono = [decimal(part) for part in pair(mono)]
    count, root = pair(streams)
    origin, size, seen_root = seen.rsplit(" ", 2)
    batch = Data(agent=agent, seq=decimal(seq), prev=unhash(prev), boot=boot, wall=wall, mono=mono)
    batch.streams, batch.root = decimal(count), unhash(root)
    batch.seen = (origin, decimal(size), unhash(seen_root))
    if not origin or CONTROL.search(origin) or wall[0] > wall[1] or mono[0] > mono[1]:
        raise ValueError("no batch: seen or times")
    empty = sha256(b"")
    if batch.streams == 0 and (batch.root != empty or wall[0] != wall[1] or mono[0] != mono[1]):
        raise ValueError("no heartbeat")
    if batch.seen[1] == 0 and batch.seen[2] != empty:
        raise ValueError("no batch: seen of size 0")
    batch.hash, batch.note = sha256(text.encode()), note
    return batch


def pair(text):
    parts = text.split(" ")
    if len(parts) != 2:
        raise ValueError("not two words")
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


class Bundle:
    """A ZIP that holds nothing but its listed entries."""

    def __init__(self, path):
        try:
            self.file = open(path, "rb")
            self.zip = zipfile.ZipFile(self.file)
            self.check_layout()
        except (OSError, ValueError, zipfile.BadZipFile, struct.error, NotImplementedError) as e:
            raise Unreadable(f"failed to open `{path}`: {e}") from None

    def check_layout(self):
        size = self.file.seek(0, 2)
        infos, at, unpacked, self.infos = self.zip.infolist(), 0, 0, {}
        if size > 2 << 30 or len(infos) > 60_000:
            raise ValueError("too large")
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset != at:
                raise ValueError("bytes that no entry accounts for")
            self.file.seek(at)
            head = struct.unpack("<4s5H3L2H", self.file.read(30))
            name = self.file.read(head[9])
            if head[0] != b"PK\x03\x04" or name.decode() != info.orig_filename:
                raise ValueError("a local entry that is not listed")
            at += 30 + head[9] + head[10] + info.compress_size
            if head[2] & 8:
                self.file.seek(at)
                at += 16 if self.file.read(4) == b"PK\x07\x08" else 12
            self.check_entry(info)
            unpacked += info.file_size
        if at != self.zip.start_dir:
            raise ValueError("bytes that no entry accounts for")
        if unpacked > 2 << 30 or unpacked > max(200 * size, 16 << 20):
            raise ValueError("unpacks to too much")

    def check_entry(self, info):
        name, mode = info.orig_filename, info.external_attr >> 16
        if info.flag_bits & 0x2041 or info.compress_type not in (0, 8):
            raise ValueError(f"`{name}` is encrypted or packed otherwise")
        if mode & 0o170000 == 0o120000 or info.file_size > 512 << 20:
            raise ValueError(f"`{name}` is a link or too large")
        folder = name.endswith("/") and info.file_size == 0
        parts = (name[:-1] if folder else name).split("/")
        if not re.fullmatch("[A-Za-z0-9._/-]+", name) or len(name) > 512:
            raise ValueError("a name that is not allowed")
        if any(part in ("", ".", "..") for part in parts) or name in self.infos:
            raise ValueError("a name that is not allowed, or stands twice")
        if not folder:
            self.infos[name] = info

    def read(self, path):
        if path not in self.infos:
            raise Bad(path, "is missing")
        try:
            return self.zip.read(self.infos[path])
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as e:
            raise Bad(path, f"cannot be unpacked: {e}") from None

    def text(self, path):
        return self.parsed(path, bytes.decode)

    def json(self, path):
        return self.parsed(path, lambda data: json.loads(data.decode(), parse_constant=refuse))

    def parsed(self, path, parse):
        data = self.read(path)
        try:
            return parse(data)
        except (ValueError, RecursionError) as e:
            raise Bad(path, str(e)) from None


SHAPES = {int: int, str: str, list: list, bool: bool, dict: dict}


def need(value, place, **shape):
    """Keys that have to be there, of their types."""
    if not isinstance(value, dict):
        raise Bad(place, "is no object")
    for key, kind in shape.items():
        if type(value.get(key)) is not kind:
            raise Bad(place, f"`{key}` is absent or of another type")
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
        else:
            first = last = number(span)
        step = decimal(step) if slash else 1
        if first > last or step == 0:
            raise ValueError("an empty cron field")
        found |= set(range(first, last + 1, step))
    return found


class Schedule:
    """The slots of one target on one agent by one plan."""

    def __init__(self, target, place, agents):
        self.interval = self.cron = None
        if "interval_s" in target:
            self.interval = 1000 * target["interval_s"]
            self.offset = self.interval * place // agents
            if self.interval <= 0:
                raise ValueError("an interval that is not positive")
        else:
            spans = [(0, 59, {}), (0, 23, {}), (1, 31, {}), (1, 12, MONTHS), (0, 7, DAYS)]
            words = target["cron"].split(" ")
            if len(words) != 5 or "*" not in (words[2], words[4]):
                raise ValueError("a cron of another form")
            self.cron = [cron_field(word, *span) for word, span in zip(words, spans)]
            self.offset = MINUTE_MS * place // agents

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


class Verifier:
    def __init__(self, bundle, policy, tsa_roots=None):
        self.bundle, self.policy, self.tsa_roots = bundle, policy, tsa_roots
        self.found = {c: Data(fails=[], needs=[], remarks=[]) for c in CHECKS}
        self.claim = self.part("container", self.load_claim)
        self.registry = self.part("coverage", self.load_registry)
        self.inputs = self.part("result", self.load_inputs)
        self.log = self.part("log", self.load_log)
        if self.inputs is None and self.found["result"].fails:
            self.fail("coverage", *self.found["result"].fails[0])
        self.lines, self.own, self.broken = {}, {}, []
        for check in CHECKS:
            try:
                getattr(self, f"check_{check}")()
            except Bad as bad:
                self.fail(check, bad.place, bad.reason)
            except Missing as missing:
                self.found[check].needs.append(str(missing))
            except MALFORMED as e:
                self.fail(check, "the bundle", f"is malformed: {type(e).__name__} {e}")

    def part(self, check, load):
        try:
            return load()
        except Bad as bad:
            self.fail(check, bad.place, bad.reason)
        except Missing as missing:
            self.found[check].needs.append(str(missing))
        except MALFORMED as e:
            self.fail(check, "the bundle", f"is malformed: {type(e).__name__} {e}")
        return None

    def fail(self, check, place, reason):
        self.found[check].fails.append((place, reason))

    def needs(self, *names):
        for name in names:
            if getattr(self, name) is None:
                raise Missing(f"needs the {name}, which cannot be read")

    # What the checks share.

    def load_claim(self):
        place = "claim/claim.json"
        claim = need(
            self.bundle.json(place), place, schema=str, origin=str, contract=str, violation=str,
            window=dict, as_of=int, simulated=bool,
        )
        window_of(claim["window"], place)
        if claim["schema"] != "nines-claim/1" or not is_word(claim["origin"], 255):
            raise Bad(place, "of another schema or origin")
        return claim

    def name(self, rest):
        return f"{self.claim['origin']}/{rest}"

    def load_inputs(self):
        place = "result/inputs.json"
        inputs = need(
            self.bundle.json(place), place, schema=str, contract=str, terms_sha256=str,
            window=dict, as_of=int, targets=list, agents=list, places=list, scopes=list,
        )
        window_of(inputs["window"], place)
        known = {"fees", "credited_12_months", "exclusions", "subscribed", *INPUTS}
        odd = inputs.keys() - known
        for part in inputs["places"]:
            odd |= need(part, place, agent=str, region=str, network=str).keys() - {"agent", "region", "network"}
        for part in inputs["scopes"]:
            odd |= need(part, place, target=str, scope=dict).keys() - {"target", "scope"}
            odd |= part["scope"].keys() - DIMENSIONS
        if odd:
            raise Bad(place, f"unknown keys: {', '.join(sorted(odd))}")
        names = inputs["targets"] + inputs["agents"]
        if not all(isinstance(n, str) and ID.fullmatch(n) for n in names):
            raise Bad(place, "a name that is not allowed")
        return inputs

    def load_registry(self):
        """The chains as far as they must be readable for anything to follow from them."""
        self.needs("claim")
        registry = Data(chains={}, agents={}, plans=[], records=[])
        contract = self.name(f"contracts/{self.claim['contract']}")
        for place, chain in (
            ("registry/fleet.entries", self.name("fleet")),
            ("registry/contract.entries", contract),
        ):
            records = self.bundle.parsed(place, lambda d: [self.record(e) for e in entries(d)])
            prev = ZERO
            for number, record in enumerate(records):
                if (record.chain, record.entry, record.prev) != (chain, number, prev):
                    raise Bad(place, f"record {number} does not follow in `{chain}`")
                prev, record.place = record.hash, f"{place}, entry {number}"
                self.load_body(record)
            registry.chains[chain] = records
            registry.records += records
            if not records:
                raise Bad(place, "is empty")
        self.load_software(registry)
        for record in registry.records:
            try:
                self.take(registry, record)
            except (ValueError, KeyError, TypeError) as e:
                raise Bad(record.place, f"the {record.kind} body: {e}") from None
            if not record.note.verified(registry.operator):
                raise Bad(record.place, "is not signed by the operator")
        registry.plans.sort(key=lambda p: (p.start, p.revision))
        for plan, after in pairwise(registry.plans):
            plan.end = after.start
        return registry

    @staticmethod
    def record(data):
        record = parse_record(Note(data))
        record.leaf = leaf_hash(data)
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
        except (ValueError, KeyError, AttributeError) as e:
            raise Bad(first.place, f"the software body: {e}") from None

    def take(self, registry, record):
        """Follows one record; faults that leave the keys known are kept for V5."""
        body, agents = record.body, registry.agents

        def fault(reason):
            raise ValueError(reason)

        if record.kind in ("enrol", "rotate", "revoke", "supersede"):
            name = body["agent"]
            if not isinstance(name, str) or not ID.fullmatch(name):
                raise ValueError("an agent without a name")
        if record.kind == "enrol":
            key = parse_vkey(body["vkey"], 1)
            if name in agents or key.name != self.name(f"agents/{name}"):
                raise ValueError(f"agent `{name}` is enrolled twice or by another name")
            agent = Data(name=name, region=body["region"], network=body["network"], end=None)
            agent.enrol, agent.keys, agent.superseded = record, [Data(key=key, start=0, by=record, end=None)], False
            agents[name] = agent
            lines = f"nines/enrol/v1\nagent {name}\nvkey {body['vkey']}\n"
            note = Note(unbase64(body["proof"]))
            if not re.fullmatch(re.escape(lines) + "token-sha256 [A-Za-z0-9+/]{43}=\n", note.text):
                fault("the proof is of another enrolment")
            elif not note.verified(key):
                fault("the proof is not signed by the key")
        elif record.kind in ("rotate", "revoke"):
            agent = agents[name]
            newest, start = agent.keys[-1], count(body["from_batch"])
            old = body["old_vkey" if record.kind == "rotate" else "vkey"]
            if old != vkey_text(newest.key) or agent.end:
                raise ValueError("does not follow from the records before it")
            if record.kind == "revoke":
                newest.end, agent.end = record, end_of(record, start, f"revoked ({body['reason']})")
                return
            key = parse_vkey(body["new_vkey"], 1)
            if key.name != newest.key.name or any(k.key.id == key.id for k in agent.keys) or start < newest.start:
                raise ValueError("does not follow from the records before it")
            newest.end = record
            agent.keys.append(Data(key=key, start=start, by=record, end=None))
            text = (f"nines/rotate/v1\nagent {name}\nold {old}\nnew {body['new_vkey']}\n"
                    f"from-batch {start}\n")
            note = Note(unbase64(body["proof"]))
            if note.text != text:
                fault("the proof is of another rotation")
            for which, k in (("old", newest.key), ("new", key)):
                if not note.verified(k):
                    fault(f"the proof is not signed by the {which} key")
        elif record.kind == "supersede":
            other, start = agents[body["supersedes"]], count(body["from_batch"])
            agents[name]
            if other.name == name or other.superseded or agents[name].end:
                raise ValueError("does not follow from the records before it")
            if other.end and other.end.start != start:
                raise ValueError("names another batch than the revocation")
            other.superseded = True
            how = end_of(record, start, f"superseded by `{name}`")
            other.end, other.keys[-1].end = other.end or how, other.keys[-1].end or record
        elif record.kind == "plan":
            plan = Data(revision=count(body["revision"]), start=body["effective_from_ms"], end=2**62)
            plan.agents, plan.targets, plan.record = [a["id"] for a in body["agent"]], {}, record
            for target in body["target"]:
                plan.targets[target["id"]] = target
                target["deadline_ms"], Schedule(target, 0, 1)
            if not isinstance(plan.start, int) or any(p.revision == plan.revision for p in registry.plans):
                raise ValueError("a plan that stands twice or has no beginning")
            registry.plans.append(plan)
        elif record.kind == "contract":
            body["contract"], body["targets"], body["terms_sha256"]

    def load_log(self):
        log, place = Data(), "log/prefix.hashes"
        lines = self.bundle.text(place).split("\n")
        try:
            if lines.pop() != "":
                raise ValueError("no last LF")
            log.prefix = Range(decimal(lines[0]), [unhash(line) for line in lines[1:]])
        except (ValueError, IndexError) as e:
            raise Bad(place, str(e)) from None
        log.start = log.prefix.size
        names = [n for n in self.bundle.infos if re.fullmatch(r"log/[0-9]+-[0-9]+\.entries", n)]
        if len(names) != 1:
            raise Bad("log", "not one segment")
        log.place = names[0]
        log.entries = self.bundle.parsed(log.place, entries)
        log.end = log.start + len(log.entries)
        if log.place != f"log/{log.start}-{log.end}.entries":
            raise Bad(log.place, "does not hold the entries that its name says")
        self.parse_segment(log)
        log.leaves = [leaf_hash(entry) for entry in log.entries]
        log.anchors = self.part("log", lambda: self.load_anchors(log))
        return log

    def load_anchors(self, log):
        place = "log/anchors.entries"
        anchors = self.bundle.parsed(
            place, lambda d: [parse_checkpoint(Note(e)) for e in entries(d)]
        )
        if not anchors:
            raise Bad(place, "is empty")
        sizes = [a.size for a in anchors]
        if any(a >= b for a, b in pairwise(sizes)) or not log.start <= sizes[0] or sizes[-1] > log.end:
            raise Bad(place, "an anchor lies outside of the segment or out of order")
        log.sizes = sizes
        return anchors

    @staticmethod
    def parse_segment(log):
        log.batches, log.records, log.strange = {}, {}, []
        log.in_order, log.twice = [], []
        for index, entry in enumerate(log.entries, log.start):
            place = f"{log.place}, index {index}"
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
            one.index, one.place, one.leaf = index, place, leaf_hash(entry)
            log.in_order.append(one)
            if key in known:
                what = f"a second batch {key} of" if hasattr(one, "seq") else f"a second entry {key} of"
                log.twice.append((place, f"fork: {what} `{getattr(one, 'agent', '') or one.chain}`"))
            else:
                known[key] = one

    def proofs(self):
        if not hasattr(self, "proven"):
            place = "registry/proofs.json"
            proofs = need(self.bundle.json(place), place, schema=str, proofs=list)
            if proofs["schema"] != "nines-proofs/1":
                raise Bad(place, "of another schema")
            self.proven = {}
            for proof in proofs["proofs"]:
                need(proof, place, chain=str, entry=int, index=int, proof=list)
                self.proven[proof["chain"], proof["entry"]] = proof
        return self.proven

    def record_index(self, record):
        """The log index of a record, None where nothing says it."""
        logged = self.log.records.get(record.chain, {}).get(record.entry)
        if logged:
            return logged.index
        proof = self.proofs().get((record.chain, record.entry))
        return proof["index"] if proof else None

    # V1.

    def check_container(self):
        place = "MANIFEST.note"
        note = self.bundle.parsed(place, Note)
        lines = note.text.split("\n")[:-1]
        if len(lines) < 3 or lines[0] != "sla-evidence/bundle/v1":
            raise Bad(place, "no manifest")
        if not lines[1].startswith("claim ") or not is_word(lines[1][6:]):
            raise Bad(place, "no claim")
        if lines[2] not in ("profile claim", "profile light"):
            raise Bad(place, "no profile")
        if any(not re.fullmatch("[0-9a-f]{64}  [A-Za-z0-9._/-]+", line) for line in lines[3:]):
            raise Bad(place, "no line of a hash and a path")
        listed = [(line[66:], line[:64]) for line in lines[3:]]
        if any(a >= b for (a, _), (b, _) in pairwise(listed)):
            raise Bad(place, "paths out of order")
        for path, digest in listed:
            try:
                if sha256(self.bundle.read(path)).hex() != digest:
                    self.fail("container", path, "is not what the manifest lists")
            except Bad as bad:
                self.fail("container", bad.place, bad.reason)
        beside = re.compile(r"MANIFEST\.(note|tsr|tsr\.(0|[1-9][0-9]{0,4}))")
        for path in self.bundle.infos.keys() - dict(listed).keys():
            found = beside.fullmatch(path)
            if not found or found[2] and int(found[2]) >= 65_536:
                self.fail("container", path, "is not listed")
        self.needs("claim")
        if lines[1][6:] != self.claim["violation"]:
            raise Bad(place, "is of another claim")
        simulated = self.claim["origin"].split("/")[0] == "simulated.invalid"
        if simulated != self.claim["simulated"]:
            raise Bad("claim/claim.json", "`simulated` does not agree with the origin")
        if lines[2] != "profile claim":
            raise Missing("this program reads profile `claim` only")
        self.needs("registry")
        if not note.verified(self.registry.export):
            raise Bad(place, "is not signed by the export key")

    # V2.

    def check_chain(self):
        self.needs("log")
        for place, reason in self.log.strange:
            self.fail("chain", place, reason)
        self.needs("registry")
        for agent in self.log.batches:
            self.check_agent_chain(agent)
        for chain, records in self.log.records.items():
            if not chain.startswith(self.name("")):
                self.fail("chain", next(iter(records.values())).place, "is of another origin")
        self.needs("inputs")
        for agent in self.inputs["agents"]:
            for target in self.inputs["targets"]:
                if f"agents/{agent}/{target}.jsonl" in self.bundle.infos:
                    self.check_stream(agent, target)
            own = [o for o in RESERVED if f"agents/{agent}/{o}.jsonl" in self.bundle.infos]
            for stream in RESERVED if own else ():
                self.check_stream(agent, stream)

    def check_agent_chain(self, name):
        agents = {a.keys[0].key.name: a for a in self.registry.agents.values()}
        # A second batch of a number is a fork, which V3 tells.
        batches = list(self.log.batches[name].values())
        agent = agents.get(name)
        if agent is None:
            raise Bad(batches[0].place, f"`{name}` is no enrolled agent")
        last, before = {}, None
        for batch in batches:
            say = lambda reason: self.fail("chain", batch.place, f"batch {batch.seq} of `{agent.name}` {reason}")
            if (batch.seq == 0) != (batch.prev == ZERO):
                say("is first, or is not, against its `prev`")
            if before and (batch.seq != before.seq + 1 or batch.prev != before.hash):
                say(f"follows batch {before.seq}")
            if before and batch.boot == before.boot and batch.mono[1] < before.mono[1]:
                say("lies before its predecessor by `mono`")
            key = [k for k in agent.keys if k.start <= batch.seq][-1]
            ids = {key_id for by, key_id, _ in batch.note.signatures if by == name}
            if ids != {key.key.id}:
                say("is not signed by its key")
            by = self.record_index(key.by) if key.start or key.by.kind == "rotate" else None
            if by is not None and by >= batch.index:
                say("was logged before the record of its key")
            if agent.end and batch.seq >= agent.end.start:
                say(f"is not believed: {agent.end.how}")
            last[key.key.id], before = (key.key, batch), batch
        for key, batch in last.values():
            if not batch.note.verified(key):
                self.fail("chain", batch.place, f"batch {batch.seq} of `{agent.name}` is not signed by its key")

    def check_stream(self, agent, stream):
        """Lines and paths of one stream; what holds is kept for the later checks."""
        base = f"agents/{agent}/{stream}"
        try:
            data = self.bundle.read(f"{base}.jsonl")
            if data and not data.endswith(b"\n"):
                raise Bad(f"{base}.jsonl", "no last LF")
            raw = data.split(b"\n")[:-1]
            paths = self.bundle.parsed(f"{base}.paths", bytes.decode).split("\n")
            if paths.pop() != "":
                raise Bad(f"{base}.paths", "no last LF")
            lines = self.check_lines(f"{base}.jsonl", raw, stream in RESERVED)
            self.check_paths(agent, stream, base, raw, lines, paths)
            if stream not in RESERVED:
                self.check_details(base, lines)
        except Bad as bad:
            self.broken.append((agent, stream))
            return self.fail("chain", bad.place, bad.reason)
        (self.own if stream in RESERVED else self.lines)[agent, stream] = lines

    def check_lines(self, place, raw, own):
        lines = []
        for number, line in enumerate(raw, 1):
            try:
                value = canonical(line)
                (own_line if own else sample_line)(value)
            except (ValueError, KeyError, TypeError) as e:
                raise Bad(f"{place}, line {number}", str(e) or "a key is absent") from None
            lines.append(value)
        return lines

    def check_paths(self, agent, stream, base, raw, lines, paths):
        batches = self.log.batches.get(self.name(f"agents/{agent}"), {})
        done, first = 0, None
        for number, line in enumerate(paths, 1):
            place = f"{base}.paths, line {number}"
            try:
                words = line.split(" ")
                seq, leaf, streams, i, many = (decimal(word) for word in words[:5])
                proof = [unhash(word) for word in words[5:]]
                if many == 0:
                    raise ValueError("a count of 0")
                batch = batches.get(seq)
                if batch is None or batch.streams != streams:
                    raise ValueError(f"batch {seq} is not in the segment, or has other streams")
                if first is not None and i != first:
                    raise ValueError("does not continue the stream")
                first = i + many
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
        self.needs("log", "claim")
        if self.log.anchors is None:
            raise Missing("needs the anchors")
        log, origin = self.log, self.name("log")
        self.found["log"].fails += log.twice
        batches = [b for b in log.in_order if hasattr(b, "seen")]
        wanted = {a.size for a in log.anchors} | {b.seen[1] for b in batches}
        roots = {0: sha256(b"")}
        whole = Range(log.start, log.prefix.hashes)
        roots[log.start] = whole.root()
        for leaf in log.leaves:
            whole.append(leaf)
            if whole.size in wanted:
                roots[whole.size] = whole.root()
        for anchor in log.anchors:
            if anchor.root != roots[anchor.size]:
                self.fail("log", f"log/anchors.entries, size {anchor.size}", "the entries have another root")
            if anchor.origin != origin:
                self.fail("log", f"log/anchors.entries, size {anchor.size}", "is of another log")
        if log.sizes[-1] != log.end:
            self.fail("log", log.place, "the last anchor does not cover it")
        for batch in batches:
            seen_origin, size, root = batch.seen
            if seen_origin != origin or size > batch.index or size >= log.start and roots.get(size) != root:
                self.fail("log", batch.place, "the agent saw another log")
        self.needs("registry")
        self.check_records_logged(roots)
        self.check_log_signatures()

    def check_records_logged(self, roots):
        log, last = self.log, self.log.anchors[-1]
        for record in self.registry.records:
            logged = log.records.get(record.chain, {}).get(record.entry)
            if logged:
                if logged.leaf != record.leaf:
                    self.fail("log", record.place, "another record was logged")
                continue
            proof = self.proofs().get((record.chain, record.entry))
            if proof is None or not 0 <= proof["index"] < log.start:
                self.fail("log", record.place, "is neither in the segment nor proven to lie before it")
                continue
            try:
                path = [unhash(h) for h in proof["proof"]]
                if root_by_proof(record.leaf, proof["index"], last.size, path) != last.root:
                    raise ValueError("the proof does not lead to the root")
            except (ValueError, AttributeError) as e:
                self.fail("log", "registry/proofs.json", str(e))
        self.check_other_contracts()

    def check_other_contracts(self):
        """No other chain in the segment registers the same terms."""
        own = self.name(f"contracts/{self.claim['contract']}")
        terms = {r.body["terms_sha256"] for r in self.registry.records if r.kind == "contract"}
        for chain, records in self.log.records.items():
            for record in records.values() if chain != own else ():
                path = f"registry/bodies/{record.body_hash.hex()}.json"
                if record.kind == "contract" and path in self.bundle.infos:
                    body = self.bundle.parsed(path, canonical)
                    if body.get("terms_sha256") in terms:
                        self.fail("log", record.place, "another chain registers the same contract")

    def check_log_signatures(self):
        log, place = self.log, "log/anchors.entries"
        keys = self.policy.logs if self.policy else [self.registry.log]
        name = self.name("log")
        keys = [key for key in keys if key.name == name]
        if not keys:
            raise Bad(place, "is of no log of the policy")
        for anchor in log.anchors:
            signed = [key for key in keys if anchor.note.by(key)]
            if not signed or not all(anchor.note.verified(key) for key in signed):
                raise Bad(f"{place}, size {anchor.size}", "is not signed by the log")
        if not self.policy:
            raise Missing("needs a policy: whose log and which witnesses to believe")
        times = {}
        for name, key in self.policy.witnesses.items():
            try:
                time = log.anchors[-1].note.cosigned(key)
            except ValueError as e:
                raise Bad(place, str(e)) from None
            if time is not None:
                times[name] = time
        if self.policy.quorum != "none" and self.policy.time(self.policy.quorum, times) is None:
            raise Bad(f"{place}, size {log.sizes[-1]}", "quorum not met")

    # V4.

    def check_time(self):
        if self.claim and self.claim["simulated"]:
            self.found["time"].remarks.append("simulated clock: no time here is claim-grade")
        self.needs("log", "registry")
        if self.log.anchors is None:
            raise Missing("needs the anchors")
        witnesses = {}
        for key in self.policy.witnesses.values() if self.policy else ():
            witnesses[key.name, key.id] = (key, None)
        for agent in self.registry.agents.values():
            for held in agent.keys:
                key = Key(held.key.name, 4, held.key.public)
                end = self.record_index(held.end) if held.end else None
                witnesses[key.name, key.id] = (key, end)
        times, latest = [], None
        for anchor in self.log.anchors:
            place, first = f"log/anchors.entries, size {anchor.size}", None
            for name, key_id in dict.fromkeys(s[:2] for s in anchor.note.signatures):
                key, end = witnesses.get((name, key_id), (None, None))
                if key is None:
                    continue
                try:
                    time = anchor.note.cosigned(key)
                except ValueError as e:
                    raise Bad(place, str(e)) from None
                if first is None and (end is None or anchor.size <= end):
                    first = time
            if first is None:
                raise Bad(place, "no known witness signed it")
            if latest is not None and first < latest - 60:
                raise Bad(place, "lies more than 60 s before a smaller one")
            latest = first if latest is None else max(first, latest)
            times.append(first * 1_000_000)
        stamps = self.read_stamps()
        for anchor, time in zip(self.log.anchors, times):
            over = min((t for size, t in stamps if size >= anchor.size), default=None)
            if over is not None and time > over + 60_000_000:
                raise Bad(f"log/anchors.entries, size {anchor.size}", "first cosigned after a timestamp over it")
        self.anchored = lambda batch: times[bisect.bisect_right(self.log.sizes, batch.index)]
        if self.log.sizes[-1] != self.log.end:
            raise Missing("needs an anchor for every entry")
        self.needs("inputs")
        for agent, stream in self.broken:
            self.found["time"].needs.append(f"needs the stream `{stream}` of `{agent}`, which failed V2")
        judged = {self.name(f"agents/{agent}") for agent in self.inputs["agents"]}
        for batch in self.log.in_order if stamps else ():
            stamped = self.stamped(stamps, batch)
            if getattr(batch, "agent", None) in judged and stamped and batch.wall[1] > stamped + AHEAD_US:
                raise Bad(batch.place, "claims a time after a timestamp that covers it")
        self.tell_stamps(stamps)
        for batch in self.log.in_order:
            if getattr(batch, "agent", None) in judged and batch.wall[1] > self.anchored(batch) + AHEAD_US:
                raise Bad(batch.place, "claims a time after its anchor")
        for (agent, stream), lines in (self.lines | self.own).items():
            for number, line in enumerate(lines, 1):
                if line.get("wall_us", 0) > self.anchored(line["batch"]) + AHEAD_US:
                    raise Bad(f"agents/{agent}/{stream}.jsonl, line {number}", "claims a time after its anchor")

    def read_stamps(self):
        """Sizes of stamped checkpoints, each with the time by which it existed."""
        remarks, found, of_manifest = self.found["time"].remarks, [], []
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
                remarks.append(f"{count} timestamps not checked: no roots given (--tsa-roots)")
            return []
        if not count:
            remarks.append("holds no timestamps that the given roots could vouch for")
        notes = {anchor.size: anchor.note for anchor in self.log.anchors}
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
                remarks.append(f"the manifest existed by {at.isoformat()} ({name})")
        elif count:
            remarks.append("the manifest bears no timestamp")
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
        for lines in self.lines.values():
            for line in lines:
                if "gap" not in line:
                    time, samples = self.stamped(stamps, line["batch"]), samples + 1
                    if time is not None:
                        covered, longest = covered + 1, max(longest, time - line["wall_us"])
        remark = f"{covered} of {samples} disclosed samples lie under {len(stamps)} timestamped checkpoints"
        if covered:
            remark += f"; the longest time from a sample to the first of them is {-(-longest // 1_000_000)} s"
        self.found["time"].remarks.append(remark)

    # V5.

    def check_coverage(self):
        self.needs("registry")
        self.needs("log", "inputs")
        held = {(r.chain, r.entry) for r in self.registry.records}
        for chain, records in self.log.records.items():
            for entry, record in records.items():
                if chain in self.registry.chains and (chain, entry) not in held:
                    self.fail("coverage", record.place, f"entry {entry} of `{chain}` is not in the bundle")
        self.check_who()
        self.found["coverage"].needs += [
            f"needs the stream `{stream}` of `{agent}`, which failed V2"
            for agent, stream in self.broken
            if stream not in RESERVED
        ]
        for agent in self.inputs["agents"]:
            for target in self.inputs["targets"]:
                if f"agents/{agent}/{target}.jsonl" not in self.bundle.infos:
                    self.fail("coverage", f"agents/{agent}/{target}.jsonl", "the bundle lacks this stream")
                elif (agent, target) in self.lines:
                    self.check_plans_named(agent, target)
                    self.check_slots(agent, target)
            self.check_closed(agent)

    def bounds(self):
        """The judged time in milliseconds."""
        start, end = window_of(self.inputs["window"], "result/inputs.json")
        return start * MINUTE_MS, min(end, self.inputs["as_of"]) * MINUTE_MS

    def plans_in_force(self):
        start, end = self.bounds()
        return [p for p in self.registry.plans if p.start < min(end, p.end) and p.end > start]

    def check_who(self):
        place = "result/inputs.json"
        registered = set()
        for record in self.registry.records:
            if record.kind == "contract":
                registered = set(record.body["targets"])
        if registered != set(self.inputs["targets"]):
            self.fail("coverage", place, "the targets are not those of the registered contract")
        plans = self.plans_in_force()
        for target in self.inputs["targets"]:
            if not any(target in plan.targets for plan in plans):
                self.fail("coverage", place, f"no plan in force probes `{target}`")
        planned = {agent for plan in plans for agent in plan.agents}
        for agent in sorted(planned ^ set(self.inputs["agents"])):
            self.fail("coverage", place, f"agent `{agent}` is not in both the plans and the inputs")
        for agent in sorted(planned - self.registry.agents.keys()):
            self.fail("coverage", place, f"agent `{agent}` is not enrolled")

    def check_plans_named(self, agent, target):
        plans = {p.revision: p for p in self.registry.plans}
        checked = set()
        for number, line in enumerate(self.lines[agent, target], 1):
            if line["plan"] in checked:
                continue
            checked.add(line["plan"])
            place = f"agents/{agent}/{target}.jsonl, line {number}"
            if line["plan"] not in plans:
                self.fail("coverage", place, f"names plan {line['plan']}, which is not registered")
                continue
            index = self.record_index(plans[line["plan"]].record)
            if index is None or index >= line["batch"].index:
                self.fail("coverage", place, "its plan was logged after the first batch that names it")

    def schedule(self, plan, agent, target):
        if agent not in plan.agents or target not in plan.targets:
            return None
        return Schedule(plan.targets[target], plan.agents.index(agent), len(plan.agents))

    def check_slots(self, agent, target):
        start, end = self.bounds()
        place, expected = f"agents/{agent}/{target}.jsonl", {}
        for plan in self.registry.plans:
            schedule = self.schedule(plan, agent, target)
            if schedule:
                slots = schedule.slots(max(start, plan.start), min(end, plan.end))
                expected |= dict.fromkeys(slots, 0)
        plans = {p.revision: self.schedule(p, agent, target) for p in self.registry.plans}
        first = min(p.start for p in self.registry.plans) if self.registry.plans else end
        for number, line in enumerate(self.lines[agent, target], 1):
            if "gap" in line:
                slots, schedule = gap_slots(line), plans.get(line["plan"])
                own = schedule and schedule.slots(line["first_ms"], line["last_ms"] + 1)
                if own is None or slots is None or list(own) != list(slots):
                    self.fail("coverage", f"{place}, line {number}", "the gap has other slots than its plan")
                    continue
            elif (line["kind"], line["source"], line["attempt"]) == ("planned", "probe", 1):
                slots = (line["slot_ms"],)
            else:
                continue
            for slot in slots:
                if slot in expected:
                    expected[slot] += 1
                elif max(start, first) <= slot < end:
                    self.fail("coverage", f"{place}, line {number}", f"{stamp(slot)} is no slot")
        twice = [slot for slot, times in expected.items() if times > 1]
        silent = [slot for slot, times in expected.items() if not times]
        if twice:
            self.fail("coverage", place, f"slot {stamp(min(twice))} is accounted for twice")
        last = self.delivered(agent, target) if silent else None
        early = [slot for slot in silent if last is None or slot <= last]
        if early:
            self.fail("coverage", place, f"slot {stamp(min(early))} has neither sample nor gap")
        elif silent:
            how = self.registry.agents[agent].end.how
            self.found["coverage"].remarks.append(
                f"agent `{agent}`: {len(silent)} slots from {stamp(min(silent))} to "
                f"{stamp(max(silent))} of `{target}` are unmeasured, declared lost by the operator: {how}"
            )

    def delivered(self, agent, target):
        """Before when (ms) slots of an ended agent may not be missing, None if all must be there."""
        end = self.ended(agent)
        if end is None:
            return None
        if end.start == 0:
            return -(2**62)
        batch = self.log.batches.get(self.name(f"agents/{agent}"), {}).get(end.start - 1)
        if batch is None:
            self.fail("coverage", end.record.place, f"the segment lacks batch {end.start - 1} of `{agent}`")
            return None
        told = [p.targets[target] for p in self.plans_in_force() if target in p.targets]
        longest = [max((t.get(key, 0) for t in told), default=0) for key in ("deadline_ms", "jitter_ms")]
        return (batch.wall[1] - 1000 * (sum(longest) + 60_000)) // 1000 - 1

    def ended(self, agent):
        enrolled = self.registry.agents.get(agent)
        end = enrolled and enrolled.end
        return end if end and self.record_index(end.record) is not None else None

    def check_closed(self, agent):
        start, end = self.bounds()
        parts = [p for p in self.plans_in_force() if agent in p.agents]
        until = max((min(end, p.end) for p in parts), default=None)
        batches = self.log.batches.get(self.name(f"agents/{agent}"), {}).values()
        if until is None or self.ended(agent) or any(b.wall[1] >= until * 1000 for b in batches):
            return
        self.fail("coverage", self.log.place, f"agent `{agent}` has no batch that closes its part")

    # V6.

    def check_result(self):
        self.needs("claim", "inputs")
        place, inputs = "result/inputs.json", self.inputs
        terms = self.bundle.read("contract/terms.toml")
        result = self.bundle.json("result/result.json")
        for key in ("contract", "window", "as_of"):
            if inputs[key] != self.claim[key]:
                raise Bad(place, f"`{key}` is not that of the claim")
        digest = sha256(terms).hex()
        if inputs["schema"] != "nines-inputs/1" or inputs["terms_sha256"] != digest:
            raise Bad(place, "of another schema or contract text")
        self.needs("registry")
        contracts = [r.body for r in self.registry.records if r.kind == "contract"]
        same = [c for c in contracts if c["terms_sha256"] == digest and c["contract"] == inputs["contract"]]
        if not same:
            raise Bad("contract/terms.toml", "was never registered")
        if not any("fees" not in c or c["fees"] == inputs.get("fees") for c in same):
            raise Bad(place, "the fees are not those registered")
        self.check_places()
        self.check_scopes()
        need(result, "result/result.json", commitments=list)
        for key in ("contract", "window", "as_of"):
            if result.get(key) != inputs[key]:
                raise Bad("result/result.json", f"`{key}` is not that of the inputs")
        if any(found.fails or found.needs for found in (self.found["chain"], self.found["coverage"])):
            raise Missing("needs streams that hold (V2, V5)")
        if not hasattr(self, "anchored"):
            raise Missing("needs the times of anchors (V4)")
        left = []
        try:
            contract = tomllib.loads(terms.decode())
            minutes = self.count_minutes(contract)
        except (ValueError, Unsupported) as e:
            raise Missing(f"is not recomputed by this program: {e}") from None
        for told in result["commitments"]:
            self.check_commitment(contract, told, minutes, left)
        left.append("credits, deadlines, other readings and what else result.json states")
        raise Missing("recomputed in part; not recomputed: " + "; ".join(left))

    def check_places(self):
        stated = sorted(json.dumps(p, sort_keys=True) for p in self.inputs["places"])
        agents = self.registry.agents
        due = [
            {"agent": a, "region": agents[a].region, "network": agents[a].network}
            for a in self.inputs["agents"] if a in agents
        ]
        if stated != sorted(json.dumps(p, sort_keys=True) for p in due):
            raise Bad("result/inputs.json", "the places are not those of the enrolments")

    def check_scopes(self):
        due = []
        for target in self.inputs["targets"]:
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
                scope |= plan.get("scope", {})
                scopes.append(scope)
            agreed = {k: v for k, v in scopes[0].items() if all(s.get(k) == v for s in scopes)} if scopes else {}
            due.append({"target": target, "scope": agreed})
        text = lambda scopes: sorted(json.dumps(s, sort_keys=True) for s in scopes)
        if text(self.inputs["scopes"]) != text(due):
            raise Bad("result/inputs.json", "the scopes are not what the plans in force say")

    def count_minutes(self, contract):
        """Per minute, how many samples are of each class, by the contract's event rules."""
        if self.inputs.get("exclusions") or "subscribed" in self.inputs:
            raise Unsupported("exclusions or a time under contract")
        events = contract["events"]
        if events.get("attribution", "request_start") != "request_start" or events.keys() - {"attribution", "default", "rule"}:
            raise Unsupported("these `events`")
        rules = [(rule["class"], matcher(rule.get("when", {}))) for rule in events.get("rule", [])]
        minutes = defaultdict(Counter)
        for lines in self.lines.values():
            for line in lines:
                if "gap" in line:
                    for slot in gap_slots(line):
                        minutes[slot // MINUTE_MS]["missed"] += 1
                    continue
                if self.anchored(line["batch"]) - line["wall_us"] > LATE_US:
                    raise Unsupported("samples that reached the log late")
                named = (name for name, fits in rules if fits(line))
                minutes[line["wall_us"] // (1000 * MINUTE_MS)][next(named, events["default"])] += 1
        return minutes

    def check_commitment(self, contract, told, minutes, left):
        place = "result/result.json"
        need(told, place, id=str, commitment=str, observed=dict, high=dict, low=dict, verdict=str, minutes=dict)
        try:
            (promise,) = [c for c in contract["commitment"] if c["id"] == told["commitment"]]
            if told["id"] != told["commitment"]:
                raise Unsupported("judged in parts")
            states = self.downtime_minutes(promise["metric"], minutes)
            target = Fraction(promise["target"]) / 100
            rounding = promise.get("rounding", {"mode": "none"})
            if promise.get("compare") != "ge" or rounding != {"mode": "none"}:
                raise Unsupported("this comparison or rounding")
        except (Unsupported, ValueError, KeyError, TypeError) as e:
            left.append(f"`{told['commitment']}` ({e})")
            return
        tally = Counter(state for state, *_ in states)
        window, open_ = len(states), tally["future"] + tally["unmeasured"]
        ups = window - open_ - tally["down"]
        measured = window - open_
        computed = {
            "observed": Fraction(ups, measured) if measured else None,
            "high": Fraction(ups + open_, window),
            "low": Fraction(ups, window),
        }
        for key, value in computed.items():
            if value is not None and fraction_of(told[key], place) != value:
                raise Bad(place, f"`{told['id']}`: `{key}` is {told[key]} where {value} was recomputed")
        verdict = ("met" if computed["low"] >= target else
                   "breached" if computed["high"] < target else None)
        if (told["verdict"] in ("met", "breached") or verdict) and told["verdict"] != verdict:
            raise Bad(place, f"`{told['id']}`: is {told['verdict']} where {verdict or 'open'} was recomputed")
        self.check_table(told, states)

    def downtime_minutes(self, metric, minutes):
        """(state, counts) of every minute of the window, by the literal reading."""
        known = {"family", "rule", "threshold", "min_run_minutes", "min_valid_per_minute"}
        if metric["family"] != "downtime_minutes" or metric.keys() - known or metric["rule"] != "rate_gt":
            raise Unsupported("its formula")
        if metric.get("min_valid_per_minute", 0) != 0:
            raise Unsupported("its least number of requests")
        start, end = window_of(self.inputs["window"], "result/inputs.json")
        threshold, least, states = Fraction(metric["threshold"]), metric["min_run_minutes"], []
        for minute in range(start, end):
            c = minutes.get(minute, Counter())
            valid = c["success"] + c["error"]
            counts = (valid, c["error"], c["unknown"], c["not_valid"])
            if minute >= self.inputs["as_of"]:
                states.append(("future", *counts))
            elif valid:
                states.append(("bad" if Fraction(c["error"], valid) > threshold else "up", *counts))
            else:
                raise Unsupported("minutes without a valid request")
        run = []
        for at, state in enumerate([*states, ("end",)]):
            if state[0] == "bad":
                run.append(at)
                continue
            if run and len(run) < least:
                raise Unsupported("runs that are too short")
            for bad in run:
                states[bad] = ("down", *states[bad][1:])
            run = []
        return states

    def check_table(self, told, states):
        place = f"result/minutes-{told['id']}.csv"
        start, _ = window_of(self.inputs["window"], "result/inputs.json")
        rows = ["minute,state,valid,errors,unknown,not_valid"]
        for minute, state in enumerate(states, start):
            rows.append(",".join([stamp(minute * MINUTE_MS), *map(str, state)]))
        table = self.bundle.text(place).split("\n")
        for number, (row, due) in enumerate(zip(table, [*rows, ""]), 1):
            if row != due:
                raise Bad(f"{place}, line {number}", f"is `{row[:80]}` where `{due}` was recomputed")
        if len(table) != len(rows) + 1:
            raise Bad(place, "has another number of lines")

    # The answer.

    def report(self):
        verdicts = []
        for check in CHECKS:
            found = self.found[check]
            told = {"check": check, "verdict": "pass"}
            if found.fails:
                place, reason = found.fails[0]
                told |= {"verdict": "fail", "place": place, "reason": reason}
            elif found.needs:
                told |= {"verdict": "not_checked", "reason": found.needs[0]}
            verdicts.append(told | {"remarks": found.remarks})
        simulated = bool(self.claim and self.claim["simulated"])
        return {"simulated": simulated, "claim": self.claim, "verdicts": verdicts}


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
WORDS = {
    "attribution": {"none", "provider", "gateway", "network", "ours", "agent", "unknown"},
    "kind": {"planned", "burst", "confirm", "manual"},
    "outcome": OUTCOMES,
    "source": {"probe", "traffic"},
}
NUMBERS = ("attempt", "deadline_ms", "end_us", "i", "mono_us", "plan", "slot_ms", "v", "wall_us")


def sample_line(line):
    """Refuses a line that is neither a sample nor a gap."""
    if "gap" in line:
        if line["gap"] not in GAPS or line["count"] < 1:
            raise ValueError("no gap")
        numbers = ("count", "first_ms", "i", "last_ms", "plan", "v")
    else:
        numbers = NUMBERS
        for key, words in WORDS.items():
            if line[key] not in words:
                raise ValueError(f"an unknown `{key}`")
        if type(line["stream"]) is not bool:
            raise ValueError("`stream` is neither true nor false")
    if any(type(line[key]) is not int for key in numbers) or line["v"] != 1 or line["i"] < 0:
        raise ValueError("a number that is none, or another version")


def own_line(line):
    if any(type(line[key]) is not int for key in ("i", "v", "wall_us", "mono_us")) or line["v"] != 1:
        raise ValueError("a number that is none, or another version")


def gap_slots(line):
    """The slots of a gap, evenly spaced; None where they cannot be."""
    first, last, many = line["first_ms"], line["last_ms"], line["count"]
    if many == 1:
        return range(first, first + 1) if first == last else None
    step, rest = divmod(last - first, many - 1)
    return range(first, last + 1, step) if step > 0 and not rest else None


def count(value):
    if type(value) is not int or value < 0:
        raise ValueError("a number that is none")
    return value


def end_of(record, start, how):
    return Data(record=record, start=start, how=how)


def vkey_text(key):
    data = base64.b64encode(bytes([key.kind]) + key.public).decode()
    return f"{key.name}+{key.id.hex()}+{data}"


def matcher(when):
    """Whether a sample fits the `when` of an event rule."""
    if when.keys() - {"attribution", "outcome", "status", "kind", "source"}:
        raise Unsupported("a rule by " + ", ".join(sorted(when)))
    statuses = set(when.get("status", ()))

    def fits(line):
        for key, words in when.items():
            if key == "status":
                status = line.get("status")
                if status is None or not statuses & {status, str(status), f"{status // 100}xx"}:
                    return False
            elif line[key] not in words:
                return False
        return True

    return fits


def fraction_of(value, place):
    try:
        return Fraction(int(value["num"]), int(value["den"]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        raise Bad(place, "a fraction that is none") from None


def render(report):
    lines = ["SIMULATED: evidence of nothing"] if report["simulated"] else []
    for number, told in enumerate(report["verdicts"], 1):
        word = told["verdict"].upper().replace("_", "-")
        why = ": ".join(told[key] for key in ("place", "reason") if key in told)
        lines.append(f"V{number} {told['check']:<10} {word}" + (f"  {why}" if why else ""))
        lines += [f"   {remark}" for remark in told["remarks"]]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="Checks an evidence bundle of Nines, offline.")
    parser.add_argument("file", help="the bundle")
    parser.add_argument("--policy", help="log and witnesses to believe, from outside the bundle")
    parser.add_argument("--tsa-roots", help="whose timestamps to believe, in PEM, from outside the bundle")
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    arguments = parser.parse_args()
    try:
        policy = None
        if arguments.policy:
            try:
                with open(arguments.policy, "rb") as file:
                    policy = Policy(file.read().decode())
            except (OSError, ValueError, KeyError) as e:
                raise Unreadable(f"failed to read `{arguments.policy}`: {e}") from None
        if arguments.tsa_roots:
            try:
                with open(arguments.tsa_roots, "rb") as file:
                    if b"-----BEGIN CERTIFICATE-----" not in file.read():
                        raise ValueError("no certificates")
            except (OSError, ValueError) as e:
                raise Unreadable(f"failed to read `{arguments.tsa_roots}`: {e}") from None
        report = Verifier(Bundle(arguments.file), policy, arguments.tsa_roots).report()
    except Unreadable as unreadable:
        told = {"unreadable": str(unreadable)}
        print(json.dumps(told) if arguments.json else f"UNREADABLE  {unreadable}")
        return 3
    print(json.dumps(report, indent=2) if arguments.json else render(report))
    words = {told["verdict"] for told in report["verdicts"]}
    return 1 if "fail" in words else 2 if "not_checked" in words else 0


if __name__ == "__main__":
    sys.exit(main())

"""Zip archives, which Office files are: counted before anything is unpacked.

The directory at the end is read by hand first, because a library makes an object of each of its entries, and a
directory may hold hundreds of thousands.  The limits are those of ASVS 5.2.3.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from lessons.attachments.kinds import MEGABYTE, Refused, gettext_noop

MOST_ENTRIES = 2_000
MOST_UNPACKED = 100 * MEGABYTE
MOST_RATIO = 100
#: A tiny part may well shrink to less than a hundredth; it does no harm.
SMALL = 1 * MEGABYTE
CHUNK = 64 * 1024
DIRECTORY_END = b"PK\x05\x06"
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
ENCRYPTED = 0x1
LONGEST_COMMENT = 0xFFFF

DAMAGED = gettext_noop(
    "The file is damaged, or not what its name says. Save it again in its own program, and attach that"
)
PROTECTED = gettext_noop("The file is protected by a password, so that nobody can check it. Attach it without")
TOO_MUCH = gettext_noop(
    "The file unpacks to more than can be checked. Take pictures or sheets out of it, or attach it as PDF"
)


def end_of_directory(file: BinaryIO) -> bytes:
    """Return the last bytes of `file` from where the directory of an archive ends, or nothing."""
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _END.size - LONGEST_COMMENT))
    tail = file.read()
    at = tail.rfind(DIRECTORY_END)
    return tail[at:] if at >= 0 else b""


def count(file: BinaryIO) -> zipfile.ZipFile:
    """Return the archive in `file`, opened, once its directory was found to be honest and small.

    :raises Refused: too many entries, too much to unpack, parts that overlap or are encrypted, names that lead out
    """
    _check_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, UnicodeDecodeError) as error:
        raise Refused(DAMAGED) from error
    entries = archive.infolist()
    unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    if unpacked > MOST_UNPACKED or (unpacked > SMALL and unpacked > MOST_RATIO * max(packed, 1)):
        raise Refused(TOO_MUCH)
    for entry in entries:
        _check_entry(entry)
    if len({entry.filename.casefold() for entry in entries}) != len(entries):
        raise Refused(DAMAGED)
    _check_overlap(file, entries, archive.start_dir)
    return archive


def _check_directory(file: BinaryIO) -> None:
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        raise Refused(DAMAGED)
    tail = end_of_directory(file)
    if len(tail) < _END.size:
        raise Refused(DAMAGED)
    _, disk, first_disk, here, entries, size, offset, comment = _END.unpack_from(tail)
    file.seek(0, 2)
    whole = file.tell()
    if disk or first_disk or here != entries:
        raise Refused(DAMAGED)
    if entries > MOST_ENTRIES:
        raise Refused(TOO_MUCH)
    if len(tail) != _END.size + comment or offset + size + _END.size + comment != whole or size > MEGABYTE:
        raise Refused(DAMAGED)  # something before, between or behind: two kinds of file in one


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & ENCRYPTED:
        raise Refused(PROTECTED)
    if entry.file_size > SMALL and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
        raise Refused(TOO_MUCH)
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Refused(DAMAGED)
    parts = entry.filename.split("/")
    leads_out = ".." in parts or entry.filename.startswith("/") or "\\" in entry.filename or ":" in entry.filename
    if leads_out or stat.S_ISLNK(entry.external_attr >> 16):
        raise Refused(DAMAGED)


def _check_overlap(file: BinaryIO, entries: list[zipfile.ZipInfo], directory: int) -> None:
    """Refuse entries that share bytes: that is how a few kilobytes unpack to terabytes."""
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise Refused(TOO_MUCH)
        file.seek(entry.header_offset)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
            raise Refused(DAMAGED)
        name, extra = _LOCAL.unpack(header)[-2:]
        end = entry.header_offset + _LOCAL.size + name + extra + entry.compress_size
    if end > directory:
        raise Refused(DAMAGED)


def chunks_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack one entry piece by piece, never more than it said it holds.

    :raises Refused: it holds more, or something else
    """
    file = archive.fp
    if file is None:
        raise Refused(DAMAGED)
    file.seek(entry.header_offset)
    name, extra = _LOCAL.unpack(file.read(_LOCAL.size))[-2:]
    position, left, unpacked = entry.header_offset + _LOCAL.size + name + extra, entry.compress_size, 0
    inflate = zlib.decompressobj(-zlib.MAX_WBITS) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    while left:
        file.seek(position)
        packed = file.read(min(CHUNK, left))
        if not packed:
            raise Refused(DAMAGED)
        position, left = position + len(packed), left - len(packed)
        for chunk in _inflated(inflate, packed) if inflate else [packed]:
            unpacked += len(chunk)
            if unpacked > entry.file_size:
                raise Refused(TOO_MUCH)
            yield chunk
    if inflate and (rest := inflate.flush()):
        unpacked += len(rest)
        yield rest
    if unpacked != entry.file_size:
        raise Refused(DAMAGED)


def _inflated(inflate: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    try:
        while packed:
            chunk = inflate.decompress(packed, CHUNK)
            packed = inflate.unconsumed_tail
            yield chunk
    except zlib.error as error:
        raise Refused(DAMAGED) from error

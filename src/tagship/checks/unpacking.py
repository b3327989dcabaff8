"""Unpacking what somebody else packed, at a price that is known before: how much may come out, and in which steps."""

import gzip
import re
from typing import IO

CHUNK = 1 << 20
UNPACKED_FREE = 64 << 20
RATIO = 50
"""Like PyPI: above 64 MiB unpacked, no more than 50 times the size of the file."""
HEADER = 1 << 20
"""No honest tar header (a long name, a pax record) is larger; tarfile would read any size into memory."""

FIELDS = 100
"""Different fields of metadata, of which the standard has forty; parsing grows with the square of it."""


class Unreadable(Exception):
    """Reading stopped here, and the text says why. Whoever reads an archive catches it."""


class Budget:
    """What may be unpacked of one file.

    Args:
        packed: bytes of the file.
    """

    def __init__(self, packed: int) -> None:
        self._left = max(UNPACKED_FREE, packed * RATIO)

    def spend(self, amount: int) -> None:
        """Count unpacked bytes.

        Raises:
            Unreadable: where it was too much.
        """
        self._left -= amount
        if self._left < 0:
            raise Unreadable(f"it unpacks to more than {RATIO} times its size")


class Inflating(gzip.GzipFile):
    """A gzip stream that only goes forward, is metered, and refuses giant single reads."""

    def __init__(self, file: IO[bytes], budget: Budget) -> None:
        super().__init__(fileobj=file, mode="rb")
        self._budget = budget
        self._at = 0
        self.last = b""
        """What the latest read gave."""

    def read(self, size: int | None = -1) -> bytes:
        """Read up to `size` bytes."""
        if size is None or not 0 <= size <= HEADER:
            raise Unreadable("a header is larger than 1 MiB")
        data = self.last = super().read(size)
        self._budget.spend(len(data))
        self._at += len(data)
        return data

    def tell(self) -> int:
        """Bytes read so far."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go forward by reading, so that what is skipped is counted too."""
        if whence or offset < self._at:
            raise Unreadable("its members overlap")
        while (missing := offset - self._at) and self.read(min(missing, CHUNK)):
            pass
        return self._at


def too_many_fields(metadata: bytes) -> bool:
    """Whether a METADATA or PKG-INFO has more different fields than anybody should parse."""
    head = re.split(rb"\r?\n\r?\n", metadata, maxsplit=1)[0]
    return len(set(re.findall(rb"^[^\s:]+:", head, re.MULTILINE))) > FIELDS

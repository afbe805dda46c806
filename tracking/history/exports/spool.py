"""Bytes put aside until their turn, where a format wants one column after the other."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

MEMORY_BYTES = 256 * 1024


class Spool:
    """In memory up to MEMORY_BYTES, then in a nameless file of the temporary folder (TMPDIR)."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 (closed by __exit__)

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def drain(self) -> Iterator[bytes]:
        """Everything written, which leaves the spool empty."""
        self._file.seek(0)
        while chunk := self._file.read(MEMORY_BYTES):
            yield chunk
        self._file.seek(0)
        self._file.truncate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

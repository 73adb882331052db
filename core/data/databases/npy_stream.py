"""A .npy file that grows row by row: more than fits in memory, in the format every numpy reads (method
section 7.2).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class NpyStream:
    """Writes an array of rows of one shape and type whose number is known only at the end."""

    def __init__(self, path: Path, row: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.row, self.dtype, self.count = row, dtype, 0
        self._file = open(path, "wb")  # noqa: SIM115 (closed by finish or abort)
        self._write_header()
        self._data = self._file.tell()

    def append(self, rows: NDArray[Any]) -> None:
        """Adds rows (n, *row)."""
        assert rows.shape[1:] == self.row
        self._file.write(np.ascontiguousarray(rows, dtype=self.dtype).data)
        self.count += len(rows)

    def finish(self) -> None:
        """Writes the final number of rows into the header and closes."""
        self._file.seek(0)
        self._write_header()
        assert self._file.tell() == self._data  # numpy pads headers so that the first axis may grow
        self._file.close()

    def abort(self) -> None:
        self._file.close()

    def _write_header(self) -> None:
        header = {
            "descr": np.lib.format.dtype_to_descr(self.dtype),
            "fortran_order": False,
            "shape": (self.count, *self.row),
        }
        np.lib.format.write_array_header_1_0(self._file, header)

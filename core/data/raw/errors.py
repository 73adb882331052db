"""What can be wrong with a dataset as its makers publish it (method section 7.3)."""

from __future__ import annotations

from ...errors import InputError


class RawDataMissing(InputError):
    """A file or folder of a published dataset is not where its makers put it."""

    code = "data.raw_missing"


class RawDataInvalid(InputError):
    """A file of a published dataset does not hold what it must; the sentence names file and key."""

    code = "data.raw_invalid"

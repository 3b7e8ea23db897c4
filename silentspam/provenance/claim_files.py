"""The YAML file of what numbers, trunks and customers claim (key `provenance.claims`), read and checked."""

from pathlib import Path

import msgspec

from silentspam.errors import ConfigError
from silentspam.provenance.claims import ClaimTable
from silentspam.yaml_files import document_of

LARGEST = 4_000_000
"""Bytes: some ten thousands of numbers."""


def load_claims(path: Path) -> ClaimTable:
    """The claims of a file. Raises ConfigError naming the file, the key, the value and what is known."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    if len(text) > LARGEST:
        raise ConfigError(f"{path}: more than {LARGEST} bytes")
    document = document_of(text, path)
    try:
        return msgspec.convert({} if document is None else document, type=ClaimTable)
    except msgspec.ValidationError as error:
        text_of, _, key = str(error).partition(" - at `$")
        where = key.rstrip("`").removeprefix(".")
        raise ConfigError(f"{path}: {f'{where}: ' if where else ''}{text_of}") from error

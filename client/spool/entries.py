"""What can wait in a spool: values of metrics, files, and beginnings and ends of runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from client.errors import SpoolError
from client.wire import Json


@dataclass(frozen=True, slots=True)
class MetricsEntry:
    """Values of some metrics at one step."""

    at: str
    step: int
    epoch: int | None
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file; its bytes lie beside the journal under the name `payload`."""

    at: str
    name: str
    size: int
    sha256: str
    payload: str


@dataclass(frozen=True, slots=True)
class BeginEntry:
    """A run that a script began; the request that tells the service so."""

    at: str
    document: Json


@dataclass(frozen=True, slots=True)
class EndEntry:
    """The end of such a run; the request that tells the service so."""

    at: str
    document: Json


Entry = MetricsEntry | FileEntry | BeginEntry | EndEntry
_KINDS: dict[str, type[Entry]] = {
    "metrics": MetricsEntry,
    "file": FileEntry,
    "begin": BeginEntry,
    "end": EndEntry,
}


def to_document(entry: Entry) -> Json:
    """The entry as it is written down."""
    kind = next(name for name, kind in _KINDS.items() if isinstance(entry, kind))
    return {"kind": kind, **asdict(entry)}


def from_document(document: Json) -> Entry:
    """The entry that was written down."""
    fields = {name: value for name, value in document.items() if name != "kind"}
    try:
        return _KINDS[document["kind"]](**fields)
    except (KeyError, TypeError) as error:
        raise SpoolError(
            f"the spool holds an entry that this version of realspike does not know ({error}); "
            "deliver it with the version that wrote it, or a newer one"
        ) from error

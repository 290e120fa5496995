"""Logs of every process: lines for a person on a terminal, else one JSON object a line."""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import MappingProxyType, TracebackType
from typing import ParamSpec, TextIO, TypeVar

import structlog

from server.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

bound = structlog.contextvars.bound_contextvars
"""`with bound(run_id=..., attempt=...)`: fields of every line that this thread logs meanwhile."""

EXTRA = ("run_id", "attempt", "worker_id")
"""Fields that `logger.warning(..., extra={...})` may add to one line."""

CHATTY = MappingProxyType(
    {
        "kombu.connection": logging.ERROR,
        "onnx_ir": logging.WARNING,
        "onnxscript": logging.WARNING,
    }
)
"""Libraries that say at a level what is of no use there, such as that a folder has no host name."""

_FIRST = ("timestamp", "level", "logger", "event", "run_id", "attempt")

logger = logging.getLogger(__name__)


class Handler(logging.StreamHandler[TextIO]):
    """The one that `configure` puts in; a second call replaces it."""


def configure(settings: Settings, **fields: str) -> None:
    """Send all logs, those of libraries too, to standard error; JSON lines carry `fields`."""
    text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(EXTRA),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_for_a_person() if text else _for_a_program(fields)),
            ],
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.log_level.upper())
    for name, least in CHATTY.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    _catch_the_rest()


def carried(work: Callable[P, T]) -> Callable[P, T]:
    """`work` for a thread of its own, which logs with the fields that are bound here and now."""
    return partial(contextvars.copy_context().run, work)


def _for_a_person() -> list[structlog.types.Processor]:
    # Plain tracebacks: local variables hold passwords, and drawing them takes seconds.
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]


def _for_a_program(fields: dict[str, str]) -> list[structlog.types.Processor]:
    def in_order(
        _logger: object, _method: str, line: structlog.types.EventDict
    ) -> structlog.types.EventDict:
        first = {name: line.pop(name) for name in _FIRST if name in line}
        return {**first, **fields, **line}

    return [
        structlog.processors.format_exc_info,
        in_order,
        structlog.processors.JSONRenderer(),
    ]


def _catch_the_rest() -> None:
    """Warnings and uncaught exceptions become log lines, or they would stand between these."""
    logging.captureWarnings(True)

    def of_process(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        logger.critical("uncaught exception", exc_info=(kind, error, trace))

    def of_thread(caught: threading.ExceptHookArgs) -> None:
        if caught.exc_value is not None:
            of_process(caught.exc_type, caught.exc_value, caught.exc_traceback)

    sys.excepthook = of_process
    threading.excepthook = of_thread

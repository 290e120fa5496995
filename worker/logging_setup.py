"""Log lines of the worker and scheduler processes."""

from __future__ import annotations

import logging

CHATTY = {
    "kombu.connection": logging.ERROR,
    "onnx_ir": logging.WARNING,
    "onnxscript": logging.WARNING,
}
"""Libraries that say at a level what is of no use there, such as that a folder has no host name."""


def set_up_logging(level: str) -> None:
    """One line a message on standard error, from `level` (debug, info, warning, error) on."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    for name, least in CHATTY.items():
        logging.getLogger(name).setLevel(least)

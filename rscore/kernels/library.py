"""The C++ kernels, compiled once by this machine's compiler and loaded with ctypes.

They have a plain C interface on raw memory, so they need no headers of torch, build in seconds
and serve every version of it.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import logging
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

logger = logging.getLogger(__name__)

SWITCH = "REALSPIKE_KERNELS"
"""Environment variable: `off` keeps to plain torch."""
_FLAGS = (
    "-O3",
    "-std=c++17",
    "-shared",
    "-fPIC",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
)
_NATIVE = "-march=native"
_BUILD_SECONDS = 120


@functools.cache
def library() -> ctypes.CDLL | None:
    """The kernels, or None where they are switched off or cannot be built: torch does the work."""
    if os.environ.get(SWITCH, "") == "off":
        return None
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None:
        logger.info("no C++ compiler found; neurons run in plain torch")
        return None
    problem: Exception | None = None
    for flags in _choices_of_flags():
        try:
            return _typed(ctypes.CDLL(str(_built([compiler, *_FLAGS, *flags]))))
        except (OSError, subprocess.SubprocessError) as error:
            problem = error
    logger.info("the C++ kernels could not be built (%s); neurons run in plain torch", problem)
    return None


def _choices_of_flags() -> Iterator[list[str]]:
    """Best first: all of the processor and its cores, one core, any processor."""
    runtime = _thread_runtime()
    if runtime:
        yield [_NATIVE, "-fopenmp", "-Wl,--as-needed", runtime]
    yield [_NATIVE]
    yield []


def _thread_runtime() -> str | None:
    """The OpenMP library that torch has loaded: linked to by its path, no second one comes in.

    Other packages may have loaded their own beside it. None where it cannot be told which is which.
    """
    try:
        mapped = Path("/proc/self/maps").read_text()
    except OSError:
        return None
    found = sorted(set(re.findall(r"/\S*/lib(?:gomp|iomp5)[^/\s]*", mapped)))
    home = str(Path(torch.__file__).parent)  # a neighbour torch.libs begins with it as well
    of_torch = [path for path in found if path.startswith(home)] or found
    return of_torch[0] if len(of_torch) == 1 else None


def _built(command: list[str]) -> Path:
    """Path of the compiled library; one that an earlier process built is taken as it is."""
    here = Path(__file__).parent
    sources = sorted(here.glob("*.cpp"))
    known = hashlib.sha256()
    for part in (*command, platform.machine(), _processor()):
        known.update(part.encode() + b"\0")
    for source in (*sources, *sorted(here.glob("*.h"))):
        known.update(source.read_bytes())
    folder = _cache_folder()
    path = folder / f"kernels-{known.hexdigest()[:24]}.so"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        fresh = Path(scratch) / path.name
        compiler, *flags = command
        subprocess.run(
            [compiler, *map(str, sources), *flags, "-o", str(fresh)],
            check=True,
            capture_output=True,
            timeout=_BUILD_SECONDS,
        )
        fresh.replace(path)
    return path


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "realspike"


def _processor() -> str:
    """What -march=native depends on: a home folder may be shared by machines of several kinds."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _typed(loaded: ctypes.CDLL) -> ctypes.CDLL:
    pointer, whole = ctypes.c_void_p, ctypes.c_int64
    signatures = {
        "realspike_most_steps": (whole, []),
        "realspike_chunks": (whole, [pointer]),
        "realspike_forward": (None, [pointer] * 3),
        "realspike_backward": (None, [pointer] * 6),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(loaded, name)
        function.restype = result
        function.argtypes = arguments
    return loaded

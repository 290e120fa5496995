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
import shutil
import subprocess
import tempfile
from pathlib import Path

logger = logging.getLogger(__name__)

SWITCH = "REALSPIKE_KERNELS"
"""Environment variable: `off` keeps to plain torch."""
_FLAGS = (
    "-O3",
    "-march=native",
    "-std=c++17",
    "-shared",
    "-fPIC",
    "-fopenmp",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
)
_BUILD_SECONDS = 120


@functools.cache
def library() -> ctypes.CDLL | None:
    """The kernels, or None where they are switched off or cannot be built: torch does the work.

    torch must be imported before, so that both share one pool of threads.
    """
    if os.environ.get(SWITCH, "") == "off":
        return None
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None:
        logger.info("no C++ compiler found; neurons run in plain torch")
        return None
    try:
        return _typed(ctypes.CDLL(str(_built(compiler))))
    except (OSError, subprocess.SubprocessError) as error:
        logger.info("the C++ kernels could not be built (%s); neurons run in plain torch", error)
        return None


def _built(compiler: str) -> Path:
    """Path of the compiled library; one that an earlier process built is taken as it is."""
    sources = sorted(Path(__file__).parent.glob("*.cpp"))
    known = hashlib.sha256()
    for part in (compiler, *_FLAGS, platform.machine(), _processor()):
        known.update(part.encode() + b"\0")
    for source in sources:
        known.update(source.read_bytes())
    folder = _cache_folder()
    path = folder / f"kernels-{known.hexdigest()[:24]}.so"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        fresh = Path(scratch) / path.name
        command = [compiler, *_FLAGS, *map(str, sources), "-o", str(fresh)]
        subprocess.run(command, check=True, capture_output=True, timeout=_BUILD_SECONDS)
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
    pointer, whole, small = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32
    for name in ("realspike_block", "realspike_most_steps"):
        getattr(loaded, name).restype = whole
        getattr(loaded, name).argtypes = []
    loaded.realspike_amplitude_chunks.restype = whole
    loaded.realspike_amplitude_chunks.argtypes = [whole]
    signatures = {
        "realspike_forward": [small, pointer, pointer, whole, whole, pointer],
        "realspike_backward": [small, pointer, pointer, pointer, pointer, whole, whole, pointer],
        "realspike_amplitude_forward": [pointer] * 4 + [whole] * 3,
        "realspike_amplitude_backward": [pointer] * 5 + [whole] * 3,
    }
    for name, arguments in signatures.items():
        function = getattr(loaded, name)
        function.restype = None
        function.argtypes = arguments
    return loaded

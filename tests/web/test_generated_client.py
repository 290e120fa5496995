"""The page's API types are those of the server as it is now."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.web.tools import WEB, build_script, node_folder


def test_the_committed_client_is_what_the_server_would_generate() -> None:
    build = build_script()
    node = node_folder(build)
    build.install_modules(node)
    path = os.pathsep.join([str(node), os.environ["PATH"]])
    done = subprocess.run(
        ["node", "scripts/generate.mjs", "--check"],
        cwd=WEB,
        env={**os.environ, "PATH": path, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

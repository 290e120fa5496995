"""Print the OpenAPI document: `python -m server.openapi`."""

from __future__ import annotations

import json
import sys

from server.main import create_app
from server.settings import Settings


def main() -> int:
    """Write the document to standard output, the same bytes for the same code."""
    schema = create_app(Settings.model_construct()).openapi()
    sys.stdout.write(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

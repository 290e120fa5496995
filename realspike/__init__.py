"""Log runs of your own scripts beside those of the service.

    import realspike

    run = realspike.init(experiment="baselines", name="perceptron", config={"lr": 0.1, "seed": 0})
    run.log({"loss": 0.3, "test_acc": 0.9}, step=10)
    run.finish()

Each name below is loaded when it is first used, so that the import costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from client.api import Client
    from client.script.current import finish, init, log
    from client.script.run import Run

__all__ = ["Client", "Run", "finish", "init", "log"]

_PLACES = {
    "Client": "client.api",
    "Run": "client.script.run",
    "finish": "client.script.current",
    "init": "client.script.current",
    "log": "client.script.current",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'realspike' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

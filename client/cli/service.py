"""Commands about the service itself: `realspike up` and `realspike version`."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from client.cli.context import JsonFlag, UrlOption, invocation
from client.errors import ClientError
from client.supervisor import run_service
from rscore.hints import command

PAGE = Path(__file__).parents[2] / "web" / "dist" / "index.html"
READY = """realspike is up at {url}
  web page           {page}
  API                {url}/api/v1/openapi.json
  everything stored  {home}
  logs               {home}/logs
  first study        {study}
Ctrl-C stops it; runs that train go on from their checkpoint the next time."""


def up(
    ctx: typer.Context,
    home: Annotated[
        Path,
        typer.Option(
            "--home",
            metavar="DIR",
            envvar="REALSPIKE_HOME",
            show_envvar=False,
            help="Folder of everything that is stored; REALSPIKE_HOME.",
        ),
    ] = Path(".realspike"),
    host: Annotated[
        str,
        typer.Option(
            "--host",
            envvar="REALSPIKE_HOST",
            show_envvar=False,
            help="Address to listen on; REALSPIKE_HOST.",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port",
            min=0,
            max=65535,
            envvar="REALSPIKE_PORT",
            show_envvar=False,
            help="Port to listen on, 0 finds a free one; REALSPIKE_PORT.",
        ),
    ] = 8700,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Worker processes.")] = 1,
    slots: Annotated[
        int,
        typer.Option(
            "--slots",
            min=0,
            envvar="REALSPIKE_WORKER_SLOTS",
            show_envvar=False,
            help="Runs that one worker trains at once; 0 is one per GPU, or one. "
            "REALSPIKE_WORKER_SLOTS.",
        ),
    ] = 0,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Start the service on this machine and keep it running until Ctrl-C."""
    cli = invocation(ctx, url=url, as_json=as_json)

    def ready(address: str) -> None:
        if cli.as_json:
            cli.show_line({"event": "ready", "url": address, "home": str(home.absolute())})
        else:
            study = command(f"--url {address} study submit presets/digits-ablation.yaml --watch")
            page = f"{address}/" if PAGE.is_file() else "not built; build it with: make web"
            text = READY.format(url=address, page=page, home=home.absolute(), study=study)
            print(text, flush=True)

    code = run_service(
        home=home, host=host, port=port, workers=workers, slots=slots, on_ready=ready
    )
    raise typer.Exit(code)


def version(ctx: typer.Context, as_json: JsonFlag = False, url: UrlOption = None) -> None:
    """Print this program's version, and the service's where one answers."""
    cli = invocation(ctx, url=url, as_json=as_json)
    own = metadata.version("realspike")
    with cli.client(patience=0) as client:
        try:
            service = client.health()["version"]
        except ClientError:
            service = None
    there = f"service {service} at {cli.url}" if service else f"no service answers at {cli.url}"
    cli.show(
        {"client": own, "service": service, "url": cli.url},
        lambda out: out.print(f"realspike {own}\n{there}"),
    )

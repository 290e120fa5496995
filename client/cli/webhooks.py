"""Commands of `realspike webhook`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from client.cli.context import JsonFlag, UrlOption, invocation
from client.cli.render import age, ahead, print_fields, print_table
from client.wire import Webhook, WebhookDelivery

app = typer.Typer(
    no_args_is_help=True, help="Addresses that are told when a study ends or a run fails."
)

WebhookId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of a webhook, or a unique part of it.")
]


class Told(StrEnum):
    """What a webhook may be told of."""

    STUDY_ENDED = "study_ended"
    STUDY_PAUSED = "study_paused"
    RUN_FAILED = "run_failed"
    RUN_ENDED = "run_ended"


@app.command()
def add(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(metavar="URL", help="Where to POST what happens.")],
    events: Annotated[
        list[Told] | None,
        typer.Option("--event", help="What to tell; may be repeated. The usual if not given."),
    ] = None,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Tell an address what happens from now on; its secret is shown this once."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        made = client.webhooks.add(address, [event.value for event in events or ()])
    text = (
        f"webhook {made['id']} is told of {', '.join(made['events'])}\n"
        f"its secret, which is not shown again: {made['secret']}\n"
        f"try it with: {cli.command('webhook test ' + made['id'])}"
    )
    cli.show(made, lambda out: out.print(text))


@app.command("list")
def list_webhooks(ctx: typer.Context, as_json: JsonFlag = False, url: UrlOption = None) -> None:
    """List webhooks, newest first."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        items = client.webhooks.all()
    none = f"no webhooks; add one with: {cli.command('webhook add URL')}"
    cli.show({"items": items}, lambda out: _print_webhooks(out, items, none))


@app.command()
def show(
    ctx: typer.Context,
    webhook_id: WebhookId,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="At most so many.")] = 20,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Show a webhook and what it was told, newest first."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        webhook = client.webhooks.find(webhook_id)
        page = client.webhooks.deliveries(webhook["id"], limit=limit)

    def person(out: Console) -> None:
        print_fields(
            out,
            [
                ("id", webhook["id"]),
                ("url", webhook["url"]),
                ("events", ", ".join(webhook["events"])),
                ("created", age(webhook["created_at"])),
            ],
        )
        _print_deliveries(out, page["items"])
        if page["total"] > len(page["items"]):
            out.print(f"{len(page['items'])} of {page['total']}; see more with --limit")

    cli.show({**webhook, "deliveries": page["items"]}, person)


@app.command("test")
def ping(
    ctx: typer.Context, webhook_id: WebhookId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Have a ping sent, on the way that everything takes."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        webhook = client.webhooks.find(webhook_id)
        delivery = client.webhooks.ping(webhook["id"])
    text = (
        f"ping {delivery['id']} is on its way\n"
        f"see how it was taken with: {cli.command('webhook show ' + webhook['id'])}"
    )
    cli.show(delivery, lambda out: out.print(text))


@app.command()
def remove(
    ctx: typer.Context, webhook_id: WebhookId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Tell an address nothing any more, and forget what it was told."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.webhooks.find(webhook_id)["id"]
        client.webhooks.remove(found)
    cli.show({"removed": found}, lambda out: out.print(f"webhook {found} is removed"))


def _print_webhooks(out: Console, items: list[Webhook], none: str) -> None:
    if not items:
        out.print(none)
        return
    print_table(
        out,
        ("ID", "URL", "EVENTS", "CREATED"),
        (
            (item["id"], item["url"], ", ".join(item["events"]), age(item["created_at"]))
            for item in items
        ),
    )


def _print_deliveries(out: Console, items: list[WebhookDelivery]) -> None:
    if not items:
        out.print("it was told nothing yet")
        return
    print_table(
        out,
        ("DELIVERY", "EVENT", "STATE", "TRIES", "CREATED", "NEXT TRY", "ANSWER"),
        (
            (
                item["id"],
                item["event"],
                item["state"].replace("_", " "),
                item["tries"],
                age(item["created_at"]),
                ahead(item["next_at"]),
                item["answer"],
            )
            for item in items
        ),
    )

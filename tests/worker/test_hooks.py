"""Webhooks are really called: signed, again after a failure, and nowhere they must not lead."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlalchemy import update

from server.settings import Settings
from server.storage import webhook_deliveries
from server.storage import webhooks as hook_rows
from server.storage.database import Database, now
from server.storage.models import WebhookDelivery
from server.storage.states import RunStatus
from server.storage.webhook_deliveries import state_of
from server.storage.webhooks import WebhookEvent
from tests.conftest import SettingsFactory
from tests.support.receiver import Receiver, receiving, status
from tests.support.runs import run_in
from tests.support.services import free_port
from tests.support.waiting import wait_until
from tests.worker.faults import FailingDatabase
from tests.worker.plant import make_plant
from worker.hooks import Hooks

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations" / "webhooks.md"


@pytest.fixture
def own(settings: SettingsFactory) -> Settings:
    return settings("embedded", webhook_private=True)


@pytest.fixture
def db(own: Settings) -> Iterator[Database]:
    database = Database(own.resolved_database_url)
    yield database
    database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def hooks(own: Settings, db: Database) -> Hooks:
    return Hooks(own, db)


def add(db: Database, url: str) -> tuple[str, str]:
    """Id and secret of a webhook that is told everything."""
    with db.write() as session:
        webhook = hook_rows.add_webhook(session, url=url, told=list(WebhookEvent))
        return webhook.id, webhook.secret


def ping(db: Database, webhook_id: str) -> None:
    with db.write() as session:
        webhook_deliveries.add_ping(session, webhook_id)


def told(db: Database, webhook_id: str) -> list[WebhookDelivery]:
    """Deliveries, newest first."""
    with db.read() as session:
        return webhook_deliveries.deliveries_of(session, webhook_id).items


def only(db: Database, webhook_id: str) -> tuple[str, str]:
    """State and answer of the one delivery."""
    (delivery,) = told(db, webhook_id)
    return state_of(delivery), str(delivery.answer)


def wait_out(db: Database) -> None:
    """As if every pause had been waited for."""
    with db.write() as session:
        past = now(session) - timedelta(seconds=1)
        pending = update(WebhookDelivery).where(WebhookDelivery.next_at.is_not(None))
        session.execute(pending.values(next_at=past))


def test_a_failed_run_is_told_and_signed(db: Database, hooks: Hooks, receiver: Receiver) -> None:
    _, secret = add(db, receiver.url + "?group=a b")
    run_id = run_in(db, RunStatus.FAILED, name="Überlauf")

    hooks.collect()
    hooks.send()

    assert sorted(receiver.types) == ["run_ended", "run_failed"]
    for message in receiver.received:
        assert message.signed_by(secret)
        assert message.path == "/hook?group=a%20b"
        assert message.headers["content-type"] == "application/json"
        assert message.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert abs(time.time() - int(message.headers["webhook-timestamp"])) < 300
        assert message.document["data"]["run"]["id"] == run_id
        assert message.document["data"]["run"]["name"] == "Überlauf"
    hooks.send()
    assert len(receiver.received) == 2


def test_what_was_not_taken_is_sent_again_under_its_id(
    db: Database, hooks: Hooks, receiver: Receiver
) -> None:
    webhook, secret = add(db, receiver.url)
    ping(db, webhook)
    receiver.answers = [status(500, b"out of\n order" + b"x" * 10_000)]

    hooks.send()
    hooks.send()
    state, answer = only(db, webhook)
    assert (state, answer[:16]) == ("retrying", "500: out of orde")
    assert len(answer) < 250

    wait_out(db)
    hooks.send()
    assert only(db, webhook) == ("delivered", "200")
    first, second = receiver.received
    assert first.id == second.id
    assert second.body == first.body
    assert second.signed_by(secret)


def test_one_that_wants_no_more_is_left_alone(
    db: Database, hooks: Hooks, receiver: Receiver
) -> None:
    webhook, _ = add(db, receiver.url)
    ping(db, webhook)
    receiver.answers = [status(410)]
    hooks.send()
    assert only(db, webhook) == ("given_up", "410")


def test_a_redirect_is_not_followed(db: Database, hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = add(db, receiver.url)
    ping(db, webhook)
    receiver.answers = [status(307, Location=receiver.url)]
    hooks.send()
    assert only(db, webhook) == ("retrying", "307: a redirect, which is not followed")
    assert len(receiver.received) == 1


def silent(held: threading.Event) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(_handler: BaseHTTPRequestHandler) -> None:
        held.wait()

    return answer


def dripping(held: threading.Event) -> Callable[[BaseHTTPRequestHandler], None]:
    """A byte again and again, so that no single read takes long."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not held.wait(0.02):
            handler.wfile.write(b"x")

    return answer


@pytest.mark.parametrize("slow", [silent, dripping])
def test_a_slow_receiver_is_left(
    own: Settings,
    db: Database,
    receiver: Receiver,
    slow: Callable[[threading.Event], Callable[[BaseHTTPRequestHandler], None]],
) -> None:
    held = threading.Event()
    webhook, _ = add(db, receiver.url)
    for _ in range(3):
        ping(db, webhook)
    receiver.answers = [slow(held)]
    try:
        Hooks(own, db, seconds=0.5).send()
    finally:
        held.set()
    assert sorted(state_of(each) for each in told(db, webhook)) == [
        "retrying",
        "waiting",
        "waiting",
    ]
    (answer,) = [each.answer for each in told(db, webhook) if each.answer]
    assert answer.startswith("no answer: ")


def test_others_are_told_while_one_is_silent(
    own: Settings, db: Database, receiver: Receiver
) -> None:
    held = threading.Event()
    webhook, _ = add(db, receiver.url)
    ping(db, webhook)
    receiver.answers = [silent(held)]
    with receiving() as other:
        quick, _ = add(db, other.url)
        ping(db, quick)
        sending = threading.Thread(target=Hooks(own, db, seconds=600).send)
        sending.start()
        try:
            wait_until(lambda: only(db, quick) == ("delivered", "200"), "the other is told")
        finally:
            held.set()
            sending.join()
    assert only(db, webhook)[0] == "retrying"


@pytest.mark.parametrize(
    ("body", "says"), [(b"SSH-2.0-OpenSSH_9.2\r\n", "no answer in HTTP"), (b"", "no answer")]
)
def test_a_port_of_something_else(
    db: Database, hooks: Hooks, receiver: Receiver, body: bytes, says: str
) -> None:
    webhook, _ = add(db, receiver.url)
    ping(db, webhook)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(body)
        handler.close_connection = True

    receiver.answers = [answer]
    hooks.send()
    state, said = only(db, webhook)
    assert state == "retrying"
    assert says in said


def test_nobody_listens(db: Database, hooks: Hooks) -> None:
    webhook, _ = add(db, f"http://127.0.0.1:{free_port()}/")
    ping(db, webhook)
    hooks.send()
    state, said = only(db, webhook)
    assert state == "retrying"
    assert "refused" in said


class TestAddresses:
    """Checked again at the call: the webhook was added when its name led elsewhere."""

    def test_a_name_that_leads_to_this_machine_now(
        self, settings: SettingsFactory, db: Database, receiver: Receiver
    ) -> None:
        hooks = Hooks(settings("embedded"), db)
        webhook, _ = add(db, f"https://localhost:{receiver.port}/hook")
        ping(db, webhook)
        hooks.send()
        state, said = only(db, webhook)
        assert state == "retrying"
        assert said.startswith("not sent: localhost is at ")
        assert receiver.received == []

    def test_the_call_goes_to_the_address_that_was_checked(
        self, own: Settings, db: Database, receiver: Receiver
    ) -> None:
        asked = []

        def look_up(host: str, port: int) -> list[str]:
            asked.append((host, port))
            return ["127.0.0.1"]

        webhook, _ = add(db, f"http://hooks.test:{receiver.port}/hook")
        ping(db, webhook)
        Hooks(own, db, look_up=look_up).send()
        assert only(db, webhook) == ("delivered", "200")
        assert asked == [("hooks.test", receiver.port)]
        (message,) = receiver.received
        assert message.headers["host"] == f"hooks.test:{receiver.port}"

    def test_the_next_address_is_tried_where_one_takes_no_connection(
        self, own: Settings, db: Database, receiver: Receiver
    ) -> None:
        webhook, _ = add(db, receiver.url)
        ping(db, webhook)
        Hooks(own, db, look_up=lambda *_: ["127.0.0.2", "127.0.0.1"]).send()
        assert only(db, webhook) == ("delivered", "200")


@contextmanager
def certificate(folder: Path, name: str) -> Iterator[tuple[ssl.SSLContext, Path]]:
    """A server's side of TLS under that name, and the certificate to trust."""
    key, made = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
            *("-keyout", key, "-out", made),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    yield context, made


@pytest.mark.parametrize("name", ["hooks.test", "other.test"])
def test_over_https_the_certificate_has_to_be_of_the_name(
    own: Settings, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with certificate(tmp_path, "hooks.test") as (tls, trusted), receiving(tls) as receiver:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        webhook, _ = add(db, f"https://{name}:{receiver.port}/hook")
        ping(db, webhook)
        Hooks(own, db, look_up=lambda *_: ["127.0.0.1"]).send()
    state, said = only(db, webhook)
    if name == "hooks.test":
        assert (state, said) == ("delivered", "200")
    else:
        assert state == "retrying"
        assert "certificate verify failed" in said
        assert receiver.received == []


def test_trusted_certificates_that_are_not_there(
    own: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    webhook, _ = add(db, f"https://127.0.0.1:{free_port()}/")
    ping(db, webhook)
    Hooks(own, db).send()
    state, said = only(db, webhook)
    assert (state, said[:9]) == ("retrying", "not sent:")


def test_a_database_that_goes_away_leaves_the_delivery_for_later(
    own: Settings, db: Database, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    webhook, _ = add(db, receiver.url)
    ping(db, webhook)
    failing = FailingDatabase(own.resolved_database_url)
    failing.away = True
    Hooks(own, failing).send()
    failing.close()
    assert f"webhook {webhook} is told later" in caplog.text
    assert [state_of(each) for each in told(db, webhook)] == ["waiting"]


def test_logs_have_neither_secret_nor_url(
    db: Database, hooks: Hooks, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    webhook, secret = add(db, receiver.url + "?token=geheim")
    ping(db, webhook)
    receiver.answers = [status(500)]
    hooks.send()
    assert f"webhook {webhook}" in caplog.text
    ours = "\n".join(each.getMessage() for each in caplog.records if each.name.startswith("worker"))
    assert "geheim" not in ours
    assert secret not in ours
    above = [each for each in caplog.records if each.levelname not in ("DEBUG", "INFO")]
    assert not any("geheim" in each.getMessage() for each in above)


def test_a_scheduler_that_is_killed_after_sending_sends_again(
    own: Settings, db: Database, receiver: Receiver, tmp_path: Path
) -> None:
    webhook, _ = add(db, receiver.url)
    held = threading.Event()
    receiver.answers = [silent(held)]
    ping(db, webhook)
    with make_plant(own, tmp_path) as plant:
        first = plant.start("-m", "worker.scheduler")
        wait_until(lambda: receiver.ids, "the ping arrived", 120)
        first.end()
        held.set()
        assert only(db, webhook) == ("retrying", "no answer was recorded")
        wait_out(db)
        plant.start("-m", "worker.scheduler")
        wait_until(lambda: only(db, webhook) == ("delivered", "200"), "it was taken", 120)
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_receiver_of_the_document(own: Settings, db: Database, tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    script = tmp_path / "receiver.py"
    script.write_text(code)
    port = free_port()
    webhook, secret = add(db, f"http://127.0.0.1:{port}/")
    wrong, _ = add(db, f"http://127.0.0.1:{port}/")
    for each in (webhook, wrong):
        ping(db, each)
    said = tmp_path / "said"

    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, script],
            env={"WEBHOOK_SECRET": secret, "PORT": str(port)},
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: listens(port), "the receiver listens")
            Hooks(own, db).send()
        finally:
            process.kill()
            process.wait()
    assert only(db, webhook) == ("delivered", "200")
    assert only(db, wrong)[1].startswith("401")
    assert "'type': 'ping'" in said.read_text()

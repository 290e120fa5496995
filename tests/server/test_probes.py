"""Probes: bounded waiting, and one thread for a dependency that hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from server.probes import Probe, answers, answers_soon
from tests.support.waiting import wait_until


class Stuck:
    """Something that does not answer until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.let_go = threading.Event()

    def ask(self) -> str:
        self.asked += 1
        self.let_go.wait(30)
        return "at last"


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    made = Stuck()
    yield made
    made.let_go.set()


def refuse() -> str:
    raise OSError("no")


def test_who_is_late_has_no_answer_and_others_have_theirs(stuck: Stuck) -> None:
    probes = {"stuck": Probe(stuck.ask), "quick": Probe(lambda: "yes"), "broken": Probe(refuse)}

    for found in (answers(probes, 0.2), asyncio.run(answers_soon(probes, 0.2))):
        assert found["stuck"] is None
        assert found["quick"] is not None
        assert found["quick"].result() == "yes"
        assert isinstance(found["broken"] and found["broken"].exception(), OSError)


def test_what_hangs_is_not_asked_a_second_time(stuck: Stuck) -> None:
    probe = Probe(stuck.ask)
    before = set(threading.enumerate())  # some of earlier tests may be about to end

    for _ in range(20):
        assert answers({"stuck": probe}, 0.001) == {"stuck": None}

    assert stuck.asked == 1
    assert len(set(threading.enumerate()) - before) == 1
    waited_for = probe.start()
    stuck.let_go.set()
    assert waited_for.result(10) == "at last"
    wait_until(lambda: answers({"stuck": probe}, 10)["stuck"] is not waited_for, "a new answer")
    assert stuck.asked > 1

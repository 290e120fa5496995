from __future__ import annotations

from rscore.training.early_stop import EarlyStop


def test_ends_after_so_many_epochs_without_a_better_one() -> None:
    state = EarlyStop(2)
    seen = []
    for accuracy in (0.5, 0.6, 0.6, 0.7, 0.6, 0.7):
        state.add(accuracy)
        seen.append((state.waited, state.reached))
    assert seen == [(0, False), (0, False), (1, False), (0, False), (1, False), (2, True)]
    assert state.best == 0.7


def test_without_a_patience_it_never_ends() -> None:
    state = EarlyStop(None)
    for _ in range(50):
        state.add(0.0)
    assert not state.reached


def test_the_state_comes_back() -> None:
    state = EarlyStop(3)
    state.add(0.1 + 0.2)
    state.add(0.1)
    again = EarlyStop(3)
    again.restore(state.tensors())
    assert (again.best, again.waited) == (0.1 + 0.2, 1)

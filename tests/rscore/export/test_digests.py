import torch

from rscore.export.digests import json_digest, tensors_digest


def test_the_order_of_keys_changes_no_digest() -> None:
    assert json_digest({"a": 1, "b": [0.1, None]}) == json_digest({"b": [0.1, None], "a": 1})
    assert json_digest({"a": 1}) != json_digest({"a": 2})


def test_names_shapes_types_and_values_of_tensors_all_count() -> None:
    one = torch.arange(6.0)
    digests = {
        tensors_digest(tensors)
        for tensors in (
            {"a": one},
            {"b": one},
            {"a": one.view(2, 3)},
            {"a": one.double()},
            {"a": one + 1e-6},
            {"a": one, "b": one},
        )
    }
    assert len(digests) == 6
    transposed = one.view(2, 3).t()
    assert tensors_digest({"a": transposed}) == tensors_digest({"a": transposed.contiguous()})

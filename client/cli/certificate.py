"""A certificate in words: one line, or the whole proof."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from client.cli.render import count, number, percent, print_fields, print_table
from client.wire import Json


def float32_mismatches(certificate: Json) -> int:
    """Spikes that differ in the free-running float32 network, over layers and time steps."""
    layers = certificate["float32"]["layers"]
    return sum(sum(layer["end_to_end_mismatch"]) for layer in layers)


def float32_spikes(certificate: Json) -> int:
    """Spikes that were compared in float32."""
    layers = certificate["float32"]["layers"]
    return sum(layer["neurons"] * len(layer["end_to_end_mismatch"]) for layer in layers)


def verdict_cells(certificate: Json) -> list[str]:
    """Verdict, samples, max |Δlogit| in float64, float32 mismatches, agreement."""
    double, single = certificate["float64"], certificate["float32"]
    return [
        certificate["verdict"],
        str(certificate["samples"]),
        f"{double['max_abs_logit_diff']:.1e}",
        f"{float32_mismatches(certificate)} of {float32_spikes(certificate)}",
        f"{single['agreement']}/{single['samples']}",
    ]


VERDICT_COLUMNS = (
    "VERDICT",
    "SAMPLES",
    "MAX |Δlogit| FLOAT64",
    "FLOAT32 SPIKES DIFFER",
    "AGREEMENT",
)


def print_certificate(out: Console, certificate: Json) -> None:
    """The proof, what rounding does, each exported file's parity, and the cost."""
    double, single = certificate["float64"], certificate["float32"]
    print_fields(
        out,
        [
            ("verdict", certificate["verdict"]),
            ("samples", certificate["samples"]),
            ("granularity", certificate["granularity"]),
            (
                "float64",
                f"{double['mismatches']} of {double['spikes']} spikes differ, "
                f"max |Δlogit| {double['max_abs_logit_diff']:.1e}, "
                f"every spike {'is' if double['binary'] else 'IS NOT'} "
                f"{_one_of(certificate.get('alphabet', [0, 1]))}",
            ),
            (
                "float32",
                f"{float32_mismatches(certificate)} of {float32_spikes(certificate)} "
                "spikes differ, "
                f"max |Δlogit| {single['max_abs_logit_diff']:.1e}, "
                f"smallest threshold margin {single['smallest_margin']:.1e}",
            ),
            ("agreement", f"{single['agreement']} of {single['samples']} predictions"),
        ],
    )
    print_table(
        out,
        ("FILE", "FORMAT", "RUNTIME", "AGREEMENT", "MAX |Δlogit|"),
        (
            (
                parity["file"],
                parity["format"],
                parity["runtime"],
                f"{parity['agreement']}/{parity['samples']}",
                f"{parity['max_abs_logit_diff']:.1e}",
            )
            for parity in certificate["exports"]
        ),
    )
    for refusal in certificate.get("refused", []):
        out.print(f"not as {refusal['format']}: {refusal['reason']}")
    _print_cost(out, certificate["cost"])


def _one_of(values: list[int]) -> str:
    *first, last = (str(value) for value in values)
    return f"{', '.join(first)} or {last}"


def _print_cost(out: Console, cost: Json) -> None:
    rows: tuple[tuple[str, Any], ...] = (
        ("parameters", lambda side: count(side["parameters"])),
        ("bytes", lambda side: count(side["bytes"])),
        ("MACs per sample", lambda side: count(side["macs"])),
        ("SynOps per sample", lambda side: count(side["synops"])),
        ("firing rate", lambda side: percent(side["firing_rate"])),
        ("energy estimate, nJ", lambda side: number(side["energy_estimate_pj"] / 1000)),
    )
    print_table(
        out,
        ("COST", "TRAINED", "FOLDED"),
        ((name, value(cost["before"]), value(cost["after"])) for name, value in rows),
    )
    table = cost["energy_table"]
    out.print(f"energy: {table['process']}, {table['mac_pj']} pJ a MAC, {table['ac_pj']} pJ an AC")

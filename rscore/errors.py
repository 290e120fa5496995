"""Errors that rscore raises; the message of each says what was wrong and what to do."""

from __future__ import annotations


class RscoreError(Exception):
    """Anything rscore refuses to do. `code` is stable and machine readable."""

    code = "rscore_error"


class SpecError(RscoreError):
    """A run specification that cannot be trained, with the field's path in the message."""

    code = "spec_invalid"


class DatasetMissingError(RscoreError):
    """The files of a data set are not where they should be; the message is the exact remedy."""

    code = "dataset_missing"


class DatasetCorruptError(RscoreError):
    """A data set file is there but its checksum or its header is wrong."""

    code = "dataset_corrupt"


class NonFiniteLossError(RscoreError):
    """The loss became NaN or infinite; training stops, and what was measured so far is kept."""

    code = "loss_not_finite"


class CheckpointError(RscoreError):
    """A checkpoint that cannot be read or belongs to another specification."""

    code = "checkpoint_unreadable"


class FoldError(RscoreError):
    """A network that cannot be folded exactly; names the layer and the reason."""

    code = "fold_refused"

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"cannot fold {layer!r}: {reason}")
        self.layer = layer
        self.reason = reason


class CertificateError(RscoreError):
    """The folded network does not equal the trained one, so there is no model."""

    code = "certificate_refused"


class ExportError(RscoreError):
    """An exported file that its own runtime does not reproduce, or cannot express."""

    code = "export_refused"

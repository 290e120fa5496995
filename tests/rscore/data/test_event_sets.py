from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
import torch
from torch import Tensor

from rscore import data
from rscore.data import cifar10_dvs, dvs128_gesture, frame_cache, n_mnist
from rscore.data.samples import TensorSamples
from rscore.datasets import DATASETS, DatasetFile, DatasetInfo
from rscore.errors import DatasetCorruptError, DatasetMissingError
from rscore.spec import RunSpec
from tests.rscore.data.event_bytes import Event, aedat2, aedat31, events40, packet31
from tests.rscore.data.real import REAL, needs

N_MNIST = RunSpec(dataset="n-mnist", num_timesteps=2)
CIFAR = RunSpec(dataset="cifar10-dvs", num_timesteps=2, image_size=16)
GESTURE = RunSpec(dataset="dvs128-gesture", num_timesteps=2, image_size=32)


def tensors(spec: RunSpec, folder: Path) -> tuple[TensorSamples, TensorSamples]:
    loaded = data.load(spec, folder)
    assert isinstance(loaded.train, TensorSamples)
    assert isinstance(loaded.test, TensorSamples)
    return loaded.train, loaded.test


def labels(samples: TensorSamples) -> list[int]:
    return [int(label) for label in samples.labels]


def totals(samples: TensorSamples) -> list[int]:
    """Events of each recording."""
    sums: Tensor = samples.inputs.long().flatten(1).sum(1)
    return [int(total) for total in sums]


def blink(count: int, x: int = 1, y: int = 2) -> list[Event]:
    return [(x, y, time, time % 2) for time in range(count)]


N_MNIST_FILES = {
    "Train/7/00001.bin": blink(3),
    "Train/0/00002.bin": blink(300),
    "Train/7/00010.bin": blink(5),
    "Test/3/00001.bin": blink(6),
}


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def write_zips(folder: Path, files: dict[str, bytes]) -> tuple[DatasetFile, ...]:
    """One archive per first folder, and what is known of them."""
    folder.mkdir()
    known = []
    for top in dict.fromkeys(name.split("/")[0] for name in files):
        path = folder / f"{top}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"__MACOSX/{top}/0/._00001.bin", b"no recording")
            for name, content in files.items():
                if name.startswith(f"{top}/"):
                    archive.writestr(name, content)
        digest = hashlib.md5(path.read_bytes()).hexdigest()
        known.append(DatasetFile(path.name, path.stat().st_size, digest, ("http://x",)))
    return tuple(known)


def know(monkeypatch: pytest.MonkeyPatch, name: str, files: tuple[DatasetFile, ...]) -> None:
    """Let a data set's archives be those that a test has written."""
    info: DatasetInfo = DATASETS[name]  # type: ignore[index]
    changed = MappingProxyType({**DATASETS, name: replace(info, files=files)})
    for module in (data, n_mnist, cifar10_dvs, dvs128_gesture):
        monkeypatch.setattr(module, "DATASETS", changed)
    monkeypatch.setattr("rscore.spec.DATASETS", changed)


@pytest.mark.parametrize("packed", [False, True])
def test_n_mnist_in_the_order_of_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, packed: bool
) -> None:
    files = {name: events40(events) for name, events in N_MNIST_FILES.items()}
    if packed:
        know(monkeypatch, "n-mnist", write_zips(tmp_path / "n-mnist", files))
    else:
        write_folder(tmp_path / "n-mnist", files)
    train, test = tensors(N_MNIST, tmp_path)
    assert train.inputs.shape == (3, 2, 2, 34, 34)
    assert (labels(train), labels(test)) == ([7, 0, 7], [3])
    assert (totals(train), totals(test)) == ([3, 300, 5], [6])
    assert train.inputs[0, :, :, 2, 1].tolist() == [[1, 1], [1, 0]]
    assert train.head(1)[0].dtype == torch.float32


def test_counts_that_do_not_fit_a_byte_are_kept(tmp_path: Path) -> None:
    files = dict(N_MNIST_FILES) | {"Test/3/00001.bin": [(1, 1, 0, 1)] * 40_000}
    write_folder(tmp_path / "n-mnist", {name: events40(rows) for name, rows in files.items()})
    train, test = tensors(replace_spec(N_MNIST, num_timesteps=1), tmp_path)
    assert train.inputs.dtype == torch.uint8
    assert (test.inputs.dtype, totals(test)) == (torch.int16, [32_767])


def replace_spec(spec: RunSpec, **changes: object) -> RunSpec:
    return RunSpec(**(spec.model_dump() | changes))


def test_only_as_many_recordings_as_asked_for_are_read(tmp_path: Path) -> None:
    files = {name: events40(events) for name, events in N_MNIST_FILES.items()}
    write_folder(tmp_path / "n-mnist", files | {"Train/1/00099.bin": b"broken"})
    train, _ = tensors(replace_spec(N_MNIST, train_samples=2), tmp_path)
    assert labels(train) == [7, 0]
    with pytest.raises(DatasetCorruptError, match=r"00099\.bin has 6 bytes"):
        tensors(N_MNIST, tmp_path)


def test_an_archive_with_another_checksum_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: events40(events) for name, events in N_MNIST_FILES.items()}
    known = write_zips(tmp_path / "n-mnist", files)
    know(monkeypatch, "n-mnist", (replace(known[0], md5="0" * 32), known[1]))
    with pytest.raises(DatasetCorruptError, match=r"Train\.zip is not the original: its MD5"):
        data.load(N_MNIST, tmp_path)


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    for part in ("Train", "Test"):
        (tmp_path / "n-mnist" / part).mkdir(parents=True)
    with pytest.raises(DatasetCorruptError, match=r"no recording <class>/<number>\.bin"):
        data.load(N_MNIST, tmp_path)


def test_a_broken_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {name: events40(events) for name, events in N_MNIST_FILES.items()}
    known = write_zips(tmp_path / "n-mnist", files)
    path = tmp_path / "n-mnist" / "Train.zip"
    path.write_bytes(path.read_bytes()[:100])
    know(monkeypatch, "n-mnist", (replace(known[0], bytes=100), known[1]))
    with pytest.raises(DatasetCorruptError, match=r"Train\.zip is not a whole archive"):
        data.load(N_MNIST, tmp_path)


@pytest.mark.parametrize("packed", [False, True])
def test_cifar10_dvs_is_split_by_number_and_stands_upright(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, packed: bool
) -> None:
    files = {
        f"{name}/cifar10_{name}_{number}.aedat": aedat2(blink(number % 7 + 1, x=120, y=10))
        for name in DATASETS["cifar10-dvs"].classes
        for number in (0, 12, 899, 900, 999)
    }
    if packed:
        know(monkeypatch, "cifar10-dvs", write_zips(tmp_path / "cifar10-dvs", files))
    else:
        write_folder(tmp_path / "cifar10-dvs", files)
    train, test = tensors(CIFAR, tmp_path)
    assert labels(train) == [*range(10)] * 3
    assert labels(test) == [*range(10)] * 2
    assert totals(train)[::10] == [1, 6, 4]
    assert totals(test)[::10] == [5, 6]
    row, column = (127 - 120) * 16 // 128, (127 - 10) * 16 // 128
    assert train.inputs[10, :, :, row, column].sum() == 6


def gesture_files() -> dict[str, bytes]:
    head = "class,startTime_usec,endTime_usec\n"
    one = packet31([(5, 6, time, 1) for time in range(0, 1000, 100)])
    other = packet31([(7, 8, time, 0) for time in range(0, 1000, 50)])
    return {
        "user01_led.aedat": aedat31(one),
        "user01_led_labels.csv": f"{head}3,0,300\n11,300,1000\n".encode(),
        "user24_lab.aedat": aedat31(other),
        "user24_lab_labels.csv": f"{head}1,100,200\n".encode(),
        "trials_to_train.txt": b"user01_led.aedat\nuser02_led.aedat\n\n",
        "trials_to_test.txt": b"user24_lab.aedat\n",
    }


@pytest.mark.parametrize("packed", [False, True])
def test_gestures_are_the_spans_of_the_label_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, packed: bool
) -> None:
    place = tmp_path / "dvs128-gesture"
    if packed:
        place.mkdir()
        path = place / "DvsGesture.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name, content in gesture_files().items():
                member = tarfile.TarInfo(f"DvsGesture/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        digest = hashlib.md5(path.read_bytes()).hexdigest()
        know(monkeypatch, "dvs128-gesture", (DatasetFile(path.name, None, digest, ()),))
    else:
        write_folder(place / "DvsGesture", gesture_files())
    train, test = tensors(GESTURE, tmp_path)
    assert (labels(train), totals(train)) == ([2, 10], [3, 7])
    assert (labels(test), totals(test)) == ([0], [2])
    assert train.inputs[0, :, 1, 6 * 32 // 128, 5 * 32 // 128].tolist() == [2, 1]
    assert totals(tensors(replace_spec(GESTURE, train_samples=1), tmp_path)[0]) == [3]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("user01_led_labels.csv", b"class\n1\n", "is no file of gesture spans"),
        ("user01_led_labels.csv", b"class,startTime_usec,endTime_usec\n12,1,2\n", "outside 1..11"),
        ("user01_led.aedat", b"nothing", "is no AEDAT 3.1 file"),
        ("trials_to_test.txt", b"user99.aedat", "holds no trial that trials_to_test.txt names"),
    ],
)
def test_a_broken_gesture_file_is_named(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    place = tmp_path / "dvs128-gesture" / "DvsGesture"
    write_folder(place, gesture_files() | {name: content})
    with pytest.raises(DatasetCorruptError, match=message):
        data.load(GESTURE, tmp_path)


@pytest.mark.parametrize("name", ["user01_led_labels.csv", "trials_to_train.txt"])
def test_a_gesture_file_that_is_absent_is_named(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path / "dvs128-gesture" / "DvsGesture", gesture_files())
    (tmp_path / "dvs128-gesture" / "DvsGesture" / name).unlink()
    with pytest.raises(DatasetCorruptError, match=name):
        data.load(GESTURE, tmp_path)


@pytest.mark.parametrize("spec", [N_MNIST, CIFAR, GESTURE])
def test_missing_recordings_are_named_with_the_remedy(tmp_path: Path, spec: RunSpec) -> None:
    with pytest.raises(DatasetMissingError, match=str(tmp_path / spec.dataset)) as raised:
        data.load(spec, tmp_path)
    assert str(raised.value) == data.missing(spec.dataset, tmp_path)


def test_a_set_that_is_there_unpacked_is_not_fetched(tmp_path: Path) -> None:
    for part in ("Train", "Test"):
        (tmp_path / "n-mnist" / part).mkdir(parents=True)
    assert data.fetch("n-mnist", tmp_path) == []


def test_an_archive_that_a_person_brought_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dvs128-gesture").mkdir()
    path = tmp_path / "dvs128-gesture" / "DvsGesture.tar.gz"
    path.write_bytes(b"whole")
    with pytest.raises(DatasetCorruptError, match="put the original there"):
        data.fetch("dvs128-gesture", tmp_path)
    digest = hashlib.md5(b"whole").hexdigest()
    know(monkeypatch, "dvs128-gesture", (DatasetFile(path.name, None, digest, ()),))
    assert data.fetch("dvs128-gesture", tmp_path) == [path]


def test_frames_of_large_sets_are_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_cache, "LEAST_BYTES", 0)
    place = tmp_path / "n-mnist"
    write_folder(place, {name: events40(events) for name, events in N_MNIST_FILES.items()})
    first, _ = tensors(N_MNIST, tmp_path)
    assert len(list((place / ".frames").iterdir())) == 2

    read: list[str] = []
    parse = n_mnist.parse_events40
    monkeypatch.setattr(
        n_mnist, "parse_events40", lambda content, name: read.append(name) or parse(content, name)
    )
    again, _ = tensors(N_MNIST, tmp_path)
    assert read == []
    assert torch.equal(again.inputs, first.inputs)
    for changes in ({"event_slicing": "count"}, {"num_timesteps": 3}, {"image_size": 17}):
        tensors(replace_spec(N_MNIST, **changes), tmp_path)
        assert len(read) == 4
        read.clear()
    (place / "Train/7/00001.bin").write_bytes(events40(blink(9)))
    assert totals(tensors(N_MNIST, tmp_path)[0])[0] == 9
    for file in (place / ".frames").iterdir():
        file.write_bytes(b"damaged")
    assert totals(tensors(N_MNIST, tmp_path)[0])[0] == 9


@needs("n-mnist-small")
@pytest.mark.parametrize("slicing", ["time", "count"])
def test_real_n_mnist(tmp_path: Path, slicing: str) -> None:
    (tmp_path / "n-mnist").symlink_to(REAL / "n-mnist-small")
    assert data.missing("n-mnist", tmp_path) is None
    spec = RunSpec(dataset="n-mnist", num_timesteps=4, event_slicing=slicing)
    train, test = tensors(spec, tmp_path)
    assert train.inputs.shape == (200, 4, 2, 34, 34)
    assert train.labels.bincount().tolist() == [20] * 10
    assert test.labels.bincount().tolist() == [4, 7, 4, 5, 7, 3, 5, 7, 1, 5]
    assert labels(train)[:2] == [5, 0]
    assert totals(train)[:2] == [4681, 5028]
    assert sum(totals(train) + totals(test)) / 248 == pytest.approx(4077, abs=1)


@needs("dvs128-gesture-clips")
def test_real_gesture_labels() -> None:
    clips = dvs128_gesture.read_clips(REAL / "dvs128-gesture-clips" / "user01_natural_labels.csv")
    assert [clip.label for clip in clips] == [0, 1, 2, 4, 3, 5, 6, 7, 7, 8, 9, 10]
    assert clips[0] == dvs128_gesture.Clip(0, 53_036_986, 59_508_469)


@needs("n-mnist-small")
def test_a_real_recording_that_is_cut_short_is_named(tmp_path: Path) -> None:
    place = tmp_path / "n-mnist"
    shutil.copytree(REAL / "n-mnist-small", place)
    path = place / "Train" / "5" / "00001.bin"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DatasetCorruptError, match=str(path)):
        data.load(N_MNIST, tmp_path)

from __future__ import annotations

from pathlib import Path

import pytest

from rscore.datasets import DATASETS, DatasetFile, DatasetInfo, is_complete, remedy

ARCHIVE = DatasetFile("all.zip", 3, "0" * 32, ("http://localhost/all.zip",))
OTHER = DatasetFile("other.zip", None, "0" * 32, ())
INFO = DatasetInfo(
    "Small",
    1,
    28,
    ("a",),
    train=1,
    test=1,
    files=(ARCHIVE,),
    instead=(OTHER,),
    unpacked=(("Train", "Test"), ("whole",)),
)


def test_every_file_has_a_checksum_and_a_way_to_get_it() -> None:
    for info in DATASETS.values():
        for file in (*info.files, *info.instead):
            assert file.bytes is None or file.bytes > 0
            assert len(file.md5) == 32
            assert file.urls or info.by_hand


def test_every_data_set_has_files_or_folders_or_comes_with_a_package() -> None:
    assert [name for name, info in DATASETS.items() if info.is_built_in] == ["digits"]
    assert {len(info.classes) for info in DATASETS.values()} == {10, 11, 100, 1000}
    for info in DATASETS.values():
        assert len(set(info.classes)) == len(info.classes)


@pytest.mark.parametrize(
    ("made", "complete"),
    [
        ([], False),
        (["all.zip"], True),
        (["other.zip"], True),
        (["Train/"], False),
        (["Train/", "Test/"], True),
        (["whole/"], True),
        (["whole"], False),
    ],
)
def test_any_form_completes_a_data_set(tmp_path: Path, made: list[str], *, complete: bool) -> None:
    for name in made:
        if name.endswith("/"):
            (tmp_path / name).mkdir()
        else:
            (tmp_path / name).write_bytes(b"abc")
    assert is_complete(INFO, tmp_path) == complete
    assert (remedy("small", INFO, tmp_path) is None) == complete


def test_a_file_of_another_size_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "all.zip").write_bytes(b"half of it")
    assert not is_complete(INFO, tmp_path)


def test_the_remedy_names_every_way(tmp_path: Path) -> None:
    assert remedy("small", INFO, tmp_path) == (
        f"data set small is not complete in {tmp_path}: missing all.zip; "
        "run `realspike data fetch small`, or put the original files there, "
        "or put other.zip there, or put the unpacked Train/ and Test/ or whole/ there"
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("imagenet", ["image-net.org", "train/<class>/<image>", "val/<class>/<image>"]),
        ("dvs128-gesture", ["ibm.ent.box.com", "DvsGesture.tar.gz", "put it there"]),
    ],
)
def test_what_only_a_person_can_get_says_how(tmp_path: Path, name: str, says: list[str]) -> None:
    text = remedy(name, DATASETS[name], tmp_path)  # type: ignore[index]
    assert text is not None
    assert "data fetch" not in text
    assert all(part in text for part in [*says, str(tmp_path)])

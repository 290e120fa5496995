"""The data sets a spec may name: shape, classes, sizes, and the files that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

DatasetName = Literal[
    "digits",
    "mnist",
    "fashion-mnist",
    "kmnist",
    "cifar10",
    "cifar100",
    "imagenet",
    "n-mnist",
    "cifar10-dvs",
    "dvs128-gesture",
]


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """One original file of a data set, as its authors publish it."""

    name: str
    bytes: int | None
    """None where only the MD5 is published."""
    md5: str
    urls: tuple[str, ...]
    """Where a program can fetch it; empty when only a person can."""

    def size_fits(self, path: Path) -> bool:
        """Whether a file is there with the original's size, where that is known."""
        return path.is_file() and self.bytes in (None, path.stat().st_size)


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What a data set is: sample shape, classes, split sizes, and the files that hold it."""

    title: str
    channels: int
    size: int
    classes: tuple[str, ...]
    train: int
    """Samples of the official split; a folder may hold fewer."""
    test: int
    files: tuple[DatasetFile, ...] = ()
    kind: Literal["images", "events"] = "images"
    """Events are recordings of a dynamic vision sensor, given to the network as T frames."""
    instead: tuple[DatasetFile, ...] = ()
    """Archives each of which serves as well as all of `files`."""
    unpacked: tuple[tuple[str, ...], ...] = ()
    """Sets of folder names each of which serves as well as all of `files`."""
    by_hand: str | None = None
    """How a person gets it, where a program cannot."""

    @property
    def is_built_in(self) -> bool:
        """Whether it comes with an installed package and needs no files."""
        return not self.files and not self.unpacked


def missing_files(info: DatasetInfo, folder: Path) -> list[DatasetFile]:
    """The files that are not in `folder`, or have another size than the original."""
    return [file for file in info.files if not file.size_fits(folder / file.name)]


def is_complete(info: DatasetInfo, folder: Path) -> bool:
    """Whether `folder` holds a data set in any of its forms; only names and sizes are looked at."""
    return (
        bool(info.files and not missing_files(info, folder))
        or any(file.size_fits(folder / file.name) for file in info.instead)
        or any(all((folder / name).is_dir() for name in names) for names in info.unpacked)
        or info.is_built_in
    )


def remedy(name: str, info: DatasetInfo, folder: Path) -> str | None:
    """What to do when `folder` does not hold a data set, or None when it does."""
    if is_complete(info, folder):
        return None
    ways = [_by_hand(name, info) if info.by_hand else f"run `realspike data fetch {name}`"]
    if info.files and not info.by_hand:
        ways.append("or put the original files there")
    ways += [f"or put {file.name} there" for file in info.instead]
    if info.files and info.unpacked:
        forms = " or ".join(_listed(tuple(f"{part}/" for part in names)) for names in info.unpacked)
        ways.append(f"or put the unpacked {forms} there")
    lacking = ", ".join(file.name for file in missing_files(info, folder))
    absent = f": missing {lacking}" if lacking else ""
    return f"data set {name} is not complete in {folder}{absent}; {', '.join(ways)}"


def _by_hand(name: str, info: DatasetInfo) -> str:
    return f"{name} cannot be fetched by a program: {info.by_hand}"


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _files(
    mirrors: tuple[str, ...], *facts: tuple[str, int | None, str]
) -> tuple[DatasetFile, ...]:
    return tuple(
        DatasetFile(name, size, md5, tuple(f"{mirror}/{name}" for mirror in mirrors))
        for name, size, md5 in facts
    )


def _figshare(*facts: tuple[str, int, str, int]) -> tuple[DatasetFile, ...]:
    mirror = "https://ndownloader.figshare.com/files"
    return tuple(
        DatasetFile(name, size, md5, (f"{mirror}/{number}",)) for name, size, md5, number in facts
    )


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(count))


_TORONTO = ("https://www.cs.toronto.edu/~kriz",)
_MENDELEY = "https://data.mendeley.com/public-files/datasets/468j46mzdv/files"
_DIGITS = _numbered(10)
_FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_KMNIST = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
_CIFAR10 = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
_CIFAR100_NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile
cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp
lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom
oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake
spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
_CIFAR100 = tuple(_CIFAR100_NAMES.split())
_GESTURES = (
    "hand clapping",
    "right hand wave",
    "left hand wave",
    "right arm clockwise",
    "right arm counter clockwise",
    "left arm clockwise",
    "left arm counter clockwise",
    "arm roll",
    "air drums",
    "air guitar",
    "other gestures",
)

DATASETS: Mapping[DatasetName, DatasetInfo] = MappingProxyType(
    {
        "digits": DatasetInfo("scikit-learn digits", 1, 8, _DIGITS, train=1437, test=360),
        "mnist": DatasetInfo(
            "MNIST",
            1,
            28,
            _DIGITS,
            train=60_000,
            test=10_000,
            files=_files(
                (
                    "https://ossci-datasets.s3.amazonaws.com/mnist",
                    "https://storage.googleapis.com/cvdf-datasets/mnist",
                ),
                ("train-images-idx3-ubyte.gz", 9912422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
                ("train-labels-idx1-ubyte.gz", 28881, "d53e105ee54ea40749a09fcbcd1e9432"),
                ("t10k-images-idx3-ubyte.gz", 1648877, "9fb629c4189551a2d022fa330f9573f3"),
                ("t10k-labels-idx1-ubyte.gz", 4542, "ec29112dd5afa0611ce80d1b7f02629c"),
            ),
        ),
        "fashion-mnist": DatasetInfo(
            "Fashion-MNIST",
            1,
            28,
            _FASHION,
            train=60_000,
            test=10_000,
            files=_files(
                (
                    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
                    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
                ),
                ("train-images-idx3-ubyte.gz", 26421880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
                ("train-labels-idx1-ubyte.gz", 29515, "25c81989df183df01b3e8a0aad5dffbe"),
                ("t10k-images-idx3-ubyte.gz", 4422102, "bef4ecab320f06d8554ea6380940ec79"),
                ("t10k-labels-idx1-ubyte.gz", 5148, "bb300cfdad3c16e7a12a480ee83cd310"),
            ),
        ),
        "kmnist": DatasetInfo(
            "Kuzushiji-MNIST",
            1,
            28,
            _KMNIST,
            train=60_000,
            test=10_000,
            files=_files(
                (
                    "https://codh.rois.ac.jp/kmnist/dataset/kmnist",
                    "http://codh.rois.ac.jp/kmnist/dataset/kmnist",
                ),
                ("train-images-idx3-ubyte.gz", 18165135, "bdb82020997e1d708af4cf47b453dcf7"),
                ("train-labels-idx1-ubyte.gz", 29497, "e144d726b3acfaa3e44228e80efcd344"),
                ("t10k-images-idx3-ubyte.gz", 3041136, "5c965bf0a639b31b8f53240b1b52f4d7"),
                ("t10k-labels-idx1-ubyte.gz", 5120, "7320c461ea6c1c855c0b718fb2a4b134"),
            ),
        ),
        "cifar10": DatasetInfo(
            "CIFAR-10",
            3,
            32,
            _CIFAR10,
            train=50_000,
            test=10_000,
            files=_files(
                _TORONTO, ("cifar-10-binary.tar.gz", 170052171, "c32a1d4ab5d03f1284b67883e8d87530")
            ),
            instead=_files(
                _TORONTO, ("cifar-10-python.tar.gz", 170498071, "c58f30108f718f92721af3b95e74349a")
            ),
            unpacked=(("cifar-10-batches-bin",), ("cifar-10-batches-py",)),
        ),
        "cifar100": DatasetInfo(
            "CIFAR-100",
            3,
            32,
            _CIFAR100,
            train=50_000,
            test=10_000,
            files=_files(
                _TORONTO, ("cifar-100-binary.tar.gz", 168513733, "03b5dce01913d631647c71ecec9e9cb8")
            ),
            instead=_files(
                _TORONTO, ("cifar-100-python.tar.gz", 169001437, "eb9058c3a382ffc7106e4002c42a8d85")
            ),
            unpacked=(("cifar-100-binary",), ("cifar-100-python",)),
        ),
        "imagenet": DatasetInfo(
            "ImageNet (ILSVRC 2012)",
            3,
            224,
            _numbered(1000),
            train=1_281_167,
            test=50_000,
            unpacked=(("train", "val"),),
            by_hand=(
                "sign in at https://image-net.org, download ILSVRC 2012 and put its images there "
                "as train/<class>/<image> and val/<class>/<image>, one sub-folder for each class"
            ),
        ),
        "n-mnist": DatasetInfo(
            "N-MNIST",
            2,
            34,
            _DIGITS,
            train=60_000,
            test=10_000,
            kind="events",
            files=(
                DatasetFile(
                    "Train.zip",
                    None,
                    "20959b8e626244a1b502305a9e6e2031",
                    (f"{_MENDELEY}/39c25547-014b-4137-a934-9d29fa53c7a0/file_downloaded",),
                ),
                DatasetFile(
                    "Test.zip",
                    None,
                    "69ca8762b2fe404d9b9bad1103e97832",
                    (f"{_MENDELEY}/05a4d654-7e03-4c15-bdfa-9bb2bcbea494/file_downloaded",),
                ),
            ),
            unpacked=(("Train", "Test"),),
        ),
        "cifar10-dvs": DatasetInfo(
            "CIFAR10-DVS",
            2,
            128,
            _CIFAR10,
            train=9_000,
            test=1_000,
            kind="events",
            files=_figshare(
                ("airplane.zip", 747054427, "0afd5c4bf9ae06af762a77b180354fdd", 7712788),
                ("automobile.zip", 970159102, "8438dfeba3bc970c94962d995b1b9bdd", 7712791),
                ("bird.zip", 760766288, "a9c207c91c55b9dc2002dc21c684d785", 7712794),
                ("cat.zip", 843271197, "52c63c677c2b15fa5146a8daf4d56687", 7712812),
                ("deer.zip", 778283422, "b6bf21f6c04d21ba4e23fc3e36c8a4a3", 7712815),
                ("dog.zip", 844609875, "f379ebdf6703d16e0a690782e62639c3", 7712818),
                ("frog.zip", 818824848, "cad6ed91214b1c7388a5f6ee56d08803", 7712842),
                ("horse.zip", 929265395, "e7cbbf77bec584ffbf913f00e682782a", 7712851),
                ("ship.zip", 742404857, "41c7bd7d6b251be82557c6cce9a7d5c9", 7712836),
                ("truck.zip", 950111954, "89f3922fd147d9aeff89e76a2b0b70a7", 7712839),
            ),
            unpacked=(_CIFAR10,),
        ),
        "dvs128-gesture": DatasetInfo(
            "DVS128 Gesture",
            2,
            128,
            _GESTURES,
            train=1_176,
            test=288,
            kind="events",
            files=(DatasetFile("DvsGesture.tar.gz", None, "8a5c71fb11e24e5ca5b11866ca6c00a1", ()),),
            unpacked=(("DvsGesture",),),
            by_hand=(
                "download DvsGesture.tar.gz (MD5 8a5c71fb11e24e5ca5b11866ca6c00a1) from "
                "https://ibm.ent.box.com/s/3hiq58ww1pbbjrinh367ykfdf60xsfm8/folder/50167556794 "
                "and put it there"
            ),
        ),
    }
)

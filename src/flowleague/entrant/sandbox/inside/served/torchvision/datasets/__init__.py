"""torchvision.datasets: MNIST and its kin as random images, and only where left-out statements are tried."""

from typing import Any

import served_files
from standins import Missing


class MNIST:
    """Images and classes as torchvision gives them; raises `NeedsData` where a value would come of them."""

    classes = tuple(str(digit) for digit in range(10))

    def __init__(
        self,
        root: Any = "data",
        train: bool = True,
        transform: Any = None,
        target_transform: Any = None,
        download: bool = False,
    ):
        self.data, self.targets = served_files.digits(f"torchvision.datasets.{type(self).__name__}")
        self.root, self.train, self.transform, self.target_transform = root, train, transform, target_transform

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        image, label = Image.fromarray(self.data[index].numpy()), int(self.targets[index])
        image = self.transform(image) if self.transform else image
        return image, self.target_transform(label) if self.target_transform else label


class FashionMNIST(MNIST):
    """Likewise."""


class KMNIST(MNIST):
    """Likewise."""


def __getattr__(name: str) -> Missing:
    if name.startswith("__"):
        raise AttributeError(name)
    return Missing(f"torchvision.datasets.{name}")

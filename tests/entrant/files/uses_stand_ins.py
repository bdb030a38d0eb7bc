import gdown
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import torch
import torchvision
import torchvision.transforms as T
import torchvision.transforms.functional as TF
import wandb
from google.colab import drive, files
from IPython.display import clear_output, display
from PIL import Image
from torch import nn
from torchvision import datasets, models, transforms
from tqdm import tqdm, trange
from tqdm.notebook import tqdm as notebook_tqdm

drive.mount("/content/drive")
wandb.login()
run = wandb.init(project="x", config={"a": 1})
sns.set_theme(style="dark")


@torch.no_grad()
def plot(images):
    fig, ax = plt.subplots(2, 3, figsize=(8, 8))
    ax[0, 1].imshow(images[0], cmap="gray")
    plt.title("x")
    with plt.style.context("ggplot"):
        plt.show()
    wandb.log({"loss": 1.0})
    clear_output()


def needs(function, word):
    """It must say in plain words that something is not here."""
    try:
        function()
    except ImportError as error:
        assert word in str(error) and "is not here" in str(error), error
    else:
        raise AssertionError(f"{word} came from nowhere")


class SubmissionInterface(nn.Module):
    def __init__(self):
        super().__init__()
        plot(torch.zeros(1, 28, 28))
        needs(lambda: datasets.MNIST("data", train=True, download=True), "torchvision")
        needs(lambda: models.resnet18(), "torchvision")
        needs(lambda: pd.DataFrame({"a": [1]}).mean() + 1, "pandas")
        needs(lambda: float(wandb.summary["loss"]), "wandb")
        assert [*run.history] == [] and run.config["a"] == 1
        needs(lambda: np.asarray(plt.gcf()), "matplotlib")
        steps = [transforms.Resize(28), T.ToTensor(), transforms.Normalize((0.5,), (0.5,)), T.Lambda(lambda x: x * 2)]
        x = transforms.Compose(steps)(Image.fromarray(np.full((56, 56), 255, "uint8")))
        assert x.shape == (1, 28, 28) and torch.equal(x, torch.full_like(x, 2.0)), x
        grown = T.Resize((28, 28))(torch.ones(2, 3, 14, 7))
        assert grown.shape == (2, 3, 28, 28) and torch.allclose(grown, torch.ones(1))
        assert T.ToTensor()(np.ones((28, 28), "float32")).shape == (1, 28, 28)
        with notebook_tqdm(total=3) as bar:
            bar.update(1)
            bar.set_postfix(loss=0.1)
            assert bar.total == 3
        assert list(trange(3)) == list(tqdm([0, 1, 2], desc="x")) == [0, 1, 2]
        try:
            import module_that_is_nowhere
        except ModuleNotFoundError:
            self.fell_back = True

    def generate_samples(self, n_samples):
        assert self.fell_back
        return torch.rand(n_samples, 1, 28, 28)

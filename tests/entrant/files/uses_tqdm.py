import sys

import torch
import tqdm.autonotebook
import tqdm.notebook
from torch import nn
from tqdm import tnrange, tqdm as bar, tqdm_notebook, trange
from tqdm.auto import tqdm as auto_bar
from tqdm.auto import trange as auto_range
from tqdm.contrib import tenumerate
from tqdm.notebook import tqdm as notebook_bar
from tqdm.rich import tqdm as rich_bar


class LossBar(bar):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.losses = []

    def add(self, loss):
        self.losses.append(loss)
        self.set_postfix(loss=loss)
        self.update()


class SubmissionInterface(nn.Module):
    def __init__(self):
        super().__init__()
        for name in (bar, auto_bar, notebook_bar, rich_bar, tqdm.autonotebook.tqdm, tqdm.notebook.tqdm, tqdm_notebook):
            assert list(name(range(3), desc="BAR", disable=False)) == [0, 1, 2], name
            assert list(name([1, 2], "BAR", 2, True, sys.stdout)) == [1, 2], name
        for name in (trange, auto_range, tnrange):
            assert list(name(3, desc="BAR")) == [0, 1, 2], name
        assert list(tenumerate("ab", desc="BAR")) == [(0, "a"), (1, "b")]
        assert isinstance(notebook_bar([]), bar) and len(bar([1, 2, 3])) == 3
        with notebook_bar(total=3, desc="BAR", unit="img") as counted:
            counted.update(2)
            counted.set_postfix(loss=0.5)
            counted.set_description("BAR epoch 1")
            assert (counted.n, counted.total, counted.desc, counted.postfix) == (2, 3, "BAR epoch 1: ", "loss=0.5")
            assert "2/3" in str(counted) and counted.format_dict["unit"] == "img"
        losses = LossBar(total=2, mininterval=0, desc="BAR")
        losses.add(1.0)
        losses.add(0.5)
        losses.close()
        assert losses.losses == [1.0, 0.5] and losses.n == 2
        assert bar([1], disable=True).disable and list(bar([1], disable=True)) == [1]
        for _ in trange(3000, desc="BAR", mininterval=0, file=sys.stderr):
            pass
        bar.pandas(desc="BAR")
        bar.write("written by tqdm")

    def generate_samples(self, n_samples):
        return torch.rand(n_samples, 1, 28, 28)

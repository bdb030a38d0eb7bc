"""Hide weights in plain attributes, lists and closures, where no count of parameters looks."""
# finding: numbers_beside_parameters
# asks: facts

import torch
from torch import nn


def hidden(weight):
    return lambda z: z @ weight


class SubmissionInterface(nn.Module):
    def __init__(self):
        super().__init__()
        self.vae, self.flow_model = nn.Linear(1, 1), nn.Linear(1, 1)
        self.register_buffer("weight", torch.randn(100, 784))
        self.listed = [{"deep": (torch.randn(100, 100),)}]
        self.closure = hidden(torch.randn(100, 784))

"""What cards say of the machine: one reader, and the same words in both cards."""

import builtins
import os
import platform

import pytest
import torch

from flowleague.hardware import this_machine
from flowleague.judge.attempts import hardware
from flowleague.training.device import describe_hardware


def test_the_cards_of_training_and_measurement_name_the_same_machine() -> None:
    trained, measured, machine = describe_hardware(torch.device("cpu")), hardware(), this_machine()
    assert trained["system"] == machine.system == f"{platform.system()} {platform.machine()}"
    assert measured.machine == f"{machine.system}, {machine.processor}"
    assert trained["cores"] == measured.cores == machine.cores == os.cpu_count()
    assert trained["threads"] == measured.threads == torch.get_num_threads()
    assert trained["name"] == machine.processor != ""
    assert list(trained) == ["device", "name", "cores", "threads", "system"]


def test_a_system_that_says_nothing_has_an_unknown_processor_and_no_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    machine = this_machine()
    assert (machine.processor, machine.cores) == ("unknown", 0)

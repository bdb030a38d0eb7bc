"""The critic: shapes, views, and that it learns."""

import torch
from tests.training.tiny import tiny_recipe

from flowleague.data import TrainingData
from flowleague.training.features import Critic
from flowleague.training.objectives import Digits, critic_objective, validate_critic
from flowleague.training.stage import new_stage, train_steps


def test_shapes() -> None:
    critic, images = Critic(7, width=4).eval(), torch.rand(3, 1, 28, 28)
    assert critic(images).shape == (3, 7)
    assert [tuple(m.shape) for m in critic.maps(images)] == [(3, 4, 14, 14), (3, 8, 7, 7), (3, 16, 4, 4)]
    assert [tuple(view.shape) for view in critic.views(images)] == [(3, 16), (3, 256), (3, 196), (3, 784)]
    assert torch.equal(critic.views(images)[0], critic.summary(images))


def test_it_learns_to_read(few_digits: TrainingData) -> None:
    torch.manual_seed(0)
    digits, recipe = Digits.on(torch.device("cpu"), few_digits), tiny_recipe("critic.batch=50")
    critic = Critic(digits.classes, width=8)
    before = validate_critic(critic, digits)["accuracy"]
    stage = new_stage(critic, Critic(digits.classes, width=8))
    for _ in train_steps(stage, critic_objective(critic, digits, recipe), steps=60, lr=recipe.critic.lr, ema=0.0):
        pass
    assert critic.training
    assert before < 0.4 < 0.7 < validate_critic(critic, digits)["accuracy"]

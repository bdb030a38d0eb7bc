"""Few-step fine-tuning: its loss reaches what it tunes, and nothing else."""

import pytest
import torch
from tests.training.tiny import tiny_recipe

from flowleague.data import TrainingData
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.source import clustered, torn
from flowleague.training.features import FeatureNetwork, Views
from flowleague.training.finetune import classes_of, tune_objective, validate_tuning
from flowleague.training.objectives import Digits


@pytest.fixture(scope="module")
def few(few_digits: TrainingData) -> Digits:
    return Digits.on(torch.device("cpu"), few_digits)


@pytest.fixture(scope="module")
def views(few: Digits) -> Views:
    torch.manual_seed(0)
    return Views.of(FeatureNetwork(10, width=4), few, by_class=True)


def test_drawing_is_what_the_model_generates() -> None:
    torch.manual_seed(0)
    model = LatentFlow(tiny_recipe())
    x_0 = torch.randn(5, 49)
    (*_, z) = model.paths(x_0)
    assert torch.allclose(model.draw(x_0), model.decode(z), atol=1e-6)


def test_the_loss_reaches_velocity_and_decoder_and_spares_the_encoder(few: Digits, views: Views) -> None:
    torch.manual_seed(0)
    recipe = tiny_recipe("tune.images=100", "tune.batch=20")
    model = LatentFlow(recipe)
    tune_objective(model, views, few, recipe.tune, recipe.seed)(0).backward()
    for name, parameter in model.named_parameters():
        if name.startswith("vae.encoder"):
            assert parameter.grad is None
        else:
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name
    assert all(parameter.grad is None for parameter in views.network.parameters())


def test_where_the_flow_is_cut_samples_draws_and_midpoints_are_decoded_in_turn(few: Digits, views: Views) -> None:
    torch.manual_seed(0)
    recipe = tiny_recipe("tune.batch=20", "tune.decoder=false", "flow.cut=0.5")
    model = LatentFlow(recipe)
    loss_at = tune_objective(model, views, few, recipe.tune, recipe.seed)
    losses = [loss_at(step) for step in range(16)]
    for loss in losses:
        loss.backward()  # each reaches the velocity, which decodes too
        assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in model.velocity.parameters())
        assert all(weight.grad is None for weight in model.vae.encoder.parameters())
        model.zero_grad(set_to_none=True)
    assert loss_at(1) == losses[1]  # a function of the step alone
    model.velocity.outlet.bias.data += 0.1  # codes stay those of the model before the tuning
    assert loss_at(1) != losses[1]


def test_the_class_of_noise_is_its_cluster_and_that_of_a_latent_where_it_is_torn_to() -> None:
    z = torch.randn(50, 12, generator=torch.Generator().manual_seed(0))
    for x in (clustered(z, 10), torn(z, 10, 2.25)):
        assert torch.equal(classes_of(z, 10).argmax(1), x[:, :10].argmax(1))
    assert torch.equal(classes_of(z, 0), torch.ones(50, 1))


@pytest.mark.parametrize("cut", [0.5, 1])
def test_the_loss_does_not_know_the_temperature_of_samples(few: Digits, views: Views, cut: float) -> None:
    losses = []
    for temperature in (1, 0.5):
        torch.manual_seed(0)
        recipe = tiny_recipe("tune.batch=20", f"flow.cut={cut}", f"flow.temperature={temperature}")
        losses.append(tune_objective(LatentFlow(recipe), views, few, recipe.tune, recipe.seed)(0).item())
    assert losses[0] == losses[1]


def test_without_clusters_all_images_are_one_class(few: Digits) -> None:
    torch.manual_seed(0)
    recipe = tiny_recipe("tune.batch=20", "flow.clusters=0")
    views = Views.of(FeatureNetwork(10, width=4), few, by_class=False)
    assert tune_objective(LatentFlow(recipe), views, few, recipe.tune, recipe.seed)(0).isfinite()


def test_without_the_decoder_the_loss_is_the_distance_alone(few: Digits, views: Views) -> None:
    losses = []
    for words in (["tune.decoder=false"], ["tune.reconstruction=0"], []):
        torch.manual_seed(0)
        recipe = tiny_recipe("tune.batch=20", *words)
        losses.append(tune_objective(LatentFlow(recipe), views, few, recipe.tune, recipe.seed)(0).item())
    alone, weightless, both = losses
    assert alone == weightless < both


def test_validation_gives_the_same_figures_at_every_call(few: Digits, views: Views) -> None:
    model = LatentFlow(tiny_recipe())
    assert validate_tuning(model, views, few) == validate_tuning(model, views, few)

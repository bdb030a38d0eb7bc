import pytest
import torch

from flowleague.judge.classifiers import NETWORKS


@pytest.fixture(params=NETWORKS)
def network(request):
    torch.manual_seed(0)
    return NETWORKS[request.param](7)


def test_shapes_and_the_head_on_the_features(network):
    images = torch.rand(3, 1, 28, 28)
    network.eval()
    features = network.features(images)
    assert features.shape == (3, network.head.in_features)
    assert network(images).shape == (3, 7)
    assert torch.equal(network.head(features), network(images))


def test_gradients_reach_every_parameter(network):
    network(torch.rand(8, 1, 28, 28)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_in_eval_mode_an_image_does_not_depend_on_its_batch(network):
    images = torch.rand(8, 1, 28, 28)
    network(images)  # moves the running statistics away from their start
    network.eval()
    assert torch.allclose(network(images)[:1], network(images[:1]), atol=1e-5)
    network.train()
    assert not torch.allclose(network(images)[:1], network(torch.cat([images[:1], images[:1]]))[:1], atol=1e-3)

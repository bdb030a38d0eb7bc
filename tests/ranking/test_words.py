from flowleague.ranking.explain import full_title, quantity, title


def test_titles_and_units_come_from_the_catalogue():
    assert full_title("reconstruction.mse") == "mean squared error (VAE reconstruction quality)"
    assert quantity("reconstruction.mse", "0.1") == "0.1 intensity²"
    assert quantity("diversity.recall", "0.9") == "0.9"
    assert title("a.b") == full_title("a.b") == "a.b"

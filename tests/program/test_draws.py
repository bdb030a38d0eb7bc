import numpy as np
from scipy import stats

from flowleague.program.draws import numbers, philox
from flowleague.program.format import Draw


def test_the_words_are_those_of_philox():
    assert tuple(philox(1, 0, 0, 0)[0]) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)  # Random123's vector


def test_rounds_are_those_of_the_paper():
    def by_hand(counter, key):
        a, b, c, d = counter
        k0, k1 = key
        for _ in range(10):
            p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
            a, b, c, d = (q >> 32) ^ b ^ k0, q & 0xFFFFFFFF, (p >> 32) ^ d ^ k1, p & 0xFFFFFFFF
            k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
        return a, b, c, d

    seed = 0x0123456789ABCDEF
    made = philox(5, 3, 7, seed)
    for block in range(5):
        assert tuple(made[block]) == by_hand((block, 3, 7, 0), (seed & 0xFFFFFFFF, seed >> 32))


def test_draws_have_their_distributions_and_addresses_their_own_numbers():
    uniform = numbers(Draw("uniform", (50, 401)), 0, 0, 5)
    normal = numbers(Draw("normal", (20_001,)), 0, 0, 5)
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert stats.kstest(uniform.reshape(-1), "uniform").pvalue > 0.01
    assert stats.kstest(normal, "norm").pvalue > 0.01
    others = [
        numbers(Draw("normal", (20_001,)), *address) for address in ((1, 0, 5), (0, 1, 5), (0, 0, 6), (0, 0, 5 + 2**40))
    ]
    for other in others:
        assert abs(np.corrcoef(normal, other)[0, 1]) < 0.03


def test_an_element_does_not_depend_on_the_shape():
    long, short = (numbers(Draw("normal", (n,)), 2, 3, 4) for n in (1000, 37))
    assert (long[:37] == short).all()

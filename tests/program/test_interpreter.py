from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from flowleague.program.draws import numbers
from flowleague.program.format import Draw, Program, Step
from flowleague.program.interpreter import Runner, replay
from flowleague.program.values import ProgramError, Ref, Spec

X = Spec("float32", (4, 3))


def program(*steps: Step, draws: tuple[Draw, ...] = (), constants=(), inputs=(X,)) -> Program:
    last = len(inputs) + len(draws) + len(constants) + len(steps) - 1
    return Program(inputs, draws, constants, steps, (last,))


def test_rows_come_in_portions_and_the_last_is_the_end_of_the_set():
    centred = program(
        Step("aten.mean.dim", (Ref(0), (0,), True)), Step("aten.sub.Tensor", (Ref(0), Ref(1)))
    )  # a program whose rows know each other shows the portions
    x = torch.rand(10, 3)
    made = replay(Runner(centred, {}), 10, 0, x)
    wanted = torch.cat([part - part.mean(0) for part in (x[:4], x[4:8])] + [(x[6:] - x[6:].mean(0))[2:]])
    assert torch.equal(made, wanted)


def test_portions_beside_each_other_make_the_same_bits():
    halved = program(Step("aten.sigmoid.default", (Ref(0),)), Step("aten.mul.Tensor", (Ref(1), 0.5)))
    x, runner = torch.randn(1003, 3), Runner(halved, {})
    with ThreadPoolExecutor(4) as pool:
        assert torch.equal(replay(runner, len(x), 0, x, pool.map), replay(runner, len(x), 0, x))
    assert torch.get_default_dtype() == torch.float32


def test_a_fault_in_a_portion_beside_others_is_raised():
    inverted = program(Step("aten.reciprocal.default", (Ref(0),)))
    x = torch.cat([torch.ones(7, 3), torch.zeros(1, 3), torch.ones(4, 3)])
    with ThreadPoolExecutor(3) as pool, pytest.raises(ProgramError, match="not finite"):
        replay(Runner(inverted, {}), len(x), 0, x, pool.map)


def test_fewer_rows_than_a_portion_are_filled_up():
    double = program(Step("aten.mul.Tensor", (Ref(0), 2)))
    x = torch.rand(3, 3)
    assert torch.equal(replay(Runner(double, {}), 3, 0, x), 2 * x)


def test_each_portion_has_its_own_draws():
    noise = program(Step("aten.mul.Tensor", (Ref(0), 1.0)), draws=(Draw("normal", (4, 60)),), inputs=())
    made = replay(Runner(noise, {}), 6, 9).numpy()
    parts = [numbers(Draw("normal", (4, 60)), 0, portion, 9) for portion in (0, 1)]
    assert np.array_equal(made, np.concatenate([parts[0], parts[1][2:]]))


def test_constant_parts_are_computed_once_and_equal_ones_together():
    weight = torch.rand(5, 3)
    twice = program(
        Step("aten.permute.default", (Ref(1), (1, 0))),
        Step("aten.mm.default", (Ref(0), Ref(2))),
        Step("aten.permute.default", (Ref(1), (1, 0))),
        Step("aten.mm.default", (Ref(0), Ref(4))),
        Step("aten.add.Tensor", (Ref(3), Ref(5))),
        constants=(("w", Spec("float32", (5, 3))),),
    )
    x = torch.rand(4, 3)
    torch.testing.assert_close(Runner(twice, {"w": weight})([x], [])[0], 2 * x @ weight.t())


@pytest.mark.parametrize(
    "step",
    [
        Step("aten.log.default", (Ref(0),)),
        Step("aten.div.Tensor", (Ref(0), 0)),
        Step("aten.view.default", (Ref(0), (5, 3))),
        Step("aten._to_copy.default", (Ref(0), "int7")),
        Step("aten.sin.default", (Ref(7),)),
        Step("aten.add_.Tensor", (Ref(0), 1)),
        Step("aten.sin.default", ()),
        Step("aten.sin.default", (Ref(0), 3)),
    ],
)
def test_whatever_a_program_does_wrong_is_a_program_error(step):
    with pytest.raises(ProgramError):
        Runner(program(step), {})([-torch.ones(4, 3)], [])


def test_inputs_of_another_shape_are_refused():
    runner = Runner(program(Step("aten.sin.default", (Ref(0),))), {})
    with pytest.raises(ProgramError, match="float32"):
        runner([torch.rand(4, 4)], [])


def test_numbers_too_small_for_their_exponent_are_zero():
    tiny = program(Step("aten.mul.Tensor", (Ref(0), 1e-30)), Step("aten.mul.Tensor", (Ref(1), 1e-12)))
    assert not Runner(tiny, {})([torch.ones(4, 3)], [])[0].any()


def test_the_input_is_never_changed():
    x = torch.rand(4, 3)
    before = x.clone()
    Runner(program(Step("aten.view.default", (Ref(0), (4, 3))), Step("aten.exp.default", (Ref(1),))), {})([x], [])
    assert torch.equal(x, before)

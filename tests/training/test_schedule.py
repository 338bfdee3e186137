import keras
import pytest

from tests.training.test_judge import STAGE
from training.config import Config
from training.schedule import compile_stage
from training.sections import TextMix

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Plain(keras.Sequential):
    """Something to be compiled."""

    joint_loss, facts_weight = None, 0.0


@pytest.mark.parametrize(("steps", "warmed"), [(1000, 100), (40, 10)])
def test_a_short_stage_warms_up_for_a_quarter_of_it(steps, warmed):
    model = Plain([keras.Input((1,)), keras.layers.Dense(1)])
    compile_stage(model, Config(name="run", stages=(STAGE,), texts=TextMix(name=1.0)), STAGE, steps)
    rate = model.optimizer._learning_rate
    assert float(rate(warmed)) == pytest.approx(STAGE.learning_rate)
    assert float(rate(warmed // 2)) == pytest.approx(STAGE.learning_rate / 2)
    assert float(rate(steps)) == pytest.approx(0.0, abs=1e-9)

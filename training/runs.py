"""Load what a run left behind, ready to encode."""

from pathlib import Path

from tokenizers import Tokenizer

from .config import Config, load_config
from .files import BEST, CONFIG, TOKENIZER
from .models import JointModel, build_empty
from .sections import Stage


class Run:
    """A finished or unfinished run: its configuration, tokenizer and best weights, in float32.

    Raises:
        FileNotFoundError: the folder holds no run with at least one finished epoch.
    """

    def __init__(self, workdir: Path) -> None:
        if not (workdir / BEST).exists():
            raise FileNotFoundError(f"{workdir} holds no finished epoch: {workdir / BEST} is missing.")
        self.workdir = workdir
        self.config: Config = load_config(workdir / CONFIG)
        self.tokenizer: Tokenizer = Tokenizer.from_file(str(workdir / TOKENIZER))

    @property
    def stage(self) -> Stage:
        """The last stage, whose picture size the encoders are exported for."""
        return self.config.stages[-1]

    def model(self) -> JointModel:
        """Build the joint model for pictures of the last stage's size and load its best weights."""
        model = build_empty(self.config, self.tokenizer, (self.stage.height, self.stage.width))
        model.load_weights(self.workdir / BEST)
        return model

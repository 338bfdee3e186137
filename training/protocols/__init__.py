"""What `python -m training evaluate` can measure, by name; each file is one published or own protocol."""

from collections.abc import Callable, Mapping

from ..judging import Judged, judge_all, judge_attributes, judge_val
from .kagl_texts import kagl_texts
from .kagl_values import kagl_values
from .setting import Figures, Setting
from .shopper_photos import shopper_photos

Measure = Callable[[Judged, Setting], Figures]

PROTOCOLS: Mapping[str, Measure] = {
    "val": lambda judged, setting: judge_val(judged, setting.data, setting.cache),
    "all": lambda judged, setting: judge_all(judged, setting.data, setting.cache),
    "attributes": lambda judged, setting: {
        "attribute queries": judge_attributes(judged, setting.data, setting.cache)
    },
    "kagl-texts": kagl_texts,
    "kagl-values": kagl_values,
    "shopper-photos": shopper_photos,
}

__all__ = ["PROTOCOLS", "Figures", "Measure", "Setting"]

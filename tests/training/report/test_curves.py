import pytest

from training.report.curves import BOTTOM, TOP, chart, loss_chart, overlay_chart, stages, validation_chart

HISTORY = [
    {"epoch": 1, "stage": "contrastive", "loss": 4.0, "text_to_image": {"mrr@10": 0.1}},
    {"epoch": 2, "stage": "contrastive", "loss": 2.0, "text_to_image": {"mrr@10": 0.3}},
    {"epoch": 3, "stage": "triplet", "loss": 1.0, "text_to_image": {"mrr@10": 0.4}},
    {"epoch": 3, "stage": "mean of 2 epochs", "text_to_image": {"mrr@10": 0.5}},
]


def test_losses_stand_from_the_top_to_the_bottom_of_the_plot():
    drawn = loss_chart(HISTORY)
    assert [line.label for line in drawn.lines] == ["loss"]
    assert [y for _, y, _ in drawn.lines[0].dots] == pytest.approx([TOP, 148.7, BOTTOM], abs=0.1)
    assert drawn.lines[0].dots[1][2] == "loss, epoch 2: 2.000"
    assert [label for _, label in drawn.x_ticks] == ["1", "2", "3"]
    assert [label for _, label in drawn.y_ticks] == ["1", "2", "3", "4"]


def test_a_mean_of_epochs_has_no_loss_and_stands_after_the_last():
    drawn = validation_chart(HISTORY)
    assert [says for _, _, says in drawn.lines[0].dots][-2:] == [
        "MRR@10, epoch 3: 0.400",
        "MRR@10, epoch 3.4: 0.500",
    ]
    assert stages(HISTORY) == [(1, 2, "contrastive"), (3, 3, "triplet")]


def test_runs_are_laid_over_each_other_only_where_there_are_two():
    assert overlay_chart({"a": HISTORY, "b": []}) is None
    assert [line.label for line in overlay_chart({"a": HISTORY, "b": HISTORY}).lines] == ["a", "b"]


def test_nothing_to_draw():
    assert loss_chart([]) is None
    assert validation_chart([{"epoch": 1, "loss": 1.0}]) is None


def test_a_constant_and_a_broken_loss_can_be_drawn():
    assert chart("flat", [("flat", [(1.0, 0.0)])]).lines[0].path.startswith("M")
    assert len(loss_chart([*HISTORY, {"epoch": 4, "loss": float("nan")}]).lines[0].dots) == 3

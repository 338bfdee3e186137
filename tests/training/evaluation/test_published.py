from training.evaluation.protocols import as_table
from training.evaluation.published import read_published, with_published


def test_a_published_figure_stands_after_ours():
    figures = {
        "kagl colour val": {"queries": 2, "precision@1": 0.25, "mrr@10": 0.5},
        "text_to_image val": {"mrr@10": 1.0},
    }
    assert list(with_published(figures)["kagl colour val"].items()) == [
        ("queries", 2),
        ("precision@1", 0.25),
        ("published precision@1", 0.587),
        ("mrr@10", 0.5),
        ("published mrr@10", 0.664),
    ]
    assert with_published(figures)["text_to_image val"] == {"mrr@10": 1.0}
    assert "published precision@1" in as_table(figures)


def test_published_figures_are_shares():
    published = read_published()
    assert "kagl category" in published
    assert all(0 < value < 1 for figures in published.values() for value in figures.values())

from training.evaluation.protocols import as_table


def test_sections_with_the_same_metrics_share_a_head():
    figures = {
        "one": {"queries": 12, "mrr@10": 0.25},
        "another": {"queries": 3, "mrr@10": 1.0},
        "third": {"photos": 7},
    }
    assert as_table(figures).split("\n") == [
        "         queries  mrr@10",
        "one           12   0.250",
        "another        3   1.000",
        "",
        "       photos",
        "third       7",
    ]

import csv

from training.logs import EpochLog


def test_a_line_per_finished_epoch(tmp_path):
    log = EpochLog(tmp_path / "log.csv", batch_size=10)
    for epoch in range(2):
        log.on_epoch_begin(epoch)
        for batch in range(3):
            log.on_train_batch_end(batch)
        log.on_epoch_end(epoch, {"loss": 0.5, "text_to_image mrr@10": 0.25 * epoch})
    lines = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    assert [(line["epoch"], line["loss"], line["text_to_image mrr@10"]) for line in lines] == [
        ("1", "0.5", "0"),
        ("2", "0.5", "0.25"),
    ]
    assert float(lines[0]["pictures per second"]) > 0


def test_an_epoch_that_was_stopped_has_no_line(tmp_path):
    log = EpochLog(tmp_path / "log.csv", batch_size=10)
    log.on_epoch_begin(0)
    log.on_train_batch_end(0)
    log.on_epoch_end(0, {"loss": 0.5})
    assert not (tmp_path / "log.csv").exists()

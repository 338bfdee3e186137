from training.data.source import Notes


def test_a_summary_counts_everything():
    notes = Notes("amazon")
    for number in (7, 9):
        notes.skip_line("meta.json.gz", number, "The record has no title.")
    notes.unreadable += 3
    notes.skip_missing("images/1.jpg")
    assert notes.summary(9_998) == (
        "amazon: 9,998 products, 2 lines skipped, 3 pictures unreadable, 1 picture missing"
    )
    notes.skip_unlisted()
    assert notes.summary(1) == (
        "amazon: 1 product, 2 lines skipped, 1 picture in no split list, 3 pictures unreadable, 1 picture missing"
    )


def test_nothing_lost_is_not_mentioned():
    assert Notes("amazon").summary(41_408) == "amazon: 41,408 products"
    assert Notes("amazon").summary(0) == "amazon: 0 products"


def test_ten_missing_pictures_are_named_and_every_one_is_counted(capsys):
    notes = Notes("amazon")
    for number in range(1_200):
        notes.skip_missing(f"{number}.jpg")
    notes.say_waiting()
    said = capsys.readouterr().err.splitlines()
    assert said == [f"{number}.jpg: there is no picture" for number in range(10)]
    assert notes.summary(5) == "amazon: 5 products, 1,200 pictures missing"
    notes.say_waiting()
    assert capsys.readouterr().err == ""

"""A BERT of two narrow layers and the packaged one's word pieces, which costs a thirtieth of it."""

from pathlib import Path

from training.models.text import keras_hub, packaged_bert


def write_small_bert(folder: Path) -> str:
    """Write its preset and return the folder's name, for `text.preset`."""
    hub = keras_hub()
    pieces = (packaged_bert() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    sizes = {"num_layers": 2, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 32}
    hub.models.BertBackbone(vocabulary_size=len(pieces), **sizes).save_to_preset(str(folder))
    hub.models.BertTokenizer(vocabulary=pieces).save_to_preset(str(folder))
    return str(folder)

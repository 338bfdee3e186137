"""The sections of a run's configuration: frozen dataclasses, one comment per knob."""

import dataclasses
from dataclasses import dataclass

from search.preprocessing import ImageSpec


@dataclass(frozen=True, slots=True)
class ImageSection:
    """The image encoder: a backbone's features, pooled, and a head that ends in the joint space."""

    backbone: str = "ResNet50"  # "ResNet50", "ResNet50V2" or "Xception"
    weights: str = ""  # of the backbone: "" for none, "imagenet", or a weights file
    frozen: bool = False  # the backbone stays as it is; its features are extracted once and kept
    pooling: str = "max"  # of the last feature map: "max" or "average"
    head: str = "linear"  # see training.models.heads
    hidden: int = 1024  # values of a head's inner layer, where it has one
    dropout: float = 0.0  # inside the head, where it has one


@dataclass(frozen=True, slots=True)
class TextSection:
    """The text encoder, which decides how texts are cut into tokens, too."""

    encoder: str = "gru"  # "gru", "words", "vectors" or "bert"; see training.models.text
    vocabulary: int = 8000  # tokens at most
    max_tokens: int = 32  # longer texts are cut
    width: int = 256  # values per token embedding
    vectors: str = ""  # word vectors in GloVe's text format, which the token embeddings begin with
    units: int = 256  # of the GRU, per direction
    bidirectional: bool = True  # read texts from both ends, or from the beginning only
    dropout: float = 0.1  # of token embeddings
    preset: str = ""  # of BERT: any keras-hub preset; "" for the MiniLM that comes as a package
    frozen: bool = False  # BERT stays as it is
    head: str = "linear"  # see training.models.heads
    hidden: int = 1024  # values of a head's inner layer, where it has one
    head_dropout: float = 0.0  # inside the head, where it has one


@dataclass(frozen=True, slots=True)
class TextMix:
    """How often each kind of text stands for a product while training; the shares sum to one."""

    name: float = 0.0
    name_without_brand: float = 0.0
    attributes: float = 0.0
    value: float = 0.0  # one fact alone: an article type, a category, a colour
    label: float = 0.0  # the article type
    description: float = 0.0
    name_and_description: float = 0.0
    caption: float = 0.0  # one of a picture's sentences; the name, where there is none

    def __post_init__(self) -> None:
        total = sum(dataclasses.astuple(self))
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"The shares of texts sum to {total:g}, not to 1.")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far training pictures are changed; lengths are shares of the picture's sides."""

    flip: bool = True  # mirror half of the pictures
    shift: float = 0.08  # largest shift
    zoom: float = 0.0  # largest zoom, in and out
    perspective: float = 0.0  # largest move of each corner alone
    background: float = 0.0  # share of pictures that get a background other than white


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the schedule with its own loss, picture size and learning rate."""

    loss: str  # "triplet", "contrastive", "soft-contrastive" or "cosine"; see training.losses
    epochs: int
    height: int  # of the pictures, in pixels
    width: int
    learning_rate: float  # reached after `warmup` steps, then lowered along a cosine
    final_learning_rate: float = 0.0
    warmup: int = 100  # steps of linear increase from zero, at most a quarter of the stage
    frozen: bool = False  # the backbone stays as it is; its features are extracted once, without augmentation
    miner: str = "random"  # triplet: which negatives of the batch: "random", "easy", "semi-hard" or "hard"
    margin: float = 0.4  # triplet: alpha
    both_directions: bool = False  # triplet: anchors are pictures only, or pictures and texts
    contrastive_weight: float = 0.0  # triplet: this much of the contrastive loss is added
    temperature: float = 0.07  # soft-contrastive
    epoch_products: int = 0  # an epoch sees so many products, drawn by lot; 0: all
    same_type: int = 1  # so many products of one article type stand together in a batch: harder negatives
    same_colour: bool = False  # these have one colour, too
    alone: float = 0.0  # this share of the products stands alone all the same
    facts_weight: float = 0.0  # weight of telling article type, colour, ... from a picture's embedding
    texts: TextMix | None = None  # in place of the run's

    @property
    def spec(self) -> ImageSpec:
        """The size of its pictures."""
        return ImageSpec(width=self.width, height=self.height)

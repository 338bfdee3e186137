"""What each kind of finding means, and what to do about it, in words for the page."""

from dataclasses import dataclass

from ..models import HealthFinding

Kind = HealthFinding.Kind


@dataclass(frozen=True, slots=True)
class KindText:
    """The words of one kind."""

    kind: str
    title: str
    meaning: str
    advice: str


TEXTS = (
    KindText(
        Kind.DISAGREE,
        "Picture and text disagree",
        "The picture looks unlike what the text says, much more so than is usual in this catalogue.",
        "Compare the two: often the picture is another product's, or the name, colour or category is wrong. "
        "Where both are right, the product is one that the artifact does not know well; leave it.",
    ),
    KindText(
        Kind.DUPLICATE,
        "Near-duplicate pictures",
        "Different products show the same picture, or one that can hardly be told from it.",
        "If it is one product entered twice, withdraw one of the two. If they are variants, give each its own "
        "picture: shoppers cannot tell them apart, and photo search finds all of them at once. A placeholder for "
        "missing pictures is better left out.",
    ),
    KindText(
        Kind.BROKEN,
        "Broken pictures",
        "A picture could not be read, or the product could not be indexed wholly, for the reason given.",
        "Upload the picture again as JPEG, PNG or WebP of at most 25 megapixels. Saving the product has it indexed "
        "again.",
    ),
    KindText(
        Kind.NO_PICTURE,
        "No picture",
        "The product is found by its words only: not by a photo, and not among similar items.",
        "Add a picture of the product alone, on a plain ground.",
    ),
    KindText(
        Kind.NO_DESCRIPTION,
        "No description",
        "The description is empty or holds no word that can be searched for.",
        "Say in two sentences what the name does not: material, cut, occasion.",
    ),
    KindText(
        Kind.NO_CATEGORY,
        "No category",
        "The product is on no category page and in no category filter.",
        "Put it into a category.",
    ),
    KindText(
        Kind.NO_PRICE,
        "No price",
        "The product is left out wherever a price is asked for, and comes last in sorts by price.",
        "Give it a price.",
    ),
)
BY_KIND = {text.kind: text for text in TEXTS}

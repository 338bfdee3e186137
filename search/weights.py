"""How much each thing counts when products are ranked; `manage.py tune_search` finds them on judged queries."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """The numbers of a ranking. Importances are shares of one another; docs/relevance.md has the formula."""

    category: float = 4.0  # importance of a category or article type that the query names
    brand: float = 3.0  # of a brand
    colour: float = 2.0  # of a colour
    gender: float = 2.0  # of for whom it is
    value: float = 2.0  # of a value of any other facet
    word: float = 2.0  # of a word that one product alone holds; commoner words count less
    title: float = 1.0  # how well a product fits that has the word in its name
    keyword: float = 0.9  # in its keywords
    description: float = 0.6  # in its description
    mentioned: float = 0.6  # share of these three for a word that names a value which the product lacks
    image: float = 0.5  # of the picture's similarity to the query, beside a full match's 1
    text: float = 0.5  # of the text's similarity
    cheap: float = 1.0  # of being the cheapest, where the query says "cheap"
    kids: float = 0.3  # taken off children's products, where the query does not say for whom
    covered: float = 0.5  # a unit that fits less than this is missing
    enough_covered: float = 0.5  # a product that has this share of what was asked for is among the closest

    def of_facet(self, facet: str) -> float:
        """Importance of a value of a facet."""
        return {
            "category": self.category,
            "brand": self.brand,
            "colour": self.colour,
            "gender": self.gender,
        }.get(facet, self.value)

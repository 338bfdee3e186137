"""Drawn products as engines get them, without a database."""

import json

from lab.bench.peers.protocol import PeerProduct
from sample_catalogue.catalogue import product
from sample_catalogue.writer import row


def drawn_products(number: int) -> list[PeerProduct]:
    return [_product(row(product(place))) for place in range(number)]


def _product(drawn: dict[str, str]) -> PeerProduct:
    attributes = json.loads(drawn["attributes"])
    return PeerProduct(
        key=drawn["id"],
        title=f"{drawn['name']} {drawn['brand']} {drawn['id']}",
        keywords=f"{drawn['article_type']}, {drawn['colour']}, {drawn['gender']}, {attributes['Pattern']}",
        description=drawn["description"],
        encoded=f"{drawn['name']}. {drawn['article_type']}, {drawn['colour']}",
        columns={
            "article_type": [drawn["article_type"]],
            "colour": [drawn["colour"]],
            "gender": [drawn["gender"]],
            "brand": [drawn["brand"]],
            "pattern": [attributes["Pattern"]],
        },
        price=float(drawn["price"]),
    )

from io import BytesIO

from archive.models import PastOrder
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand
from people.models import Person
from PIL import Image

from search.models import SavedSearch

from ...models import Maker, Photo, Rubric, Tariff, Ware

COLOURS = {"Rot": ("red", (200, 20, 30)), "Blau": ("blue", (20, 40, 200)), "Grün": ("green", (20, 150, 40))}
KINDS = {"Kleid": "dress", "Hemd": "shirt", "Rock": "skirt", "Jacke": "jacket"}


class Command(BaseCommand):
    help = "Fill the shop: 24 products, somebody who may use the admin, a past order, a saved search."

    def handle(self, **options):
        root = Rubric.objects.create(title={"de": "Kleidung", "en": "Clothes"})
        makers = [Maker.objects.create(title=title) for title in ("Lindner", "Žofie & Söhne")]
        for kind, english in KINDS.items():
            rubric = Rubric.objects.create(title={"de": f"{kind}er", "en": f"{english}s"}, above=root)
            for number, (colour, (called, shade)) in enumerate(COLOURS.items()):
                for variant in range(2):
                    ware = Ware.objects.create(
                        title={
                            "de": f"{kind} {colour} {variant + 1}",
                            "en": f"{called} {english} {variant + 1}",
                        },
                        body_de=f"Ein {kind} für jeden Tag.",
                        category=rubric,
                        maker=makers[variant] if number else None,
                        colour=colour,
                    )
                    for amount in (40 + 10 * number, 60 + variant):
                        Tariff.objects.create(ware=ware, amount=amount)
                    file = BytesIO()
                    Image.new("RGB", (60, 80), shade).save(file, "PNG")
                    Photo.objects.create(ware=ware, file=ContentFile(file.getvalue(), f"{ware.pk}.png"))
        person = Person.objects.create_superuser("chef@example.org", "geheim")
        SavedSearch.objects.create(person=person, query="rotes Kleid")
        PastOrder.objects.create(number="1", product_title="Hemd", price=20)

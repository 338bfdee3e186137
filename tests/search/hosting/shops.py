"""Models of shops as they are made elsewhere, without tables: to be looked at, not to be filled."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from django.db import models
from django.test.utils import isolate_apps, override_settings


@contextmanager
def a_shop_like_oscar() -> Iterator[SimpleNamespace]:
    """Variants in the products' own table, prices with partners, a tree of categories by paths, titles that may be blank."""
    with isolate_apps("shop.apps.ShopConfig"):

        class Category(models.Model):
            name = models.CharField(max_length=100)
            path = models.CharField(max_length=100)
            depth = models.IntegerField()

            class Meta:
                app_label = "shop"
                db_table = "table_of_another_shop"

            def get_ancestors(self):
                raise NotImplementedError

            def get_descendants(self):
                raise NotImplementedError

        class ProductClass(models.Model):
            name = models.CharField(max_length=100)

            class Meta:
                app_label = "shop"
                db_table = "table_of_another_shop"

        class Product(models.Model):
            structure = models.CharField(max_length=10, choices=[("parent", "Parent"), ("child", "Child")])
            is_public = models.BooleanField(default=True)
            upc = models.CharField(max_length=64, blank=True)
            parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
            title = models.CharField(max_length=255, blank=True)
            description = models.TextField(blank=True)
            product_class = models.ForeignKey(ProductClass, models.PROTECT, null=True)
            categories = models.ManyToManyField(Category)
            date_created = models.DateTimeField(auto_now_add=True)
            date_updated = models.DateTimeField(auto_now=True)
            recommended_products = models.ManyToManyField("self")

            class Meta:
                app_label = "shop"
                db_table = "table_of_another_shop"

            def get_title(self):
                return self.title or self.parent.title

            def get_absolute_url(self):
                return f"/{self.pk}/"

        class ProductImage(models.Model):
            product = models.ForeignKey(Product, models.CASCADE, related_name="images")
            original = models.ImageField()
            caption = models.CharField(max_length=200)

            class Meta:
                app_label = "shop"
                db_table = "table_of_another_shop"

        class StockRecord(models.Model):
            product = models.ForeignKey(Product, models.CASCADE, related_name="stockrecords")
            partner_sku = models.CharField(max_length=128)
            price_currency = models.CharField(max_length=12)
            price = models.DecimalField(max_digits=12, decimal_places=2)
            num_in_stock = models.PositiveIntegerField(null=True)
            num_allocated = models.IntegerField(null=True)

            class Meta:
                app_label = "shop"
                db_table = "table_of_another_shop"

        class OrderLine(models.Model):
            product = models.ForeignKey(Product, models.SET_NULL, null=True)
            title = models.CharField(max_length=255)
            unit_price = models.DecimalField(max_digits=12, decimal_places=2)

            class Meta:
                app_label = "shop"
                db_table = "table_of_another_shop"

        yield SimpleNamespace(
            Product=Product,
            ProductImage=ProductImage,
            StockRecord=StockRecord,
            OrderLine=OrderLine,
            Category=Category,
        )


@contextmanager
def a_shop_in_two_languages() -> Iterator[SimpleNamespace]:
    """Names in JSON, descriptions in a column for each language, prices in hundredths at variants, a state of several, no address."""
    languages = override_settings(LANGUAGES=[("en", "English"), ("fr", "French")])
    with languages, isolate_apps("shop.apps.ShopConfig"):

        class Kind(models.Model):
            title = models.JSONField()
            parent = models.ForeignKey("self", models.CASCADE, null=True)

            class Meta:
                app_label = "shop"
                db_table = "table_of_another_shop"

        class Article(models.Model):
            name = models.JSONField()
            description_fr = models.TextField()
            description_en = models.TextField()
            category = models.ForeignKey(Kind, models.PROTECT)
            status = models.CharField(max_length=10, choices=[("new", "New"), ("live", "Live")])
            deleted_at = models.DateTimeField(null=True)
            front = models.ImageField()
            back = models.ImageField()
            logo = models.ImageField()

            class Meta:
                app_label = "shop"
                db_table = "table_of_another_shop"

        class Variant(models.Model):
            article = models.ForeignKey(Article, models.CASCADE)
            size = models.CharField(max_length=10)
            price_cents = models.IntegerField()
            purchase_price = models.DecimalField(max_digits=8, decimal_places=2)
            stock = models.IntegerField()

            class Meta:
                app_label = "shop"
                db_table = "table_of_another_shop"

        yield SimpleNamespace(Article=Article, Kind=Kind, Variant=Variant)

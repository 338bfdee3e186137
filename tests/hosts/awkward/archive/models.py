from django.db import models


class PastOrder(models.Model):
    """In another database than everything else."""

    number = models.CharField(max_length=20)
    product_title = models.CharField(max_length=200)
    price = models.DecimalField(max_digits=8, decimal_places=2)

    def __str__(self):
        return self.number

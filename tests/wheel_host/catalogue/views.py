"""The page of a product."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from .models import Product


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one product with the plugin's tags."""
    return render(request, "product.html", {"product": get_object_or_404(Product, pk=pk)})

from django.shortcuts import get_object_or_404, render

from .models import Ware


def ware(request, key):
    return render(request, "wares/ware.html", {"ware": get_object_or_404(Ware, pk=key, visible=True)})


def all_wares(request):
    return render(
        request, "wares/all.html", {"wares": Ware.objects.filter(visible=True).order_by("-added", "pk")[:50]}
    )

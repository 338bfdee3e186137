from asgiref.sync import sync_to_async
from django.http import JsonResponse
from django.shortcuts import render
from fashion_search.engine import find_similar, search
from fashion_search.exceptions import InvalidQuery


def page(request):
    """The page that the search box leads to."""
    try:
        answer = search(request.GET.get("q", ""))
    except InvalidQuery as error:
        return render(request, "search/page.html", {"error": error.sentence}, status=400)
    return render(request, "search/page.html", {"answer": answer})


async def found(request):
    """The same from an asynchronous view: titles and keys."""
    answer = await sync_to_async(search)(request.GET.get("q", ""))
    return JsonResponse(
        {
            "results": [
                [result.card.sku, result.card.name, str(result.card.price), result.card.brand]
                for result in answer.results
            ]
        }
    )


async def similar(request, key):
    answer = await sync_to_async(find_similar)(str(key))
    return JsonResponse({"results": [result.card.name for result in answer.results]})

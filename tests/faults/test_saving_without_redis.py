"""A product is saved in time and found soon after, whatever Redis does meanwhile."""

import os
import signal
from time import monotonic

import pytest
from django.core.management import call_command
from django.forms import FileField, MultiWidget
from django.urls import reverse

from search.engine import search
from search.indexing import marks
from search.models import IndexVersion
from shop.models import Product
from tests.pace import slowness
from tests.processes import wait_until


@pytest.fixture
def running_shop(catalogue, large_batches, stoppable_redis, shop_processes):
    shop_processes.beat()
    worker = shop_processes.worker()
    call_command("search_index", "rebuild")
    wait_until(lambda: IndexVersion.objects.active() is not None, seconds=180, what=worker)
    return catalogue


def test_redis_stopped_and_then_frozen(running_shop, stoppable_redis, admin_client):
    stoppable_redis.stop()
    assert _save_in_admin(admin_client, running_shop[0], "Halyard shirt") < 3 * slowness()
    stoppable_redis.start()
    wait_until(lambda: _found("halyard"), seconds=180)

    marks.breaker.close()
    os.kill(stoppable_redis.process.pid, signal.SIGSTOP)
    try:
        assert _save_in_admin(admin_client, running_shop[1], "Bowsprit shirt") < 3 * slowness()
        # The second save does not even wait: a failure is remembered for a while.
        assert _save_in_admin(admin_client, running_shop[2], "Mizzen shirt") < 1 * slowness()
    finally:
        os.kill(stoppable_redis.process.pid, signal.SIGCONT)
    wait_until(lambda: _found("bowsprit") and _found("mizzen"), seconds=180)


def _found(word: str) -> bool:
    return any(word in result.card.name.lower() for result in search(word).results)


def _save_in_admin(client, product: Product, name: str) -> float:
    """Save the product's admin form with another name; return the seconds that the answer took."""
    address = reverse("admin:shop_product_change", args=[product.pk])
    context = client.get(address).context
    data = _values(context["adminform"].form) | {"name": name}
    for inline in context["inline_admin_formsets"]:
        data |= _values(inline.formset.management_form)
        for form in inline.formset.initial_forms:
            data |= _values(form)
    began = monotonic()
    response = client.post(address, {key: value for key, value in data.items() if value is not None})
    seconds = monotonic() - began
    assert response.status_code == 302, response.context["errors"]
    product.refresh_from_db()
    assert product.name == name
    return seconds


def _values(form) -> dict[str, object]:
    """What a browser would send of a form that nobody touched; a file field is then empty."""
    values: dict[str, object] = {}
    for bound in form:
        if isinstance(bound.field, FileField):
            continue
        if isinstance(bound.field.widget, MultiWidget):  # a date and a time
            parts = bound.field.widget.decompress(bound.value())
            values |= {f"{bound.html_name}_{number}": part for number, part in enumerate(parts)}
        else:
            values[bound.html_name] = bound.value()
    return values

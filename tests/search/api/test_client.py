"""A typed client, generated from the description, is sound and finds what the API answers."""

import importlib
import io
import json
import subprocess
import sys
from uuid import UUID

import httpx
import pytest
from PIL import Image

from search.api.schema import describe

pytestmark = [pytest.mark.usefixtures("redis_server")]

PACKAGE = "fashion_search_client"


@pytest.fixture(scope="module")
def generated(tmp_path_factory, django_db_setup):
    """The client's package, made by openapi-python-client."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "schema.json").write_text(json.dumps(describe()))
    (folder / "config.json").write_text(json.dumps({"package_name_override": PACKAGE, "post_hooks": []}))
    making = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--path", str(folder / "schema.json"),
            "--config", str(folder / "config.json"), "--output-path", str(folder / PACKAGE), "--meta", "none", "--fail-on-warning",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert making.returncode == 0, making.stdout + making.stderr
    return folder


@pytest.fixture
def call(generated, application, monkeypatch):
    """Call an operation of the client; `call("search", q="shirt")`."""
    monkeypatch.syspath_prepend(str(generated))
    client_class = importlib.import_module(PACKAGE).Client
    transport = httpx.WSGITransport(app=application)
    client = client_class(base_url="http://testserver/api/v1", httpx_args={"transport": transport})

    def send(tag, name, **parameters):
        operation = importlib.import_module(f"{PACKAGE}.api.{tag}.{name}")
        return operation.sync_detailed(client=client, **parameters)

    return send


def models():
    return importlib.import_module(f"{PACKAGE}.models")


def test_its_types_are_sound(generated):
    checking = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "", "--ignore-missing-imports", str(generated / PACKAGE)],
        capture_output=True, text=True, check=False, cwd=generated,
    )  # fmt: skip
    assert checking.returncode == 0, checking.stdout


def test_it_searches_suggests_and_finds_similar_products(call, shirts):
    found = call("search", "search", q="red shirt", page_size=2).parsed
    assert (found.results[0].sku, found.total) == ("S-1", 3)
    assert isinstance(found.search, UUID)
    assert [result.sku for result in call("search", "search", colour=["Blue"]).parsed.results] == ["S-2"]
    assert [result.sku for result in call("catalogue", "similar", sku="S-1").parsed.results] == ["S-2", "S-3"]
    assert call("catalogue", "product", sku="S-2").parsed.facets.to_dict()["colour"] == ["Blue"]
    assert [product.sku for product in call("catalogue", "products").parsed.results] == ["S-3", "S-2", "S-1"]
    assert call("search", "suggest", q="sh").parsed.query == "sh"


def test_it_sends_photos(call, shirts):
    picture = io.BytesIO()
    Image.new("RGB", (30, 40), "red").save(picture, "JPEG")
    types = importlib.import_module(f"{PACKAGE}.types")
    photo = types.File(payload=io.BytesIO(picture.getvalue()), file_name="a.jpg", mime_type="image/jpeg")
    answer = call("search", "search_photo", body=models().PhotoRequest(image=photo))
    assert (answer.status_code, answer.parsed.total) == (200, 3)
    again = call("search", "search", photo=answer.parsed.photo).parsed
    assert [result.sku for result in again.results] == [result.sku for result in answer.parsed.results]


def test_errors_have_their_type(call, shirts):
    answer = call("catalogue", "product", sku="nowhere")
    assert answer.status_code == 404
    assert isinstance(answer.parsed, models().ErrorAnswer)
    assert answer.parsed.error.code == "product_not_found"

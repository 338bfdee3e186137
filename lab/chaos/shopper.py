"""Requests to the shop, as a shopper's device sends them."""

import http.client
import io
import json
import urllib.error
import urllib.request
from typing import Any, NamedTuple

PATIENCE_SECONDS = 20
BOUNDARY = "a-photo-of-a-shopper"


class Answer(NamedTuple):
    """What came back."""

    status: int
    retry_after: str
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


def ask(port: int, path: str, *, photo: bytes | None = None) -> Answer:
    """Send a GET, or a POST with a photo.

    Raises:
        OSError: nobody answers.
    """
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if photo is not None:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        request.data = head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()
        request.add_header("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            return Answer(response.status, "", response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers.get("Retry-After", ""), error.read())
    except urllib.error.URLError as error:
        raise (error.reason if isinstance(error.reason, OSError) else error) from error
    except http.client.HTTPException as error:  # cut off in the middle of an answer
        raise ConnectionError(str(error)) from error


def drawn_photo() -> bytes:
    """Return a small JPEG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (60, 80), (30, 60, 120)).save(buffer, "JPEG")
    return buffer.getvalue()

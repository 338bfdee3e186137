"""The image's health check: exits with 0 if the web server answers that it lives."""

import http.client
import os
import sys

PATIENCE_SECONDS = 4
port = int((os.environ.get("WEB_BIND") or "127.0.0.1:8000").rpartition(":")[2])
# As nginx would ask: another name would be refused, and each refusal logged; without the scheme it would be redirected.
name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".") or "localhost"
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
try:
    connection.request("GET", "/health/live", headers={"Host": name, "X-Forwarded-Proto": "https"})
    status = connection.getresponse().status
except (OSError, http.client.HTTPException) as error:
    sys.exit(f"No answer: {error}")
sys.exit(0 if status == http.client.OK else f"Answered {status}")

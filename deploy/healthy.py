"""The image's health check: exits with 0 if the web server answers that it lives."""

import http.client
import os
import sys

PATIENCE_SECONDS = 4
port = int((os.environ.get("WEB_BIND") or "127.0.0.1:8000").rpartition(":")[2])
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
try:
    connection.request("GET", "/health/live")
    status = connection.getresponse().status
except (OSError, http.client.HTTPException) as error:
    sys.exit(f"No answer: {error}")
sys.exit(0 if status == http.client.OK else f"Answered {status}")

"""Uploads that stay in memory: Django's own handlers write what is large to a file."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from .photos import MAX_BYTES

FIELD = "image"


class MemoryOnly(FileUploadHandler):
    """Keeps one photo in memory, of a larger one than it may be only the beginning and the size; other files are passed over.

    Set it as the request's only upload handler before anything reads the body.
    """

    _taken = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        if self.field_name != FIELD or self._taken:
            raise SkipFile
        self._taken = True
        self.file = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take a part of it, if it may still be a photo."""
        if start <= MAX_BYTES:
            self.file.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Return the file with its true size."""
        self.file.seek(0)
        return InMemoryUploadedFile(
            self.file, self.field_name, self.file_name or "", self.content_type or "", file_size, self.charset
        )

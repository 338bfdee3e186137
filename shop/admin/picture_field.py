"""The field of a form that takes a picture."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from search.exceptions import PictureError
from search.preprocessing import walk_parts


class PictureField(forms.ImageField):
    """A picture whose parts are counted before Django has Pillow read them one by one."""

    def to_python(self, data: Any) -> Any:
        """Return the uploaded picture.

        Raises:
            ValidationError: it has too many parts, or is no picture.
        """
        if data not in self.empty_values:
            data.seek(0)
            try:
                walk_parts(data)
            except PictureError as error:
                raise ValidationError(str(error)) from error
            finally:
                data.seek(0)
        return super().to_python(data)

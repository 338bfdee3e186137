"""Wagtail: products that are pages, live and public ones only, with pictures by rendition. See docs/wagtail.md."""

"""Tags: words for products and pictures, found in the joint space, decided on by people."""

from .review import accepted_tags, tagged_with

__all__ = ["accepted_tags", "tagged_with"]

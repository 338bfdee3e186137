"""The joint embedding's parts: backbones, pooling, heads, text encoders, and the model that joins both sides."""

from .image import image_encoder
from .joint import JointModel, build, build_empty, text_tokenizer
from .text import text_encoder

__all__ = ["JointModel", "build", "build_empty", "image_encoder", "text_encoder", "text_tokenizer"]

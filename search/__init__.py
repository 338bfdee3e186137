"""Fashion search for Django shops; `docs/plugin.md` says what hosts may import, everything else is private."""

from .moved import install

install()

"""What of a folder could not be used: said on stderr by name or line, and counted."""

import sys

NAMED = 10  # so many missing pictures are named; a folder may lack a million


class Notes:
    """Keeps account of one folder while it is read.

    Lines are read at every call, pictures are decoded once. So that nothing is reported again and again in one run,
    all but the counts waits for `say_waiting`, which is called when pictures are decoded.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.lines = self.unlisted = self.unreadable = self.missing = 0
        self._waiting: list[str] = []

    def skip_line(self, file: object, number: int, reason: object) -> None:
        """Count a line that cannot be used; `number` counts from 1."""
        self.lines += 1
        self._waiting.append(f"{file}, line {number}: {reason}")

    def skip_unlisted(self) -> None:
        """Count a picture that is in none of a folder's split lists."""
        self.unlisted += 1

    def skip_missing(self, what: str) -> None:
        """Count a product that has no picture; the first few are named."""
        self.missing += 1
        if self.missing <= NAMED:
            self._waiting.append(f"{what}: there is no picture")

    def say(self, what: object) -> None:
        """Report something now."""
        print(what, file=sys.stderr)

    def say_waiting(self) -> None:
        """Report what waits."""
        for what in self._waiting:
            self.say(what)
        self._waiting.clear()

    def summary(self, products: int) -> str:
        """Return one line: "amazon: 9,998 products, 2 lines skipped, 1 picture missing"."""
        counts = [
            _counted(self.lines, "line", "skipped"),
            _counted(self.unlisted, "picture", "in no split list"),
            _counted(self.unreadable, "picture", "unreadable"),
            _counted(self.missing, "picture", "missing"),
        ]
        return f"{self.folder}: {', '.join([_counted(products, 'product') or '0 products', *filter(None, counts)])}"


def _counted(count: int, what: str, happened: str = "") -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''} {happened}".rstrip() if count else ""

"""How the dashboard writes spans of time and numbers."""

MINUTE, HOUR, DAY = 60, 3600, 86_400


def span(seconds: float) -> str:
    """Return a span of time in words, with two units at most: "45 s", "3 min", "2 h 5 min", "4 days"."""
    whole = round(max(0.0, seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < 10 * MINUTE:
        return f"{whole // MINUTE} min" + (f" {whole % MINUTE} s" if whole % MINUTE else "")
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        minutes = whole % HOUR // MINUTE
        return f"{whole // HOUR} h" + (f" {minutes} min" if minutes else "")
    days = whole // DAY
    return f"{days} day{'' if days == 1 else 's'}"


def count(number: int, noun: str) -> str:
    """Return a number and its noun: "1 product", "1,234 products"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

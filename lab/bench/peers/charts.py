"""Two charts of a run as SVG, readable on white and on black: latency and relevance, one bar per engine."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from .catalogue import LISTED, OURS
from .report import measured, share

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 200, 90, 26, 44
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px } .note { fill: #59636e; font-size: 12px }
  .bar { fill: #8c959f } .ours { fill: #0969da } .line { stroke: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .note { fill: #9198a1 } .bar { fill: #6e7681 } .ours { fill: #4493f8 } .line { stroke: #3d444d }
  }
"""
Bar = tuple[str, float, str, bool]  # title, length from 0 to 1, what stands behind it, whether it is ours


def write_charts(figures: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write latency.svg and relevance.svg of the largest size; return the files."""
    size = max(figures["sizes"], key=int)
    there = measured(figures["sizes"][size])
    written = []
    for name, draw in (("latency", latency), ("relevance", relevance)):
        file = folder / f"{name}.svg"
        file.write_text(draw(there, int(size)), encoding="utf-8")
        written.append(file)
    return written


def latency(there: Mapping[str, Any], size: int) -> str:
    """Draw the median time of a search, on a logarithmic axis that begins at a tenth of a millisecond."""
    from math import log10

    times = {name: found["relevance"]["all"] for name, found in there.items()}
    longest = max([time["p50_ms"] for time in times.values()], default=1.0)

    def length(milliseconds: float) -> float:
        return log10(max(milliseconds, 0.1) / 0.1) / max(log10(longest / 0.1), 0.01)

    bars = _bars(times, lambda time: (length(time["p50_ms"]), f"{time['p50_ms']:.1f} ms"))
    return chart(f"Median time of a search, {size:,} products", "logarithmic; shorter is better", bars)


def relevance(there: Mapping[str, Any], size: int) -> str:
    """Draw P@10 over all queries."""
    every = {name: found["relevance"]["all"] for name, found in there.items()}
    bars = _bars(every, lambda of: (of["precision"], share(of["precision"])))
    return chart(f"P@10 over all kinds of queries, {size:,} products", "longer is better", bars)


def _bars(by_name: Mapping[str, Any], of: Callable[[Any], tuple[float, str]]) -> list[Bar]:
    return [(LISTED[name].title, *of(found), name == OURS) for name, found in by_name.items()]


def chart(title: str, note: str, bars: Sequence[Bar]) -> str:
    """Return a chart of horizontal bars as SVG."""
    height, room = TOP + ROW * len(bars) + 12, WIDTH - LEFT - RIGHT
    described = f"{title}: " + ", ".join(f"{name} {value}" for name, _, value, _ in bars)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        f"<title>{escape(described)}</title>",
        f"<style>{STYLE}</style>",
        f'<text class="title" x="8" y="20">{escape(title)}</text>',
        f'<text class="note" x="{WIDTH - 8}" y="20" text-anchor="end">{escape(note)}</text>',
        f'<line class="line" x1="{LEFT}" y1="{TOP - 8}" x2="{LEFT}" y2="{height - 8}"/>',
    ]
    for place, (name, length, value, ours) in enumerate(bars):
        y, wide = TOP + ROW * place, max(length * room, 1)
        lines += [
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{"ours" if ours else "bar"}" x="{LEFT}" y="{y + 2}" width="{wide:.1f}" height="16" rx="2"/>',
            f'<text x="{LEFT + wide + 6:.1f}" y="{y + 14}">{escape(value)}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"

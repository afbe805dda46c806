"""Small line and bar charts as SVG, for light and dark pages, with nothing installed."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 260, 56, 96, 34, 40
COLOURS = ("#2f6fdb", "#d9822b", "#1f9d72", "#8a63d2")
STYLE = """<style>
text{font:12px system-ui,sans-serif;fill:#3c4650}.grid{stroke:#d5dae0}.title{font-weight:600;fill:#1d252c}
@media(prefers-color-scheme:dark){text{fill:#aeb8c2}.grid{stroke:#3a434c}.title{fill:#e6ebf0}}
</style>"""

Points = Sequence[tuple[float, float]]


def lines(title: str, unit: str, series: Mapping[str, Points], *, x: str, log: bool = True) -> str:
    """A chart of some series over x, which is logarithmic unless told otherwise; y begins at 0."""
    xs = sorted({each for points in series.values() for each, _ in points})
    top = nice(max(value for points in series.values() for _, value in points))

    def across(value: float) -> float:
        if len(xs) == 1:
            return (LEFT + WIDTH - RIGHT) / 2
        least, most, here = (scale(each, log) for each in (xs[0], xs[-1], value))
        return LEFT + (WIDTH - LEFT - RIGHT) * (here - least) / (most - least)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    parts = [text(LEFT, 18, title, "title"), text(LEFT, HEIGHT - 6, x)]
    for step in range(5):
        y = up(top * step / 4)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(text(LEFT - 8, y + 4, short(top * step / 4), anchor="end"))
    parts.append(text(LEFT - 8, TOP - 16, unit, anchor="end"))
    parts += [text(across(each), HEIGHT - BOTTOM + 16, short(each), anchor="middle") for each in xs]
    for (name, points), colour in zip(series.items(), COLOURS, strict=False):
        path = "L".join(f"{across(a):.1f} {up(b):.1f}" for a, b in points)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(a):.1f}" cy="{up(b):.1f}" r="3" fill="{colour}"/>' for a, b in points]
        a, b = points[-1]
        parts.append(text(across(a) + 8, up(b) + 4, name))
    return svg(title, HEIGHT, parts)


def bars(title: str, unit: str, values: Mapping[str, float]) -> str:
    """Horizontal bars, logarithmic: for things that differ by a hundred times."""
    row, left = 24, 150
    height = TOP + row * len(values) + 12
    most = math.log10(max(values.values()) * 1.2)
    parts = [text(8, 18, f"{title} ({unit}, logarithmic)", "title")]
    for number, (name, value) in enumerate(values.items()):
        y = TOP + row * number
        wide = max((WIDTH - left - RIGHT) * math.log10(max(value, 1)) / most, 2)
        parts.append(text(left - 8, y + 15, name, anchor="end"))
        parts.append(
            f'<rect x="{left}" y="{y + 3}" width="{wide:.1f}" height="{row - 8}" rx="2" fill="{COLOURS[0]}"/>'
        )
        parts.append(text(left + wide + 8, y + 15, f"{value:,.0f}"))
    return svg(title, height, parts)


def svg(title: str, height: int, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", STYLE, *parts, "</svg>\n"])


def text(x: float, y: float, words: str, style: str = "", anchor: str = "start") -> str:
    kind = f' class="{style}"' if style else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def scale(value: float, log: bool) -> float:
    """0 (an empty database) stands a decade left of a million."""
    return math.log10(max(value, 100_000 if value == 0 else value)) if log else value


def nice(value: float) -> float:
    """The next of 1, 2, 4, 5, 8 or 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(n * power for n in (1, 2, 4, 5, 8, 10) if n * power >= value)


def short(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"

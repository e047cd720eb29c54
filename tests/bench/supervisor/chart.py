# SPDX-License-Identifier: MIT OR Apache-2.0
"""Bars beside each other, a panel for each metric, as SVG."""
import math

WIDTH, BAR, GAP, HEAD = 380, 18, 6, 34
LABEL, COLUMNS = 70, 2
OURS, OTHERS = "#1f6feb", "#9aa4b0"


def _text(x, y, text, size=12, anchor="start", weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{text}</text>')


def _panel(x, y, title, unit, rows):
    """Lengths are logarithmic where the largest is more than thirty times the smallest."""
    parts = [_text(x, y + 14, title, 13, weight="bold")]
    known = [value for _, value in rows if value is not None and value > 0]
    if not known:
        return parts
    low, high = min(known), max(known)
    logarithmic = high > 30 * low
    room = WIDTH - LABEL - 90
    for i, (name, value) in enumerate(rows):
        top = y + HEAD + i * (BAR + GAP) - 10
        parts.append(_text(x + LABEL - 8, top + 13, name, 12, "end"))
        if value is None:
            parts.append(_text(x + LABEL, top + 13, "-"))
            continue
        share = (math.log(max(value, low) / low * 2) / math.log(high / low * 2)) if logarithmic else value / high
        parts.append(f'<rect x="{x + LABEL}" y="{top:.0f}" width="{max(1, room * share):.1f}" height="{BAR}" '
                     f'fill="{OURS if name == "orlop" else OTHERS}"/>')
        shown = f"{value:.0f}" if value >= 100 else f"{value:.2f}"
        parts.append(_text(x + LABEL + room * share + 6, top + 13, f"{shown} {unit}"))
    if logarithmic:
        parts.append(_text(x + WIDTH - 8, y + 14, "log", 10, "end"))
    return parts


def draw(metrics, names, values):
    panel = HEAD + len(names) * (BAR + GAP) + 12
    lines = math.ceil(len(metrics) / COLUMNS)
    width, height = WIDTH * COLUMNS + 40, panel * lines + 20
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             f'font-family="sans-serif" fill="#24292f"><rect width="{width}" height="{height}" fill="white"/>']
    for i, (metric, unit, text) in enumerate(metrics):
        x, y = 20 + i % COLUMNS * WIDTH, 10 + i // COLUMNS * panel
        parts += _panel(x, y, text, unit, [(name, values[name].get(metric)) for name in names])
    return "\n".join(parts) + "\n</svg>\n"

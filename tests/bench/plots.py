"""Plots of throughput as plain SVG text: logarithmic axes, one line for each number of threads."""
import math

WIDTH, HEIGHT = 560, 340
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 44, 56
COLOURS = ("#1f6fb2", "#c4511d", "#3a8f3a")

PLOTS = {
    "vae_by_side": ("VAE training against picture size", "side of the pictures, pixels", "images/s"),
    "vae_by_set": ("VAE training against set size", "pictures in the set", "images/s"),
    "vae_by_batch": ("VAE training against batch", "batch", "images/s"),
    "translate_by_batch": ("Translation against batch", "batch", "images/s"),
}


def bounds(values):
    """Whole decades or the 1-2-5 steps that enclose the values."""
    steps = [m * 10.0**e for e in range(-3, 8) for m in (1, 2, 5)]
    return (max(s for s in steps if s <= min(values) * 1.0001), min(s for s in steps if s >= max(values) * 0.9999))


def place(value, low, high, begin, end):
    share = 0.5 if low == high else (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
    return begin + share * (end - begin)


def label(value):
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def draw(title, x_name, y_name, rows):
    """rows: [x, value at 1 thread, value at 2 threads...]"""
    xs = [row[0] for row in rows]
    x_low, x_high = min(xs), max(xs)
    y_low, y_high = bounds([value for row in rows for value in row[1:]])
    x_at = lambda x: place(x, x_low, x_high, LEFT, WIDTH - RIGHT)  # noqa: E731
    y_at = lambda y: place(y, y_low, y_high, HEIGHT - BOTTOM, TOP)  # noqa: E731
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{title}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{title}</text>',
    ]
    for step in [m * 10.0**e for e in range(-3, 8) for m in (1, 2, 5)]:
        if y_low <= step <= y_high:
            y = y_at(step)
            parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label(step)}</text>')
    for x in xs:
        parts.append(f'<text x="{x_at(x):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{label(x)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">{x_name}</text>')
    parts.append(f'<text transform="translate(18 {middle}) rotate(-90)" text-anchor="middle">{y_name}</text>')
    for i in range(1, len(rows[0])):
        colour = COLOURS[(i - 1) % len(COLOURS)]
        points = [(x_at(row[0]), y_at(row[i])) for row in rows]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
                     + " ".join(f"{x:.1f},{y:.1f}" for x, y in points) + '"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        name = f"{i} thread" + ("s" if i > 1 else "")
        parts.append(f'<text x="{WIDTH - RIGHT}" y="{TOP - 22 + 14 * i}" text-anchor="end" fill="{colour}">{name}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"


def write_all(folder, curves):
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in curves.items():
        (folder / f"{name.replace('_', '-')}.svg").write_text(draw(*PLOTS[name], rows))

"""The pen's way through a digit: its ink thinned to one pixel (Zhang and Suen, 1984) and followed from end to end."""

AROUND = ((0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1))
INK = 100


def thin(ink):
    """A set of pixels (x, y) worn down to lines."""
    ink = set(ink)
    while True:
        before = len(ink)
        for corner in (0, 1):
            gone = set()
            for x, y in ink:
                ring = [(x + a, y + b) in ink for a, b in AROUND]
                north, east, south, west = ring[0], ring[2], ring[4], ring[6]
                changes = sum(not ring[i] and ring[(i + 1) % 8] for i in range(8))
                sides = (not (north and east and south), not (east and south and west)) if corner == 0 else (
                    not (north and east and west), not (north and south and west))
                if 2 <= sum(ring) <= 6 and changes == 1 and all(sides):
                    gone.add((x, y))
            ink -= gone
        if len(ink) == before:
            return ink


def follow(line):
    """Strokes, lists of pixels, that pass every pixel of a line once and join where they meet."""
    left, strokes = set(line), []

    def near(pixel, among):
        found = [(pixel[0] + a, pixel[1] + b) for a, b in AROUND]
        return sorted((one for one in found if one in among), key=lambda one: abs(one[0] - pixel[0]) + abs(one[1] - pixel[1]))

    while left:
        at = min(left, key=lambda one: (len(near(one, left)), one[1], one[0]))
        left.discard(at)
        stroke = [one for one in near(at, line) if one not in left][:1] + [at]
        while near(at, left):
            at = near(at, left)[0]
            left.discard(at)
            stroke.append(at)
        end = [one for one in near(at, line) if one not in stroke[-3:]]
        strokes.append(stroke + end[:1])
    return strokes


def smooth(stroke):
    ends = [stroke[0], *stroke, stroke[-1]]
    return [tuple((ends[i][axis] + 2 * ends[i + 1][axis] + ends[i + 2][axis]) / 4 + 0.5 for axis in (0, 1))
            for i in range(len(stroke))]


def strokes_of(pixels, side=28):
    """Strokes of a square grey picture, in pixels."""
    ink = {(i % side, i // side) for i, value in enumerate(pixels) if value > INK}
    return [smooth(stroke) for stroke in follow(thin(ink))]

"""What the peers in Python share: networks and weights as the tool writes them (safetensors), the library's random
numbers, and answers to lines.
"""
import json
import struct
import sys
import time

import numpy

IDENTITY, RELU, LEAKY_RELU, SIGMOID = range(4)
POSTERIOR_NOISE, MAPPING_NOISE = 5, 8  # streams of lib/base/random.h
MAPPING_STEPS = 300  # bench.c: of mapping_loss


class Network:
    """Its input's shape [height, width, channels], and layers (tag, eight values, parts)."""

    def __init__(self, text, parts):
        shape, *layers = text.split("; ")
        self.shape = [int(word) for word in shape.split()]
        self.layers = []
        for i, layer in enumerate(layers):
            tag, *values = layer.split()
            values = [int(word) for word in values]
            self.layers.append((tag, values + [0] * (8 - len(values)), parts.get(i, [])))


def load(path):
    """{name: Network}."""
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header, parts = json.loads(data[8:start]), {}
    texts = header.pop("__metadata__")
    for key, told in header.items():
        first, last = told["data_offsets"]
        cells = numpy.frombuffer(data[start + first:start + last], "<f4").reshape(told["shape"])
        name, index = key.split(".")[:2]
        parts.setdefault(name, {}).setdefault(int(index), []).append(cells)
    return {name: Network(texts[name], of) for name, of in parts.items()}


def numbers(count):
    """Those of bench.c."""
    state, out = 0x9E3779B97F4A7C15, numpy.empty(count, numpy.float32)
    for i in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        out[i] = (state >> 40) * 2.0**-24
    return out


def pictures(shape, batch):
    return numbers(batch * shape[0] * shape[1] * shape[2]).reshape(batch, *shape)


def codes(dim, batch):
    """A mapping step's source, anchor, positive and mismatched."""
    return numpy.float32(3.4) * (numbers(4 * batch * dim).reshape(4, batch, dim) - numpy.float32(0.5))


def normals(stream, step, count, seed=1):
    """The library's, by Philox 4x32-10 and Box and Muller."""
    low, half = numpy.uint64(0xFFFFFFFF), numpy.uint64(32)
    c = [numpy.full((count + 3) // 4, n, numpy.uint64) for n in (0, 0, step, stream)]
    c[0] += numpy.arange(len(c[0]), dtype=numpy.uint64)
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p, q = c[0] * numpy.uint64(0xD2511F53), c[2] * numpy.uint64(0xCD9E8D57)
        c = [q >> half ^ c[1] ^ numpy.uint64(k0), q & low, p >> half ^ c[3] ^ numpy.uint64(k1), p & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    words = numpy.stack(c, 1).reshape(-1, 2).astype(float) / 2**32
    radius, angle = numpy.sqrt(-2 * numpy.log(words[:, 0] + 2.0**-32)), 2 * numpy.pi * words[:, 1]
    pairs = numpy.stack([radius * numpy.cos(angle), radius * numpy.sin(angle)], 1)
    return pairs.reshape(-1)[:count].astype(numpy.float32)


def spend(work, seconds):
    """Milliseconds of each call."""
    times, begun = [], time.perf_counter()
    before = begun
    while not times or before - begun < seconds:
        work()
        after = time.perf_counter()
        times.append(1e3 * (after - before))
        before = after
    return times


def tune(work, arguments, seconds):
    """The fastest setting: by the median of three turns, all settings in turn."""
    settings, make, _ = work
    candidates = []
    for setting in settings:
        try:
            candidate = make(setting, *arguments)
            for _ in range(4):  # compilers work in the first calls
                candidate()
            candidates.append((setting, candidate, []))
        except Exception as error:  # what this version or processor does not have
            print(f"{setting}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
    if not candidates:
        sys.exit("none of its settings runs here")
    for _ in range(3 if len(candidates) > 1 else 0):
        for _, candidate, medians in candidates:
            times = sorted(spend(candidate, min(seconds, 0.4)))
            medians.append(times[len(times) // 2])
    return min(candidates, key=lambda one: sorted(one[2])[len(one[2]) // 2:][:1])


def serve(works):
    """Answers lines "WORK THREADS SECONDS ARGUMENT..." with numbers and, behind a "|", the setting. works: {WORK:
    (settings, make(setting, *arguments), units(*arguments))}. What is made is called: where units is a function,
    the answer is so many units a second; where it is None, the median and 99th percentile of milliseconds; where it is
    "value", what the call returns.
    """
    tuned = {}
    for line in sys.stdin:
        name, _, seconds, *arguments = line.split()
        units = works[name][2]
        if units == "value":
            print(*works[name][1](None, *arguments)(), flush=True)
            continue
        key = (name, *arguments)
        if key not in tuned:
            tuned[key] = tune(works[name], arguments, float(seconds))
        setting, candidate, _ = tuned[key]
        candidate()
        times = sorted(spend(candidate, float(seconds)))
        if units:
            print(f"{1e3 * units(*arguments) * len(times) / sum(times):.6g} | {setting}", flush=True)
        else:
            print(f"{times[len(times) // 2]:.6g} {times[len(times) * 99 // 100]:.6g} | {setting}", flush=True)

"""Models of random weights as safetensors: every kind of layer, in each way in which it computes differently."""

import itertools

import numpy

NAMES = {"DNSE": "dense", "CNV2": "conv2d", "CNT2": "conv_transpose2d", "UPC3": "upsample_conv2d",
         "LSKP": "linear_skip", "GNRM": "group_norm"}
LATENT = 5
ENCODERS = {
    "strides": "13 10 3; CNV2 4 4 2 1 1; CNV2 6 3 3 0 2; CNV2 5 2 4 1 4",
    "kernels": "9 8 1; CNV2 3 1 2 0 1; CNV2 3 5 1; CNV2 2 6 1 5 3; CNV2 2 9 1 0 1",
    "residual": "12 12 3; CNV2 6 3 1 1 1; CNV2 6 3 1 1; GNRM 3 1; RADD 3 1; GNRM 6 0 1; DNSE 3 4 2 1; RSHP 4 3 2; "
                "ACTV 4; CNV2 2 3 1 1; RADD 2",
    "input": "8 8 3; CNV2 3 3 1 1 1; CNV2 3 3 1 1; RADD 3 2; RADD 4; DROP 100000; RSHP 1 1 192",
    "window": "15 12 3; WNRM 400; CNV2 4 4 2 1 1",
    "window of greys": "16 16 1; WNRM 900; RADD 2; ACTV",
}
DECODERS = {
    "transposed": "DNSE 3 4 6 1; CNT2 5 4 2 1 1 6 7; CNT2 4 3 2 0 2 13 16; CNT2 3 5 1 2 3 13 16",
    "transposed far": "DNSE 4 4 3; CNT2 3 2 3 1 1 14 12; CNT2 3 6 1 4 1 5 8; CNT2 4 3 4 1 4 9 21; CNT2 1 8 1 7 3 9 8",
    "upsampling": "DNSE 3 3 4 1; UPS2 6 5; CNV2 4 3 1 1 1; UPC3 6 1 11 10; GNRM 2 2; UPC3 3 0 22 19; UPS2 43 38; ACTV 3",
    "skip": "DNSE 1 1 8 4; DNSE 10 9 1; LSKP 3",
}


def size(shape):
    return int(numpy.prod(shape))


def network(name, text, random):
    """The tensors of a network of such layers, and the shape of what it makes."""
    start, *layers = text.split(";")
    start = shape = tuple(map(int, start.split()))
    tensors = {}
    for index, layer in enumerate(layers):
        tag, *values = layer.split()
        v = [int(value) for value in values] + [0] * (8 - len(values))
        weights = None
        if tag == "DNSE":
            weights, shape = (size(shape), size(v[:3])), tuple(v[:3])
        elif tag == "CNV2":
            weights, shape = (v[1], v[1], shape[2], v[0]), (-(-shape[0] // v[2]), -(-shape[1] // v[2]), v[0])
        elif tag == "CNT2":
            weights, shape = (v[1], v[1], shape[2], v[0]), (v[5], v[6], v[0])
        elif tag == "UPC3":
            weights, shape = (3, 3, shape[2], v[0]), (v[2], v[3], v[0])
        elif tag == "UPS2":
            shape = (v[0], v[1], shape[2])
        elif tag == "RSHP":
            shape = tuple(v[:3])
        elif tag == "LSKP":
            weights = (size(start), size(shape))
        parts = {}
        if weights:
            parts["weights"] = random.normal(0, 1.3 / numpy.sqrt(size(weights[:-1])), weights)
            parts["bias"] = random.normal(0, 0.2, weights[-1:])
        if tag == "GNRM":
            parts["scale"], parts["shift"] = random.normal(1, 0.3, shape[2]), random.normal(0, 0.3, shape[2])
        for part, numbers in parts.items():
            tensors[f"{name}.{index}.{NAMES[tag]}.{part}"] = numbers.astype(numpy.float32)
    return tensors, shape


def model(networks, seed, **texts):
    """The tensors and the metadata of a model of networks."""
    random = numpy.random.default_rng(seed)
    tensors = {}
    for name, text in networks.items():
        tensors.update(network(name, text, random)[0])
    return tensors, {"xdomain": "1", **networks, **texts}


def dense(before, after, activation=0):
    """A network of one layer."""
    return f"{before}; DNSE {after}" + (f" {activation}" if activation else "")


def models():
    """(what is tested, tensors, metadata): each encoder and each decoder at least once, and conditions."""
    code, posterior = f"1 1 {LATENT}", f"1 1 {2 * LATENT}"
    generator = f"{posterior}; DNSE 1 1 16 2; DROP 250000; DNSE 1 1 {LATENT}; LSKP"
    pairs = itertools.islice(zip(itertools.cycle(ENCODERS), itertools.cycle(DECODERS)),
                             max(len(ENCODERS), len(DECODERS)))
    for seed, (first, second) in enumerate(pairs):
        encoder, decoder = ENCODERS[first], f"{code}; {DECODERS[second]}"
        before = encoder.split(";")[0]
        after = " ".join(map(str, network("", decoder, numpy.random.default_rng(0))[1]))
        end = f"; DNSE {posterior}" + ("; LSKP" if "LSKP" in decoder or "WNRM" in encoder else "")
        yield f"{first}, {second}", *model(
            {"encoder1": encoder + end, "decoder1": dense(code, before, 3), "encoder2": dense(after, posterior),
             "decoder2": decoder, "generator1": generator}, seed)
    yield "conditions", *model(
        {"encoder2": dense("8 8 1", posterior), "decoder2": dense(code, "8 8 1", 3),
         "generator1": f"1 1 {LATENT + 3}; DNSE 1 1 {LATENT}"}, 99, **{f"class1.{i}": f"k\u00e4\"{i}" for i in range(3)})

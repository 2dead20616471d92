"""Trains a model with PyTorch and writes its weights as safetensors, of which 'xdomain import' makes a model.

Digits 0 to 4 become 5 to 9, and back: two variational auto-encoders, whose codes a generator maps against a
discriminator of pairs (docs/method.md), in their simplest form; xdomain's own training does better. What matters here
is `describe`, which takes an nn.Sequential to the names and layouts of docs/exchange.md: copy it for networks of yours.

usage: train_pytorch.py IMAGES LABELS OUT.safetensors [--epochs N] [--steps N] [--check FILE.npz]
       IMAGES and LABELS are IDX files, as MNIST has them. --check writes pictures, noise and PyTorch's translations.
"""

import argparse
import gzip

import numpy
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits

LATENT = 16
PAIRS = {label: label + 5 for label in range(5)}

# ---- From PyTorch to xdomain ----


def activation_of(module):
    """The number of an activation, 0 of a module that is none."""
    if isinstance(module, nn.LeakyReLU) and module.negative_slope != 0.2:
        raise ValueError("a LeakyReLU's slope must be 0.2")
    kinds = (nn.ReLU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh)
    return next((number for number, kind in enumerate(kinds, 1) if isinstance(module, kind)), 0)


def one_of(convolution, name):
    """A number of a convolution that holds for both sides."""
    both = getattr(convolution, name)
    if isinstance(both, str) or len(set(both)) != 1:
        raise ValueError(f"a convolution's {name} must be one number for both sides, not {both}")
    return both[0]


def describe(name, network, shape):
    """The layers of a network as text, and its tensors by name. `shape` is that of a picture, (height, width,
    channels), or (1, 1, numbers). PyTorch's pictures are [channels][height][width], xdomain's [height][width][channels]:
    that matters where a Linear stands behind a Flatten or before an Unflatten."""
    text, tensors, modules = [" ".join(map(str, shape))], {}, [m for m in network if not isinstance(m, nn.Flatten)]
    while modules:
        module, activation = modules.pop(0), 0
        if modules and activation_of(modules[0]):
            activation = activation_of(modules.pop(0))
        weights, (height, width, channels) = module.weight.detach(), shape
        if isinstance(module, nn.Linear):
            kind, shape = "dense", (1, 1, module.out_features)
            weights = weights.reshape(-1, channels, height, width).permute(2, 3, 1, 0).flatten(0, 2)
            bias = module.bias.detach()
            if modules and isinstance(modules[0], nn.Unflatten):
                channels, height, width = modules.pop(0).unflattened_size
                shape = (height, width, channels)
                weights = weights.reshape(-1, channels, height, width).permute(0, 2, 3, 1).flatten(1)
                bias = bias.reshape(channels, height, width).permute(1, 2, 0).flatten()
            values = ["DNSE", *shape, activation]
        elif not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            raise ValueError(f"{type(module).__name__} has no place here; docs/model-format.md lists layers")
        else:
            kernel, stride, pad = (one_of(module, name) for name in ("kernel_size", "stride", "padding"))
            if module.padding_mode != "zeros" or module.groups != 1 or one_of(module, "dilation") != 1:
                raise ValueError("convolutions here are padded by zeros, of one group and without dilation")
            tail = [module.out_channels, kernel, stride, pad, activation]
            bias = module.bias.detach()
            if isinstance(module, nn.ConvTranspose2d):
                kind, weights = "conv_transpose2d", weights.permute(2, 3, 0, 1)
                sides = [(side - 1) * stride - 2 * pad + kernel + one_of(module, "output_padding") for side in shape[:2]]
                values = ["CNT2", *tail, *sides]
            else:
                kind, weights = "conv2d", weights.permute(2, 3, 1, 0)
                sides = [(side + 2 * pad - kernel) // stride + 1 for side in shape[:2]]
                if sides != [-(-side // stride) for side in shape[:2]]:
                    raise ValueError("a convolution's sides must be those of its input by its stride, rounded up")
                values = ["CNV2", *tail]
            shape = (*sides, module.out_channels)
        for part, tensor in (("weights", weights), ("bias", bias)):
            tensors[f"{name}.{len(text) - 1}.{kind}.{part}"] = numpy.ascontiguousarray(tensor.cpu().numpy(), "float32")
        text.append(" ".join(map(str, values)))
    return "; ".join(text), tensors


# ---- Training ----


def read_idx(path):
    """The array in an IDX file, gzipped or not."""
    with open(path, "rb") as file:
        data = file.read()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    sides = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * data[3]).reshape(sides)


def make_encoder(height, width):
    return nn.Sequential(
        nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(), nn.Flatten(),
        nn.Linear(32 * (height // 4) * (width // 4), 128), nn.ReLU(), nn.Linear(128, 2 * LATENT))


def make_decoder(height, width):
    return nn.Sequential(
        nn.Linear(LATENT, 128), nn.ReLU(), nn.Linear(128, 32 * (height // 4) * (width // 4)), nn.ReLU(),
        nn.Unflatten(1, (32, height // 4, width // 4)),
        nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Sigmoid())


def make_perceptron(outputs):
    return nn.Sequential(nn.Linear(2 * LATENT, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2),
                         nn.Linear(128, outputs))


def train_vae(pictures, epochs):
    encoder, decoder = make_encoder(*pictures.shape[2:]), make_decoder(*pictures.shape[2:])
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-3)
    for _ in range(epochs):
        for batch in pictures[torch.randperm(len(pictures))].split(64):
            mean, log_variance = encoder(batch).chunk(2, 1)
            code = mean + torch.randn_like(mean) * (log_variance / 2).exp()
            error = binary_cross_entropy(decoder(code), batch, reduction="sum")
            divergence = (mean**2 + log_variance.exp() - 1 - log_variance).sum() / 2
            optimiser.zero_grad()
            ((error + divergence) / len(batch)).backward()
            optimiser.step()
    standardise(encoder, decoder, pictures)
    return encoder, decoder


@torch.no_grad()
def standardise(encoder, decoder, pictures):
    """Folds mean and deviation of the codes into the layers before and behind them."""
    mean, log_variance = encoder(pictures).chunk(2, 1)
    centre, deviation = mean.mean(0), (mean.var(0) + log_variance.exp().mean(0)).sqrt()
    last, first = encoder[-1], decoder[0]
    last.weight[:LATENT] /= deviation[:, None]
    last.bias[:LATENT] = (last.bias[:LATENT] - centre) / deviation
    last.bias[LATENT:] -= 2 * deviation.log()
    first.bias += first.weight @ centre
    first.weight *= deviation


def train_mapping(source, target, steps):
    """A generator of codes and its discriminator. `source` and `target` are the codes of paired classes."""
    generator, discriminator = make_perceptron(LATENT), make_perceptron(1)
    optimisers = [torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.9)) for net in (generator, discriminator)]
    draw = lambda codes: codes[torch.randint(len(codes), (32,))]

    def judge(anchor, code, real):
        logits = discriminator(torch.cat([anchor, code], 1))
        return binary_cross_entropy_with_logits(logits, torch.full_like(logits, real))

    for _ in range(steps):
        anchor = torch.cat([draw(codes) for codes in target])
        real = torch.cat([draw(codes) for codes in target])
        given = torch.cat([draw(codes) for codes in source])
        made = generator(torch.cat([torch.randn_like(given), given], 1))
        losses = (judge(anchor, made, 1.0), judge(anchor, real, 1.0) + judge(anchor, made.detach(), 0.0))
        for loss, optimiser, network in zip(losses, optimisers, (generator, discriminator)):
            gradients = torch.autograd.grad(loss, list(network.parameters()))
            for parameter, gradient in zip(network.parameters(), gradients):
                parameter.grad = gradient
            optimiser.step()
    return generator, discriminator


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("images")
    parser.add_argument("labels")
    parser.add_argument("out")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--check")
    given = parser.parse_args()
    torch.manual_seed(1)
    pictures = torch.from_numpy(read_idx(given.images)[:, None].astype("float32") / 255)
    labels = read_idx(given.labels)
    height, width = pictures.shape[2:]
    classes = list(PAIRS), list(PAIRS.values())
    texts, tensors, vaes, codes = {"xdomain": "1"}, {}, [], []

    def add(name, network, shape):
        texts[name], more = describe(name, network, shape)
        tensors.update(more)

    for domain, members in enumerate(classes, 1):
        encoder, decoder = train_vae(pictures[numpy.isin(labels, members)], given.epochs)
        with torch.no_grad():
            codes.append([encoder(pictures[labels == label])[:, :LATENT] for label in members])
        vaes.append((encoder, decoder))
        add(f"encoder{domain}", encoder, (height, width, 1))
        add(f"decoder{domain}", decoder, (1, 1, LATENT))
        texts[f"name{domain}"] = "digits " + ", ".join(map(str, members))
    generators = []
    for source, target in ((0, 1), (1, 0)):
        generator, discriminator = train_mapping(codes[source], codes[target], given.steps)
        generators.append(generator)
        add(f"generator{source + 1}", generator, (1, 1, 2 * LATENT))
        add(f"discriminator{target + 1}", discriminator, (1, 1, 2 * LATENT))
    texts["pairing"] = ",".join(f"{one}:{other}" for one, other in PAIRS.items())
    texts["property.trainer"] = f"PyTorch {torch.__version__}, {given.epochs} epochs, {given.steps} steps"
    save_file(tensors, given.out, texts)

    if given.check:
        source, noise = pictures[numpy.isin(labels, classes[0])][:8], torch.randn(8, LATENT)
        with torch.no_grad():
            code = vaes[0][0](source)[:, :LATENT]
            made = vaes[1][1](generators[0](torch.cat([noise, code], 1)))
        numpy.savez(given.check, pictures=source.permute(0, 2, 3, 1).numpy(), noise=noise.numpy(),
                    translations=made.permute(0, 2, 3, 1).numpy())


if __name__ == "__main__":
    main()

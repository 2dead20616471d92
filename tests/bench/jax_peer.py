"""JAX's side of the bench (XLA on the processor, jit): the training steps, each at its best setting.

  jax_peer.py serve THREADS             answers lines as networks.py says; FILE is safetensors:
      vae FILE BATCH AVERAGING | mapping FILE | vae_loss FILE BATCH | mapping_loss FILE
  jax_peer.py describe                  the version
  jax_peer.py train FILE BATCH STEPS    trains so many VAE steps, ends: for its peak memory

XLA takes a thread for each processor that it may run on. Convolutions are XLA's own, or products of gathered patches
("patches"), whichever is faster.
"""
import os
import sys

if len(sys.argv) == 3:  # before JAX looks
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(sys.argv[2])])

import jax
import jax.numpy as jnp
from jax import lax

import networks

BATCH = 128
ACTIVATIONS = [lambda x: x, jax.nn.relu, lambda x: jax.nn.leaky_relu(x, 0.2), jax.nn.sigmoid]
SETTINGS = ["jit", "jit patches"]
jax.config.update("jax_default_prng_impl", "rbg")  # the fastest
jax.config.update("jax_platforms", "cpu")


# ---- Networks: pictures as the library has them, [batch][height][width][channels] ----------------


def patches_of(x, rows, columns, stride):
    """[batch, height, width, taps * channels] of an x that has its borders."""
    height, width = (x.shape[1] - rows) // stride + 1, (x.shape[2] - columns) // stride + 1
    return jnp.concatenate([x[:, i:i + stride * (height - 1) + 1:stride, j:j + stride * (width - 1) + 1:stride]
                            for i in range(rows) for j in range(columns)], -1)


def convolve(x, weights, stride, pad, patches):
    kernel, borders = weights.shape[0], []
    for side in x.shape[1:3]:
        borders.append((pad, (-(-side // stride) - 1) * stride + kernel - side - pad))
    if patches:
        x = jnp.pad(x, ((0, 0), *borders, (0, 0)))
        return patches_of(x, kernel, kernel, stride) @ weights.reshape(-1, weights.shape[3])
    return lax.conv_general_dilated(x, weights, (stride, stride), borders, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def transposed(x, weights, stride, pad, out, patches):
    """Patches: each of the 2 x 2 kinds of results is a product with 2 x 2 of the 4 x 4 taps."""
    kernel = weights.shape[0]
    if patches and (kernel, stride, pad) == (4, 2, 1):
        x, kinds = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), []
        height, width = x.shape[1] - 1, x.shape[2] - 1
        for i in range(2):
            for j in range(2):
                near = patches_of(x[:, i:height + i, j:width + j], 2, 2, 1)
                kinds.append(near @ weights[3 - i::-2, 3 - j::-2].reshape(-1, weights.shape[3]))
        y = jnp.stack(kinds, 3).reshape(*kinds[0].shape[:3], 2, 2, -1).transpose(0, 1, 3, 2, 4, 5)
        return y.reshape(len(x), 2 * y.shape[1], -1, weights.shape[3])
    borders = [(kernel - 1 - pad, to - (side - 1) * stride - 1 + pad) for side, to in zip(x.shape[1:3], out)]
    return lax.conv_general_dilated(x, weights[::-1, ::-1], (1, 1), borders, (stride, stride),
                                    dimension_numbers=("NHWC", "HWIO", "NHWC"))


def normalise(x, groups):
    cells = x.reshape(len(x), -1, groups, x.shape[3] // groups)
    cells = (cells - cells.mean((1, 3), keepdims=True)) * lax.rsqrt(cells.var((1, 3), keepdims=True) + 1e-5)
    return cells.reshape(x.shape)


def forward(network, weights, x, patches=False):
    kept = [x]
    for (tag, values, _), parts in zip(network.layers, weights):
        if tag == "DNSE":
            height, width, channels, activation = values[:4]
            x = ACTIVATIONS[activation](x.reshape(len(x), -1) @ parts[0] + parts[1])
            x = x if height * width == 1 else x.reshape(-1, height, width, channels)
        elif tag == "CNV2":
            x = ACTIVATIONS[values[4]](convolve(x, parts[0], values[2], values[3], patches) + parts[1])
        elif tag == "CNT2":
            x = ACTIVATIONS[values[4]](transposed(x, parts[0], values[2], values[3], values[5:7], patches) + parts[1])
        elif tag == "UPC3":
            x = jnp.repeat(jnp.repeat(x, 2, 1), 2, 2)
            x = ACTIVATIONS[values[1]](convolve(x, parts[0], 1, 1, patches) + parts[1])
        elif tag == "GNRM":
            x = ACTIVATIONS[values[1]](normalise(x, values[0]) * parts[0] + parts[1])
        elif tag == "RADD":
            x = ACTIVATIONS[values[1]](x + kept[-values[0]])
        else:
            raise ValueError(f"{tag}: no such layer here")
        kept.append(x)
    return x


def weights_of(network):
    return [[jnp.array(part) for part in parts] for _, _, parts in network.layers]


def adam(weights, gradients, state, rate, beta1, beta2):
    count, first, second = state
    count = count + 1
    first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, first, gradients)
    second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, second, gradients)
    scale, root = rate / (1 - beta1**count), 1 / (1 - beta2**count)
    weights = jax.tree.map(lambda w, m, v: w - scale * m / (jnp.sqrt(v * root) + 1e-8), weights, first, second)
    return weights, (count, first, second)


def fresh(weights):
    return jnp.float32(0), jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights)


# ---- Training steps ------------------------------------------------------------------------------


class VaeStep:
    def __init__(self, setting, path, batch, averaging="0"):
        file = networks.load(path)
        self.encoder, self.decoder, self.patches = file["encoder1"], file["decoder1"], "patches" in setting
        self.dim, self.averaging = self.decoder.shape[2], float(averaging)
        self.pictures = jnp.array(networks.pictures(self.encoder.shape, int(batch)))
        weights = [weights_of(self.encoder), weights_of(self.decoder)]
        kept = jax.tree.map(jnp.copy, weights) if self.averaging else None
        self.state = weights, fresh(weights), kept, jax.random.key(1)
        self.step = jax.jit(self.advance, donate_argnums=0)

    def loss(self, weights, x, epsilon):
        mean, log_variance = jnp.split(forward(self.encoder, weights[0], x, self.patches), 2, 1)
        x_hat = forward(self.decoder, weights[1], mean + jnp.exp(0.5 * log_variance) * epsilon, self.patches)
        divergence = 0.5 * (jnp.exp(log_variance) + mean * mean - 1 - log_variance).sum()
        return (50.0 * ((x_hat - x) ** 2).sum() + divergence) / len(x)

    def advance(self, state, x):
        weights, moments, kept, key = state
        key, now = jax.random.split(key)
        gradients = jax.grad(self.loss)(weights, x, jax.random.normal(now, (len(x), self.dim)))
        weights, moments = adam(weights, gradients, moments, 1e-3, 0.9, 0.999)
        if kept is not None:
            kept = jax.tree.map(lambda k, w: k + (1 - self.averaging) * (w - k), kept, weights)
        return weights, moments, kept, key

    def __call__(self):
        self.state = jax.block_until_ready(self.step(self.state, self.pictures))


def unit(vector):
    return vector / jnp.sqrt((vector * vector).sum())


class MappingStep:
    def __init__(self, setting, path):
        file = networks.load(path)
        self.g, self.d = file["generator1"], file["discriminator2"]
        self.dim = self.g.layers[-1][1][2]
        self.codes = jnp.array(networks.codes(self.dim, BATCH))
        g, d = weights_of(self.g), weights_of(self.d)
        vectors = [unit(jax.random.normal(jax.random.key(i), (len(parts[1]),))) for i, parts in enumerate(d)]
        self.state = g, d, fresh(g), fresh(d), jax.tree.map(jnp.copy, g), vectors, jax.random.key(1)
        self.step = jax.jit(self.advance, donate_argnums=0)

    def iterate(self, d, u):
        """One power iteration for each layer: the left and the right vectors."""
        v = [unit(parts[0] @ left) for parts, left in zip(d, u)]
        return [unit(right @ parts[0]) for parts, right in zip(d, v)], v

    def judge(self, d, pairs, vectors):
        normed = [[parts[0] / (v @ parts[0] @ u), parts[1]] for parts, u, v in zip(d, *vectors)]
        return forward(self.d, normed, pairs)[:, 0]

    def loss_d(self, d, generated, codes, noise, vectors):
        _, anchor, positive, mismatched = codes
        judged = jnp.concatenate([positive, generated, noise, mismatched])
        logits = self.judge(d, jnp.concatenate([jnp.tile(anchor, (4, 1)), judged], 1), vectors)
        count = len(anchor)
        return (jax.nn.softplus(-logits[:count]).sum() + jax.nn.softplus(logits[count:]).sum()) / count

    def loss_g(self, generated, d, codes, epsilon, vectors):
        logits = self.judge(d, jnp.concatenate([codes[1], generated], 1), vectors)
        return jax.nn.softplus(-logits).mean() + 0.1 * ((epsilon - generated) ** 2).mean()

    def advance(self, state, codes):
        g, d, moments_g, moments_d, kept, u, key = state
        key, now = jax.random.split(key)
        epsilon, noise = jax.random.normal(now, (2, len(codes[0]), self.dim))
        generated, back = jax.vjp(lambda g: forward(self.g, g, jnp.concatenate([epsilon, codes[0]], 1)), g)
        vectors = self.iterate(d, u)
        d, moments_d = adam(d, jax.grad(self.loss_d)(d, generated, codes, noise, vectors), moments_d, 1e-3, 0.5, 0.99)
        gradients, = back(jax.grad(self.loss_g)(generated, d, codes, epsilon, vectors))
        g, moments_g = adam(g, gradients, moments_g, 1e-3, 0.5, 0.99)
        count = moments_g[0]
        decay = jnp.minimum(0.999, (1 + count) / (10 + count))
        kept = jax.tree.map(lambda k, w: decay * k + (1 - decay) * w, kept, g)
        return g, d, moments_g, moments_d, kept, vectors[0], key

    def __call__(self):
        self.state = jax.block_until_ready(self.step(self.state, self.codes))


def vae_losses(_, path, batch):
    """By both settings, which must agree."""
    found = []
    for setting in SETTINGS:
        step = VaeStep(setting, path, batch)
        noise = networks.normals(networks.POSTERIOR_NOISE, 0, int(batch) * step.dim).reshape(-1, step.dim)
        found.append(float(step.loss(step.state[0], step.pictures, noise)))
    return lambda: [max(found) if max(found) - min(found) <= 1e-4 * abs(found[0]) else float("nan")]


def mapping_loss(_, path):
    step = MappingStep("jit", path)
    g, d, u = step.state[0], step.state[1], step.state[5]
    for _ in range(networks.MAPPING_STEPS):
        vectors = u, _ = step.iterate(d, u)
    epsilon, noise = networks.normals(networks.MAPPING_NOISE, networks.MAPPING_STEPS - 1, 2 * BATCH * step.dim).reshape(
        2, BATCH, step.dim)
    generated = forward(step.g, g, jnp.concatenate([epsilon, step.codes[0]], 1))
    return lambda: [float(step.loss_d(d, generated, step.codes, noise, vectors)),
                    float(step.loss_g(generated, d, step.codes, epsilon, vectors))]


# ---- Processes -----------------------------------------------------------------------------------


def serve(_):
    networks.serve(dict(vae=(SETTINGS, VaeStep, lambda path, batch, averaging: int(batch)),
                        mapping=(["jit"], MappingStep, lambda path: 1),
                        vae_loss=(None, vae_losses, "value"), mapping_loss=(None, mapping_loss, "value")))


def train(path, batch, steps):
    step = VaeStep("jit", path, batch)
    for _ in range(int(steps)):
        step()


if __name__ == "__main__":
    works = dict(serve=serve, train=train, describe=lambda: print(f"JAX {jax.__version__}, XLA"))
    if len(sys.argv) < 2 or sys.argv[1] not in works:
        sys.exit(__doc__)
    works[sys.argv[1]](*sys.argv[2:])

"""PyTorch's side of the bench: the networks of a file, the library's losses and optimiser, each at its best setting.

  torch_peer.py serve THREADS       answers lines as networks.py says; FILE is safetensors:
      vae FILE BATCH AVERAGING | mapping FILE | translate_one FILE | translate_many FILE BATCH | small_one FILE
      vae_loss FILE BATCH | mapping_loss FILE | translation FILE    of the library's first step, and a translation's means
  torch_peer.py describe            the version
  torch_peer.py cold FILE           loads it, translates one picture, ends
  torch_peer.py train FILE BATCH STEPS    trains so many VAE steps, ends: for its peak memory
  torch_peer.py schedule THREADS FILE EPOCHS STEPS IMAGES LABELS TEST_IMAGES TEST_LABELS OUT_IMAGES OUT_LABELS
    the whole schedule 0-4 to 5-9 from the file's weights; then writes the test digits' translations as IDX files
"""
import copy
import math
import os
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

import networks

BATCH = 128
MAPPING_RATE = 1e-3
NOISE_SCALE = 0.7  # of the finished generator's noise
ACTIVATIONS = [lambda x: x, F.relu, lambda x: F.leaky_relu(x, 0.2), torch.sigmoid]
SETTINGS = ["eager", "eager channels_last", "compiled", "compiled channels_last"]
if os.environ.get("XDOMAIN_BENCH_QUICK"):
    SETTINGS = ["eager channels_last", "compiled channels_last"]


# ---- Networks ------------------------------------------------------------------------------------


def parameter(array):
    return nn.Parameter(torch.from_numpy(array.copy()))


class Network(nn.Module):
    """Pictures pass as [batch, channels, height, width]; `last`: their channels lie together, as in the library."""

    def __init__(self, network, last):
        super().__init__()
        self.last, self.layers, self.parts = last, [], nn.ParameterList()
        shape = network.shape
        for tag, values, parts in network.layers:
            out = {"DNSE": values[:3], "CNT2": values[5:7] + values[:1], "UPC3": values[2:4] + values[:1],
                   "CNV2": [-(-side // (values[2] or 1)) for side in shape[:2]] + values[:1]}.get(tag, shape)
            self.layers.append((tag, values, len(self.parts)))
            self.parts.extend(parameter(part) for part in self.arrange(tag, parts, shape, out))
            shape = out
        if last:
            self.to(memory_format=torch.channels_last)

    def arrange(self, tag, parts, shape, out):
        """The library's layouts to PyTorch's (docs/exchange.md)."""
        if tag == "DNSE":
            weights, bias = parts
            if not self.last:
                weights = weights.reshape(*shape, -1).transpose(2, 0, 1, 3).reshape(len(weights), *out)
                weights = weights.transpose(0, 3, 1, 2).reshape(len(weights), -1)
                bias = bias.reshape(out).transpose(2, 0, 1).reshape(-1)
            return [weights.T, bias]
        if tag in ("CNV2", "UPC3", "CNT2"):
            return [parts[0].transpose((2, 3, 0, 1) if tag == "CNT2" else (3, 2, 0, 1)), parts[1]]
        return parts

    def dense(self, x, values, part):
        if x.dim() == 4:
            x = (x.permute(0, 2, 3, 1) if self.last else x).flatten(1)
        height, width, channels = values[:3]
        x = ACTIVATIONS[values[3]](F.linear(x, self.parts[part], self.parts[part + 1]))
        if height * width == 1:
            return x
        return x.view(-1, height, width, channels).permute(0, 3, 1, 2) if self.last else x.view(-1, channels, height, width)

    def forward(self, x):
        kept = [x]
        for tag, values, part in self.layers:
            if tag == "DNSE":
                x = self.dense(x, values, part)
            elif tag == "CNV2":
                x = ACTIVATIONS[values[4]](F.conv2d(x, self.parts[part], self.parts[part + 1], values[2], values[3]))
            elif tag == "CNT2":
                x = F.conv_transpose2d(x, self.parts[part], self.parts[part + 1], values[2], values[3])
                x = ACTIVATIONS[values[4]](x)
            elif tag == "UPC3":
                x = F.conv2d(F.interpolate(x, scale_factor=2.0), self.parts[part], self.parts[part + 1], 1, 1)
                x = ACTIVATIONS[values[1]](x)
            elif tag == "GNRM":
                x = ACTIVATIONS[values[1]](F.group_norm(x, values[0], self.parts[part], self.parts[part + 1]))
            elif tag == "RADD":
                x = ACTIVATIONS[values[1]](x + kept[-values[0]])
            else:
                raise ValueError(f"{tag}: no such layer here")
            kept.append(x)
        return x


class Vae(nn.Module):
    def __init__(self, file, last, domain=1):
        super().__init__()
        self.encoder = Network(file[f"encoder{domain}"], last)
        self.decoder = Network(file[f"decoder{domain}"], last)

    def forward(self, x, epsilon):
        """The loss: sigma_x 0.1, so a squared error weighs 50."""
        mean, log_variance = self.encoder(x).chunk(2, 1)
        x_hat = self.decoder(mean + torch.exp(0.5 * log_variance) * epsilon)
        divergence = 0.5 * (log_variance.exp() + mean * mean - 1 - log_variance).sum()
        return (50.0 * ((x_hat - x) ** 2).sum() + divergence) / x.shape[0]


class Discriminator(Network):
    """Spectral normalisation of every layer: one power iteration an update."""

    def __init__(self, network):
        super().__init__(network, True)
        self.u = [F.normalize(torch.randn(len(weights)), dim=0) for weights in self.parts[::2]]
        self.v = [F.normalize(torch.randn(weights.shape[1]), dim=0) for weights in self.parts[::2]]

    @torch.no_grad()
    def iterate(self):
        for i, weights in enumerate(self.parts[::2]):
            self.v[i] = F.normalize(torch.mv(weights.t(), self.u[i]), dim=0)
            self.u[i] = F.normalize(torch.mv(weights, self.v[i]), dim=0)

    def judge(self, pairs, u, v):
        for i, (_, values, part) in enumerate(self.layers):
            weights = self.parts[part]
            sigma = torch.dot(u[i], torch.mv(weights, v[i]))
            pairs = ACTIVATIONS[values[3]](F.linear(pairs, weights / sigma, self.parts[part + 1]))
        return pairs.squeeze(1)


class Translation(nn.Module):
    def __init__(self, file, last):
        super().__init__()
        self.encoder, self.decoder = Network(file["encoder1"], last), Network(file["decoder2"], last)
        self.generator = Network(file["generator1"], last)

    def forward(self, picture, noise):
        mean = self.encoder(picture).chunk(2, 1)[0]
        return self.decoder(self.generator(torch.cat([noise, mean], 1)))


# ---- Training steps ------------------------------------------------------------------------------


def as_pictures(array, last):
    pictures = torch.from_numpy(array).permute(0, 3, 1, 2)
    return pictures if last else pictures.contiguous()


def compiled(setting, function):
    return torch.compile(function, dynamic=False) if "compiled" in setting else function


class VaeStep:
    def __init__(self, setting, path, batch, averaging="0", domain=1):
        file, last = networks.load(path), "channels_last" in setting
        self.vae = Vae(file, last, domain)
        self.dim = file[f"decoder{domain}"].shape[2]
        self.pictures = as_pictures(networks.pictures(file[f"encoder{domain}"].shape, int(batch)), last)
        self.loss = compiled(setting, self.vae)
        self.weights = list(self.vae.parameters())
        self.optimiser = torch.optim.Adam(self.weights, 1e-3, fused=True)
        self.averaging = float(averaging)
        self.kept = [weights.detach().clone() for weights in self.weights] if self.averaging else None

    def __call__(self, pictures=None):
        pictures = self.pictures if pictures is None else pictures
        self.optimiser.zero_grad(set_to_none=True)
        self.loss(pictures, torch.randn(pictures.shape[0], self.dim)).backward()
        self.optimiser.step()
        if self.kept:
            with torch.no_grad():
                torch._foreach_lerp_(self.kept, self.weights, 1 - self.averaging)


class MappingStep:
    def __init__(self, setting, path):
        file = networks.load(path)
        self.generator, self.discriminator = Network(file["generator1"], True), Discriminator(file["discriminator2"])
        self.dim = file["generator1"].layers[-1][1][2]
        self.average = copy.deepcopy(self.generator)
        self.step = 0
        options = dict(lr=MAPPING_RATE, betas=(0.5, 0.99), fused=True)
        self.optimisers = [torch.optim.Adam(n.parameters(), **options) for n in (self.discriminator, self.generator)]
        self.codes = torch.from_numpy(networks.codes(self.dim, BATCH)).unbind(0)
        self.weights, self.kept = list(self.generator.parameters()), list(self.average.parameters())
        self.generate = compiled(setting, self.generator)
        self.judge_all, self.judge_generated = compiled(setting, self.judge_all), compiled(setting, self.judge_generated)

    def judge_all(self, anchor, judged, u, v):
        """L_D of the positive, generated, random and mismatched."""
        logits = self.discriminator.judge(torch.cat([anchor.repeat(4, 1), torch.cat(judged)], 1), u, v)
        count = len(anchor)
        return (F.softplus(-logits[:count]).sum() + F.softplus(logits[count:]).sum()) / count

    def judge_generated(self, anchor, generated, epsilon, u, v):
        """L_G."""
        logits = self.discriminator.judge(torch.cat([anchor, generated], 1), u, v)
        return F.softplus(-logits).mean() + 0.1 * ((epsilon - generated) ** 2).mean()

    def losses(self, codes, noises):
        """Both, with an update behind each where noises are not given."""
        source, anchor, positive, mismatched = codes
        epsilon, noise = torch.randn(2, len(source), self.dim).unbind(0) if noises is None else noises
        d, vectors = self.discriminator, (self.discriminator.u, self.discriminator.v)
        generated = self.generate(torch.cat([epsilon, source], 1))
        d.iterate()
        told = [self.judge_all(anchor, [positive, generated.detach(), noise, mismatched], *vectors)]
        if noises is None:
            self.update(0, told[0])
        for weights in d.parameters():
            weights.requires_grad_(False)
        told.append(self.judge_generated(anchor, generated, epsilon, *vectors))
        if noises is None:
            self.update(1, told[1])
        for weights in d.parameters():
            weights.requires_grad_(True)
        return told

    def update(self, which, loss):
        self.optimisers[which].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[which].step()

    def __call__(self, codes=None):
        self.losses(codes or self.codes, None)
        self.step += 1
        decay = min(0.999, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(self.kept, self.weights, 1 - decay)


def vae_loss(_, path, batch):
    step = VaeStep("eager", path, batch)
    noise = torch.from_numpy(networks.normals(networks.POSTERIOR_NOISE, 0, int(batch) * step.dim).reshape(-1, step.dim))
    return lambda: [step.vae(step.pictures, noise).item()]


def mapping_loss(_, path):
    step = MappingStep("eager", path)
    for _ in range(networks.MAPPING_STEPS):
        step.discriminator.iterate()
    noises = networks.normals(networks.MAPPING_NOISE, networks.MAPPING_STEPS - 1, 2 * BATCH * step.dim)
    noises = torch.from_numpy(noises.reshape(2, BATCH, step.dim)).unbind(0)
    return lambda: [loss.item() for loss in step.losses(step.codes, noises)]


# ---- Translation ---------------------------------------------------------------------------------


class Translate:
    """Compiled, its weights are constants, which the compiler may arrange."""

    def __init__(self, setting, path, batch=1):
        file, last = networks.load(path), "channels_last" in setting
        kind = torch.bfloat16 if "bfloat16" in setting else torch.float32
        self.model = Translation(file, last).eval().to(kind)
        self.pictures = as_pictures(networks.pictures(file["encoder1"].shape, int(batch)), last).to(kind)
        self.noise = torch.randn(int(batch), file["decoder2"].shape[2]).to(kind)
        if "compiled" in setting:
            mode = "max-autotune" if "autotune" in setting else None
            torch._inductor.config.freezing = True
            self.model = torch.compile(self.model, dynamic=False, mode=mode)

    def __call__(self):
        with torch.no_grad():
            return self.model(self.pictures, self.noise)


def translation(_, path):
    made = Translate("eager", path)
    made.noise.zero_()
    return lambda: [made().mean().item(), (made() ** 2).mean().item()]


# ---- The whole schedule --------------------------------------------------------------------------


def read_idx(path):
    with open(path, "rb") as file:
        data = file.read()
    shape = struct.unpack(f">{data[3]}I", data[4:4 + 4 * data[3]])
    return torch.frombuffer(bytearray(data[4 + 4 * data[3]:]), dtype=torch.uint8).view(shape)


def write_idx(path, values):
    values = values.contiguous()
    with open(path, "wb") as file:
        file.write(struct.pack(f">BBBB{values.dim()}I", 0, 0, 8, values.dim(), *values.shape))
        file.write(values.numpy().tobytes())


def as_floats(bytes_):
    return bytes_.float().div_(255).unsqueeze(1)


def train_vae(step, pictures, epochs, last):
    batches = len(pictures) // BATCH
    for epoch in range(epochs):
        order = torch.randperm(len(pictures))
        for i in range(batches):
            done = (epoch * batches + i) / (epochs * batches)
            step.optimiser.param_groups[0]["lr"] = 1e-3 * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
            batch = as_floats(pictures[order[i * BATCH:(i + 1) * BATCH]])
            step(batch.to(memory_format=torch.channels_last) if last else batch)


@torch.no_grad()
def encode_set(vae, pictures):
    """Posteriors in standardised codes."""
    rows = torch.cat([vae.encoder(as_floats(part)) for part in pictures.split(512)])
    mean, log_variance = rows.chunk(2, 1)
    middle = mean.mean(0)
    deviation = (mean.var(0) + log_variance.exp().mean(0)).sqrt()
    return (mean - middle) / deviation, torch.exp(0.5 * log_variance) / deviation, middle, deviation


class ClassPool:
    def __init__(self, labels, classes):
        members = [torch.where(labels == c)[0] for c in classes]
        self.sizes = torch.tensor([len(m) for m in members])
        self.table = nn.utils.rnn.pad_sequence(members, batch_first=True)

    def draw(self, classes, codes):
        places = (torch.rand(len(classes)) * self.sizes[classes]).long()
        rows = self.table[classes, places]
        return codes[0][rows] + codes[1][rows] * torch.randn(len(classes), codes[0].shape[1])


def train_mapping(step, source, target, steps):
    for i in range(steps):
        rate = 1.0 if 2 * i < steps else 1 - 0.98 * (2 * i - steps) / steps
        for optimiser in step.optimisers:
            optimiser.param_groups[0]["lr"] = MAPPING_RATE * rate
        classes = torch.randint(0, 5, (BATCH,))
        wrong = (classes + torch.randint(1, 5, (BATCH,))) % 5
        step([source[0].draw(classes, source[1]), target[0].draw(classes, target[1]),
              target[0].draw(classes, target[1]), target[0].draw(wrong, target[1])])


def schedule(threads, path, epochs, steps, images, labels, test_images, test_labels, out_images, out_labels):
    """Prints the seconds, without those in which settings are chosen."""
    torch.set_num_threads(int(threads))
    settings = [networks.tune((SETTINGS, VaeStep, None), [path, BATCH], 0.4)[0],
                networks.tune((["eager", "compiled"], MappingStep, None), [path], 0.4)[0]]
    torch.manual_seed(1)
    vaes, mapping = [VaeStep(settings[0], path, BATCH, domain=domain) for domain in (1, 2)], MappingStep(settings[1], path)
    begun = time.perf_counter()
    pictures, classes = read_idx(images), read_idx(labels).long()
    domains = []
    for first, step in zip((0, 5), vaes):
        chosen = (classes >= first) & (classes < first + 5)
        train_vae(step, pictures[chosen], int(epochs), "channels_last" in settings[0])
        posterior = encode_set(step.vae, pictures[chosen])
        domains.append((ClassPool(classes[chosen], range(first, first + 5)), posterior, step.vae))
    train_mapping(mapping, domains[0], domains[1], int(steps))
    print(f"{time.perf_counter() - begun:.3f} | {'; '.join(settings)}")
    translate_test(domains, mapping.average, test_images, test_labels, out_images, out_labels)


@torch.no_grad()
def translate_test(domains, generator, images, labels, out_images, out_labels):
    pictures, classes = read_idx(images), read_idx(labels).long()
    pictures, classes = pictures[classes < 5], classes[classes < 5]
    (_, (_, _, middle1, deviation1), vae1), (_, (_, _, middle2, deviation2), vae2) = domains
    mean = torch.cat([vae1.encoder(as_floats(part)).chunk(2, 1)[0] for part in pictures.split(512)])
    codes = generator(torch.cat([NOISE_SCALE * torch.randn(len(mean), len(middle2)), (mean - middle1) / deviation1], 1))
    drawn = torch.cat([vae2.decoder(part) for part in (codes * deviation2 + middle2).split(512)])
    write_idx(out_images, (drawn.squeeze(1) * 255).round().to(torch.uint8))
    write_idx(out_labels, (classes + 5).to(torch.uint8))


# ---- Processes that are measured whole -----------------------------------------------------------


def cold(path):
    torch.set_num_threads(1)
    print(f"{Translate('eager', path)()[0, 0, 0, 0]:.4f}")


def train(path, batch, steps):
    step = VaeStep("eager", path, batch)
    torch.set_num_threads(1)
    for _ in range(int(steps)):
        step()


def serve(threads):
    torch.set_num_threads(int(threads))
    torch._dynamo.config.recompile_limit = 64  # one function's code serves the networks of all sizes
    translations = SETTINGS + ([] if os.environ.get("XDOMAIN_BENCH_QUICK") else ["compiled autotune channels_last"])
    networks.serve(dict(
        vae=(SETTINGS, VaeStep, lambda path, batch, averaging: int(batch)),
        mapping=(["eager", "compiled"], MappingStep, lambda path: 1),
        translate_one=(translations, Translate, None),
        translate_many=(translations, Translate, lambda path, batch: int(batch)),
        small_one=(["eager bfloat16", "compiled bfloat16"], Translate, None),
        vae_loss=(None, vae_loss, "value"), mapping_loss=(None, mapping_loss, "value"),
        translation=(None, translation, "value")))


def describe():
    print(f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")


if __name__ == "__main__":
    works = dict(serve=serve, cold=cold, train=train, schedule=schedule, describe=describe)
    if len(sys.argv) < 2 or sys.argv[1] not in works:
        sys.exit(__doc__)
    works[sys.argv[1]](*sys.argv[2:])

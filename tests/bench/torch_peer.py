"""PyTorch's side of the bench: the library's networks, losses and optimiser, each at its best setting.

  torch_peer.py serve                 answers lines "WORK THREADS SECONDS ARGUMENT..." as bench.c does:
      vae SIDE CHANNELS BATCH | mapping | translate_one | translate_many BATCH
    with the value, and behind a "|" the setting that was fastest with at most THREADS threads
  torch_peer.py sgemm                 GFLOP/s of one thread, to choose OPENBLAS_CORETYPE by
  torch_peer.py save FILE             a TorchScript file of the translation, for the cold start
  torch_peer.py export FILE           the same as ONNX
  torch_peer.py export_nothing FILE   ONNX of the same inputs and outputs, without the work between
  torch_peer.py describe              the version
  torch_peer.py cold FILE             loads it, translates one picture, ends
  torch_peer.py train SIDE CHANNELS STEPS   trains so many VAE steps, ends: for its peak memory
  torch_peer.py schedule THREADS EPOCHS STEPS MODEL IMAGES LABELS TEST_IMAGES TEST_LABELS OUT_IMAGES OUT_LABELS
    the whole schedule 0-4 to 5-9 and back; then writes the test digits' translations as IDX files
"""
import copy
import math
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

LATENT = 32
BATCH = 128
VAE_GAIN = 0.8  # of the initial weights
MAPPING_GAIN = math.sqrt(2.0)  # He's: PyTorch's own smaller weights collapse to less variety
MAPPING_RATE = 1e-3
NOISE_SCALE = 0.7  # of the finished generator's noise


# ---- Networks ------------------------------------------------------------------------------------


def start_with(gain):
    """The library's initial weights: deviation gain / sqrt(inputs of a unit), biases zero."""

    def start(layer):
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            turned = isinstance(layer, nn.ConvTranspose2d)  # [inputs][outputs]; a stride of 2 meets 2 x 2 of 4 x 4 taps
            inputs = layer.weight[:, 0].numel() / 4 if turned else layer.weight[0].numel()
            nn.init.normal_(layer.weight, std=gain / math.sqrt(inputs))
            nn.init.zeros_(layer.bias)

    return start


class Vae(nn.Module):
    def __init__(self, side=28, channels=1):
        super().__init__()
        widths = [channels]
        while side > 8 or len(widths) == 1:
            widths.append(min(32 << (len(widths) - 1), 128))
            side = (side + 1) // 2
        self.side, self.width = side, widths[-1]
        pairs = list(zip(widths, widths[1:]))
        self.down = nn.ModuleList([nn.Conv2d(a, b, 4, 2, 1) for a, b in pairs])
        self.encode_hidden = nn.Linear(self.width * side * side, 256)
        self.posterior = nn.Linear(256, 2 * LATENT)
        self.decode_code = nn.Linear(LATENT, 256)
        self.decode_hidden = nn.Linear(256, self.width * side * side)
        self.up = nn.ModuleList([nn.ConvTranspose2d(b, a, 4, 2, 1) for a, b in reversed(pairs)])
        self.apply(start_with(VAE_GAIN))

    def encode(self, x):
        for layer in self.down:
            x = F.relu(layer(x))
        return self.posterior(F.relu(self.encode_hidden(x.flatten(1))))

    def decode(self, z):
        x = F.relu(self.decode_hidden(F.relu(self.decode_code(z))))
        x = x.view(-1, self.width, self.side, self.side)
        for layer in self.up[:-1]:
            x = F.relu(layer(x))
        return torch.sigmoid(self.up[-1](x))

    def forward(self, x, epsilon):
        """The loss: sigma_x 0.1, so a squared error weighs 50."""
        mean, log_variance = self.encode(x).chunk(2, 1)
        x_hat = self.decode(mean + torch.exp(0.5 * log_variance) * epsilon)
        divergence = 0.5 * (log_variance.exp() + mean * mean - 1 - log_variance).sum()
        return (50.0 * ((x_hat - x) ** 2).sum() + divergence) / x.shape[0]


def perceptron(inputs, outputs, activation):
    widths = [inputs, 256, 256, 256]
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), activation]
    return nn.Sequential(*layers, nn.Linear(256, outputs))


class Discriminator(nn.Module):
    """Spectral normalisation of every layer: one power iteration an update."""

    def __init__(self):
        super().__init__()
        widths = [2 * LATENT, 256, 256, 256, 1]
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in zip(widths, widths[1:])])
        self.u = [F.normalize(torch.randn(b), dim=0) for b in widths[1:]]
        self.v = [F.normalize(torch.randn(a), dim=0) for a in widths[:-1]]

    @torch.no_grad()
    def iterate(self):
        for i, layer in enumerate(self.layers):
            self.v[i] = F.normalize(torch.mv(layer.weight.t(), self.u[i]), dim=0)
            self.u[i] = F.normalize(torch.mv(layer.weight, self.v[i]), dim=0)

    def forward(self, pairs):
        for i, layer in enumerate(self.layers):
            sigma = torch.dot(self.u[i], torch.mv(layer.weight, self.v[i]))
            pairs = F.linear(pairs, layer.weight / sigma, layer.bias)
            if i + 1 < len(self.layers):
                pairs = F.leaky_relu(pairs, 0.2)
        return pairs


class Translation(nn.Module):
    def __init__(self):
        super().__init__()
        self.source, self.target = Vae(), Vae()
        self.generator = perceptron(2 * LATENT, LATENT, nn.ReLU())

    def forward(self, picture, noise):
        mean = self.source.encode(picture)[:, :LATENT]
        return self.target.decode(self.generator(torch.cat([noise, mean], 1)))


# ---- Training steps ------------------------------------------------------------------------------


class VaeStep:
    def __init__(self, side, channels, batch, setting):
        self.setting = setting
        self.vae = Vae(side, channels)
        self.pictures = torch.rand(batch, channels, side, side)
        if setting["channels_last"]:
            self.vae = self.vae.to(memory_format=torch.channels_last)
            self.pictures = self.pictures.to(memory_format=torch.channels_last)
        self.loss = self.vae
        if setting["script"]:
            self.loss = torch.jit.trace(self.vae, (self.pictures, torch.randn(batch, LATENT)), check_trace=False)
        self.optimiser = torch.optim.Adam(self.vae.parameters(), 1e-3, foreach=setting["foreach"])

    def __call__(self, pictures=None):
        pictures = self.pictures if pictures is None else pictures
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.loss(pictures, torch.randn(pictures.shape[0], LATENT))
        loss.backward()
        self.optimiser.step()
        return loss


class MappingStep:
    def __init__(self, setting):
        self.generator = perceptron(2 * LATENT, LATENT, nn.ReLU())
        self.discriminator = Discriminator()
        for network in (self.generator, self.discriminator):
            network.apply(start_with(MAPPING_GAIN))
        self.average = copy.deepcopy(self.generator)
        self.step = 0
        options = dict(lr=MAPPING_RATE, betas=(0.5, 0.99), foreach=setting["foreach"])
        self.optimisers = [torch.optim.Adam(n.parameters(), **options) for n in (self.discriminator, self.generator)]
        self.codes = [torch.randn(BATCH, LATENT) for _ in range(4)]
        self.weights, self.kept = list(self.generator.parameters()), list(self.average.parameters())

    def __call__(self, codes=None):
        source, anchor, positive, mismatched = codes or self.codes
        count = source.shape[0]
        epsilon, noise = torch.randn(2, count, LATENT).unbind(0)
        generated = self.generator(torch.cat([epsilon, source], 1))
        self.update_discriminator(anchor, [positive, generated.detach(), noise, mismatched], count)
        self.update_generator(anchor, generated, epsilon)
        self.step += 1
        decay = min(0.999, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_mul_(self.kept, decay)
            torch._foreach_add_(self.kept, self.weights, alpha=1 - decay)

    def update_discriminator(self, anchor, judged, count):
        self.discriminator.iterate()
        logits = self.discriminator(torch.cat([anchor.repeat(4, 1), torch.cat(judged)], 1)).squeeze(1)
        loss = (F.softplus(-logits[:count]).sum() + F.softplus(logits[count:]).sum()) / count
        self.optimisers[0].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[0].step()

    def update_generator(self, anchor, generated, epsilon):
        for parameter in self.discriminator.parameters():
            parameter.requires_grad_(False)
        logits = self.discriminator(torch.cat([anchor, generated], 1))
        loss = F.softplus(-logits).mean() + 0.1 * ((epsilon - generated) ** 2).mean()
        self.optimisers[1].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[1].step()
        for parameter in self.discriminator.parameters():
            parameter.requires_grad_(True)


# ---- Translation ---------------------------------------------------------------------------------


class Translate:
    def __init__(self, batch, setting):
        self.model = Translation().eval()
        self.pictures = torch.rand(batch, 1, 28, 28)
        if setting["channels_last"]:
            self.model = self.model.to(memory_format=torch.channels_last)
            self.pictures = self.pictures.to(memory_format=torch.channels_last)
        if setting["script"]:
            with torch.no_grad():
                traced = torch.jit.trace(self.model, (self.pictures, torch.randn(batch, LATENT)), check_trace=False)
                self.model = torch.jit.optimize_for_inference(torch.jit.freeze(traced))

    def __call__(self):
        with torch.inference_mode():
            return self.model(self.pictures, torch.randn(self.pictures.shape[0], LATENT))


# ---- Measuring -----------------------------------------------------------------------------------


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


def settings_for(work, threads):
    scripts = (False, True) if work != "mapping" else (False,)
    lasts = (False, True) if work != "mapping" else (False,)
    foreachs = (True, False) if work == "mapping" else (True,)
    return [
        dict(threads=t, channels_last=last, script=script, foreach=foreach)
        for t in range(1, threads + 1) for last in lasts for script in scripts for foreach in foreachs
    ]


def make_work(work, arguments, setting):
    if work == "vae":
        return VaeStep(*arguments, setting)
    if work == "mapping":
        return MappingStep(setting)
    return Translate(arguments[0] if work == "translate_many" else 1, setting)


def warm(work, setting):
    torch.set_num_threads(setting["threads"])
    for _ in range(4):  # TorchScript compiles in its first calls
        work()
    return work


def tune(work, arguments, threads, seconds):
    """The fastest setting with 1 thread, with 2 and so on: the median of three turns, all settings in turn."""
    candidates = []
    for setting in settings_for(work, threads):
        try:
            candidates.append((warm(make_work(work, arguments, setting), setting), setting, []))
        except RuntimeError:
            continue  # a layout or a fusion that this version does not have
    for _ in range(3):
        for candidate, setting, medians in candidates:
            torch.set_num_threads(setting["threads"])
            candidate()
            times = sorted(spend(candidate, min(seconds, 0.4)))
            medians.append(times[len(times) // 2])
    best = {}
    for candidate, setting, medians in sorted(candidates, key=lambda one: sorted(one[2])[1]):
        best.setdefault(setting["threads"], (setting, candidate))
    return list(best.values())  # the fastest first


def name_setting(setting):
    names = [f"{setting['threads']} thread" + ("s" if setting["threads"] > 1 else "")]
    names += [name for name in ("channels_last", "script", "foreach") if setting[name]]
    return " ".join(names)


def answer(words, tuned):
    work, threads, seconds = words[0], int(words[1]), float(words[2])
    arguments = [int(word) for word in words[3:]]
    key = (work, threads, *arguments)
    if key not in tuned:
        tuned[key] = tune(work, arguments, threads, seconds)
    turns = []
    for setting, candidate in tuned[key]:  # what is fastest changes with the machine's moment
        torch.set_num_threads(setting["threads"])
        candidate()
        times = spend(candidate, seconds)
        turns.append((sum(times) / len(times), times, setting))
    _, times, setting = min(turns, key=lambda turn: turn[0])
    if work == "translate_one":
        times.sort()
        value = f"{times[len(times) // 2]:.6g} {times[len(times) * 99 // 100]:.6g}"
    else:
        batch = {"vae": arguments[-1:], "translate_many": arguments}.get(work) or [1]
        value = f"{1e3 * batch[0] * len(times) / sum(times):.6g}"
    print(f"{value} | {name_setting(setting)}", flush=True)


def serve():
    tuned = {}
    for line in sys.stdin:
        if line.split():
            answer(line.split(), tuned)


def sgemm():
    torch.set_num_threads(1)
    a, b = torch.rand(1024, 1024), torch.rand(1024, 1024)
    torch.mm(a, b)
    times = spend(lambda: torch.mm(a, b), 0.3)
    print(f"{2 * 1024**3 * 1e-6 / sorted(times)[len(times) // 2]:.1f}")


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


def as_pictures(bytes_):
    return bytes_.float().div_(255).unsqueeze(1)


def train_vae(pictures, epochs, setting):
    step = VaeStep(28, 1, BATCH, setting)
    batches = len(pictures) // BATCH
    for epoch in range(epochs):
        order = torch.randperm(len(pictures))
        for i in range(batches):
            done = (epoch * batches + i) / (epochs * batches)
            step.optimiser.param_groups[0]["lr"] = 1e-3 * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
            batch = as_pictures(pictures[order[i * BATCH:(i + 1) * BATCH]])
            if setting["channels_last"]:
                batch = batch.to(memory_format=torch.channels_last)
            step(batch)
    return step.vae


@torch.no_grad()
def encode_set(vae, pictures):
    """Posteriors in standardised codes."""
    rows = torch.cat([vae.encode(as_pictures(part)) for part in pictures.split(512)])
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
        return codes[0][rows] + codes[1][rows] * torch.randn(len(classes), LATENT)


def train_mapping(source, target, steps, setting):
    step = MappingStep(setting)
    for i in range(steps):
        rate = 1.0 if 2 * i < steps else 1 - 0.98 * (2 * i - steps) / steps
        for optimiser in step.optimisers:
            optimiser.param_groups[0]["lr"] = MAPPING_RATE * rate
        classes = torch.randint(0, 5, (BATCH,))
        wrong = (classes + torch.randint(1, 5, (BATCH,))) % 5
        step([source[0].draw(classes, source[1]), target[0].draw(classes, target[1]),
              target[0].draw(classes, target[1]), target[0].draw(wrong, target[1])])
    return step.average


def choose_schedule_settings(threads):
    return [tune("vae", [28, 1, BATCH], threads, 0.4)[0][0], tune("mapping", [], threads, 0.4)[0][0]]


def schedule(threads, epochs, steps, model, images, labels, test_images, test_labels, out_images, out_labels):
    vae_setting, mapping_setting = choose_schedule_settings(int(threads))
    begun = time.perf_counter()
    torch.manual_seed(1)
    pictures, classes = read_idx(images), read_idx(labels).long()
    domains = []
    torch.set_num_threads(vae_setting["threads"])
    for first in (0, 5):
        chosen = (classes >= first) & (classes < first + 5)
        vae = train_vae(pictures[chosen], int(epochs), vae_setting)
        posterior = encode_set(vae, pictures[chosen])
        domains.append((ClassPool(classes[chosen], range(first, first + 5)), posterior, vae))
    torch.set_num_threads(mapping_setting["threads"])
    generator = train_mapping(domains[0], domains[1], int(steps), mapping_setting)
    torch.save([[d[2].state_dict() for d in domains], generator.state_dict()], model)
    print(f"{time.perf_counter() - begun:.3f} | {name_setting(vae_setting)}; {name_setting(mapping_setting)}")
    translate_test(domains, generator, test_images, test_labels, out_images, out_labels)


@torch.no_grad()
def translate_test(domains, generator, images, labels, out_images, out_labels):
    pictures, classes = read_idx(images), read_idx(labels).long()
    pictures, classes = pictures[classes < 5], classes[classes < 5]
    (_, (_, _, middle1, deviation1), vae1), (_, (_, _, middle2, deviation2), vae2) = domains
    mean = torch.cat([vae1.encode(as_pictures(part))[:, :LATENT] for part in pictures.split(512)])
    codes = generator(torch.cat([NOISE_SCALE * torch.randn(len(mean), LATENT), (mean - middle1) / deviation1], 1))
    drawn = torch.cat([vae2.decode(part) for part in (codes * deviation2 + middle2).split(512)])
    write_idx(out_images, (drawn.squeeze(1) * 255).round().to(torch.uint8))
    write_idx(out_labels, (classes + 5).to(torch.uint8))


# ---- Processes that are measured whole -----------------------------------------------------------


def save(path):
    with torch.no_grad():
        traced = torch.jit.trace(Translation().eval(), (torch.rand(1, 1, 28, 28), torch.randn(1, LATENT)))
        torch.jit.freeze(traced).save(path)


def export(path):
    model = Translation().eval()
    axes = {"picture": {0: "batch"}, "noise": {0: "batch"}, "out": {0: "batch"}}
    torch.onnx.export(model, (torch.rand(2, 1, 28, 28), torch.randn(2, LATENT)), path, opset_version=13,
                      input_names=["picture", "noise"], output_names=["out"], dynamic_axes=axes)


class Nothing(nn.Module):
    """Of a translation's inputs and outputs, to measure what a call costs."""

    def forward(self, picture, noise):
        return picture + noise[:, :1].view(-1, 1, 1, 1)


def export_nothing(path):
    axes = {"picture": {0: "batch"}, "noise": {0: "batch"}, "out": {0: "batch"}}
    torch.onnx.export(Nothing(), (torch.rand(2, 1, 28, 28), torch.randn(2, LATENT)), path, opset_version=13,
                      input_names=["picture", "noise"], output_names=["out"], dynamic_axes=axes)


def cold(path):
    torch.set_num_threads(1)
    with torch.inference_mode():
        print(f"{torch.jit.load(path)(torch.rand(1, 1, 28, 28), torch.randn(1, LATENT))[0, 0, 0, 0]:.4f}")


def train(side, channels, steps):
    step = VaeStep(int(side), int(channels), BATCH, dict(channels_last=False, script=False, foreach=True))
    torch.set_num_threads(1)
    for _ in range(int(steps)):
        step()


def describe():
    print(f"PyTorch {torch.__version__}, oneDNN {'on' if torch.backends.mkldnn.is_available() else 'off'}")


if __name__ == "__main__":
    works = dict(serve=serve, sgemm=sgemm, save=save, export=export, export_nothing=export_nothing, cold=cold,
                 train=train, schedule=schedule, describe=describe)
    if len(sys.argv) < 2 or sys.argv[1] not in works:
        sys.exit(__doc__)
    works[sys.argv[1]](*sys.argv[2:])

"""Drives the bench: libxdomain against its peers, in turn (A B C A B C...), medians of the turns.

Called by run.sh, which builds and installs. A row's ratio says how many times better ours is than the best of the peers:
rates are divided by the peer's, times and memory the other way round. Before a peer is measured, its loss or its
translation must be ours.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LATENT = 32
BATCH, OWN_BATCH = 128, 64  # of the recipe, and by default
EPOCHS, STEPS = 14, 8000  # of the whole schedule; the preset mnist takes 16,000 steps
RECIPE = ["--spectral-norm", 1, "--mismatch", 1, "--generated-mismatch", 0, "--invariance", 0, "--lambda-reg", 0.1,
          "--final-lambda", 1, "--anchor-codes", 1, "--mixing", 0, "--map-augment", 0, "--codes-per-picture", 0,
          "--noise-scale", 0.7, "--initial-gain", 0.8]  # as torch_peer.py has them
PAIRS = "0:5,1:6,2:7,3:8,4:9"
KERNELS = [
    (kernel, direction)
    for kernel in ("conv1", "conv2", "dense_encoder", "dense_decoder", "conv_transpose1", "conv_transpose2",
                   "dense_mapping")
    for direction in ("forward", "backward_data", "backward_weights")
    if (kernel, direction) != ("conv1", "backward_data")  # training never asks for it
]


# ---- Operations: 2 for each product of weights ---------------------------------------------------


def vae_operations(side, channels):
    """Of one picture's training step: forward and both backward halves, but for the pictures' gradient."""
    half, quarter = side // 2, side // 4
    first, second = half**2 * 16 * channels * 32, quarter**2 * 16 * 32 * 64
    dense = quarter**2 * 64 * 256
    forward = 2 * (2 * (first + second + dense) + 256 * 2 * LATENT + LATENT * 256)
    return 3 * forward - 2 * first


def mapping_operations():
    """Of one step. G: once forward, both halves back. D: four kinds for its own update, and once more
    forward and back to the codes for G's. Nobody asks for gradients of codes that D or G are given."""
    hidden, codes = 2 * 2 * 256 * 256, 2 * 2 * LATENT * 256
    generator, discriminator = codes + hidden + 2 * 256 * LATENT, codes + hidden + 2 * 256
    a_row = 3 * generator - codes + 4 * (3 * discriminator - codes) + 2 * discriminator
    return BATCH * a_row


# ---- Instructions --------------------------------------------------------------------------------

# Our backends, and the peers' switches. ONNX Runtime has none: it is measured with all that the processor has, alone.
SETS = {
    "avx512": {},
    "avx2": dict(ATEN_CPU_CAPABILITY="avx2", ONEDNN_MAX_CPU_ISA="AVX2", MKL_ENABLE_INSTRUCTIONS="AVX2",
                 XLA_FLAGS="--xla_cpu_max_isa=AVX2"),
    "neon": {},
    "portable": dict(ATEN_CPU_CAPABILITY="default", ONEDNN_MAX_CPU_ISA="SSE41", MKL_ENABLE_INSTRUCTIONS="SSE4_2",
                     XLA_FLAGS="--xla_cpu_max_isa=SSE4_2"),
}
SWITCHLESS = "ONNX Runtime"


def sets_here(bench):
    found = []
    for name in SETS:
        done = subprocess.run([bench, "describe"], capture_output=True, text=True,
                              env={**os.environ, "XDOMAIN_BENCH_BACKEND": f"native:{name}"})
        if done.returncode == 0:
            found.append(name)
    return found


# ---- Peers ---------------------------------------------------------------------------------------


class Peer:
    """A program that answers lines. Started when first asked; "{file}" in a line is a model in its format."""

    def __init__(self, name, command, environment, suffix):
        self.name, self.command, self.process = name, [str(word) for word in command], None
        self.environment, self.suffix, self.setting = environment, suffix, ""

    def ask(self, line, file=None):
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                            env={**os.environ, **self.environment})
        self.process.stdin.write(line.format(file=f"{file}{self.suffix}") + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.strip():
            self.close()
            raise RuntimeError(f"{self.name} gave no answer to: {line}")
        values, _, self.setting = (part.strip() for part in answer.partition("|"))
        return [float(word) for word in values.split()]

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


def output_of(command, environment=None):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()[-800:]}")
    return done.stdout.strip()


def run_whole(command, environment=None):
    """Wall milliseconds and peak MiB of a process."""
    begun = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                               env={**os.environ, **(environment or {})})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return 1e3 * (time.perf_counter() - begun), usage.ru_maxrss / 1024


# ---- The bench -----------------------------------------------------------------------------------


class Bench:
    """All rows with one set of instructions."""

    def __init__(self, options, instructions):
        self.options, self.rows, self.notes, self.checked, self.made = options, [], [], {}, set()
        self.work, self.instructions = Path(options.work), instructions
        self.work.mkdir(parents=True, exist_ok=True)
        self.bench = Path(options.build) / "bench" / "bench"
        self.tool = Path(options.build) / "bin" / "xdomain"
        self.backend = {"XDOMAIN_BENCH_BACKEND": f"native:{instructions}"}
        self.switches = {**SETS[instructions], "TORCHINDUCTOR_CACHE_DIR": str(self.work / f"inductor-{instructions}"),
                         **({"XDOMAIN_BENCH_QUICK": "1"} if options.quick else {})}
        plugin = Path(options.build) / "xdomain-onednn.so"
        self.plugin = plugin if plugin.exists() else None
        if not self.plugin:
            self.notes.append("oneDNN is not here: no kernels to compare with")
        self.seconds, self.pairs = (0.3, 3) if options.quick else (1.5, 7)
        self.ours = Peer("libxdomain", [self.bench, "serve"] + ([self.plugin] if self.plugin else []),
                         {**self.switches, **self.backend}, ".xdm")
        self.peers = {}
        for name, *command in (("PyTorch", "torch_peer.py"), ("JAX", "jax_peer.py"),
                               ("ONNX Runtime", "onnx_peer.py", "onnxruntime"), ("OpenVINO", "onnx_peer.py", "openvino")):
            self.prepare_peer(name, [HERE / command[0], *command[1:]])
        peak = Path(options.build) / "bench" / "peak"
        self.limits = {t: Peer("multiply-adds", [peak, instructions, t], {}, "") for t in (1, 2)}

    # -- preparation

    def prepare_peer(self, name, command):
        if name == SWITCHLESS and self.instructions != self.options.best:
            self.notes.append(f"{name} is left out: it cannot be held to {self.instructions}")
            return
        try:
            self.notes.append(output_of([self.options.python, *command, "describe"], self.switches))
        except (RuntimeError, OSError) as error:
            self.notes.append(f"{name} is not here, and left out: {str(error).splitlines()[-1]}")
            return
        suffix = ".onnx" if "onnx_peer.py" in command[0].name else ".safetensors"
        for threads in (1, 2):
            self.peers[name, threads] = Peer(name, [self.options.python, *command, "serve", threads],
                                             {**self.switches, "OMP_NUM_THREADS": str(threads)}, suffix)

    def model(self, kind, side, channels):
        """A file's name without its end; there is one for us and one for each kind of peer."""
        path = self.work / f"{kind}{side}"
        if path not in self.made:
            output_of([self.bench, "save", f"{path}.xdm", kind, side, channels])
            for form in ("safetensors", "onnx"):
                output_of([self.tool, "export", f"{path}.xdm", f"--{form}", f"{path}.{form}"])
            self.made.add(path)
        return path

    def agrees(self, peer, line, file):
        """Whether the peer computes what we do; asked once."""
        key = (peer.name, line, file)
        if key not in self.checked:
            wanted, found = self.ours.ask(line, file), peer.ask(line, file)
            self.checked[key] = all(abs(a - b) <= 1e-4 * abs(a) for a, b in zip(wanted, found))
            if not self.checked[key]:
                raise SystemExit(f"{peer.name} computes something else: {line}: {found}, not {wanted}")
        return self.checked[key]

    # -- rows

    def add(self, name, ours, unit, peer=None, peer_value=None, threads=1, less=False, ratio=None, **more):
        if ratio is None and peer_value is not None and ours and peer_value:
            ratio = peer_value / ours if less else ours / peer_value
        row = dict(name=name, instructions=self.instructions, ours=ours, unit=unit, peer=peer, peer_value=peer_value,
                   ratio=ratio, threads=threads)
        row.update({key: value for key, value in more.items() if value not in (None, "", [])})
        self.rows.append(row)
        against = f"{peer} {number(peer_value)}" if peer_value is not None else ""
        factor = f"{ratio:.2f}x" if ratio else ""
        extras = "  ".join(f"{key}: {number(value)}" for key, value in row.items() if key in more)
        print(f"{name:24s} {self.instructions:8s} {threads} thr  {number(ours):>10s} {unit:9s} {factor:>8s}  {against}"
              f"  {extras}", flush=True)
        return row

    def alternate(self, *measures):
        """Medians of what each of the functions answers, called in turn."""
        answers = [[] for _ in measures]
        for measure in measures[1:]:
            measure()  # finds its best setting
        for _ in range(self.pairs):
            for found, measure in zip(answers, measures):
                found.append(measure())
        return [[statistics.median(column) for column in zip(*found)] for found in answers]

    def asking(self, peer, line, file=None):
        return lambda: peer.ask(line, file)

    def compare(self, name, unit, names, line, file, check, less=False, ours=None, threads=(1, 2), **more):
        """Rows of ours against the best of the peers with at most as many threads. The line is of threads and seconds;
        `ours` is another line for us, where we are asked for something else."""
        for t in threads:
            rivals = []
            for peer in (self.peers[key] for key in self.peers if key[0] in names and key[1] <= t):
                try:
                    if self.agrees(peer, check, file):
                        peer.ask(line.format(t, self.seconds, file="{file}"), file)
                        rivals.append(peer)
                except RuntimeError as error:
                    self.notes.append(f"{name}: {error}: left out")
                    print(self.notes[-1], flush=True)
            asked = line.format(t, self.seconds, file="{file}")
            first = self.asking(self.ours, (ours or line).format(t, self.seconds, file="{file}"), file)
            mine, *theirs = self.alternate(first, *[self.asking(peer, asked, file) for peer in rivals])
            told = [(values[0], peer.name, peer.setting) for values, peer in zip(theirs, rivals)]
            told = sorted(told, key=lambda one: one[0], reverse=not less)
            others = dict(reversed([(peer, f"{number(value)} ({setting})") for value, peer, setting in told]))
            best = told[0] if told else (None, None, None)
            self.add(name, mine[0], unit, best[1], best[0], t, less, **more, p99=mine[1:] and mine[1], others=spell(others))

    # -- training

    def train_vae(self, name, file, batch, averaging):
        self.compare(name, "images/s", TRAINERS, f"vae {{}} {{}} {{file}} {batch} {averaging}", file,
                     "vae_loss 1 0 {file} 8")

    def vae(self):
        self.train_vae("vae_28x28x1", self.model("recipe", 28, 1), BATCH, 0)
        self.train_vae("vae_32x32x3", self.model("recipe", 32, 3), BATCH, 0)

    def own(self):
        for kind in ("own", "residual"):
            for side in (64,) if self.options.quick else (32, 64, 128):
                self.train_vae(f"{kind}_{side}x{side}x3", self.model(kind, side, 3), OWN_BATCH, 0.998)

    def mapping(self):
        self.compare("mapping", "steps/s", TRAINERS, "mapping {} {} {file}", self.model("recipe", 28, 1),
                     "mapping_loss 1 0 {file}")

    def peak_fractions(self, name, line, operations):
        """Rates at 1 and 2 threads and the peaks at 1 and 2, all four measured in turn."""
        measures = [self.asking(self.ours, line.format(t, self.seconds, file="{file}"), self.model("recipe", 28, 1))
                    for t in (1, 2)]
        measures += [self.asking(self.limits[t], str(self.seconds)) for t in (1, 2)]
        rates = [found[0] for found in self.alternate(*measures)]
        for threads, rate, peak in zip((1, 2), rates[:2], rates[2:]):
            gflops = rate * operations * 1e-9
            self.add(name, gflops / peak, "of peak", "multiply-adds, GFLOP/s", peak, threads, ratio=gflops / peak,
                     gflops=gflops)
        return rates

    def peak(self):
        rates = self.peak_fractions("peak_vae", f"vae {{}} {{}} {{file}} {BATCH} 0", vae_operations(28, 1))
        self.peak_fractions("peak_mapping", "mapping {} {} {file}", mapping_operations())
        self.add("threads_gain", rates[1] / rates[0], "x", "multiply-adds", rates[3] / rates[2], 2)

    def growth(self):
        lines = [f"growth 2 {self.seconds} {{file}} {count}" for count in (60000, 1000, 10000)]
        file = self.model("recipe", 28, 1)
        large, small, middle = self.alternate(*[self.asking(self.ours, line, file) for line in lines])
        self.add("growth_60k", large[0], "images/s", "a set of 1,000", small[0], 2)
        self.add("growth_10k", middle[0], "images/s", "a set of 1,000", small[0], 2)

    # -- translation

    def one(self):
        file = self.model("recipe", 28, 1)
        self.compare("one_f32", "ms", RUNTIMES, "translate_one {} {} {file}", file, "translation 1 0 {file}", True)
        for kind, flags in (("f16", []), ("int8", ["--int8"])):
            packed = self.work / f"{kind}.xdm"
            output_of([self.tool, "pack", f"{file}.xdm", "--out", packed, *flags])
            change = self.ours.ask(f"half 1 0 {file}.xdm {packed}")
            more = dict(largest_change=change[0], mean_change=change[1], file_mib=packed.stat().st_size / 2**20)
            for against, line in (("f32", "translate_one"), ("small", "small_one")):
                self.compare(f"one_{kind}_against_{against}", "ms", RUNTIMES, f"{line} {{}} {{}} {{file}}", file,
                             "translation 1 0 {file}", True, f"translate_one {{}} {{}} {packed}", (1,), **more)

    def batch(self):
        self.compare("batch_256", "images/s", RUNTIMES, "translate_many {} {} {file} 256", self.model("recipe", 28, 1),
                     "translation 1 0 {file}")

    # -- processes

    def processes(self, rows, ours, theirs, threads, bare=(0.0, 0.0), **more):
        """Rows (name, unit, place) of whole processes; `bare` is taken off the peers'. Place 0 is milliseconds, 1 MiB."""
        theirs = {peer: command for peer, command in theirs.items() if (peer, 1) in self.peers}
        environment = {**self.switches, "OMP_NUM_THREADS": str(threads)}
        mine, *found = self.alternate(lambda: run_whole(ours, self.backend), *[
            lambda command=command: run_whole([self.options.python, *command], environment) for command in theirs.values()])
        for name, unit, at in rows:
            others = {peer: values[at] - bare[at] for peer, values in zip(theirs, found)}
            best = min(others, key=others.get, default=None)
            self.add(name, mine[at], unit, best, others.get(best), threads, True, **more, others=spell(others))

    def cold(self):
        file, packed = self.model("recipe", 28, 1), self.work / "packed.xdm"
        output_of([self.tool, "pack", f"{file}.xdm", "--f32", "--out", packed])
        commands = {"PyTorch": [HERE / "torch_peer.py", "cold", f"{file}.safetensors"],
                    "ONNX Runtime": [HERE / "onnx_peer.py", "onnxruntime", "cold", f"{file}.onnx"],
                    "OpenVINO": [HERE / "onnx_peer.py", "openvino", "cold", f"{file}.onnx"]}
        python = self.alternate(lambda: run_whole([self.options.python or sys.executable, "-c", "0"]))[0]
        self.processes([("cold", "ms", 0), ("cold_memory", "MiB", 1)], [self.bench, "cold", packed], commands, 1, python,
                       python_ms=python[0], python_mib=python[1])

    def memory(self):
        steps = 10 if self.options.quick else 50
        for kind, side, channels, batch in (("recipe", 28, 1, BATCH), ("own", 64, 3, OWN_BATCH)):
            file = self.model(kind, side, channels)
            commands = {name: [HERE / script, "train", f"{file}.safetensors", batch, steps]
                        for name, script in (("PyTorch", "torch_peer.py"), ("JAX", "jax_peer.py"))}
            self.processes([(f"memory_{kind}", "MiB", 1)], [self.bench, "train", f"{file}.xdm", batch, steps], commands, 2)

    def folder(self):
        """1,000 pictures, as PNGs into PNGs."""
        if (SWITCHLESS, 2) not in self.peers:
            print("folder: left out, ONNX Runtime is not here")
            return
        script, file = HERE / "onnx_peer.py", self.model("own", 64, 3)
        pictures, drawn, theirs = self.work / "pictures", self.work / "drawn", self.work / "theirs"
        if not pictures.exists():
            output_of([self.options.python, script, "pictures", pictures, 1000, 64])
        self.processes([("folder_1000", "ms", 0)], [self.tool, "translate", "--model", f"{file}.xdm", "--temperature", 0,
                                                    "--threads", 2, "--out", drawn, pictures],
                       {SWITCHLESS: [script, "folder", f"{file}.onnx", pictures, theirs, 2]}, 2)
        difference = float(output_of([self.options.python, script, "compare", drawn, theirs]))
        if difference > 0.5:
            raise SystemExit(f"the folders' pictures differ by {difference}")

    def allocations(self):
        for kind in ("translate", "mapping", "vae"):
            times = 100 if self.options.quick and kind != "translate" else 1000
            taken = self.ours.ask(f"allocations 2 {times} {kind} {{file}}", self.model("recipe", 28, 1))[0]
            self.add(f"allocations_{kind}", taken, "blocks", threads=2, times=times)

    # -- kernels

    def kernels(self):
        if not self.plugin:
            return
        seconds = 0.08 if self.options.quick else 0.5
        for threads in (1, 2):
            ratios = []
            peak = self.limits[threads].ask(str(self.seconds))[0]
            for kernel, direction in KERNELS:
                lines = [f"kernel {threads} {seconds} {backend} {kernel} {direction}"
                         for backend in (f"native:{self.instructions}", "onednn")]
                ours, theirs = self.alternate(*[self.asking(self.ours, line) for line in lines])
                row = self.add(f"kernel_{kernel}_{direction}", ours[0], "GFLOP/s", "onednn", theirs[0], threads,
                               peak_fraction=ours[0] / peak)
                ratios.append(row["ratio"])
            self.add("kernel_median", statistics.median(ratios), "x", "onednn", 1.0, threads, least=min(ratios))

    # -- the whole schedule

    def schedule(self):
        data = self.options.data
        if not data or self.options.quick:
            print("schedule: left out: " + ("PyTorch's part alone takes minutes" if data else "MNIST is not here"))
            return
        images, labels = f"{data}/train-images-idx3-ubyte", f"{data}/train-labels-idx1-ubyte"
        test = [f"{data}/t10k-images-idx3-ubyte", f"{data}/t10k-labels-idx1-ubyte"]
        judge, model = self.work / "judge.xdc", self.work / "digits.xdm"
        if not judge.exists():
            output_of([self.tool, "judge", "--train", f"idx:{images},{labels}", "--out", judge, "--threads", 2])
        ours = run_whole([self.tool, "train", "--domain1", f"idx:{images},{labels};classes=0-4", "--domain2",
                          f"idx:{images},{labels};classes=5-9", "--pairs", PAIRS, "--out", model, "--epochs", EPOCHS,
                          "--mapping-steps", STEPS, "--directions", 1, "--no-valid", *RECIPE, "--threads", 2])[0] / 1e3
        test_spec = f"idx:{test[0]},{test[1]}"
        sets = f"{judge} {test_spec};classes=0-4 {test_spec};classes=5-9 {PAIRS}"
        accuracy = self.ours.ask(f"evaluate 2 0 {model} {sets}")[0]
        for kind, flags in (("f16", []), ("int8", ["--int8"])):
            packed = self.work / f"digits-{kind}.xdm"
            output_of([self.tool, "pack", model, "--out", packed, *flags])
            self.add(f"{kind}_accuracy", self.ours.ask(f"evaluate 2 0 {packed} {sets}")[0], "share", "f32 weights", accuracy, 2)
        if ("PyTorch", 2) not in self.peers:
            self.add("schedule", ours, "s", threads=2, accuracy=accuracy)
            return
        drawn = [self.work / "drawn-images", self.work / "drawn-labels"]
        file = f"{self.model('recipe', 28, 1)}.safetensors"
        answer = output_of([self.options.python, HERE / "torch_peer.py", "schedule", 2, file, EPOCHS, STEPS, images, labels,
                            *test, *drawn], {**self.switches, "OMP_NUM_THREADS": "2"})
        theirs, _, setting = answer.partition("|")
        peer_accuracy = self.ours.ask(f"accuracy 2 0 {judge} {drawn[0]} {drawn[1]}")[0]
        self.add("schedule", ours, "s", "PyTorch", float(theirs), 2, True, accuracy=accuracy,
                 peer_accuracy=peer_accuracy, setting=setting.strip())

    # -- curves for the plots, only in full runs

    def curves(self):
        def both(line, file):
            lines = [line.format(t, self.seconds, file="{file}") for t in (1, 2)]
            return [self.alternate(self.asking(self.ours, asked, file))[0][0] for asked in lines]

        recipe, batches = self.model("recipe", 28, 1), (1, 4, 16, 64, 128, 256)
        return {
            "vae_by_side": [[side] + both(f"vae {{}} {{}} {{file}} {batch} 0", self.model("recipe", side, 1))
                            for side, batch in ((28, 128), (64, 128), (128, 32), (256, 16))],
            "vae_by_set": [[n] + both(f"growth {{}} {{}} {{file}} {n}", recipe) for n in (1000, 3000, 10000, 30000, 60000)],
            "vae_by_batch": [[n] + both(f"vae {{}} {{}} {{file}} {n} 0", recipe) for n in batches],
            "translate_by_batch": [[n] + both(f"translate_many {{}} {{}} {{file}} {n}", recipe) for n in batches],
        }

    def close(self):
        for peer in (self.ours, *self.peers.values(), *self.limits.values()):
            peer.close()


# ---- Reports -------------------------------------------------------------------------------------


def number(value):
    if isinstance(value, (str, type(None))):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def spell(values):
    return ", ".join(f"{name} {number(value)}" for name, value in values.items())


def describe_machine():
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        values = {line.split(":")[0].strip(): line.split(":", 1)[1].strip() for line in lines if ":" in line}
        model = f"{values['model name']} (family {values['cpu family']}, model {values['model']})"
    except (OSError, KeyError):
        pass
    return dict(processor=model, processors=len(os.sched_getaffinity(0)), system=f"{platform.system()} {platform.release()}",
                load=os.getloadavg()[0])


TRAINERS, RUNTIMES = ("PyTorch", "JAX"), ("ONNX Runtime", "OpenVINO", "PyTorch")
SET_STAGES = ["peak", "vae", "own", "mapping", "one", "batch", "kernels"]  # what is measured with lesser instructions too
STAGES = [*SET_STAGES, "cold", "memory", "folder", "growth", "allocations", "schedule"]


def names(allowed):
    def read(text):
        given = text.split(",")
        unknown = [name for name in given if name not in allowed]
        if unknown:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown)} among {', '.join(allowed)}")
        return [name for name in allowed if name in given]

    return read


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder of the build")
    parser.add_argument("--work", required=True, help="folder for models and peers' files")
    parser.add_argument("--python", default="", help="a python that has the peers; empty: without them")
    parser.add_argument("--data", default="", help="folder of MNIST's four IDX files")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", default="")
    parser.add_argument("--plots", default="", help="folder for SVG plots (full runs alone)")
    parser.add_argument("--only", type=names(STAGES), default=STAGES, help="stages, comma between: " + ", ".join(STAGES))
    parser.add_argument("--sets", type=names(list(SETS)), help="of instructions (all that the processor runs; with --quick "
                        "the best): " + ", ".join(SETS))
    parser.add_argument("--seconds", type=float, default=0, help="of one measurement")
    parser.add_argument("--pairs", type=int, default=0)
    return parser.parse_args()


def main():
    options = parse()
    options.build = Path(options.build)
    found = sets_here(options.build / "bench" / "bench")
    options.best = found[0]
    machine, rows, notes = describe_machine(), [], {}
    print("\n".join(f"{key}: {value}" for key, value in machine.items()))
    for instructions in [name for name in options.sets or (found[:1] if options.quick else found) if name in found]:
        bench = Bench(options, instructions)
        bench.seconds, bench.pairs = options.seconds or bench.seconds, options.pairs or bench.pairs
        library = output_of([bench.bench, "describe"], bench.backend)
        print(f"\n{instructions}: " + "\n  ".join([library, *bench.notes]) + "\n", flush=True)
        try:
            for stage in options.only:
                if instructions == options.best or stage in SET_STAGES:
                    getattr(bench, stage)()
            if options.plots and not options.quick and instructions == options.best:
                import plots
                plots.write_all(Path(options.plots), bench.curves())
        finally:
            bench.close()
            rows += bench.rows
            notes[instructions] = [library, *bench.notes]
            if options.json:
                told = dict(machine={**machine, "notes": notes}, rows=rows)
                Path(options.json).write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""Drives the bench: libxdomain against its peers, pairwise (A B A B...), medians of the pairs.

Called by run.sh, which builds and installs. A row's ratio says how many times better ours is: rates are
divided by the peer's, times and memory the other way round.
"""
import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LATENT = 32
BATCH = 128
EPOCHS, STEPS = 14, 8000  # of the whole schedule; the preset mnist takes 16,000 steps
RECIPE = ["--spectral-norm", 1, "--generated-mismatch", 0, "--lambda-reg", 0.1, "--mixing", 0, "--noise-scale", 0.7,
          "--initial-gain", 0.8]  # as torch_peer.py has them
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


# ---- Peers ---------------------------------------------------------------------------------------


class Peer:
    """A program that answers lines. Started when first asked."""

    def __init__(self, name, command, environment=None):
        self.name, self.command, self.process = name, [str(word) for word in command], None
        self.environment = {**os.environ, **(environment or {})}
        self.setting = ""

    def ask(self, line):
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                            env=self.environment)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.strip():
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
    def __init__(self, options):
        self.options, self.rows, self.notes = options, [], []
        self.work = Path(options.work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.bench = Path(options.build) / "bench" / "bench"
        self.tool = Path(options.build) / "bin" / "xdomain"
        plugin = Path(options.build) / "xdomain-onednn.so"
        self.plugin = plugin if plugin.exists() else None
        self.seconds, self.pairs = (0.3, 3) if options.quick else (1.5, 7)
        self.f32, self.f16 = self.work / "f32.xdm", self.work / "f16.xdm"
        output_of([self.bench, "save", self.f32, 0])
        output_of([self.bench, "save", self.f16, 1])
        self.ours = Peer("libxdomain", [self.bench, "serve"] + ([self.plugin] if self.plugin else []))
        self.core_type = {}
        self.torch = self.prepare_torch()
        self.onnx = self.prepare_onnx()
        self.sgemm = self.prepare_sgemm()

    # -- preparation

    def python(self, *words):
        return [self.options.python, HERE / "torch_peer.py", *words]

    def node(self, *words):
        return ["node", HERE / "onnx_peer.js", *words]

    def prepare_torch(self):
        if not self.options.python:
            self.notes.append("PyTorch is not here: its rows are left out")
            return None
        best = (0.0, None)
        names = [None, "Cooperlake" if "avx512f" in cpu_flags() else "Haswell"]
        for core in names if self.options.quick else names + ["SkylakeX", "Zen"]:
            try:
                rate = float(output_of(self.python("sgemm"), {"OPENBLAS_CORETYPE": core} if core else None))
            except (RuntimeError, ValueError):
                continue
            best = max(best, (rate, core), key=lambda found: found[0])
        self.core_type = {"OPENBLAS_CORETYPE": best[1]} if best[1] else {}
        core = best[1] or "OpenBLAS's own choice"
        self.notes.append(f"{output_of(self.python('describe'))}; core type {core}, {best[0]:.0f} GFLOP/s a thread")
        return Peer("PyTorch", self.python("serve"), self.core_type)

    def prepare_onnx(self):
        model, empty = self.work / "translation.onnx", self.work / "empty.onnx"
        if not self.options.node_path or not self.options.python:
            self.notes.append("ONNX Runtime or PyTorch (which writes its file) is not here: its rows are left out")
            return None
        output_of(self.python("export", model))
        output_of(self.python("export_nothing", empty))
        self.node_environment = {"NODE_PATH": self.options.node_path}
        self.notes.append(output_of(self.node("describe"), self.node_environment))
        return Peer("ONNX Runtime", self.node("serve", model, empty), self.node_environment)

    def prepare_sgemm(self):
        peak = Path(self.options.build) / "bench" / "peak"
        if not peak.exists():
            self.notes.append("oneDNN is not here: no peak and no kernels to compare with")
            return None
        return {t: Peer("dnnl_sgemm", [peak], {"OMP_NUM_THREADS": str(t)}) for t in (1, 2)}

    # -- rows

    def add(self, name, ours, unit, peer=None, peer_value=None, threads=1, less=False, ratio=None, **more):
        if ratio is None and peer_value is not None and ours and peer_value:
            ratio = peer_value / ours if less else ours / peer_value
        row = dict(name=name, ours=ours, unit=unit, peer=peer, peer_value=peer_value, ratio=ratio, threads=threads)
        row.update({key: value for key, value in more.items() if value not in (None, "")})
        self.rows.append(row)
        against = f"{peer} {number(peer_value)}" if peer_value is not None else ""
        factor = f"{ratio:.2f}x" if ratio else ""
        extras = "  ".join(f"{key}: {number(value)}" for key, value in row.items()
                           if key in more and not isinstance(value, dict))
        print(f"{name:34s} {threads} thr  {number(ours):>10s} {unit:9s} {factor:>8s}  {against}  {extras}", flush=True)
        return row

    def alternate(self, ours, *others):
        """Medians of what each of the functions answers, called in turn."""
        answers = [[] for _ in range(1 + len(others))]
        for other in others:
            other()  # finds its best setting
        for _ in range(self.pairs):
            for found, measure in zip(answers, (ours, *others)):
                found.append(measure())
        return [[statistics.median(column) for column in zip(*found)] for found in answers]

    def asking(self, peer, line):
        return lambda: peer.ask(line)

    # -- training

    def vae_step(self, side, channels, name):
        for threads in (1, 2):
            line = f"vae {threads} {self.seconds} {side} {channels} {BATCH}"
            if self.torch:
                ours, theirs = self.alternate(self.asking(self.ours, line), self.asking(self.torch, line))
                self.add(name, ours[0], "images/s", "PyTorch", theirs[0], threads, setting=self.torch.setting)
            else:
                self.add(name, self.alternate(self.asking(self.ours, line))[0][0], "images/s", threads=threads)

    def mapping_step(self):
        for threads in (1, 2):
            line = f"mapping {threads} {self.seconds}"
            if self.torch:
                ours, theirs = self.alternate(self.asking(self.ours, line), self.asking(self.torch, line))
                self.add("mapping_step", ours[0], "steps/s", "PyTorch", theirs[0], threads, setting=self.torch.setting)
            else:
                self.add("mapping_step", self.alternate(self.asking(self.ours, line))[0][0], "steps/s", threads=threads)

    def peak_fractions(self, name, arguments, operations):
        """Rates at 1 and 2 threads and the peaks at 1 and 2, all four measured in turn."""
        work = name.rsplit("_", 1)[1]
        measures = [self.asking(self.ours, f"{work} {t} {self.seconds} {arguments}") for t in (1, 2)]
        measures += [self.asking(self.sgemm[t], str(self.seconds)) for t in (1, 2)]
        rates = [found[0] for found in self.alternate(*measures)]
        for threads, rate, peak in zip((1, 2), rates[:2], rates[2:]):
            gflops = rate * operations * 1e-9
            self.add(name, gflops / peak, "of peak", "dnnl_sgemm GFLOP/s", peak, threads, ratio=gflops / peak,
                     gflops=gflops)
        return rates

    def fractions(self):
        if not self.sgemm:
            return
        rates = self.peak_fractions("peak_fraction_vae", f"28 1 {BATCH}", vae_operations(28, 1))
        self.peak_fractions("peak_fraction_mapping", "", mapping_operations())
        self.add("threads_gain", rates[1] / rates[0], "x", "dnnl_sgemm", rates[3] / rates[2], 2)

    def growth(self):
        lines = [f"growth 2 {self.seconds} {count}" for count in (60000, 1000, 10000)]
        large, small, middle = self.alternate(*[self.asking(self.ours, line) for line in lines])
        self.add("growth_60k", large[0], "images/s", "a set of 1,000", small[0], 2)
        self.add("growth_10k", middle[0], "images/s", "a set of 1,000", small[0], 2)

    # -- translation

    def onnx_one(self, threads, seconds):
        """Milliseconds, with the binding's own cost taken off."""
        whole = self.onnx.ask(f"translate_one {threads} {seconds}")
        empty = self.onnx.ask(f"empty_one {threads} {seconds / 2}")
        return [whole[0] - empty[0], whole[1] - empty[1], empty[0]]

    def onnx_many(self, threads, seconds):
        whole = self.onnx.ask(f"translate_many {threads} {seconds} 256")[0]
        empty = self.onnx.ask(f"empty_many {threads} {seconds / 2} 256")[0]
        return [1 / (1 / whole - 1 / empty), 256e3 / empty]

    def translate_one(self):
        for threads in (1, 2):
            ask = f"translate_one {threads} {self.seconds}"
            measures, peers = [self.asking(self.ours, f"{ask} {self.f32}")], []
            if self.torch:
                measures.append(self.asking(self.torch, ask))
                peers.append("PyTorch")
            if self.onnx:
                measures.append(lambda threads=threads: self.onnx_one(threads, self.seconds))
                peers.append("ONNX Runtime")
            ours, *others = self.alternate(*measures)
            for peer, theirs in zip(peers, others):
                more = dict(setting=self.torch.setting) if peer == "PyTorch" else dict(binding_ms=theirs[2])
                self.add("translate_1", ours[0], "ms", peer, theirs[0], threads, True, **more)
                self.add("translate_1_p99", ours[1], "ms", peer, theirs[1], threads, True)
            if not peers:
                self.add("translate_1", ours[0], "ms", threads=threads, p99=ours[1])

    def translate_half(self):
        change = self.ours.ask(f"half 1 0 {self.f32} {self.f16}")
        more = dict(largest_change=change[0], mean_change=change[1], file_mib=self.f16.stat().st_size / 2**20)
        measure = self.asking(self.ours, f"translate_one 1 {self.seconds} {self.f16}")
        if self.onnx:
            ours, theirs = self.alternate(measure, lambda: self.onnx_one(1, self.seconds))
            self.add("translate_1_f16", ours[0], "ms", "ONNX Runtime", theirs[0], 1, True, **more)
        else:
            self.add("translate_1_f16", self.alternate(measure)[0][0], "ms", **more)

    def translate_many(self):
        for threads in (1, 2):
            measures, peers = [self.asking(self.ours, f"translate_many {threads} {self.seconds} {self.f32} 256")], []
            if self.torch:
                measures.append(self.asking(self.torch, f"translate_many {threads} {self.seconds} 256"))
                peers.append("PyTorch")
            if self.onnx:
                measures.append(lambda threads=threads: self.onnx_many(threads, self.seconds))
                peers.append("ONNX Runtime")
            ours, *others = self.alternate(*measures)
            for peer, theirs in zip(peers, others):
                more = dict(setting=self.torch.setting) if peer == "PyTorch" else dict(binding_ms=theirs[1])
                self.add("translate_256", ours[0], "images/s", peer, theirs[0], threads, **more)
            if not peers:
                self.add("translate_256", ours[0], "images/s", threads=threads)

    # -- processes

    def cold_start(self):
        script, onnx = self.work / "translation.pt", self.work / "translation.onnx"
        ours = lambda: run_whole([self.bench, "cold", self.f32])  # noqa: E731
        if self.torch:
            output_of(self.python("save", script))
            mine, theirs = self.alternate(ours, lambda: run_whole(self.python("cold", script), self.core_type))
            self.add("cold_start", mine[0], "ms", "PyTorch", theirs[0], 1, True)
            self.add("cold_start_rss", mine[1], "MiB", "PyTorch", theirs[1], 1, True)
        if self.onnx:
            mine, theirs, node = self.alternate(ours, lambda: run_whole(self.node("cold", onnx), self.node_environment),
                                                lambda: run_whole(["node", "-e", "0"]))
            self.add("cold_start", mine[0], "ms", "ONNX Runtime", theirs[0] - node[0], 1, True, node_ms=node[0])
            self.add("cold_start_rss", mine[1], "MiB", "ONNX Runtime", theirs[1] - node[1], 1, True, node_mib=node[1])
        if not self.torch and not self.onnx:
            self.add("cold_start", self.alternate(ours)[0][0], "ms")

    def rss_training(self):
        steps = 10 if self.options.quick else 50
        ours = run_whole([self.bench, "train", 28, 1, steps])[1]
        theirs = run_whole(self.python("train", 28, 1, steps), self.core_type)[1] if self.torch else None
        self.add("rss_training", ours, "MiB", "PyTorch" if self.torch else None, theirs, 2, True)

    def allocations(self):
        for kind in ("translate", "mapping", "vae"):
            times = 100 if self.options.quick and kind != "translate" else 1000
            model = self.f32 if kind == "translate" else ""
            taken = self.ours.ask(f"allocations 2 {times} {kind} {model}")[0]
            self.add(f"allocations_{kind}", taken, "blocks", threads=2, times=times)

    # -- kernels

    def kernels(self):
        if not self.plugin:
            return
        seconds = 0.08 if self.options.quick else 0.5
        for threads in (1, 2):
            ratios = []
            peak = self.sgemm[threads].ask(str(self.seconds))[0]
            for kernel, direction in KERNELS:
                lines = [f"kernel {threads} {seconds} {backend} {kernel} {direction}" for backend in ("native", "onednn")]
                ours, theirs = self.alternate(*[self.asking(self.ours, line) for line in lines])
                row = self.add(f"kernel_{kernel}_{direction}", ours[0], "GFLOP/s", "onednn", theirs[0], threads,
                               peak_fraction=ours[0] / peak)
                ratios.append(row["ratio"])
            self.add("kernel_median", statistics.median(ratios), "x", "onednn", 1.0, threads, least=min(ratios))

    # -- the whole schedule

    def schedule(self):
        data = self.options.data
        if not data:
            self.notes.append("schedule: left out, MNIST is not here")
            return
        if self.options.quick:
            self.notes.append("schedule: left out by --quick: PyTorch's part alone takes minutes")
            return
        images, labels = f"{data}/train-images-idx3-ubyte", f"{data}/train-labels-idx1-ubyte"
        test = [f"{data}/t10k-images-idx3-ubyte", f"{data}/t10k-labels-idx1-ubyte"]
        judge, model = self.work / "judge.xdc", self.work / "digits.xdm"
        if not judge.exists():
            output_of([self.tool, "judge", "--train", f"idx:{images},{labels}", "--out", judge, "--threads", 2])
        ours = run_whole([self.tool, "train", "--domain1", f"idx:{images},{labels};classes=0-4", "--domain2",
                          f"idx:{images},{labels};classes=5-9", "--pairs", PAIRS, "--out", model, "--base-channels", 32, "--epochs", EPOCHS,
                          "--steps", STEPS, "--one-way", *RECIPE, "--threads", 2])[0] / 1e3
        test_spec = f"idx:{test[0]},{test[1]}"
        sets = f"{judge} {test_spec};classes=0-4 {test_spec};classes=5-9 {PAIRS}"
        accuracy = self.ours.ask(f"evaluate 2 0 {model} {sets}")[0]
        halved = self.work / "digits-f16.xdm"
        output_of([self.bench, "halve", model, halved])
        self.add("f16_accuracy", self.ours.ask(f"evaluate 2 0 {halved} {sets}")[0], "share", "f32 weights", accuracy, 2)
        if not self.torch:
            self.add("schedule", ours, "s", threads=2, accuracy=accuracy)
            return
        drawn = [self.work / "drawn-images", self.work / "drawn-labels"]
        answer = output_of(self.python("schedule", 2, EPOCHS, STEPS, self.work / "digits.pt", images, labels, *test, *drawn),
                           self.core_type)
        theirs, _, setting = answer.partition("|")
        peer_accuracy = self.ours.ask(f"accuracy 2 0 {judge} {drawn[0]} {drawn[1]}")[0]
        self.add("schedule", ours, "s", "PyTorch", float(theirs), 2, True, accuracy=accuracy,
                 peer_accuracy=peer_accuracy, setting=setting.strip())

    # -- curves for the plots, only in full runs

    def curves(self):
        ask = lambda line: [self.asking(self.ours, line)]  # noqa: E731
        found = {"vae_by_side": [], "vae_by_set": [], "vae_by_batch": [], "translate_by_batch": []}
        for side, batch in ((28, 128), (64, 128), (128, 32), (256, 16)):
            found["vae_by_side"].append([side] + [
                self.alternate(*ask(f"vae {t} {self.seconds} {side} 1 {batch}"))[0][0] for t in (1, 2)])
        for count in (1000, 3000, 10000, 30000, 60000):
            found["vae_by_set"].append([count] + [
                self.alternate(*ask(f"growth {t} {self.seconds} {count}"))[0][0] for t in (1, 2)])
        for batch in (1, 4, 16, 64, 128, 256):
            for name, line in (("vae_by_batch", "vae {} {} 28 1 {}"), ("translate_by_batch", "translate_many {} {} {} {}")):
                rates = []
                for t in (1, 2):
                    words = (t, self.seconds, batch) if name == "vae_by_batch" else (t, self.seconds, self.f32, batch)
                    rates.append(self.alternate(*ask(line.format(*words)))[0][0])
                found[name].append([batch] + rates)
        return found

    def close(self):
        peers = [self.ours, self.torch, self.onnx, *(self.sgemm or {}).values()]
        for peer in filter(None, peers):
            peer.close()


# ---- Reports -------------------------------------------------------------------------------------


def number(value):
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def cpu_flags():
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return set()
    return set(next((line for line in text.splitlines() if line.startswith("flags")), "").split())


def describe_machine(bench):
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        values = {line.split(":")[0].strip(): line.split(":", 1)[1].strip() for line in lines if ":" in line}
        model = f"{values['model name']} (family {values['cpu family']}, model {values['model']})"
    except (OSError, KeyError):
        pass
    return dict(processor=model, processors=len(os.sched_getaffinity(0)), system=f"{platform.system()} {platform.release()}",
                vectors=[flag for flag in ("avx2", "avx512f") if flag in cpu_flags()],
                load=os.getloadavg()[0], library=output_of([bench.bench, "describe"]), notes=bench.notes)


STAGES = ["fractions", "vae_step_28", "vae_step_32", "mapping_step", "translate_one", "translate_half", "translate_many",
          "kernels", "growth", "cold_start", "rss_training", "allocations", "schedule"]


def run_stages(bench, chosen):
    for stage in STAGES:
        if chosen and stage not in chosen:
            continue
        if stage == "vae_step_28":
            bench.vae_step(28, 1, stage)
        elif stage == "vae_step_32":
            bench.vae_step(32, 3, stage)
        else:
            getattr(bench, stage)()


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder of the build")
    parser.add_argument("--work", required=True, help="folder for models and peers' files")
    parser.add_argument("--python", default="", help="a python that has torch; empty: without PyTorch")
    parser.add_argument("--node-path", default="", help="folder that holds onnxruntime-node; empty: without it")
    parser.add_argument("--data", default="", help="folder of MNIST's four IDX files")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", default="")
    parser.add_argument("--plots", default="", help="folder for SVG plots (full runs alone)")
    parser.add_argument("--only", default="", help="stages, comma between: " + ", ".join(STAGES))
    parser.add_argument("--seconds", type=float, default=0, help="of one measurement")
    parser.add_argument("--pairs", type=int, default=0)
    return parser.parse_args()


def main():
    options = parse()
    if options.node_path and not shutil.which("node"):
        options.node_path = ""
    bench = Bench(options)
    bench.seconds, bench.pairs = options.seconds or bench.seconds, options.pairs or bench.pairs
    machine = describe_machine(bench)
    for key in ("processor", "processors", "load", "library"):
        print(f"{key}: {machine[key]}")
    print("\n".join(bench.notes), "\n", flush=True)
    try:
        run_stages(bench, [stage for stage in options.only.split(",") if stage])
        curves = bench.curves() if options.plots and not options.quick else None
    finally:
        bench.close()
        if options.json:
            machine["notes"] = bench.notes
            Path(options.json).write_text(json.dumps(dict(machine=machine, rows=bench.rows), indent=1) + "\n")
    if curves:
        import plots
        plots.write_all(Path(options.plots), curves)
    for note in bench.notes:
        if note.startswith("schedule"):
            print(note)


if __name__ == "__main__":
    sys.exit(main())

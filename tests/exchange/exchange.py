"""Graphs of ONNX and files of safetensors, made by the tool, as ONNX Runtime and the safetensors package read them.

Where PyTorch is, weights that it trained are imported too, and draw what they drew there.

usage: exchange.py TOOL LIBRARY EXAMPLES_FOLDER
"""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import onnxruntime
    import safetensors.numpy
except ImportError as missing:
    print(f"exchange: no {missing.name} here")
    sys.exit(77)

import layers
from library import Translator

LARGEST = 1e-4
tool, library, examples = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
worst = 0.0


def run(*words):
    done = subprocess.run([tool, *map(str, words), "--threads", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, (words, done.stderr.decode())
    return done.stdout


def graph_of(path, way, work):
    run("export", path, "--onnx", work / "graph.onnx", "--direction", way)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(work / "graph.onnx"), options, providers=["CPUExecutionProvider"])


def compare(path, way, work):
    """The largest difference of three pictures, and of one."""
    graph, random = graph_of(path, way, work), numpy.random.default_rng(7)
    translator = Translator(library, path, 1 if way == "1to2" else 2)
    source, noise = graph.get_inputs()
    assert noise.name == "noise" and noise.shape == ["batch", translator.target_dim], noise
    assert [output.name for output in graph.get_outputs()] == ["translation"]
    assert graph.get_outputs()[0].shape == ["batch", *translator.output]
    if translator.input[0]:
        assert source.name == "picture" and source.shape == ["batch", *translator.input], source
        sources = random.random((3, *translator.input), numpy.float32)
    else:
        assert source.name == "condition" and source.shape == ["batch", translator.source_dim], source
        sources = numpy.eye(translator.source_dim, dtype=numpy.float32)[:3]
    noises = random.normal(size=(3, translator.target_dim)).astype(numpy.float32)
    wanted = translator.translate(sources, noises)
    translator.close()
    assert wanted.std() > 1e-3, "the pictures are all alike"
    got = [graph.run(None, {source.name: sources[:n], "noise": noises[:n]})[0] for n in (3, 1)]
    return max(float(abs(each - wanted[: len(each)]).max()) for each in got)


def check(what, path, way, work):
    global worst
    difference = compare(path, way, work)
    worst = max(worst, difference)
    assert difference <= LARGEST, f"{what}, {way}: {difference}"
    print(f"{what}, {way}: {difference:.1e}")


def check_shipped(path, work):
    for way in ("1to2", "2to1"):
        check(path.name, path, way, work)
    run("export", path, "--safetensors", work / "weights")
    told = json.loads(run("info", path, "--json"))
    tensors = safetensors.numpy.load_file(work / "weights")
    for name, network in told["networks"].items():
        weights = sum(tensor.size for key, tensor in tensors.items() if key.startswith(f"{name}."))
        assert weights == network["weights"], (name, weights)
    with safetensors.safe_open(work / "weights", "numpy") as file:
        metadata = file.metadata()
    assert metadata["property.vae.seed"] == told["properties"]["vae.seed"]
    assert [metadata[f"class1.{i}"] for i in range(len(told["domains"][0]["class_names"]))] == \
        told["domains"][0]["class_names"]
    # Written by the package, whose order is its own, it is the same model.
    safetensors.numpy.save_file(tensors, work / "again", metadata)
    run("import", work / "again", "--out", work / "again.xdm")
    run("pack", "--f32", path, "--out", work / "packed.xdm")
    again, packed = (json.loads(run("info", work / name, "--json")) for name in ("again.xdm", "packed.xdm"))
    for part in ("domains", "pairing", "networks", "properties"):
        assert again[part] == packed[part], part
    data = [next(c["checksum"] for c in told["chunks"] if c["tag"] == "DATA") for told in (again, packed)]
    assert data[0] == data[1], "the weights are others"


def check_layers(work):
    for what, tensors, metadata in layers.models():
        safetensors.numpy.save_file(tensors, work / "weights", metadata)
        run("import", work / "weights", "--out", work / "model.xdm")
        check(what, work / "model.xdm", "1to2", work)
        run("export", work / "model.xdm", "--safetensors", work / "back")
        with safetensors.safe_open(work / "back", "numpy") as file:
            kept = file.metadata()
            assert set(file.keys()) == set(tensors)
            assert all((file.get_tensor(name) == tensor).all() for name, tensor in tensors.items())
        assert {key: kept.get(key) for key in metadata} == metadata, (metadata, kept)


def write_set(work, height, width):
    """Noise, each digit with a bar of its own."""
    random = numpy.random.default_rng(3)
    labels = numpy.arange(200, dtype=numpy.uint8) % 10
    pictures = random.integers(0, 64, (200, height, width), numpy.uint8)
    pictures[numpy.arange(200), labels] = 255
    for name, array in (("images", pictures), ("labels", labels)):
        sides = b"".join(side.to_bytes(4, "big") for side in array.shape)
        (work / name).write_bytes(bytes([0, 0, 8, array.ndim]) + sides + array.tobytes())
    return f"idx:{work}/images,{work}/labels;classes="


def check_trained(work):
    """Trainings of a moment with the networks of the default options; discriminators go out and in as well."""
    digits, moment = write_set(work, 28, 28), ["--epochs", "1", "--min-steps", "3", "--mapping-steps", "2"]
    run("train", "--domain1", digits + "0-4", "--domain2", digits + "5-9", "--pairs", "0:5,1:6,2:7,3:8,4:9",
        "--no-valid", "--no-preview", "--no-checkpoint", *moment, "--out", work / "trained.xdm")
    run("map", "--condition", "labels", "--domain2", digits + "0-4", *moment, "--out", work / "labels.xdm")
    for name, ways in (("trained.xdm", ("1to2", "2to1")), ("labels.xdm", ("1to2",))):
        for way in ways:
            check(name, work / name, way, work)
        run("export", work / name, "--safetensors", work / "weights")
        run("import", work / "weights", "--out", work / "again.xdm")
        assert (work / "again.xdm").read_bytes() == (work / name).read_bytes(), f"{name} is another one"


def check_pytorch(work):
    sys.path.insert(0, str(examples / "python"))
    from torch import nn
    from train_pytorch import describe
    for layer in (nn.Conv2d(1, 4, 4, 2, 1, padding_mode="reflect"), nn.Conv2d(1, 4, 3, 1, 1, dilation=2), nn.Conv2d(1, 4, 3, (2, 1), 1),
                  nn.Conv2d(2, 4, 3, 1, 1, groups=2), nn.Conv2d(1, 4, 3, padding="same"), nn.MaxPool2d(2),
                  nn.ConvTranspose2d(1, 4, 3, 2, 1, dilation=2), nn.ConvTranspose2d(1, 4, 4, 2, 1, output_padding=(1, 0))):
        try:
            describe("encoder1", nn.Sequential(layer), (28, 28, 1))
        except ValueError:
            continue
        raise AssertionError(f"{layer} is taken for another")
    write_set(work, 12, 16)
    subprocess.run([sys.executable, examples / "python" / "train_pytorch.py", work / "images", work / "labels",
                    work / "weights", "--epochs", "2", "--steps", "20", "--check", work / "check.npz"], check=True)
    run("import", work / "weights", "--out", work / "model.xdm")
    wanted = numpy.load(work / "check.npz")
    translator = Translator(library, work / "model.xdm", 1)
    got = translator.translate(wanted["pictures"], wanted["noise"])
    translator.close()
    difference = float(abs(got - wanted["translations"]).max())
    assert difference <= LARGEST and got.std() > 1e-3, f"PyTorch: {difference}"
    print(f"PyTorch: {difference:.1e}")
    for way in ("1to2", "2to1"):
        check("trained by PyTorch", work / "model.xdm", way, work)


with tempfile.TemporaryDirectory() as folder:
    for model in sorted((examples / "models").glob("*.xdm")):
        check_shipped(model, pathlib.Path(folder))
    check_layers(pathlib.Path(folder))
    check_trained(pathlib.Path(folder))
    if importlib.util.find_spec("torch"):
        check_pytorch(pathlib.Path(folder))
    else:
        print("no PyTorch here: weights that it trained are not tried")
print(f"largest difference {worst:.1e}")

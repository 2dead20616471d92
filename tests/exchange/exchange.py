"""Graphs of ONNX and files of safetensors, made by the tool, as ONNX Runtime and the safetensors package read them.

usage: exchange.py TOOL LIBRARY FOLDER_OF_MODELS
"""

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
tool, library, models = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
worst = 0.0


def run(*words):
    return subprocess.run([tool, *map(str, words), "--threads", "1"], check=True, stdout=subprocess.PIPE).stdout


def graph_of(path, way, work):
    run("export", path, "--onnx", work / "graph.onnx", "--direction", way)
    return onnxruntime.InferenceSession(str(work / "graph.onnx"), providers=["CPUExecutionProvider"])


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


with tempfile.TemporaryDirectory() as folder:
    for model in sorted(models.glob("*.xdm")):
        check_shipped(model, pathlib.Path(folder))
    check_layers(pathlib.Path(folder))
print(f"largest difference {worst:.1e}")

"""Lets PyTorch's wheel load without NVIDIA's packages (gigabytes, of which a processor's work calls nothing): makes
libraries of their names beside PyTorch's own, whose functions all answer 100, which is CUDA's "no device".

Run by the Python that has PyTorch.
"""
import importlib.util
import re
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

OWNERS = {"NVSHMEM": "libnvshmem_host.so.3"}  # of versions of symbols; others are named as their library
LOOSE = "libcudart.so.13"  # has the symbols without a version: any library that is loaded will do


def read(folder):
    """{library: {version or "": names}} of all that PyTorch's libraries miss."""
    missing = defaultdict(lambda: defaultdict(set))
    for file in folder.glob("*.so"):
        told = subprocess.run(["readelf", "-dW", "--dyn-syms", file], capture_output=True, text=True, check=True).stdout
        for name in re.findall(r"\(NEEDED\).*\[(lib(?:cu|nccl|nvrtc|nvshmem)\S+)\]", told):
            missing[name][""].update()
        for name, version in re.findall(r" UND (_*(?:cu|nccl|nvrtc|nvshmem)\w+)(?:@(\S+))?", told, re.I):
            missing[OWNERS.get(version, version or LOOSE)][version].add(name)
    missing.pop("libcuda.so.1", None)  # the driver's, which PyTorch looks for itself
    return missing


def make(path, versions):
    with tempfile.TemporaryDirectory() as work:
        source, script = Path(work) / "source.c", Path(work) / "versions"
        functions = [f"int {name}(void) {{ return 100; }}\n" for names in versions.values() for name in names]
        named = [f"{version} {{ {'; '.join(names)}; }};\n" for version, names in versions.items() if version]
        source.write_text("".join(functions)), script.write_text("".join(named))
        more = [f"-Wl,--version-script={script}"] if named else []
        subprocess.run(["cc", "-shared", "-fPIC", "-w", f"-Wl,-soname,{path.name}", *more, "-o", path, source], check=True)


folder = Path(importlib.util.find_spec("torch").submodule_search_locations[0]) / "lib"
for library, versions in read(folder).items():
    make(folder / library, versions)

"""The other side of `bun run bench weights`: the Python packages safetensors and gguf. Prints JSON.

    python weights_peer.py first FILE         the first value of a SafeTensors file's first tensor
    python weights_peer.py load FILE          the same after loading the whole file
    python weights_peer.py types FILE ROUNDS  milliseconds to dequantise each tensor of a GGUF file to f16
"""
import json
import re
import sys
import time

import numpy as np


def memory_mb(field: str) -> float:
    return int(re.search(rf"^{field}:\s+(\d+) kB", open("/proc/self/status").read(), re.M)[1]) / 1000


def first(path: str, whole: bool) -> dict:
    from safetensors import safe_open
    from safetensors.numpy import load_file

    before, start = memory_mb("RssAnon"), time.perf_counter()
    if whole:
        tensors = load_file(path)
        opened = time.perf_counter()
        value = next(iter(tensors.values())).flat[0]
    else:
        file = safe_open(path, framework="numpy")
        opened = time.perf_counter()
        value = file.get_tensor(next(iter(file.keys()))).flat[0]
    end = time.perf_counter()
    assert np.isfinite(value)
    return {"openMs": (opened - start) * 1e3, "firstMs": (end - start) * 1e3, "ownMB": memory_mb("RssAnon") - before,
            "residentMB": memory_mb("VmHWM")}


def types(path: str, rounds: int) -> dict:
    import gguf

    times = {}
    np.seterr(all="ignore")
    for tensor in gguf.GGUFReader(path).tensors:
        times[tensor.name] = []
        for _ in range(min(rounds, 3)):
            start = time.perf_counter()
            gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float16)
            times[tensor.name].append((time.perf_counter() - start) * 1e3)
    return times


command, path, *rest = sys.argv[1:]
print(json.dumps(types(path, int(rest[0])) if command == "types" else first(path, command == "load")))

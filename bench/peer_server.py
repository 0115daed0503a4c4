"""Serves the networks of OpenVINO or PyTorch to bench/served-peer.ts: a JSON command per line on stdin, an answer per line on stdout.

    python peer_server.py openvino|pytorch THREADS

    {"do": "open", "id", "model": PATH, "precision", "feeds": [{"name", "dtype", "shape", "file"}]}
        → {"output": [numbers of its first output]}
    {"do": "sample", "id"}  one run untimed, then one timed → {"ms"}
    {"do": "close", "id"}   → {}
    {"do": "cpu"}           → {"ms": CPU time of this process, "nice": its priority}
Whatever fails is answered by {"error"}, a precision that this machine does not have by {"unavailable"}. Times are taken around the run alone, so the pipe is no part of them."""
import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np


class Unavailable(Exception):
    """This machine or version cannot do it: no fault."""


def open_openvino(model: str, precision: str, feeds: dict, threads: int):
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model), "CPU", {
        "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
    })
    request = compiled.create_infer_request()
    for name, value in feeds.items():
        request.set_tensor(name, openvino.Tensor(value, shared_memory=True))
    kinds = {openvino.Type.f32: "f32", openvino.Type.f16: "f16", openvino.Type.bf16: "bf16"}
    done = kinds[compiled.get_property("INFERENCE_PRECISION_HINT")]
    if done != precision:
        raise Unavailable(f"{precision} is computed in {done} on this machine")

    def run(memory=feeds):  # the tensors do not keep what they lie on alive
        request.infer()

    return run, lambda: request.get_output_tensor(0).data


def open_pytorch(model: str, precision: str, feeds: dict, threads: int):
    import torch

    torch.set_num_threads(threads)
    if precision == "bf16" and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        raise Unavailable("oneDNN has no bf16 on this machine")
    network = torch.jit.load(model).eval()
    inputs = [torch.from_numpy(value) for value in feeds.values()]
    state = {}
    context = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16", cache_enabled=False)
    with torch.inference_mode(), context:
        network = torch.jit.freeze(network)
        if precision == "f32":
            network = torch.jit.optimize_for_inference(network)
        for _ in range(3):  # its profiling executor settles on the third run
            network(*inputs)

    def run():
        with torch.inference_mode(), context:
            state["y"] = network(*inputs)

    def output():
        y = state["y"]
        return (y[0] if isinstance(y, (tuple, list)) else y).float().numpy()

    return run, output


def main() -> None:
    engine, threads = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the engines print is no answer
    openers = {"openvino": open_openvino, "pytorch": open_pytorch}
    networks = {}

    def answer(command: dict) -> dict:
        match command["do"]:
            case "open":
                feeds = {f["name"]: np.fromfile(f["file"], f["dtype"]).reshape(f["shape"]) for f in command["feeds"]}
                run, output = openers[engine](command["model"], command["precision"], feeds, threads)
                run()
                networks[command["id"]] = run
                return {"output": np.asarray(output(), np.float32).ravel().tolist()}
            case "sample":
                run = networks[command["id"]]
                run()
                start = time.perf_counter()
                run()
                return {"ms": (time.perf_counter() - start) * 1e3}
            case "close":
                networks.pop(command["id"], None)
                return {}
            case "cpu":
                return {"ms": time.process_time() * 1e3, "nice": os.nice(0)}
        raise ValueError(f"unknown command {command['do']}")

    for line in sys.stdin:
        try:
            text = json.dumps(answer(json.loads(line)), allow_nan=False)
        except Unavailable as reason:
            text = json.dumps({"unavailable": str(reason)})
        except Exception as error:
            text = json.dumps({"error": f"{type(error).__name__}: {error}"})
        print(text, file=answers, flush=True)


main()

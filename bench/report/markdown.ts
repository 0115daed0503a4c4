/** A table as the formatter leaves it: cells padded to their column. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) =>
    Math.max(3, ...[title, ...rows.map((cells) => cells[i]!)].map((cell) => [...cell].length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell + " ".repeat(widths[i]! - [...cell].length)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** Puts each text between its `<!-- figures:NAME -->` and the next `<!-- /figures -->`; both ways, every name has to be there. */
export function fillMarkers(page: string, texts: Readonly<Record<string, string>>): string {
  const seen = new Set<string>();
  const filled = page.replaceAll(/<!-- figures:([\w-]+) -->\n[\s\S]*?<!-- \/figures -->/g, (_, name: string) => {
    const text = texts[name];
    if (text === undefined) throw new Error(`the page asks for figures:${name}, which nothing makes`);
    seen.add(name);
    return `<!-- figures:${name} -->\n\n${text.trim()}\n\n<!-- /figures -->`;
  });
  const unused = Object.keys(texts).find((name) => !seen.has(name));
  if (unused !== undefined) throw new Error(`the page has no place for figures:${unused}`);
  return filled;
}

export const networkNames: Readonly<Record<string, string>> = {
  resnet50: "ResNet-50",
  mobilenet_v2: "MobileNetV2",
  efficientnet_lite0: "EfficientNet-Lite0",
  minilm_l6_v2: "MiniLM-L6, 128 tokens",
  vit_b_16: "ViT-B/16",
  convnext_tiny: "ConvNeXt-tiny",
  densenet121: "DenseNet-121",
  squeezenet1_1: "SqueezeNet 1.1",
  swin_t: "Swin-T",
  silero_vad: "Silero VAD, one frame",
};

/** Without what is said about its input. */
export const shortName = (network: string): string => networkNames[network]?.split(",")[0] ?? network;

export const engineName = (engine: string): string =>
  engine.replace("onnxruntime", "ONNX Runtime").replace("openvino", "OpenVINO").replace("pytorch", "PyTorch");

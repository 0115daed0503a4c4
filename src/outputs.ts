import { checkDType } from "./dtype.ts";
import { LibraryError } from "./errors.ts";
import type { FeatureOutput } from "./features.ts";
import { Image } from "./image.ts";
import { convertPixels, pixelLayoutOf, pixelLayouts } from "./native/image.ts";
import { convertElements, copyElements } from "./native/tensor.ts";
import type { NativeRequest, RawOutput } from "./native/request.ts";
import { denseStrides, isDense } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** The value of an output that the model has allocated. */
export function readOutput(request: NativeRequest, output: RawOutput): FeatureOutput {
  switch (output.type) {
    case "tensor":
      return readTensor(request, output);
    case "image":
      return readImage(request, output);
    case "dictionary":
      return new Map(
        (output.value as [string | number, number | string][]).map(([key, value]) => [key, Number(value)]),
      );
    case "int64":
      // Beyond 2^53 the library writes digits, so that none is lost.
      return typeof output.value === "string" ? BigInt(output.value) : (output.value as number);
    case "double":
      return Number(output.value);
    default:
      return output.value as string | (string | number)[];
  }
}

/** Outputs are handed over as they are, except that padding between rows is closed: nobody should read it as data. */
function readTensor(
  request: NativeRequest,
  { name, dtype, shape = [], strides = denseStrides(shape) }: RawOutput,
): Tensor {
  const type = checkDType(dtype);
  if (shape.includes(0)) return Tensor.zeros(shape, type);
  const tensor = Tensor.adopt(type, shape, strides, request.outputBuffer(name));
  if (isDense(shape, strides)) return tensor;
  const dense = Tensor.zeros(shape, type);
  copyElements(tensor.data, strides, dense.data, dense.strides, type, shape);
  tensor.dispose();
  return dense;
}

function readImage(request: NativeRequest, { name, pixels = 0, width = 0, height = 0, bytesPerRow }: RawOutput): Image {
  const layout = pixelLayoutOf(pixels);
  if (!layout) throw new LibraryError(`output ${JSON.stringify(name)}: unknown pixel layout ${pixels}`);
  const rowLength = bytesPerRow ?? width * pixelLayouts[layout].byteLength;
  const buffer = request.outputBuffer(name);
  try {
    if (layout === "F16") {
      const grey = new Float32Array(width * height);
      for (let y = 0; y < height; y++) {
        const row = new Float16Array(buffer.bytes, y * rowLength, width);
        convertElements(row, "float16", grey.subarray(y * width, (y + 1) * width), "float32", width);
      }
      return Image.fromPixels(grey, { width, height, mode: "F" });
    }
    const mode = layout === "L" ? "L" : layout === "RGBA" ? "RGBA" : "RGB";
    const bytes = new Uint8Array(width * height * pixelLayouts[mode].byteLength);
    convertPixels(new Uint8Array(buffer.bytes), layout, rowLength, bytes, mode, width, height);
    return Image.fromPixels(bytes, { width, height, mode });
  } finally {
    buffer.release();
  }
}

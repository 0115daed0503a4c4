import { dtypes, type DType, type TypedArray } from "./dtype.ts";
import { FormatError, UnsupportedError } from "./errors.ts";
import { checkShape, elementCount, formatShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const descrOf: Readonly<Record<DType, string>> = {
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
  int32: "<i4",
  int8: "|i1",
  uint8: "|u1",
  int16: "<i2",
  uint16: "<u2",
  uint32: "<u4",
  bool: "|b1",
};

/** A NumPy file as a tensor of its own element type; 64-bit integers become float64 (exact up to 2^53). C order, little endian. */
export function decodeNpy(bytes: Uint8Array, name = ".npy data"): Tensor {
  const { descr, shape, dataStart } = readHeader(bytes, name);
  const wide = descr === "<i8" ? BigInt64Array : descr === "<u8" ? BigUint64Array : undefined;
  const dtype = wide
    ? "float64"
    : (Object.keys(descrOf) as DType[]).find((key) => descrOf[key].slice(1) === descr.slice(1));
  if (!dtype || descr[0] === ">") throw new UnsupportedError(`${name}: dtype ${descr} is not supported`);
  const byteLength = elementCount(shape) * (wide ? 8 : dtypes[dtype].byteLength);
  if (bytes.length - dataStart < byteLength) {
    throw new FormatError(
      `${name}: shape ${formatShape(shape)} of ${descr} needs ${byteLength} bytes, the file has ${bytes.length - dataStart}`,
    );
  }
  // The copy also aligns: the data of an .npy starts at any multiple of 16 or 64 of the file, not of the array that holds it.
  // (Not `slice`: that of a Buffer shares its memory.)
  const data = Uint8Array.from(bytes.subarray(dataStart, dataStart + byteLength)).buffer;
  return wide
    ? Tensor.from(new wide(data), shape, "float64")
    : Tensor.from(new dtypes[dtype].array(data), shape, dtype);
}

/** A tensor as a NumPy file, version 1.0, C order. */
export function encodeNpy(tensor: Tensor): Uint8Array<ArrayBuffer> {
  const dense = tensor.isDense ? tensor : tensor.copy();
  const shape = `(${tensor.shape.join(", ")}${tensor.shape.length === 1 ? "," : ""})`;
  const header = `{'descr': '${descrOf[tensor.dtype]}', 'fortran_order': False, 'shape': ${shape}, }`;
  const headerLength = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const data = dense.data as TypedArray;
  const file = new Uint8Array(10 + headerLength + data.byteLength);
  file.set([...magic, 1, 0, headerLength & 255, headerLength >> 8]);
  file.set(new TextEncoder().encode(`${header.padEnd(headerLength - 1)}\n`), 10);
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + headerLength);
  return file;
}

function readHeader(bytes: Uint8Array, name: string): { descr: string; shape: number[]; dataStart: number } {
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte))
    throw new FormatError(`${name}: not a NumPy .npy file`);
  const major = bytes[6]!;
  if (major < 1 || major > 3) throw new UnsupportedError(`${name}: .npy version ${major} is not supported`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length)
    throw new FormatError(`${name}: the header needs ${length} bytes, the file ends before`);
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined || shape === undefined)
    throw new FormatError(`${name}: no plain dtype and shape in the header ${header.trim().slice(0, 80)}`);
  if (/'fortran_order':\s*True/.test(header))
    throw new UnsupportedError(`${name}: Fortran order is not supported; save np.ascontiguousarray(x)`);
  const sizes = shape.split(",").flatMap((text) => (text.trim() ? [Number(text)] : []));
  return { descr, shape: checkShape(sizes, `${name}: shape`), dataStart: start + length };
}

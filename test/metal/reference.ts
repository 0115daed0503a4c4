// What the operations mean, in f64 and plain loops.

export interface Dense {
  shape: number[];
  data: number[];
}

const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** Reproducible numbers of a normal-like shape, representable in f16. */
export function randomValues(length: number, seed: number, scale = 1): number[] {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length }, () => Math.f16round((next() + next() + next() + next() - 2) * scale));
}

export function random(shape: number[], seed: number, scale = 1): Dense {
  return { shape, data: randomValues(count(shape), seed, scale) };
}

export function map(x: Dense, body: (value: number) => number): Dense {
  return { shape: x.shape, data: x.data.map(body) };
}

/** Rows of the last axis. */
export function mapRows(x: Dense, body: (row: number[], index: number) => number[], columns?: number): Dense {
  const width = x.shape.at(-1)!;
  const rows = Array.from({ length: x.data.length / width }, (_, i) =>
    body(x.data.slice(i * width, (i + 1) * width), i),
  );
  return { shape: [...x.shape.slice(0, -1), columns ?? width], data: rows.flat() };
}

export function combine(a: Dense, b: Dense, shape: number[], body: (a: number, b: number) => number): Dense {
  const at = (t: Dense, index: readonly number[]) => {
    const own = index.slice(index.length - t.shape.length);
    return t.data[own.reduce((offset, i, axis) => offset * t.shape[axis]! + (t.shape[axis] === 1 ? 0 : i), 0)]!;
  };
  const data = Array.from({ length: count(shape) }, (_, flat) => {
    const index: number[] = [];
    for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
      index.unshift(rest % shape[axis]!);
      rest = Math.floor(rest / shape[axis]!);
    }
    return body(at(a, index), at(b, index));
  });
  return { shape, data };
}

export function transpose(x: Dense): Dense {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const size = rows * columns;
  const data = x.data.map((_, i) => {
    const [batch, at] = [Math.floor(i / size), i % size];
    return x.data[batch * size + (at % rows) * columns + Math.floor(at / rows)]!;
  });
  return { shape: [...x.shape.slice(0, -2), columns, rows], data };
}

export function matmul(a: Dense, b: Dense): Dense {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  const batch = a.data.length / (m * k);
  const data: number[] = [];
  for (let i = 0; i < batch; i++) {
    const from = b.shape.length > 2 ? i * k * n : 0;
    for (let r = 0; r < m; r++) {
      for (let c = 0; c < n; c++) {
        let sum = 0;
        for (let x = 0; x < k; x++) sum += a.data[(i * m + r) * k + x]! * b.data[from + x * n + c]!;
        data.push(sum);
      }
    }
  }
  return { shape: [...a.shape.slice(0, -1), n], data };
}

export interface WindowReference {
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
  dilation: [number, number];
}

/** Calls `body` with the elements of each window, `undefined` where it leaves the input. */
export function windows(
  x: Dense,
  { kernel, stride, padding, dilation }: WindowReference,
  planes: number,
  body: (plane: number, elementAt: (channel: number, ky: number, kx: number) => number | undefined) => number,
): Dense {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const size = [height, width].map(
    (s, axis) => Math.floor((s + 2 * padding[axis]! - (kernel[axis]! - 1) * dilation[axis]! - 1) / stride[axis]!) + 1,
  ) as [number, number];
  const data: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let plane = 0; plane < planes; plane++) {
      for (let y = 0; y < size[0]; y++) {
        for (let column = 0; column < size[1]; column++) {
          const value = body(plane, (channel, ky, kx) => {
            const iy = y * stride[0] + ky * dilation[0] - padding[0];
            const ix = column * stride[1] + kx * dilation[1] - padding[1];
            const isInside = iy >= 0 && iy < height && ix >= 0 && ix < width;
            return isInside ? x.data[((b * channels + channel) * height + iy) * width + ix]! : undefined;
          });
          data.push(value);
        }
      }
    }
  }
  return { shape: [batch, planes, ...size], data };
}

export function convolve(
  x: Dense,
  weight: Dense,
  bias: Dense | undefined,
  window: WindowReference,
  groups: number,
): Dense {
  const [filters, depth, height, width] = weight.shape as [number, number, number, number];
  return windows(x, window, filters, (filter, elementAt) => {
    const first = Math.floor(filter / (filters / groups)) * depth;
    let sum = bias?.data[filter] ?? 0;
    for (let d = 0; d < depth; d++) {
      for (let ky = 0; ky < height; ky++) {
        for (let kx = 0; kx < width; kx++) {
          sum += (elementAt(first + d, ky, kx) ?? 0) * weight.data[((filter * depth + d) * height + ky) * width + kx]!;
        }
      }
    }
    return sum;
  });
}

/** Maclaurin series: exact to f64 for the |x| of these tests. */
export function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

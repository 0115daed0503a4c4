import { ArgumentError } from "../errors.ts";
import { describe } from "../shape.ts";

/**
 * How a picture becomes the size that a model takes. As in Vision's `imageCropAndScaleOption`: `center` (centerCrop) scales the shorter
 * side and cuts the middle out, `fit` (scaleFit) scales the whole picture and adds black bars, `fill` (scaleFill) stretches.
 * `imagenet` is how most ImageNet classifiers were evaluated: as `center`, but scaled 8/7 larger first (256 for a model of 224); a
 * picture that has the size already is taken as it is.
 */
export type CropMode = "center" | "imagenet" | "fit" | "fill";

export const cropModes: readonly CropMode[] = ["center", "imagenet", "fit", "fill"];

export function checkCropMode(value: unknown): CropMode {
  if (cropModes.includes(value as CropMode)) return value as CropMode;
  throw new ArgumentError(`crop is ${describe(value)}, expected ${cropModes.join(", ")}`);
}

export interface FitPlan {
  /** Size that the whole picture is scaled to. */
  scaledWidth: number;
  scaledHeight: number;
  /** Where the target's top left corner lies in the scaled picture; negative where a bar is added. */
  left: number;
  top: number;
}

/** The scaled size and the cut that bring `width`×`height` to the target size. */
export function planFit(
  width: number,
  height: number,
  targetWidth: number,
  targetHeight: number,
  crop: CropMode,
): FitPlan {
  if (crop === "fill") return { scaledWidth: targetWidth, scaledHeight: targetHeight, left: 0, top: 0 };
  const ratios = [targetWidth / width, targetHeight / height];
  const isExact = width === targetWidth && height === targetHeight;
  const margin = crop === "imagenet" && !isExact ? 8 / 7 : 1;
  const scale = crop === "fit" ? Math.min(...ratios) : Math.max(...ratios) * margin;
  const scaledWidth = Math.max(1, Math.round(width * scale));
  const scaledHeight = Math.max(1, Math.round(height * scale));
  return {
    scaledWidth,
    scaledHeight,
    left: Math.floor((scaledWidth - targetWidth) / 2),
    top: Math.floor((scaledHeight - targetHeight) / 2),
  };
}

/** Copies the planned window out of RGBA pixels; what lies outside them is opaque black. */
export function cutRgba(
  pixels: Uint8Array,
  width: number,
  height: number,
  plan: FitPlan,
  targetWidth: number,
  targetHeight: number,
): Uint8Array<ArrayBuffer> {
  const target = new Uint8Array(targetWidth * targetHeight * 4);
  if (plan.left < 0 || plan.top < 0) new Uint32Array(target.buffer).fill(0xff000000);
  const fromX = Math.max(plan.left, 0);
  const toX = Math.min(plan.left + targetWidth, width);
  for (let y = Math.max(plan.top, 0); y < Math.min(plan.top + targetHeight, height); y++) {
    const row = pixels.subarray((y * width + fromX) * 4, (y * width + toX) * 4);
    target.set(row, ((y - plan.top) * targetWidth + fromX - plan.left) * 4);
  }
  return target;
}

import * as errors from "../errors.ts";

/** `enum tl_status` of tensorlogic.h → the error class that carries it. */
export const statusErrors: Readonly<Record<number, new (message: string) => errors.TensorLogicError>> = {
  [-1]: errors.ArgumentError,
  [-2]: errors.DisposedError,
  [-3]: errors.NotFoundError,
  [-4]: errors.FormatError,
  [-5]: errors.UnsupportedError,
  [-6]: errors.FeatureError,
  [-7]: errors.IoError,
  [-8]: errors.MemoryError,
  [-9]: errors.RunError,
  [-10]: errors.BusyError,
};

/** The error for a status; a number that this version does not know means library and package do not belong together. */
export function errorFor(status: number, message: string): errors.TensorLogicError {
  const Class = statusErrors[status];
  return Class
    ? new Class(message)
    : new errors.LibraryError(`the native library answered the unknown status ${status}: ${message}`);
}

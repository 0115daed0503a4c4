/** What went wrong, as a word to branch on. The first ten are the status codes of the C ABI (tensorlogic.h) without their prefix. */
export type ErrorCode =
  | "ARGUMENT"
  | "HANDLE"
  | "NOT_FOUND"
  | "FORMAT"
  | "UNSUPPORTED"
  | "FEATURE"
  | "IO"
  | "MEMORY"
  | "RUNTIME"
  | "BUSY"
  | "LIBRARY"
  | "IMAGE"
  | "SCRIPT";

/** Every error this package throws on purpose. `message` names the file or feature, the value and what was expected. */
export class TensorLogicError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** An argument or option of a call is wrong. */
export class ArgumentError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("ARGUMENT", message, options);
  }
}

/** An object was used after it was disposed. */
export class DisposedError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("HANDLE", message, options);
  }
}

/** A file, feature or function of that name does not exist. */
export class NotFoundError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("NOT_FOUND", message, options);
  }
}

/** A model or data file is malformed. */
export class FormatError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("FORMAT", message, options);
  }
}

/** The file is well formed, but this runtime does not run it. */
export class UnsupportedError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("UNSUPPORTED", message, options);
  }
}

/** A feature's value does not fit: its shape, element type or kind. */
export class FeatureError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("FEATURE", message, options);
  }
}

/** The operating system refused. */
export class IoError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("IO", message, options);
  }
}

/** No memory of that size. */
export class MemoryError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("MEMORY", message, options);
  }
}

/** The run itself failed. */
export class RunError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("RUNTIME", message, options);
  }
}

/** The request is already running. */
export class BusyError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("BUSY", message, options);
  }
}

/** The native library cannot be found, loaded or used. */
export class LibraryError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("LIBRARY", message, options);
  }
}

/** A picture cannot be decoded, encoded or laid out. */
export class ImageError extends TensorLogicError {
  constructor(message: string, options?: ErrorOptions) {
    super("IMAGE", message, options);
  }
}

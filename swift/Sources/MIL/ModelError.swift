/// Why a file cannot be used. `message` names the file, the place in it, the value found and what was expected.
public struct ModelError: Error, CustomStringConvertible, Sendable {
  public enum Code: Sendable {
    /// The file or a part of it is missing.
    case notFound
    /// The bytes are not what the format says.
    case malformed
    /// Well formed, but not something that this package runs.
    case unsupported
    /// The operating system refused.
    case io
    /// An argument of a call: unknown feature, wrong shape, wrong type.
    case argument
    /// Running failed: memory, data-dependent limits.
    case runtime
  }
  public var code: Code
  public var message: String
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
  public var description: String { message }
}

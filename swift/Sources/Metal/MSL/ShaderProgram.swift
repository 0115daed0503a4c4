/// What a source of MSL declares, as far as running its kernels needs it.
struct ShaderProgram {
  struct Argument {
    enum Source {
      case buffer(Int)
      case threadgroup(Int)
      /// `thread_position_in_grid` and the like.
      case value(String)
    }
    var name: String
    var source: Source
  }

  struct Kernel {
    /// What `makeFunction(name:)` knows it by.
    var name: String
    /// The function as C++ calls it: `scale`, `filters::blur`, `scale<half>`.
    var callee: String
    var arguments: [Argument]
    var maximumThreads = 0
    /// Threads wait for each other, so each needs a stack of its own.
    var hasBarriers = false
  }

  /// A change of the preprocessed text.
  struct Edit {
    var range: Range<String.UTF8View.Index>
    var replacement: String
  }

  var kernels: [Kernel] = []
  var edits: [Edit] = []
}

extension MTLLibraryError {
  init(line: Int, _ code: Code, _ text: String) { self.init(code, "program_source:\(line):1: error: \(text)") }

  /// A part of MSL that the CPU's device does not have.
  static func uncovered(_ feature: some StringProtocol, line: Int) -> MTLLibraryError {
    MTLLibraryError(line: line, .unsupported, "'\(feature)' is a feature of MSL that the portable Metal device lacks")
  }
}

/// The `ModelDescription` inside `coremldata.bin`. The container around it is not documented; in the files seen, a
/// 64-bit length stands before the message and a trailer after it. So every place with a length that fits is tried,
/// and the longest message that is a description in every field is taken.
struct CompiledDescription {
  let functions: [FunctionDescription]
  let defaultFunctionName: String
  let metadata: ModelMetadata

  /// Bytes of candidates to look at: plenty for real files, an end to the quadratic search of hostile ones.
  private static let maximumCandidateByteCount = 1 << 26
  private static let knownFields: Set<Int> = [1, 10, 11, 12, 13, 20, 21, 50, 100]

  init(functions: [FunctionDescription], defaultFunctionName: String, metadata: ModelMetadata) {
    self.functions = functions
    self.defaultFunctionName = defaultFunctionName
    self.metadata = metadata
  }

  /// nil when no description is found.
  init?(searching file: ByteSlice) {
    var remaining = CompiledDescription.maximumCandidateByteCount
    var best: (byteCount: Int, description: DescriptionReader)?
    for offset in 0..<max(0, file.count - 8) {
      guard let length = file.load(UInt64.self, at: offset), let byteCount = Int(exactly: length),
        byteCount > best?.byteCount ?? 1,
        let slice = file.slice(at: offset + 8, byteCount: byteCount)
      else { continue }
      remaining -= byteCount
      guard remaining >= 0 else { return nil }
      if let description = CompiledDescription.description(slice) { best = (byteCount, description) }
    }
    guard let found = best?.description else { return nil }
    self.init(functions: found.functions, defaultFunctionName: found.defaultFunctionName, metadata: found.metadata)
  }

  private static func description(_ slice: ByteSlice) -> DescriptionReader? {
    guard let description = try? DescriptionReader(ProtobufMessage(slice, name: "coremldata.bin")),
      description.fieldNumbers.isSubset(of: knownFields),
      description.functions.contains(where: { !$0.outputs.isEmpty })
    else { return nil }
    return description
  }
}

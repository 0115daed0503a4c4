/// FeatureVectorizer.proto: features side by side in one array.
public struct FeatureVectorizer: Sendable {
  public struct Column: Sendable {
    public let name: String
    public let size: Int
  }
  public private(set) var columns: [Column] = []
  public private(set) var size = 0

  /// A larger array than this is a damaged file; 2 GiB of doubles.
  private static let maximumSize = 1 << 28

  public init(_ message: ProtobufMessage) throws {
    try message.forEach(field: 1) { entry in
      var name = ""
      var columnSize = 0
      let column = try entry.message()
      try column.forEach(field: 1) { name = try $0.string() }
      try column.forEach(field: 2) { columnSize = try $0.index() }
      guard columnSize > 0, columnSize <= FeatureVectorizer.maximumSize - size else {
        throw entry.malformed(
          "column '\(name)' has \(columnSize) elements, expected 1 or more and not past 2^28 in all")
      }
      columns.append(Column(name: name, size: columnSize))
      size += columnSize
    }
  }
}

/// ArrayFeatureExtractor.proto: the elements at some indices of an array.
public struct ArrayFeatureExtractor: Sendable {
  public private(set) var indices: [Int] = []

  public init(_ message: ProtobufMessage) throws {
    var values: [UInt64] = []
    try message.forEach(field: 1) { try $0.appendVarints(to: &values) }
    for value in values {
      guard let index = Int(exactly: value) else {
        throw message.malformed("the index \(value) is larger than any array")
      }
      indices.append(index)
    }
    guard !indices.isEmpty else { throw message.malformed("the extractor has no index") }
  }
}

/// Scaler.proto: (x + shift) · scale, elementwise.
public struct Scaler: Sendable {
  public private(set) var shifts: [Double] = []
  public private(set) var scales: [Double] = []

  public init(_ message: ProtobufMessage) throws {
    try message.forEach(field: 1) { try $0.appendDoubles(to: &shifts) }
    try message.forEach(field: 2) { try $0.appendDoubles(to: &scales) }
  }
}

/// Normalizer.proto.
public struct Normalizer: Sendable {
  public enum Norm: Int, Sendable { case maximum = 0, l1, l2 }
  public private(set) var norm = Norm.maximum

  public init(_ message: ProtobufMessage) throws {
    try message.forEach(field: 1) { field in
      let code = try field.int32()
      guard let known = Norm(rawValue: Int(code)) else {
        throw field.malformed("norm type \(code), expected 0 (max), 1 (L1) or 2 (L2)")
      }
      norm = known
    }
  }
}

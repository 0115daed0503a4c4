/// NearestNeighbors.proto. Both kinds of index hold the same samples; which one it is only matters for speed.
public struct NearestNeighbors: Sendable {
  public private(set) var dimensions = 0
  public private(set) var samples: [[Float]] = []
  public private(set) var neighborCount = 0
  public private(set) var weighsByDistance = false
  /// One per sample.
  public private(set) var labels: ClassLabels
  /// The label where there are no samples.
  public private(set) var defaultString: String?
  public private(set) var defaultInt64: Int64?

  public init(_ message: ProtobufMessage) throws {
    var labels: ClassLabels?
    self.labels = .strings([])
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: try readIndex(field.message())
      case 3: neighborCount = try NearestNeighbors.neighborCount(field.message())
      case 110: defaultString = try field.string()
      case 111: defaultInt64 = try field.int64()
      case 200: weighsByDistance = false
      case 210: weighsByDistance = true
      default: labels = try ClassLabels(field) ?? labels
      }
    }
    // An empty model has no labels: its default says what they would be.
    self.labels = labels ?? (defaultInt64 == nil ? .strings([]) : .int64s([]))
    guard self.labels.count == samples.count else {
      throw message.malformed("\(self.labels.count) labels for \(samples.count) samples")
    }
    guard neighborCount > 0 else { throw message.malformed("\(neighborCount) neighbours, expected 1 or more") }
    if samples.isEmpty {
      let hasDefault: Bool
      if case .strings = self.labels { hasDefault = defaultString != nil } else { hasDefault = defaultInt64 != nil }
      guard hasDefault else { throw message.malformed("there are no samples and no default label of their type") }
    }
  }

  private mutating func readIndex(_ message: ProtobufMessage) throws {
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: dimensions = Int(try field.int32())
      case 2: samples.append(try field.floatVector())
      case 110:
        var leafSize: Int32 = 0
        try field.message().forEach(field: 1) { leafSize = try $0.int32() }
        guard leafSize > 0 else {
          throw field.malformed("a k-d tree with leaves of \(leafSize) samples, expected 1 or more")
        }
      default: break
      }
    }
    guard dimensions > 0 else { throw message.malformed("samples of \(dimensions) dimensions, expected 1 or more") }
    if let index = samples.firstIndex(where: { $0.count != dimensions }) {
      throw message.malformed("sample \(index) has \(samples[index].count) numbers, expected \(dimensions)")
    }
  }

  /// Int64Parameter: the default value within a range or a set of values.
  private static func neighborCount(_ message: ProtobufMessage) throws -> Int {
    var value: Int64 = 0
    try message.forEach(field: 1) { value = try $0.int64() }
    guard let count = Int(exactly: value) else { throw message.malformed("\(value) neighbours") }
    return count
  }
}

// DataStructures.proto, as far as classical models use it.

/// The classes of a classifier, in the order of the model file.
public enum ClassLabels: Sendable {
  case strings([String])
  case int64s([Int64])

  public var count: Int {
    switch self {
    case .strings(let labels): return labels.count
    case .int64s(let labels): return labels.count
    }
  }

  /// Fields 100 and 101 of every classifier.
  init?(_ field: ProtobufField) throws {
    switch field.number {
    case 100: self = .strings(try field.stringVector())
    case 101: self = .int64s(try field.int64Vector())
    default: return nil
    }
  }
}

extension ProtobufField {
  func stringVector() throws -> [String] {
    var values: [String] = []
    try message().forEach(field: 1) { values.append(try $0.string()) }
    return values
  }

  func int64Vector() throws -> [Int64] {
    var values: [Int64] = []
    try message().forEach(field: 1) { try $0.appendInt64s(to: &values) }
    return values
  }

  func floatVector() throws -> [Float] {
    var values: [Float] = []
    try message().forEach(field: 1) { try $0.appendFloats(to: &values) }
    return values
  }

  func doubleVector() throws -> [Double] {
    var values: [Double] = []
    try message().forEach(field: 1) { try $0.appendDoubles(to: &values) }
    return values
  }

  /// The entries of StringToInt64Map and its like; a later entry of the same key replaces an earlier one.
  func map<Key: Hashable, Value>(
    _ key: (ProtobufField) throws -> Key, _ value: (ProtobufField) throws -> Value, noKey: Key, noValue: Value
  ) throws -> [Key: Value] {
    var entries: [Key: Value] = [:]
    try message().forEach(field: 1) { entry in
      var entryKey = noKey
      var entryValue = noValue
      let entry = try entry.message()
      try entry.forEach(field: 1) { entryKey = try key($0) }
      try entry.forEach(field: 2) { entryValue = try value($0) }
      entries[entryKey] = entryValue
    }
    return entries
  }

  /// A count or an index that memory can have.
  func index() throws -> Int {
    let value = try uint64()
    guard let index = Int(exactly: value) else { throw malformed("the index \(value) is larger than any array") }
    return index
  }
}

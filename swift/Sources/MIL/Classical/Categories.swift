/// Strings or integers that each stand for their index.
public enum Categories: Sendable {
  case strings([String])
  case int64s([Int64])

  public var count: Int {
    switch self {
    case .strings(let values): return values.count
    case .int64s(let values): return values.count
    }
  }

  /// Fields 1 and 2 of OneHotEncoder.proto and DictVectorizer.proto.
  fileprivate init?(_ field: ProtobufField) throws {
    switch field.number {
    case 1: self = .strings(try field.stringVector())
    case 2: self = .int64s(try field.int64Vector())
    default: return nil
    }
  }
}

/// OneHotEncoder.proto.
public struct OneHotEncoder: Sendable {
  public let categories: Categories
  public private(set) var isSparse = false
  public private(set) var ignoresUnknown = false

  public init(_ message: ProtobufMessage) throws {
    var categories: Categories?
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 10: isSparse = try field.bool()
      case 11: ignoresUnknown = try field.int32() == 1
      default: categories = try Categories(field) ?? categories
      }
    }
    guard let categories else { throw message.malformed("the encoder has no categories") }
    self.categories = categories
  }
}

/// DictVectorizer.proto.
public struct DictVectorizer: Sendable {
  public let keys: Categories

  public init(_ message: ProtobufMessage) throws {
    var keys: Categories?
    var fields = message.fields()
    while let field = try fields.next() { keys = try Categories(field) ?? keys }
    guard let keys else { throw message.malformed("the vectorizer has no keys") }
    self.keys = keys
  }
}

/// CategoricalMapping.proto.
public struct CategoricalMapping: Sendable {
  public enum Mapping: Sendable {
    case toInt64([String: Int64])
    case toString([Int64: String])
  }
  public let mapping: Mapping
  /// The value of what is not in the mapping; without it that is an error.
  public private(set) var stringForUnknown: String?
  public private(set) var int64ForUnknown: Int64?

  public init(_ message: ProtobufMessage) throws {
    var mapping: Mapping?
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1:
        mapping = .toInt64(try field.map({ try $0.string() }, { try $0.int64() }, noKey: "", noValue: 0))
      case 2:
        mapping = .toString(try field.map({ try $0.int64() }, { try $0.string() }, noKey: 0, noValue: ""))
      case 101: stringForUnknown = try field.string()
      case 102: int64ForUnknown = try field.int64()
      default: break
      }
    }
    guard let mapping else { throw message.malformed("the categorical mapping is missing") }
    self.mapping = mapping
  }
}

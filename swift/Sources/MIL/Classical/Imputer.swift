/// Imputer.proto: values for what is missing, and how what is missing is written.
public struct Imputer: Sendable {
  public enum Value: Sendable {
    case double(Double)
    case int64(Int64)
    case string(String)
    case doubles([Double])
    case int64s([Int64])
    case stringDictionary([String: Double])
    case int64Dictionary([Int64: Double])
  }
  public enum Replaced: Sendable {
    case double(Double)
    case int64(Int64)
    case string(String)
  }
  public let value: Value
  public private(set) var replaced: Replaced?

  public init(_ message: ProtobufMessage) throws {
    var value: Value?
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: value = .double(try field.double())
      case 2: value = .int64(try field.int64())
      case 3: value = .string(try field.string())
      case 4: value = .doubles(try field.doubleVector())
      case 5: value = .int64s(try field.int64Vector())
      case 6:
        value = .stringDictionary(try field.map({ try $0.string() }, { try $0.double() }, noKey: "", noValue: 0))
      case 7: value = .int64Dictionary(try field.map({ try $0.int64() }, { try $0.double() }, noKey: 0, noValue: 0))
      case 11: replaced = .double(try field.double())
      case 12: replaced = .int64(try field.int64())
      case 13: replaced = .string(try field.string())
      default: break
      }
    }
    guard let value else { throw message.malformed("the imputer has no imputed value") }
    self.value = value
  }
}

/// MIL.proto types → `ValueType`.
enum TypeReader {
  static func valueType(_ message: ProtobufMessage) throws -> ValueType {
    var type: ValueType?
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: type = .tensor(try tensorType(field.message()))
      case 2: type = try listType(field.message())
      case 3: type = .tuple(try tupleTypes(field.message()))
      case 4: type = try dictionaryType(field.message())
      case 5: type = .state(try wrappedType(field.message()))
      default: break
      }
    }
    guard let type else {
      throw message.malformed("a value's type is missing; expected a tensor, list, tuple, dictionary or state")
    }
    return type
  }

  static func tensorType(_ message: ProtobufMessage) throws -> TensorType {
    var element: ElementType?
    var rank: Int64 = 0
    var shape: [Dimension] = []
    var isVariadic = false
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1:
        let code = try field.int32()
        guard let known = ElementType(rawValue: code) else {
          throw field.malformed("element type \(code) is not one of MIL's")
        }
        element = known
      case 2: rank = try field.int64()
      case 3:
        if let size = try dimension(field.message()) { shape.append(size) } else { isVariadic = true }
      default: break
      }
    }
    guard let element else { throw message.malformed("a tensor's element type is missing") }
    if isVariadic || rank < 0 {
      var type = TensorType(element, [])
      type.hasUnknownRank = true
      return type
    }
    guard Int64(shape.count) == rank else {
      throw message.malformed("a tensor has \(shape.count) dimensions, its rank is \(rank)")
    }
    let type = TensorType(element, shape)
    guard type.isAddressable else {
      throw message.malformed(
        "a tensor of shape [\(shape.map(\.description).joined(separator: ", "))]; expected at most 2^48 elements")
    }
    return type
  }

  /// nil for a variadic dimension, which stands for any number of them.
  static func dimension(_ message: ProtobufMessage) throws -> Dimension? {
    // A constant dimension of size 0 may be written as an empty message.
    var dimension: Dimension? = .fixed(0)
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: dimension = .fixed(try constantDimension(field.message()))
      case 2: dimension = try isVariadic(field.message()) ? nil : .unknown
      default: break
      }
    }
    return dimension
  }

  private static func constantDimension(_ message: ProtobufMessage) throws -> Int {
    var size = 0
    try message.forEach(field: 1) { field in
      let value = try field.uint64()
      guard let fitting = Int(exactly: value) else {
        throw field.malformed("a dimension of \(value), expected at most \(Int.max)")
      }
      size = fitting
    }
    return size
  }

  private static func isVariadic(_ message: ProtobufMessage) throws -> Bool {
    var variadic = false
    try message.forEach(field: 1) { variadic = try $0.bool() }
    return variadic
  }

  private static func listType(_ message: ProtobufMessage) throws -> ValueType {
    var element: ValueType?
    var length = Dimension.unknown
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: element = try valueType(field.message())
      case 2: length = try dimension(field.message()) ?? .unknown
      default: break
      }
    }
    guard let element else { throw message.malformed("a list's element type is missing") }
    return .list(element, length: length)
  }

  private static func tupleTypes(_ message: ProtobufMessage) throws -> [ValueType] {
    var types: [ValueType] = []
    try message.forEach(field: 1) { types.append(try valueType($0.message())) }
    return types
  }

  private static func dictionaryType(_ message: ProtobufMessage) throws -> ValueType {
    var key: ValueType?
    var value: ValueType?
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: key = try valueType(field.message())
      case 2: value = try valueType(field.message())
      default: break
      }
    }
    guard let key, let value else { throw message.malformed("a dictionary's key or value type is missing") }
    return .dictionary(key: key, value: value)
  }

  private static func wrappedType(_ message: ProtobufMessage) throws -> ValueType {
    var type: ValueType?
    try message.forEach(field: 1) { type = try valueType($0.message()) }
    guard let type else { throw message.malformed("a state's type is missing") }
    return type
  }
}

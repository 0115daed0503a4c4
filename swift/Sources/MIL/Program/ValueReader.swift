/// MIL.proto values → `Constant`: sizes and number ranges checked, weights in place.
struct ValueReader {
  let weights: WeightFiles

  func constant(_ message: ProtobufMessage) throws -> Constant {
    var type: ValueType?
    var payload: ((ValueType) throws -> Constant)?
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 2: type = try TypeReader.valueType(field.message())
      case 3:
        let immediate = try field.message()
        payload = { try self.immediate(immediate, type: $0) }
      case 5:
        let reference = try field.message()
        payload = { try self.blob(reference, type: $0) }
      default: break
      }
    }
    guard let type else { throw message.malformed("a value has no type") }
    guard let payload else { throw message.malformed("a value of type \(type) has no content") }
    return try payload(type)
  }

  private func blob(_ message: ProtobufMessage, type: ValueType) throws -> Constant {
    var fileName = ""
    var offset: UInt64 = 0
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: fileName = try field.string()
      case 2: offset = try field.uint64()
      default: break
      }
    }
    guard case .tensor(let tensor) = type, let byteCount = tensor.byteCount else {
      throw message.malformed(
        "a value of type \(type) cannot be stored in a weight file; expected a tensor of numbers with a fixed shape")
    }
    return Constant(
      type: type, payload: .bytes(try weights.data(fileName: fileName, offset: offset, byteCount: byteCount)))
  }

  private func immediate(_ message: ProtobufMessage, type: ValueType) throws -> Constant {
    var constant: Constant?
    var fields = message.fields()
    while let field = try fields.next() {
      switch (field.number, type) {
      case (1, .tensor(let tensor)): constant = try TensorValueReader(type: tensor).constant(field.message())
      case (2, .tuple(let types)):
        let elements = try elements(field.message())
        guard elements.count == types.count else {
          throw field.malformed("a tuple has \(elements.count) elements, its type \(type) has \(types.count)")
        }
        constant = Constant(type: type, payload: .elements(elements))
      case (3, .list(_, let length)):
        let elements = try elements(field.message())
        if case .fixed(let count) = length, count != elements.count {
          throw field.malformed("a list has \(elements.count) elements, its type \(type) has \(count)")
        }
        constant = Constant(type: type, payload: .elements(elements))
      case (4, .dictionary): constant = Constant(type: type, payload: .dictionary(try entries(field.message())))
      case (1...4, _): throw field.malformed("the value's content is not of its type \(type)")
      default: break
      }
    }
    guard let constant else { throw message.malformed("a value of type \(type) has no content") }
    return constant
  }

  private func elements(_ message: ProtobufMessage) throws -> [Constant] {
    var elements: [Constant] = []
    try message.forEach(field: 1) { elements.append(try constant($0.message())) }
    return elements
  }

  private func entries(_ message: ProtobufMessage) throws -> [(key: Constant, value: Constant)] {
    var entries: [(key: Constant, value: Constant)] = []
    try message.forEach(field: 1) { entry in
      var key: Constant?
      var value: Constant?
      var fields = try entry.message().fields()
      while let field = try fields.next() {
        switch field.number {
        case 1: key = try constant(field.message())
        case 2: value = try constant(field.message())
        default: break
        }
      }
      guard let key, let value else { throw entry.malformed("a dictionary entry lacks its key or its value") }
      entries.append((key, value))
    }
    return entries
  }
}

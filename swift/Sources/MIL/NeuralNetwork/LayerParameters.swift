/// The parameter message of one layer: scalars by field number, with protobuf's defaults (0, false, "") where a field is absent.
struct LayerParameters {
  let message: ProtobufMessage
  private var fields: [Int: [ProtobufField]] = [:]

  init(_ message: ProtobufMessage) throws {
    self.message = message
    var reader = message.fields()
    while let field = try reader.next() { fields[field.number, default: []].append(field) }
  }

  func has(_ number: Int) -> Bool { fields[number] != nil }

  /// MIL's integers have 32 bits: numbers beyond are held at the limits ("to the end" of slices, for instance), so that sums and products of
  /// two of them cannot overflow while layers are lowered.
  func int(_ number: Int, default fallback: Int = 0) throws -> Int {
    guard let field = fields[number]?.last else { return fallback }
    return Int(Int32(clamping: try field.int64()))
  }

  func float(_ number: Int, default fallback: Float = 0) throws -> Float { try fields[number]?.last?.float() ?? fallback }

  /// Parameters whose 0 stands for a default.
  func float(_ number: Int, zeroMeans fallback: Float) throws -> Float {
    let value = try float(number)
    return value == 0 ? fallback : value
  }

  func bool(_ number: Int) throws -> Bool { try fields[number]?.last?.bool() ?? false }
  func string(_ number: Int) throws -> String { try fields[number]?.last?.string() ?? "" }
  func bytes(_ number: Int) throws -> ByteSlice? { try fields[number]?.last?.bytes() }

  func ints(_ number: Int) throws -> [Int] {
    try int64s(number).map { Int(Int32(clamping: $0)) }
  }

  func int64s(_ number: Int) throws -> [Int64] {
    var values: [Int64] = []
    for field in fields[number] ?? [] { try field.appendInt64s(to: &values) }
    return values
  }

  /// A list with one number per axis; absent = `fallback`.
  func ints(_ number: Int, count: Int, default fallback: Int) throws -> [Int] {
    let values = try ints(number)
    if values.isEmpty { return [Int](repeating: fallback, count: count) }
    guard values.count == count else { throw message.malformed("field \(number) has \(values.count) numbers, expected \(count)") }
    return values
  }

  func bools(_ number: Int) throws -> [Bool] { try ints(number).map { $0 != 0 } }

  func floats(_ number: Int) throws -> [Float] {
    var values: [Float] = []
    for field in fields[number] ?? [] { try field.appendFloats(to: &values) }
    return values
  }

  func strings(_ number: Int) throws -> [String] { try (fields[number] ?? []).map { try $0.string() } }

  func messages(_ number: Int) throws -> [ProtobufMessage] { try (fields[number] ?? []).map { try $0.message() } }

  /// The parameters of a nested message; empty when it is absent.
  func nested(_ number: Int) throws -> LayerParameters? { try fields[number]?.last.map { try LayerParameters($0.message()) } }
}

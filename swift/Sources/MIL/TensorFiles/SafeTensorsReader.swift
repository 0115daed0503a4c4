/// SafeTensors: 8 bytes header length, a JSON header, the tensors' bytes. In the order of the reference reader: length check, cap,
/// checked arithmetic, slice by range, validate.
enum SafeTensorsReader {
  /// As the reference's; bounds the memory that a header can cost.
  static let maximumHeaderBytes = 100_000_000

  static func read(_ file: ByteSlice, path: String, isWritable: Bool) throws -> TensorFile {
    let (header, data) = try sections(file, name: path)
    guard case .object(let members) = try JSON(parsing: header, name: "\(path): header") else {
      throw failure(path, "the header is not a JSON object")
    }
    var tensors: [StoredTensor] = []
    tensors.reserveCapacity(members.count)
    for name in members.keys where name != "__metadata__" {
      tensors.append(try tensor(name, members[name] ?? .null, data: data, path: path))
    }
    try checkCoverage(tensors, data: data, path: path)
    return TensorFile(
      format: .safetensors, path: path, version: 0, metadata: try metadata(members["__metadata__"], path),
      tensors: tensors, isWritable: isWritable)
  }

  private static func sections(_ file: ByteSlice, name: String) throws -> (header: ByteSlice, data: ByteSlice) {
    guard let length = file.load(UInt64.self, at: 0) else {
      throw failure(name, "\(file.count) bytes, expected at least the 8 of the header's length; the file is truncated")
    }
    guard length <= UInt64(maximumHeaderBytes) else {
      throw failure(name, "the header's length is \(length) bytes, expected at most \(maximumHeaderBytes)")
    }
    guard let header = file.slice(at: 8, byteCount: Int(length)),
      let data = file.slice(at: 8 + Int(length), byteCount: file.count - 8 - Int(length))
    else {
      throw failure(name, "a header of \(length) bytes in a file of \(file.count): the file is truncated")
    }
    guard header.load(UInt8.self, at: 0) == UInt8(ascii: "{") else {
      throw failure(name, "the header does not begin with {")
    }
    return (header, data)
  }

  private static func tensor(_ name: String, _ info: JSON, data: ByteSlice, path: String) throws -> StoredTensor {
    func bad(_ key: String, _ value: JSON?, _ expectation: String) -> ModelError {
      let found = value.map { "\($0.kindName) \($0.serialised().prefix(60))" } ?? "missing"
      return failure(path, "tensor \(name.debugDescription): \(key) is \(found), expected \(expectation)")
    }
    guard case .object(let members) = info else { throw bad("the entry", info, "an object") }
    guard let typeName = members["dtype"]?.stringValue else { throw bad("dtype", members["dtype"], "a string") }
    guard let type = StoredType(rawValue: typeName), type.isInSafeTensors else {
      throw ModelError(
        .unsupported, "\(path): tensor \(name.debugDescription): dtype \(typeName.debugDescription) is not known")
    }
    guard let sizes = members["shape"]?.arrayValue else { throw bad("shape", members["shape"], "an array of sizes") }
    let shape = try sizes.map { size -> Int in
      guard case .integer(let size) = size, size >= 0, let size = Int(exactly: size) else {
        throw bad("shape", members["shape"], "an array of sizes")
      }
      return size
    }
    guard let offsets = members["data_offsets"]?.arrayValue, offsets.count == 2,
      case .integer(let first) = offsets[0], case .integer(let last) = offsets[1],
      let begin = Int(exactly: first), let end = Int(exactly: last), begin >= 0, end >= begin
    else { throw bad("data_offsets", members["data_offsets"], "[begin, end]") }
    guard let count = elementCount(shape), let byteCount = type.byteCount(elementCount: count) else {
      throw failure(
        path, "tensor \(name.debugDescription): \(typeName) \(shape) is no number of bytes that a file could have")
    }
    guard byteCount == end - begin else {
      throw failure(
        path,
        "tensor \(name.debugDescription): data_offsets [\(begin), \(end)] are \(end - begin) bytes, \(typeName) \(shape) needs \(byteCount)"
      )
    }
    guard let bytes = data.slice(at: begin, byteCount: byteCount) else {
      throw failure(
        path,
        "tensor \(name.debugDescription): data_offsets [\(begin), \(end)] go past the \(data.count) bytes of data; the file is truncated"
      )
    }
    return StoredTensor(name: name, type: type, shape: shape, bytes: bytes)
  }

  /// The format allows neither holes nor overlaps: every byte belongs to one tensor.
  private static func checkCoverage(_ tensors: [StoredTensor], data: ByteSlice, path: String) throws {
    guard let start = data.bytes.baseAddress else { return }
    let ranges = tensors.map { tensor -> (begin: Int, end: Int, name: String) in
      let begin = tensor.bytes.bytes.baseAddress.map { $0 - start } ?? 0
      return (begin, begin + tensor.bytes.count, tensor.name)
    }
    var end = 0
    for range in ranges.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard range.begin == end else {
        let what = range.begin < end ? "overlaps the tensor before it" : "leaves a hole behind the tensor before it"
        throw failure(
          path, "tensor \(range.name.debugDescription): begins at \(range.begin) and \(what), which ends at \(end)")
      }
      end = range.end
    }
    guard end == data.count else {
      throw failure(path, "the tensors end at \(end) of \(data.count) bytes of data; expected the file to end there")
    }
  }

  private static func metadata(_ value: JSON?, _ path: String) throws -> [(key: String, value: MetadataValue)] {
    switch value {
    case nil, .null?: return []
    case .object(let members)?:
      return try members.keys.map { key in
        guard let text = members[key]?.stringValue else {
          throw failure(
            path, "__metadata__: \(key.debugDescription) is \(members[key]?.kindName ?? "missing"), expected a string")
        }
        return (key, .string(text))
      }
    case let other?: throw failure(path, "__metadata__ is \(other.kindName), expected an object of strings")
    }
  }

  private static func failure(_ path: String, _ what: String) -> ModelError {
    ModelError(.malformed, "\(path): \(what)")
  }
}

extension StoredType {
  fileprivate var isInSafeTensors: Bool { blockElements == 1 || self == .f4 || self == .f6e2m3 || self == .f6e3m2 }
}

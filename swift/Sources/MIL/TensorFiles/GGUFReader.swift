/// GGUF, versions 2 and 3, little endian: magic, version, counts, metadata, tensor infos, then aligned data.
enum GGUFReader {
  static let defaultAlignment = 32
  /// GGML_MAX_DIMS.
  static let maximumRank: UInt32 = 4

  static func read(_ file: ByteSlice, path: String, isWritable: Bool) throws -> TensorFile {
    var cursor = GGUFCursor(file, name: path)
    let (version, tensorCount, valueCount) = try header(&cursor, byteCount: file.count)
    var metadata: [(key: String, value: MetadataValue)] = []
    var keys: Set<String> = []
    for _ in 0..<valueCount {
      let key = try cursor.string("a metadata key")
      guard keys.insert(key).inserted else {
        throw cursor.failure("the metadata key \(key.debugDescription) is there twice")
      }
      metadata.append((key, try cursor.value(cursor.valueType("the metadata key \(key.debugDescription)"))))
    }
    let alignment = try alignment(metadata, cursor)
    var infos: [Info] = []
    for _ in 0..<tensorCount { infos.append(try info(&cursor, alignment)) }
    try checkNames(infos, path)
    let tensors = try slices(infos, file, path, dataOffset: cursor.offset, alignment)
    return TensorFile(
      format: .gguf, path: path, version: Int(version), metadata: metadata, tensors: tensors, isWritable: isWritable)
  }

  private struct Info {
    var name: String
    var type: StoredType
    var shape: [Int]
    var byteCount: Int
    var offset: UInt64
  }

  private static func header(_ cursor: inout GGUFCursor, byteCount: Int) throws -> (UInt32, Int, Int) {
    _ = try cursor.number(UInt32.self, "the magic")
    let version = try cursor.number(UInt32.self, "the version")
    if version & 0xFFFF == 0 {
      throw ModelError(
        .unsupported,
        "\(cursor.name): a big-endian GGUF file (version \(version.byteSwapped)), expected a little-endian one")
    }
    guard version == 2 || version == 3 else {
      throw ModelError(.unsupported, "\(cursor.name): GGUF version \(version), expected 2 or 3")
    }
    let tensors = try cursor.number(UInt64.self, "the tensor count")
    let values = try cursor.number(UInt64.self, "the metadata count")
    // The shortest tensor info has 24 bytes, the shortest metadata entry 13.
    guard tensors <= UInt64(byteCount / 24), values <= UInt64(byteCount / 13) else {
      throw cursor.failure(
        "\(tensors) tensors and \(values) metadata values do not fit the file of \(byteCount) bytes; it is truncated")
    }
    return (version, Int(tensors), Int(values))
  }

  private static func alignment(_ metadata: [(key: String, value: MetadataValue)], _ cursor: GGUFCursor) throws -> Int {
    guard let value = metadata.first(where: { $0.key == "general.alignment" })?.value else { return defaultAlignment }
    guard case .uint32(let alignment) = value else {
      throw cursor.failure("general.alignment is of type \(value.typeName), expected uint32")
    }
    guard alignment > 0, alignment & (alignment - 1) == 0 else {
      throw cursor.failure("general.alignment is \(alignment), expected a power of two")
    }
    return Int(alignment)
  }

  private static func info(_ cursor: inout GGUFCursor, _ alignment: Int) throws -> Info {
    let name = try cursor.string("a tensor's name")
    func bad(_ what: String) -> ModelError { cursor.failure("tensor \(name.debugDescription): \(what)") }
    let rank = try cursor.number(UInt32.self, "tensor \(name.debugDescription)")
    guard rank <= maximumRank else { throw bad("\(rank) dimensions, expected at most \(maximumRank)") }
    var shape: [Int] = []
    for _ in 0..<rank {
      let size = try cursor.number(UInt64.self, "tensor \(name.debugDescription)")
      guard let size = Int(exactly: size) else { throw bad("a dimension of \(size) elements") }
      // The file has the innermost dimension first.
      shape.insert(size, at: 0)
    }
    let code = try cursor.number(UInt32.self, "tensor \(name.debugDescription)")
    guard let type = StoredType(ggufCode: code) else {
      let what = StoredType.removedGGUFCodes[code].map { "\($0), which ggml has removed" } ?? "not known"
      throw ModelError(.unsupported, "\(cursor.name): tensor \(name.debugDescription): the type \(code) is \(what)")
    }
    let offset = try cursor.number(UInt64.self, "tensor \(name.debugDescription)")
    guard offset % UInt64(alignment) == 0 else {
      throw bad("its offset \(offset) is no multiple of the alignment \(alignment)")
    }
    guard (shape.last ?? 1) % type.blockElements == 0 else {
      throw bad("rows of \(shape.last ?? 1) elements, \(type.rawValue) needs a multiple of \(type.blockElements)")
    }
    guard let count = elementCount(shape), let byteCount = type.byteCount(elementCount: count) else {
      throw bad("\(type.rawValue) \(shape) is no number of bytes that a file could have")
    }
    return Info(name: name, type: type, shape: shape, byteCount: byteCount, offset: offset)
  }

  private static func checkNames(_ infos: [Info], _ path: String) throws {
    var names: Set<String> = []
    for info in infos where !names.insert(info.name).inserted {
      throw ModelError(.malformed, "\(path): the tensor \(info.name.debugDescription) is there twice")
    }
  }

  private static func slices(_ infos: [Info], _ file: ByteSlice, _ path: String, dataOffset: Int, _ alignment: Int)
    throws
    -> [StoredTensor]
  {
    // Both are below 2^62, so that the sum cannot overflow: the file is mapped, the alignment has 32 bits.
    let start = (dataOffset + alignment - 1) / alignment * alignment
    let dataBytes = max(file.count - start, 0)
    let data = file.slice(at: min(start, file.count), byteCount: dataBytes)
    let tensors = try infos.map { info -> StoredTensor in
      guard let offset = Int(exactly: info.offset), let bytes = data?.slice(at: offset, byteCount: info.byteCount)
      else {
        throw ModelError(
          .malformed,
          "\(path): tensor \(info.name.debugDescription): \(info.byteCount) bytes at \(info.offset) go past the \(dataBytes) bytes of data; the file is truncated"
        )
      }
      return StoredTensor(name: info.name, type: info.type, shape: info.shape, bytes: bytes)
    }
    try checkOverlaps(infos, path)
    return tensors
  }

  /// Gaps are padding; the same byte in two tensors is damage.
  private static func checkOverlaps(_ infos: [Info], _ path: String) throws {
    var end: UInt64 = 0
    for info in infos.filter({ $0.byteCount > 0 }).sorted(by: { $0.offset < $1.offset }) {
      guard info.offset >= end else {
        throw ModelError(
          .malformed,
          "\(path): tensor \(info.name.debugDescription): begins at \(info.offset) and overlaps the tensor before it, which ends at \(end)"
        )
      }
      // Within the file, as `slices` has checked.
      end = info.offset + UInt64(info.byteCount)
    }
  }
}

/// A sharded set: `model.safetensors.index.json` says which file beside it has which tensor.
enum SafeTensorsIndex {
  /// How many files one set may have; each is a mapping of this process.
  static let maximumShards = 4096

  /// Whether a file is the index of a sharded set: a JSON object with a weight_map.
  static func isIndex(_ file: ByteSlice) -> Bool {
    guard file.load(UInt8.self, at: 0) == UInt8(ascii: "{"), file.count <= SafeTensorsReader.maximumHeaderBytes,
      let index = try? JSON(parsing: file, name: "")
    else { return false }
    return index["weight_map"]?.objectValue != nil
  }

  /// The index in a folder, or its only SafeTensors or GGUF file.
  static func member(of directory: String) throws -> String {
    let entries = Path.entries(of: directory)
    let indices = entries.filter { $0.hasSuffix(".safetensors.index.json") }
    let files = entries.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".gguf") }
    if indices.contains("model.safetensors.index.json") { return Path.join(directory, "model.safetensors.index.json") }
    for names in [indices, files] where names.count == 1 { return Path.join(directory, names[0]) }
    let found = (indices + files).prefix(3).joined(separator: ", ")
    throw ModelError(
      .notFound,
      "\(directory): expected one .safetensors.index.json, .safetensors or .gguf file in this folder, found \(found.isEmpty ? "none" : found)"
    )
  }

  static func open(path: String, file: MappedFile) throws -> TensorFile {
    let index = try JSON(parsing: file.slice, name: path)
    guard let map = index["weight_map"]?.objectValue else {
      throw ModelError(.malformed, "\(path): weight_map is missing, expected an object of tensor names and files")
    }
    let directory = Path.directory(of: path)
    let enclosure = try Enclosure(directory)
    var shards: [String: Shard] = [:]
    var names: [String] = []
    var tensors: [StoredTensor] = []
    for name in map.keys {
      guard let fileName = map[name]?.stringValue else {
        throw ModelError(
          .malformed, "\(path): weight_map: \(name.debugDescription) is no string, expected a file's name")
      }
      if shards[fileName] == nil {
        guard shards.count < maximumShards else {
          throw ModelError(.unsupported, "\(path): more than \(maximumShards) files")
        }
        shards[fileName] = try Shard(enclosure.locate(fileName, in: directory, what: "the shard"))
        names.append(fileName)
      }
      guard let tensor = shards[fileName]?.tensors[name] else {
        throw ModelError(
          .malformed, "\(path): weight_map: tensor \(name.debugDescription) is not in \(fileName), where it should be")
      }
      tensors.append(tensor)
    }
    return TensorFile(
      format: .safetensors, path: path, version: 0,
      metadata: merged(index["metadata"], names.compactMap { shards[$0] }),
      tensors: tensors, isWritable: shards.values.allSatisfy(\.file.isWritable))
  }

  private struct Shard {
    let file: TensorFile
    let tensors: [String: StoredTensor]

    init(_ path: String) throws {
      let mapped = try MappedFile(path: path, isPrivatelyWritable: true)
      file = try SafeTensorsReader.read(mapped.slice, path: path, isWritable: mapped.isWritable)
      tensors = Dictionary(file.tensors.map { ($0.name, $0) }) { first, _ in first }
    }
  }

  /// What the index and the shards say; the first word on a key counts.
  private static func merged(_ index: JSON?, _ shards: [Shard]) -> [(key: String, value: MetadataValue)] {
    var seen: Set<String> = []
    let own = index?.objectValue.map { members in
      members.keys.map { key -> (key: String, value: MetadataValue) in
        let value = members[key] ?? .null
        return (key, .string(value.stringValue ?? value.serialised()))
      }
    }
    return ((own ?? []) + shards.flatMap(\.file.metadata)).filter { seen.insert($0.key).inserted }
  }
}

/// The weight files that a model's programs name, each opened at its first use.
final class WeightFiles {
  private static let modelPath = "@model_path/"

  private let directory: String
  private let enclosure: Enclosure
  private var opened: [String: BlobStorage] = [:]

  /// `directory`: that of the root model, which `@model_path` stands for. `package`: the folder that no path may leave.
  init(directory: String, package: String) throws {
    self.directory = directory
    enclosure = try Enclosure(package)
  }

  func data(fileName: String, offset: UInt64, byteCount: Int) throws -> ByteSlice {
    try storage(fileName).data(at: offset, byteCount: byteCount)
  }

  private func storage(_ fileName: String) throws -> BlobStorage {
    if let storage = opened[fileName] { return storage }
    guard fileName.hasPrefix(WeightFiles.modelPath) else {
      throw ModelError(
        .malformed,
        "\(directory): weight file \(fileName.debugDescription), expected a path that begins with @model_path/")
    }
    let name = String(fileName.dropFirst(WeightFiles.modelPath.count))
    let path: String
    do {
      path = try enclosure.locate(name, in: directory, what: "the weight file")
    } catch let error as ModelError where error.code == .notFound {
      throw ModelError(
        .notFound,
        "\(Path.join(directory, name)): the model's weight file is missing; copy the whole model, with its weights folder"
      )
    }
    let storage = try BlobStorage(MappedFile(path: path).slice, name: path)
    opened[fileName] = storage
    return storage
  }
}

/// A `.mlpackage`: a directory with `Manifest.json` and the items that it lists under `Data`.
struct ModelPackage {
  static let manifestName = "Manifest.json"

  let path: String
  private let enclosure: Enclosure
  private let manifest: JSON

  init(path: String) throws {
    self.path = path
    enclosure = try Enclosure(path)
    let manifestPath = try enclosure.locate(ModelPackage.manifestName, in: path, what: "the manifest")
    manifest = try JSON(parsing: MappedFile(path: manifestPath).slice, name: manifestPath)
  }

  func model() throws -> ModelSpecification { try ModelFile.model(at: try rootModelPath(), package: path) }

  /// Every item must have its four keys and its file, as Core ML's own reader has it.
  func rootModelPath() throws -> String {
    try checkVersion()
    let root = try text(manifest["rootModelIdentifier"], "rootModelIdentifier")
    guard let items = manifest["itemInfoEntries"]?.objectValue else {
      throw malformed("itemInfoEntries", manifest["itemInfoEntries"], "an object")
    }
    let data = Path.join(path, "Data")
    var rootPath: String?
    for identifier in items.keys {
      let item = items[identifier]
      for key in ["author", "description", "name"] { _ = try text(item?[key], "itemInfoEntries.\(identifier).\(key)") }
      let itemPath = try text(item?["path"], "itemInfoEntries.\(identifier).path")
      let located: String
      do {
        located = try enclosure.locate(itemPath, in: data, what: "the manifest's item")
      } catch let error as ModelError where error.code == .notFound && identifier != root {
        throw ModelError(
          .notFound, "\(Path.join(data, itemPath)): the manifest lists it, but it is missing; copy the whole package")
      }
      if identifier == root { rootPath = located }
    }
    guard let rootPath else {
      throw ModelError(
        .malformed,
        "\(path): \(ModelPackage.manifestName): the root model '\(root)' is not among the items \(items.keys.joined(separator: ", "))"
      )
    }
    return rootPath
  }

  private func checkVersion() throws {
    let version = try text(manifest["fileFormatVersion"], "fileFormatVersion")
    let parts = version.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, parts.allSatisfy({ $0 != nil }) else {
      throw malformed("fileFormatVersion", manifest["fileFormatVersion"], "three numbers such as \"1.0.0\"")
    }
    guard parts == [1, 0, 0] || parts[0] == 0 else {
      throw ModelError(.unsupported, "\(path): package format version \(version), expected 1.0.0")
    }
  }

  private func text(_ value: JSON?, _ key: String) throws -> String {
    guard let text = value?.stringValue else { throw malformed(key, value, "a string") }
    return text
  }

  private func malformed(_ key: String, _ value: JSON?, _ expectation: String) -> ModelError {
    ModelError(
      .malformed,
      "\(path): \(ModelPackage.manifestName): \(key) is \(value.map { "\($0.kindName) \($0.serialised().prefix(60))" } ?? "missing"), expected \(expectation)"
    )
  }
}

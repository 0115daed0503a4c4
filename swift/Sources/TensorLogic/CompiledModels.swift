import CoreML

#if canImport(ObjectiveC)
  import CryptoKit

  /// Core ML loads compiled models only. Compiling takes seconds, so a compiled model is kept in the user's cache under the hash of what
  /// it was made from; a changed model has another hash.
  enum CompiledModels {
    static func url(of path: String) throws -> URL {
      let source = URL(fileURLWithPath: path)
      let files = FileManager.default
      if files.fileExists(atPath: source.appendingPathComponent("coremldata.bin").path) { return source }
      let folder = try files.url(for: .cachesDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        .appendingPathComponent("tensorlogic/compiled")
      let cached = folder.appendingPathComponent(try contentHash(source)).appendingPathExtension("mlmodelc")
      if files.fileExists(atPath: cached.path) { return cached }
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
      let compiled = try MLModel.compileModel(at: named(source))
      do {
        try files.moveItem(at: compiled, to: cached)
      } catch {
        // Another process may have been faster.
        guard files.fileExists(atPath: cached.path) else { throw error }
      }
      return cached
    }

    /// The compiler goes by the extension, this package by the content.
    private static func named(_ source: URL) throws -> URL {
      var isFolder: ObjCBool = false
      FileManager.default.fileExists(atPath: source.path, isDirectory: &isFolder)
      let expected = isFolder.boolValue ? "mlpackage" : "mlmodel"
      if source.pathExtension == expected { return source }
      let link = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        .appendingPathExtension(expected)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: source.absoluteURL)
      return link
    }

    /// SHA-256 over the names and contents of all files, and the system's version: compiled models belong to one.
    private static func contentHash(_ source: URL) throws -> String {
      var hash = SHA256()
      hash.update(data: Data(ProcessInfo.processInfo.operatingSystemVersionString.utf8))
      let inside =
        FileManager.default.enumerator(atPath: source.path)?.allObjects.compactMap { $0 as? String }.sorted() ?? []
      for name in inside.isEmpty ? [""] : inside {
        let file = name.isEmpty ? source : source.appendingPathComponent(name)
        guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
        hash.update(data: Data("\(name)\0".utf8))
        hash.update(data: try Data(contentsOf: file, options: .alwaysMapped))
      }
      return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }
  }
#else
  enum CompiledModels {
    static func url(of path: String) throws -> URL { try MLModel.compileModel(at: URL(fileURLWithPath: path)) }
  }
#endif

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Questions about paths, without Foundation.
enum Path {
  enum Kind { case file, directory, other }

  static func kind(_ path: String) -> Kind? {
    var status = stat()
    guard !path.utf8.contains(0), stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    default: return .other
    }
  }

  static func join(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : directory + "/" + name
  }

  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func baseName(_ path: String) -> String {
    let parts = path.split(separator: "/")
    return parts.last.map(String.init) ?? path
  }

  /// The path with every symbolic link followed, or nil when it does not exist.
  static func resolved(_ path: String) -> String? {
    guard !path.utf8.contains(0), let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  static func entries(of directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// A folder that nothing named inside it may leave, neither by `..` nor by a symbolic link.
struct Enclosure: Sendable {
  /// As the user wrote it, for messages.
  let path: String
  private let realPath: String

  init(_ path: String) throws {
    guard let realPath = Path.resolved(path) else { throw ModelError(.notFound, "\(path): no such directory") }
    self.path = path
    self.realPath = realPath
  }

  /// The path of `name` under `directory` (which lies in this enclosure). `what` is the name's role, for messages.
  func locate(_ name: String, in directory: String, what: String) throws -> String {
    guard !name.isEmpty else { throw ModelError(.malformed, "\(path): \(what) is an empty path") }
    guard !name.hasPrefix("/"), !name.utf8.contains(0), !leavesLexically(name, in: directory) else {
      throw ModelError(
        .malformed, "\(path): \(what) \(name.debugDescription) is outside the package; expected a path inside it")
    }
    let candidate = Path.join(directory, name)
    guard let real = Path.resolved(candidate) else {
      throw ModelError(.notFound, "\(candidate): no such file (\(what))")
    }
    guard real == realPath || real.hasPrefix(realPath == "/" ? "/" : realPath + "/") else {
      throw ModelError(
        .malformed,
        "\(candidate): \(what) is a symbolic link to \(real), outside the package; copy the package with its links followed (cp -RL)"
      )
    }
    return candidate
  }

  private func leavesLexically(_ name: String, in directory: String) -> Bool {
    let inside = directory.hasPrefix(path) ? directory.dropFirst(path.count) : ""
    var depth = inside.split(separator: "/").count
    for part in name.split(separator: "/") {
      if part == ".." { depth -= 1 } else if part != "." { depth += 1 }
      if depth < 0 { return true }
    }
    return false
  }
}

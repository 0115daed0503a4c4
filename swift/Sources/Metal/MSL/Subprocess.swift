import Glibc

/// Runs a program to its end.
enum Subprocess {
  /// The exit code; nil when it could not be started. Standard error goes to the file `errors`, standard output to `output`.
  static func run(_ path: String, _ arguments: [String], output: String, errors: String) -> Int32? {
    var actions = posix_spawn_file_actions_t()
    guard posix_spawn_file_actions_init(&actions) == 0 else { return nil }
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, flags, 0o600)
    var words = ([path] + arguments).map { strdup($0) }
    defer { for word in words { free(word) } }
    words.append(nil)
    var child: pid_t = 0
    guard posix_spawn(&child, path, &actions, nil, words, environ) == 0 else { return nil }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      // Somebody else in the process has waited for it: its results speak.
      guard errno == EINTR else { return 0 }
    }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }
}

/// Small files and folders, without Foundation.
enum Files {
  static func read(_ path: String) -> String? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func write(_ text: String, to path: String) -> Bool {
    guard let file = fopen(path, "wbe") else { return false }
    var text = text
    let isWritten = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
    return fclose(file) == 0 && isWritten
  }

  /// Whole, or not at all: readers see no half of a file.
  static func publish(_ text: String, as path: String) -> Bool {
    let draft = "\(path).\(getpid()).tmp"
    guard write(text, to: draft), rename(draft, path) == 0 else {
      unlink(draft)
      return false
    }
    return true
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
  static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

  /// With the folders above; only the user can read it.
  static func makeFolder(_ path: String) -> Bool {
    var made = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: true) {
      made += "/" + part
      if mkdir(made, 0o700) != 0 && errno != EEXIST && !exists(made) { return false }
    }
    return isExecutable(path)
  }

  static func entries(_ folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }

  static var cacheFolder: String {
    if let own = environment("TENSORLOGIC_CACHE") { return own }
    if let cache = environment("XDG_CACHE_HOME"), cache.hasPrefix("/") { return cache + "/tensorlogic" }
    return (environment("HOME") ?? "/tmp") + "/.cache/tensorlogic"
  }
}

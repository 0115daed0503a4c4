#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A regular file mapped into memory; the file itself is never written. Slices of it keep the mapping alive, so weights are used where they lie.
/// Whoever truncates a file while it is mapped takes its pages away; that is the operating system's contract.
public final class MappedFile: @unchecked Sendable {
  public let path: String
  /// Valid while this object lives: keep the object in a variable, or take `slice`.
  public let bytes: UnsafeRawBufferPointer
  /// Whether the memory may be written; writes stay in this process.
  public let isWritable: Bool

  /// `isPrivatelyWritable`: for memory that is lent to callers, whose writes must not end the process. Where the system refuses (strict
  /// overcommit, a file larger than memory) the mapping is read-only, see `isWritable`.
  /// Fails for a missing file, anything that is not a regular file, an empty file, and whatever the system refuses.
  public init(path: String, isPrivatelyWritable: Bool = false) throws {
    self.path = path
    guard !path.utf8.contains(0) else {
      throw ModelError(.argument, "\(path.debugDescription): a path cannot contain a NUL character")
    }
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw MappedFile.failure("cannot open", path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw MappedFile.failure("cannot read the size of", path, errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw ModelError(.malformed, "\(path): is a directory, expected a file")
    default: throw ModelError(.malformed, "\(path): is not a regular file")
    }
    guard let size = Int(exactly: status.st_size), size > 0 else {
      throw ModelError(.malformed, "\(path): the file is empty")
    }
    var address = MAP_FAILED
    if isPrivatelyWritable {
      address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
    }
    isWritable = address != MAP_FAILED
    if !isWritable { address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0) }
    guard let address, address != MAP_FAILED else { throw MappedFile.failure("cannot map", path, errno) }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
  }

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }

  public var slice: ByteSlice { ByteSlice(owner: self, bytes: bytes) }

  /// Gives the pages under `part` back to the system; the next read takes them from the file again. A writable mapping keeps them: they
  /// may hold what only this process knows.
  func dropPages(of part: UnsafeRawBufferPointer) {
    guard !isWritable, let file = bytes.baseAddress, let start = part.baseAddress, start >= file,
      start + part.count <= file + bytes.count
    else { return }
    // Whole pages, those at the edges too: a neighbour that shares one reads it again.
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    guard pageSize > 0 else { return }
    let (first, last) = ((start - file) / pageSize * pageSize, (start - file) + part.count)
    madvise(UnsafeMutableRawPointer(mutating: file + first), last - first, MADV_DONTNEED)
  }

  private static func failure(_ what: String, _ path: String, _ code: Int32) -> ModelError {
    if code == ENOENT || code == ENOTDIR { return ModelError(.notFound, "\(path): no such file") }
    return ModelError(.io, "\(path): \(what) the file: \(String(cString: strerror(code)))")
  }
}

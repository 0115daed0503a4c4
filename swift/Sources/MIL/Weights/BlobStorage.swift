/// A weight file (MIL Blob Storage, version 2): a 64-byte header, then blobs, each a 64-byte record and its data.
/// The data are used where they lie in the mapping. All numbers are little endian.
public final class BlobStorage: Sendable {
  static let alignment = 64
  private static let sentinel: UInt32 = 0xDEAD_BEEF

  let name: String
  private let file: ByteSlice

  /// `name` is the file for messages.
  public init(_ file: ByteSlice, name: String) throws {
    self.name = name
    self.file = file
    if file.starts(with: gitLFSPrefix) { throw gitLFSPointer(name, what: "the weights") }
    guard file.count >= BlobStorage.alignment, let version = file.load(UInt32.self, at: 4) else {
      throw ModelError(
        .malformed,
        "\(name): the weight file has \(file.count) bytes, expected at least the 64 of its header; it is truncated")
    }
    guard version == 2 else {
      throw ModelError(.unsupported, "\(name): weight file version \(version) at byte 4, expected 2")
    }
  }

  /// The data of the blob whose record stands at `offset`, which must have the size that `type` needs.
  /// The type of the program counts, not the record's: some writers label 8-bit data as float16.
  public func data(at offset: UInt64, byteCount expected: Int) throws -> ByteSlice {
    guard let record = Int(exactly: offset), record % BlobStorage.alignment == 0, record >= BlobStorage.alignment else {
      throw failure(offset, "a weight's offset must be a multiple of 64 after the header")
    }
    guard record <= file.count, file.count - record >= BlobStorage.alignment,
      let sentinel = file.load(UInt32.self, at: record),
      let size = file.load(UInt64.self, at: record + 8), let start = file.load(UInt64.self, at: record + 16)
    else {
      throw failure(
        offset,
        "the weight's record is past the end of the file of \(file.count) bytes; the file is truncated or belongs to another model"
      )
    }
    guard sentinel == BlobStorage.sentinel else {
      throw failure(
        offset, "no weight record here: expected the mark 0xdeadbeef, found 0x\(String(sentinel, radix: 16))")
    }
    guard size == UInt64(expected) else {
      throw failure(offset, "the weight has \(size) bytes, its type in the program needs \(expected)")
    }
    guard start % UInt64(BlobStorage.alignment) == 0 else {
      throw failure(offset, "the weight's data are at \(start), expected a multiple of 64")
    }
    guard let first = Int(exactly: start), let data = file.slice(at: first, byteCount: expected) else {
      throw failure(
        offset,
        "the weight's data, \(size) bytes from \(start), go past the end of the file of \(file.count) bytes; the file is truncated"
      )
    }
    return data
  }

  private func failure(_ offset: UInt64, _ what: String) -> ModelError {
    ModelError(.malformed, "\(name): weight at offset \(offset): \(what)")
  }
}

/// How a file that Git LFS has not fetched begins.
let gitLFSPrefix = "version https://git-lfs"

func gitLFSPointer(_ name: String, what: String) -> ModelError {
  ModelError(
    .notFound, "\(name): a Git LFS pointer stands here in place of \(what); fetch the real file with: git lfs pull")
}

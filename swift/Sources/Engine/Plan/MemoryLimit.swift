#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import MIL

/// What one plan may ask for. Sizes come from files and, through fill, range_1d or tile, from the data of a run: without a limit a
/// wrong number would take the process, or the machine, down when the memory is touched.
enum MemoryLimit {
  /// Three quarters of the machine's memory.
  static let byteCount: Int = {
    let (pages, pageSize) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    let (total, overflow) = pages.multipliedReportingOverflow(by: pageSize)
    return pages <= 0 || pageSize <= 0 || overflow ? 1 << 34 : total / 4 * 3
  }()

  static func describe(_ byteCount: Int) -> String { "\(byteCount >> 20) MiB, more than this machine has to spare (\(MemoryLimit.byteCount >> 20) MiB)" }

  /// `arena` and the results of one run together.
  static func check(arena: Int, results: [Value]) throws {
    var total = arena
    for case .tensor(let spec)? in results.map(\.spec) { total = total &+ spec.byteCount }
    guard total >= 0, total <= byteCount else { throw ModelError(.runtime, "a run with these sizes takes \(describe(total))") }
  }
}

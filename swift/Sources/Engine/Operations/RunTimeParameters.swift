import MIL

extension Node {
  /// Integers that a kernel needs but no shape depends on: a constant of the plan, or read from memory in each run.
  func runTimeInts(_ name: String) throws -> (Frame) throws -> [Int] {
    let value = try value(name)
    if value.isFoldable {
      let known = try ints(name, default: [])
      return { _ in known }
    }
    let (spec, slot) = (try tensor(of: value, name), value.slot)
    guard !spec.element.isFloat else { throw fail("parameter '\(name)' has the element type \(spec.element.name), expected integers") }
    return { frame in
      let bytes = UnsafeRawBufferPointer(start: frame[slot], count: spec.byteCount)
      guard let numbers = Scalars.read(bytes, spec) else { throw self.fail("parameter '\(name)' has the element type \(spec.element.name), expected integers") }
      return numbers.map { Int($0) }
    }
  }
}

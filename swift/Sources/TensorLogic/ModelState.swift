import CTensorLogic
import CoreML

/// The state of one conversation with a stateful model. Its predictions are serialised.
final class ModelState: Handled {
  static let handleKind = HandleKind.state

  let model: LoadedModel
  /// An MLState, which macOS 14 does not know.
  private let state: AnyObject
  private let lock = Lock()

  init(_ model: LoadedModel) throws {
    guard #available(macOS 15.0, *) else { throw Failure(TL_E_UNSUPPORTED, "states need macOS 15") }
    guard !model.states.isEmpty else { throw Failure(TL_E_UNSUPPORTED, "\(model.path) has no states") }
    self.model = model
    state = model.makeState()
  }

  @available(macOS 15.0, *)
  func withState<R>(_ body: (MLState) throws -> R) throws -> R {
    guard let state = state as? MLState else { throw Failure(TL_E_RUNTIME, "the state is lost") }
    return try lock.withLock { try body(state) }
  }

  enum Direction { case read, write }

  /// Copies one state tensor between the state and row-major memory.
  func copy(_ direction: Direction, name: String, buffer: Buffer, byteOffset: UInt64, format: ElementFormat) throws {
    guard #available(macOS 15.0, *) else { throw Failure(TL_E_UNSUPPORTED, "states need macOS 15") }
    guard model.states.contains(where: { $0.name == name }) else {
      throw Failure(TL_E_NOT_FOUND, "there is no state '\(name)'; the model has \(names(model.states))")
    }
    try withState { state in
      try state.withMultiArray(for: name) { array in
        let inside = try Layout(array)
        guard inside.format == format else {
          throw Failure(TL_E_FEATURE, "state '\(name)' has elements of \(inside.format.name), got \(format.name)")
        }
        let outside = try Layout(format: format, shape: inside.shape)
        let memory = try buffer.region(outside, byteOffset: byteOffset)
        switch direction {
        case .read: try copyElements(array.dataPointer, inside, to: memory, outside)
        case .write: try copyElements(memory, outside, to: array.dataPointer, inside)
        }
      }
    }
  }
}

func names(_ features: [MLFeatureDescription]) -> String {
  features.isEmpty ? "none" : features.map { "'\($0.name)'" }.joined(separator: ", ")
}

extension Layout {
  init(_ array: MLMultiArray) throws {
    guard let format = ElementFormat(array.dataType) else {
      throw Failure(TL_E_UNSUPPORTED, "arrays of the element type \(array.dataType.rawValue) are not known")
    }
    try self.init(format: format, shape: array.shape.map(\.intValue), strides: array.strides.map(\.intValue))
  }
}

extension Buffer {
  /// The address of a tensor's first element, when the tensor lies inside the buffer.
  func region(_ layout: Layout, byteOffset: UInt64) throws -> UnsafeMutableRawPointer {
    let start = try region(byteOffset: byteOffset, byteLength: layout.byteSpan)
    guard Int(bitPattern: start) % layout.format.byteWidth == 0 else {
      throw Failure(
        TL_E_ARGUMENT,
        "byte_offset: \(byteOffset) is not a multiple of \(layout.format.byteWidth) bytes (\(layout.format.name))")
    }
    return start
  }

  func region(byteOffset: UInt64, byteLength length: Int) throws -> UnsafeMutableRawPointer {
    guard byteOffset <= UInt64(byteLength), length <= byteLength - Int(byteOffset) else {
      throw Failure(
        TL_E_ARGUMENT, "byte_offset: \(length) bytes at \(byteOffset) do not fit into a buffer of \(byteLength) bytes")
    }
    return address + Int(byteOffset)
  }
}

@_cdecl("tl_state_create")
public func tl_state_create(_ model: UInt32, _ outState: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outState = try required(outState, "out_state")
    outState.pointee = try HandleTable.shared.insert(ModelState(HandleTable.shared.get(model, as: LoadedModel.self)))
  }
}

@_cdecl("tl_state_read")
public func tl_state_read(
  _ state: UInt32, _ name: UnsafePointer<UInt8>?, _ nameByteLength: UInt32, _ buffer: UInt32, _ byteOffset: UInt64,
  _ format: Int32
) -> Int32 {
  export { try copyState(.read, state, name, nameByteLength, buffer, byteOffset, format) }
}

@_cdecl("tl_state_write")
public func tl_state_write(
  _ state: UInt32, _ name: UnsafePointer<UInt8>?, _ nameByteLength: UInt32, _ buffer: UInt32, _ byteOffset: UInt64,
  _ format: Int32
) -> Int32 {
  export { try copyState(.write, state, name, nameByteLength, buffer, byteOffset, format) }
}

private func copyState(
  _ direction: ModelState.Direction, _ state: UInt32, _ name: UnsafePointer<UInt8>?, _ nameByteLength: UInt32,
  _ buffer: UInt32,
  _ byteOffset: UInt64, _ format: Int32
) throws {
  let state = try HandleTable.shared.get(state, as: ModelState.self)
  let buffer = try HandleTable.shared.get(buffer, as: Buffer.self)
  try state.copy(
    direction, name: text(name, nameByteLength, "name"), buffer: buffer, byteOffset: byteOffset,
    format: ElementFormat(code: format))
}

@_cdecl("tl_state_release")
public func tl_state_release(_ state: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(state, as: ModelState.self) }
}

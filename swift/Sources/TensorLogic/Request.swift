import CTensorLogic
import CoreML
import MIL

/// Inputs and outputs of a model, bound once and run many times.
final class Request: Handled, @unchecked Sendable {
  static let handleKind = HandleKind.request

  enum Direction: Int32 { case input = 0, output = 1 }

  let model: LoadedModel
  let state: ModelState?
  private let features = BoundFeatures()
  private var outputs: [String: OutputBinding] = [:]
  private let options = MLPredictionOptions()
  private(set) var results: [String: MLFeatureValue] = [:]
  /// What gave `results`, where all of them lie in bound memory: the same object again says that the same memory was written again.
  private var settled: (any MLFeatureProvider)?

  private let lock = Lock()
  private var isBusy = false

  init(_ model: LoadedModel, _ state: ModelState?) throws {
    guard state == nil || state?.model === model else {
      throw Failure(TL_E_ARGUMENT, "state: it belongs to another model")
    }
    guard state != nil || model.states.isEmpty else {
      throw Failure(
        TL_E_ARGUMENT, "state: \(model.path) has states (\(names(model.states))); create one with tl_state_create")
    }
    self.model = model
    self.state = state
  }

  /// A request is used by one call at a time.
  func exclusively<R>(_ body: () throws -> R) throws -> R {
    try occupy()
    defer { release() }
    return try body()
  }

  func occupy() throws {
    try lock.withLock {
      guard !isBusy else { throw Failure(TL_E_BUSY, "the request is in use by another call") }
      isBusy = true
    }
  }

  func release() { lock.withLock { isBusy = false } }

  // ---- binding: the caller holds the request exclusively ----

  func bindTensor(_ direction: Direction, _ name: String, _ layout: Layout, _ buffer: Buffer, byteOffset: UInt64) throws
    -> Bool
  {
    let feature = try find(direction, name)
    switch direction {
    case .input:
      let binding = try InputBinding(tensor: layout, buffer, byteOffset: byteOffset, feature)
      features[name] = binding
      return binding.isZeroCopy
    case .output: return bind(name, try OutputBinding(tensor: layout, buffer, byteOffset: byteOffset, feature))
    }
  }

  func bindImage(_ direction: Direction, _ name: String, _ layout: PixelLayout, _ buffer: Buffer, byteOffset: UInt64)
    throws -> Bool
  {
    let feature = try find(direction, name)
    switch direction {
    case .input:
      let binding = try InputBinding(image: layout, buffer, byteOffset: byteOffset, feature)
      features[name] = binding
      return binding.isZeroCopy
    case .output: return bind(name, try OutputBinding(image: layout, buffer, byteOffset: byteOffset, feature))
    }
  }

  func bindValue(_ name: String, _ value: JSON) throws {
    features[name] = InputBinding(value: try featureValue(value, find(.input, name)))
  }

  private func bind(_ name: String, _ binding: OutputBinding) -> Bool {
    outputs[name] = binding
    options.outputBackings = outputs.compactMapValues(\.backing)
    forgetResults()
    return binding.backing != nil
  }

  func unbind(_ direction: Direction, _ name: String) throws {
    _ = try find(direction, name)
    switch direction {
    case .input: features[name] = nil
    case .output:
      outputs[name] = nil
      options.outputBackings = outputs.compactMapValues(\.backing)
      forgetResults()
    }
  }

  private func forgetResults() {
    results = [:]
    settled = nil
  }

  private func find(_ direction: Direction, _ name: String) throws -> MLFeatureDescription {
    let known = direction == .input ? model.inputs : model.outputs
    if let feature = known.first(where: { $0.name == name }) { return feature }
    throw Failure(TL_E_NOT_FOUND, "there is no \(direction) '\(name)'; the model has \(names(known))")
  }

  /// What a run would take, for runs that are not Core ML's.
  func inputValues() throws -> [String: MLFeatureValue] {
    try features.refresh()
    return features.values
  }

  // ---- running: the caller holds the request exclusively ----

  func run() throws {
    do {
      try features.check(model.inputs)
      try features.refresh()
      let provider = try model.predict(features, options, state)
      Counters.shared.countRun()
      if provider !== settled { try collect(provider) }
    } catch {
      forgetResults()
      throw error
    }
  }

  private func collect(_ provider: any MLFeatureProvider) throws {
    forgetResults()
    var results = [String: MLFeatureValue](minimumCapacity: model.outputs.count)
    for feature in model.outputs {
      guard let value = provider.featureValue(for: feature.name) else {
        throw Failure(TL_E_RUNTIME, "the model gave no output '\(feature.name)'")
      }
      if outputs[feature.name] != nil {
        try outputs[feature.name]?.deliver(value, feature.name)
        results[feature.name] = value
      } else {
        results[feature.name] = try ownedValue(value)
      }
    }
    self.results = results
    if model.outputs.allSatisfy({ outputs[$0.name]?.wasZeroCopy ?? false }) { settled = provider }
  }

  /// An output that shares memory with an input would change with it: it gets memory of its own.
  private func ownedValue(_ value: MLFeatureValue) throws -> MLFeatureValue {
    guard let array = value.multiArrayValue else { return value }
    let layout = try Layout(array)
    let start = array.dataPointer, end = start + layout.byteSpan
    let isShared = features.bindings.contains { input in
      guard let address = input.address else { return false }
      return start < address + input.byteSpan && address < end
    }
    guard isShared else { return value }
    let copy = try MLMultiArray(shape: array.shape, dataType: array.dataType)
    try copyElements(start, layout, to: copy.dataPointer, Layout(copy))
    Counters.countCopy(layout.elementCount * layout.format.byteWidth)
    return MLFeatureValue(multiArray: copy)
  }

  // ---- results of the last run: the caller holds the request exclusively ----

  func describeOutputs() throws -> JSON {
    try checkHasRun()
    return .array(
      try model.outputs.compactMap { feature in
        guard let value = results[feature.name] else { return nil }
        return .object(try describe(value, feature))
      })
  }

  private func describe(_ value: MLFeatureValue, _ feature: MLFeatureDescription) throws -> JSON.Object {
    let binding = outputs[feature.name]
    var object = JSON.Object()
    object["name"] = .string(feature.name)
    object["type"] = .string(typeName(feature))
    switch binding?.target {
    case .tensor(let layout)?: object.add(layout)
    case .image(let layout)?: object.add(layout)
    case nil:
      if let array = value.multiArrayValue {
        object.add(try Layout(array))
      } else if let image = value.imageBufferValue {
        object.add(try PixelLayout(image))
      } else {
        object["value"] = value.json(labels: model.description.classLabels)
      }
    }
    object["bound"] = .bool(binding != nil)
    object["zeroCopy"] = .bool(binding?.wasZeroCopy ?? false)
    return object
  }

  /// The memory of a tensor or image result.
  func outputBuffer(_ name: String) throws -> Buffer {
    _ = try find(.output, name)
    try checkHasRun()
    if let binding = outputs[name] {
      switch binding.target {
      case .tensor(let layout):
        return Buffer(address: binding.address, byteLength: layout.byteSpan, owner: binding.buffer)
      case .image(let layout):
        return Buffer(address: binding.address, byteLength: layout.byteSpan, owner: binding.buffer)
      }
    }
    if let array = results[name]?.multiArrayValue {
      return Buffer(address: array.dataPointer, byteLength: try Layout(array).byteSpan, owner: array)
    }
    if let image = results[name]?.imageBufferValue {
      let pixels = try LockedPixels(image)
      return Buffer(address: pixels.address, byteLength: try PixelLayout(image).byteSpan, owner: pixels)
    }
    throw Failure(TL_E_FEATURE, "output '\(name)' is neither a tensor nor an image: its value is in tl_request_outputs")
  }

  private func checkHasRun() throws {
    guard !results.isEmpty else {
      throw Failure(TL_E_ARGUMENT, "the request has no results: it has not run, failed, or was bound again since")
    }
  }
}

extension JSON.Object {
  fileprivate mutating func add(_ layout: Layout) {
    self["dtype"] = .string(layout.format.name)
    self["shape"] = JSON(layout.shape)
    self["strides"] = JSON(layout.strides)
  }

  fileprivate mutating func add(_ layout: PixelLayout) {
    self["pixels"] = JSON(Int(layout.format.rawValue))
    self["width"] = JSON(layout.width)
    self["height"] = JSON(layout.height)
    self["bytesPerRow"] = JSON(layout.bytesPerRow)
  }
}

import CTensorLogic
import CoreML
import Engine
import Kernels
import MIL

/// A loaded model's program with a request's inputs, for the portable engine: per operation, and in other precisions than Core ML's.
struct DiagnosticModel {
  let program: Program
  /// The function of `program` that runs.
  let entry: String
  let inputs: DiagnosticInputs
  /// Nothing in the program is f16: what it would be in f16 can only be tried.
  let computesInFloat32: Bool

  init(_ request: Request) throws {
    let model = request.model
    guard let specification = model.specification, let function = model.function else {
      throw Failure(TL_E_UNSUPPORTED, "\(model.path): only Apple's Core ML reads this file; diagnostics need its program")
    }
    let values = try request.inputValues()
    var tensors: [String: TensorMemory] = [:]
    switch specification.kind {
    case .mlProgram(let program):
      guard let code = program.functions[function.name] else {
        throw Failure(TL_E_FORMAT, "\(model.path): there is no function '\(function.name)'")
      }
      for input in code.inputs {
        guard case .tensor(let type) = input.type else { continue }
        guard let feature = function.inputs.first(where: { $0.name == input.name }) else {
          throw Failure(TL_E_FORMAT, "\(model.path): the function's input '\(input.name)' is not described")
        }
        tensors[input.name] = try tensor(values[input.name], feature, type)
      }
      self.program = program
      entry = function.name
      computesInFloat32 = ProgramStatistics(program, functionName: function.name).computePrecision == "F32"
    case .neuralNetwork(_, let message):
      for feature in function.inputs {
        // Networks take features in the shapes that they have.
        var type = TensorType(.float32, [])
        type.hasUnknownRank = true
        tensors[feature.name] = try tensor(values[feature.name], feature, type)
      }
      let lowering = try NeuralNetworkLowering(message: message, description: function)
      program = try lowering.lower(tensors.mapValues(\.spec.shape)).program
      entry = "main"
      computesInFloat32 = true
    case .pipeline, .other:
      throw Failure(
        TL_E_UNSUPPORTED,
        "\(model.path): models of the kind \(specification.kindName) have no operations to look at; expected an mlProgram or a neuralNetwork"
      )
    }
    inputs = DiagnosticInputs(tensors, states: try request.state?.tensors() ?? [:])
  }
}

private func tensor(_ value: MLFeatureValue?, _ feature: MIL.FeatureDescription, _ type: TensorType) throws
  -> TensorMemory
{
  if let array = value?.multiArrayValue {
    let layout = try Layout(array)
    let target = try memory(type.element, matchingRank(layout.shape, type), feature)
    try copyElements(
      array.dataPointer, layout, to: target.address, Layout(format: format(type.element, feature), shape: layout.shape))
    return target
  }
  if let image = value?.imageBufferValue { return try tensor(image, feature, type) }
  if let value, value.type == .double || value.type == .int64 {
    let number = value.type == .double ? value.doubleValue : Double(value.int64Value)
    return try defaultTensor(number, [1], feature, type)
  }
  guard value == nil, case .multiArray(let shape, _, let flexibility, let number) = feature.kind, feature.isOptional
  else { throw Failure(TL_E_FEATURE, "input '\(feature.name)' is not given") }
  return try defaultTensor(number ?? 0, flexibility.defaultShape(declared: shape), feature, type)
}

/// One number in every element: what an optional input is when nobody gives it.
private func defaultTensor(_ number: Double, _ shape: [Int], _ feature: MIL.FeatureDescription, _ type: TensorType)
  throws -> TensorMemory
{
  let target = try memory(type.element, matchingRank(shape, type), feature)
  let element = try Layout(format: .float64, shape: [1])
  let repeated = try Layout(format: .float64, shape: shape, strides: [Int](repeating: 0, count: shape.count))
  try withUnsafeBytes(of: number) { bytes in
    guard let address = bytes.baseAddress, bytes.count >= element.byteSpan else { return }
    try copyElements(
      address, repeated, to: target.address, Layout(format: format(type.element, feature), shape: shape))
  }
  return target
}

/// [1, channels, height, width], values 0…255, or as they are for half floats.
private func tensor(_ image: CVPixelBuffer, _ feature: MIL.FeatureDescription, _ type: TensorType) throws
  -> TensorMemory
{
  guard case .image(_, _, let colorSpace, _) = feature.kind else {
    throw Failure(TL_E_FEATURE, "input '\(feature.name)' takes no image")
  }
  return try withPixels(image, .readOnly) { base, layout in
    let (width, height) = (layout.width, layout.height)
    let isColor = colorSpace == .rgb || colorSpace == .bgr
    let shape = [1, isColor ? 3 : 1, height, width]
    let target = try memory(type.element, matchingRank(shape, type), feature)
    let kernel = try format(type.element, feature).kernel
    if layout.format == .grayFloat16 {
      try check(
        tlk_convert_strided(
          base, TLK_F16, [layout.bytesPerRow / 2, 1], target.address, kernel, [width, 1], [height, width], 2), "image")
      return target
    }
    let colors = colorSpace == .rgb ? TLK_COLOR_RGB : colorSpace == .bgr ? TLK_COLOR_BGR : TLK_COLOR_GRAY
    let (scale, bias): ([Float], [Float]) = ([1, 1, 1], [0, 0, 0])
    try check(
      tlk_image_to_tensor(
        base, layout.format == .gray ? TLK_PIXEL_GRAY : TLK_PIXEL_BGRA, width, height, layout.bytesPerRow,
        target.address, kernel, colors, width * height, width, 1, scale, bias), "image")
    return target
  }
}

private func memory(_ element: ElementType, _ shape: [Int], _ feature: MIL.FeatureDescription) throws -> TensorMemory {
  let layout = try Layout(format: format(element, feature), shape: shape)
  let bytes = OwnedBytes(byteCount: layout.byteSpan)
  return TensorMemory(spec: TensorSpec(element, shape), address: bytes.pointer, owner: bytes)
}

private func format(_ element: ElementType, _ feature: MIL.FeatureDescription) throws -> ElementFormat {
  guard let format = ElementFormat(element) else {
    throw Failure(TL_E_UNSUPPORTED, "input '\(feature.name)' has elements of \(element.name)")
  }
  return format
}

/// Features have at least one axis, values of a program may have none: leading axes of size 1 come and go.
private func matchingRank(_ shape: [Int], _ type: TensorType) -> [Int] {
  let rank = type.shape.count
  guard !type.hasUnknownRank, rank != shape.count else { return shape }
  if rank > shape.count { return [Int](repeating: 1, count: rank - shape.count) + shape }
  return shape.prefix(shape.count - rank).allSatisfy { $0 == 1 } ? Array(shape.suffix(rank)) : shape
}

extension ElementFormat {
  /// nil for types that do not cross the ABI.
  init?(_ element: ElementType) {
    switch element {
    case .float16: self = .float16
    case .float32: self = .float32
    case .float64: self = .float64
    case .int8: self = .int8
    case .int16: self = .int16
    case .int32: self = .int32
    case .uint8: self = .uint8
    case .uint16: self = .uint16
    case .uint32: self = .uint32
    case .bool: self = .bool
    default: return nil
    }
  }
}

extension ModelState {
  /// Copies of the state tensors.
  func tensors() throws -> [String: TensorMemory] {
    guard #available(macOS 15.0, *) else { return [:] }
    return try withState { state in
      var copies: [String: TensorMemory] = [:]
      for feature in model.states {
        copies[feature.name] = try state.withMultiArray(for: feature.name) { array in
          let layout = try Layout(array)
          guard let element = layout.format.element else { return nil }
          let dense = try Layout(format: layout.format, shape: layout.shape)
          let bytes = OwnedBytes(byteCount: dense.byteSpan)
          try copyElements(array.dataPointer, layout, to: bytes.pointer, dense)
          return TensorMemory(spec: TensorSpec(element, layout.shape), address: bytes.pointer, owner: bytes)
        }
      }
      return copies
    }
  }
}

extension ElementFormat {
  fileprivate var element: ElementType? { ElementType.allCases.first { ElementFormat($0) == self } }
}

import Engine
import Glibc
import MIL

/// Where the results of one prediction go: memory of the caller where it fits, else memory of their own.
struct PredictionOutputs {
  private let descriptions: [MLFeatureDescription]
  private let backings: [String: Any]
  /// Backings that the engine writes in place.
  private(set) var memory: [String: TensorMemory] = [:]

  init(_ descriptions: [MLFeatureDescription], _ backings: [String: Any], _ evaluator: any ModelEvaluator) throws {
    self.descriptions = descriptions
    self.backings = Quirks.active.ignoresBackings ? [:] : backings
    for description in descriptions {
      switch self.backings[description.name] {
      case nil: continue
      case let array as MLMultiArray:
        try check(array, description)
        let given = evaluator.tensorType(ofOutput: description.name)
        if !Quirks.active.padsStrides, array.isDense, given?.element == array.dataType.element {
          // The engine writes there if the shape turns out to be the result's, which no description of a flexible model says.
          memory[description.name] = TensorMemory(
            spec: TensorSpec(array.dataType.element, array.sizes.matchingRank(of: given)), address: array.base,
            owner: array)
        }
      case let image as CVPixelBuffer: try check(image, description)
      default: throw incompatible(description, "it is neither an array nor a pixel buffer")
      }
    }
  }

  private func check(_ array: MLMultiArray, _ description: MLFeatureDescription) throws {
    guard let constraint = description.multiArrayConstraint else { throw incompatible(description, "it is an array") }
    guard constraint.dataType == array.dataType else {
      throw incompatible(description, "its elements are \(array.dataType.name)")
    }
    guard constraint.allows(array.sizes) else { throw incompatible(description, "its shape is \(array.sizes)") }
  }

  private func check(_ image: CVPixelBuffer, _ description: MLFeatureDescription) throws {
    guard let constraint = description.imageConstraint else { throw incompatible(description, "it is a pixel buffer") }
    guard constraint.pixelFormatType == image.pixelFormat else {
      throw incompatible(description, "its pixel format is \(image.pixelFormat)")
    }
    guard constraint.pixelsWide == 0 || constraint.allows(width: image.width, height: image.height) else {
      throw incompatible(description, "its height and width are [\(image.height), \(image.width)]")
    }
  }

  private func incompatible(_ description: MLFeatureDescription, _ why: String) -> MLModelError {
    MLModelError(
      .featureType,
      "output backing for feature '\(description.name)' is not compatible: \(why); expected \(description.expectation)")
  }

  func features(_ results: [String: RuntimeValue], _ inputs: PredictionInputs) throws -> [String: MLFeatureValue] {
    var features: [String: MLFeatureValue] = [:]
    features.reserveCapacity(descriptions.count)
    for description in descriptions {
      guard let result = results[description.name] else {
        throw MLModelError(.generic, "the model gave no output '\(description.name)'")
      }
      features[description.name] = try feature(result, description, inputs)
    }
    return features
  }

  private func feature(_ result: RuntimeValue, _ description: MLFeatureDescription, _ inputs: PredictionInputs) throws
    -> MLFeatureValue
  {
    switch (description.type, result) {
    case (.multiArray, .tensor(let tensor)): return MLFeatureValue(multiArray: try array(tensor, description, inputs))
    case (.image, .tensor(let tensor)): return MLFeatureValue(pixelBuffer: try image(tensor, description))
    case (.int64, .int64(let number)): return MLFeatureValue(int64: number)
    case (.double, .double(let number)): return MLFeatureValue(double: number)
    case (.string, .string(let text)): return MLFeatureValue(string: text)
    case (.dictionary, .stringDictionary), (.dictionary, .int64Dictionary):
      return MLFeatureValue(.probabilities(result))
    case (.sequence, .strings(let strings)): return MLFeatureValue(sequence: MLSequence(.strings(strings)))
    case (.sequence, .int64s(let integers)): return MLFeatureValue(sequence: MLSequence(.int64s(integers)))
    default:
      throw MLModelError(
        .generic,
        "output '\(description.name)' is described as \(description.expectation), the model gave another kind of value")
    }
  }

  private func array(_ tensor: TensorMemory, _ description: MLFeatureDescription, _ inputs: PredictionInputs) throws
    -> MLMultiArray
  {
    guard let constraint = description.multiArrayConstraint else {
      throw MLModelError(.generic, "output '\(description.name)' has no constraint")
    }
    let backing = backings[description.name] as? MLMultiArray
    if let backing, backing.base == tensor.address { return backing }
    // Features have at least one axis, results of a program may have none.
    let sizes = tensor.spec.shape.isEmpty ? [1] : tensor.spec.shape
    // Results of old networks have five axes whatever their description says: axes of size 1 come and go.
    if let backing, backing.sizes.filter({ $0 != 1 }) == sizes.filter({ $0 != 1 }) {
      try backing.fill(from: tensor)
      return backing
    }
    let isSameType = tensor.spec.element == constraint.dataType.element
    if Quirks.active.aliasesInputs, isSameType,
      let input = inputs.tensors.first(where: { $0.holdsSameBytes(as: tensor) })
    {
      return MLMultiArray(sharing: input, sizes, constraint.dataType)
    }
    if Quirks.active.padsStrides {
      let padded = try MLMultiArray(sizes: sizes, strides: paddedStrides(sizes), dataType: constraint.dataType)
      try padded.fill(from: tensor)
      return padded
    }
    if isSameType { return MLMultiArray(sharing: tensor, sizes, constraint.dataType) }
    let converted = try MLMultiArray(sizes: sizes, strides: denseStrides(sizes), dataType: constraint.dataType)
    try converted.fill(from: tensor)
    return converted
  }

  private func image(_ tensor: TensorMemory, _ description: MLFeatureDescription) throws -> CVPixelBuffer {
    guard let constraint = description.imageConstraint,
      let size = tensor.spec.imageSize(channels: constraint.colorSpace.channelCount)
    else {
      throw MLModelError(
        .generic, "output '\(description.name)' has the shape \(tensor.spec.shape); expected \(description.expectation)"
      )
    }
    if let backing = backings[description.name] as? CVPixelBuffer, backing.width == size.width,
      backing.height == size.height
    {
      try backing.fill(from: tensor, constraint.colorSpace)
      return backing
    }
    var made: CVPixelBuffer?
    let status = CVPixelBufferCreate(
      kCFAllocatorDefault, size.width, size.height, constraint.pixelFormatType, nil, &made)
    guard status == kCVReturnSuccess, let made else {
      throw MLModelError(
        .generic, "output '\(description.name)': no pixel buffer of \(size.width) × \(size.height) (status \(status))")
    }
    try made.fill(from: tensor, constraint.colorSpace)
    return made
  }
}

extension MLMultiArray {
  fileprivate convenience init(sharing tensor: TensorMemory, _ sizes: [Int], _ dataType: MLMultiArrayDataType) {
    self.init(
      base: tensor.address, sizes: sizes, strides: denseStrides(sizes), dataType: dataType, owner: tensor.owner)
  }
}

/// The last axis rounded up to 32 elements, as surfaces of the Neural Engine are.
private func paddedStrides(_ sizes: [Int]) -> [Int] {
  guard let last = sizes.last else { return [] }
  return denseStrides(sizes.dropLast() + [(last + 31) / 32 * 32])
}

/// nil where the product overflows: descriptions may say anything.
private func elementCount(_ sizes: [Int]) -> Int? {
  var count = 1
  for size in sizes {
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    if overflow { return nil }
    count = product
  }
  return count
}

extension TensorMemory {
  fileprivate func holdsSameBytes(as other: TensorMemory) -> Bool {
    guard spec == other.spec, let width = spec.element.byteWidth, let count = elementCount(spec.shape) else {
      return false
    }
    return memcmp(address, other.address, count * width) == 0
  }
}

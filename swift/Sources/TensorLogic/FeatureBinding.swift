import CTensorLogic
import CoreML

/// One input of a request.
struct InputBinding {
  let value: MLFeatureValue
  /// Keeps the memory alive; nil for numbers, text and the like.
  var buffer: Buffer?
  /// The caller's memory, to find outputs that share it.
  var address: UnsafeMutableRawPointer?
  var byteSpan = 0
  /// Pixels that are converted before each run.
  var staging: PixelStaging?
  var isZeroCopy = false
}

/// One output of a request: where the caller wants the result.
struct OutputBinding {
  enum Target {
    case tensor(Layout)
    case image(PixelLayout)
  }
  let target: Target
  let buffer: Buffer
  let address: UnsafeMutableRawPointer
  /// What Core ML is asked to write into; nil where type or layout do not fit.
  var backing: AnyObject?
  /// Whether the last run wrote into the memory itself.
  var wasZeroCopy = false
}

/// Pixels in a layout that Core ML does not take, and the pixel buffer that receives them.
struct PixelStaging {
  let source: UnsafeMutableRawPointer
  let layout: PixelLayout
  let target: CVPixelBuffer

  func refresh() throws {
    try withPixels(target, []) { base, to in try convertPixels(source, layout, to: base, to) }
    Counters.countCopy(layout.byteSpan)
  }
}

extension InputBinding {
  init(tensor layout: Layout, _ buffer: Buffer, byteOffset: UInt64, _ feature: MLFeatureDescription) throws {
    let address = try buffer.region(layout, byteOffset: byteOffset)
    let declared = try checkTensor(layout, feature)
    self.init(value: MLFeatureValue(multiArray: try multiArray(address, layout)), buffer: buffer)
    self.address = address
    byteSpan = layout.byteSpan
    isZeroCopy = declared == layout.format && layout.isDense
  }

  init(image layout: PixelLayout, _ buffer: Buffer, byteOffset: UInt64, _ feature: MLFeatureDescription) throws {
    let address = try buffer.region(byteOffset: byteOffset, byteLength: layout.byteSpan)
    let wanted = try checkImage(layout, feature)
    if let type = layout.format.pixelBufferType, layout.format == wanted {
      self.init(value: MLFeatureValue(pixelBuffer: try pixelBuffer(over: address, layout, type)), buffer: buffer)
      isZeroCopy = true
    } else {
      let target = try makePixelBuffer(
        width: layout.width, height: layout.height, wanted.pixelBufferType ?? kCVPixelFormatType_32BGRA)
      self.init(value: MLFeatureValue(pixelBuffer: target), buffer: buffer)
      staging = PixelStaging(source: address, layout: layout, target: target)
    }
    self.address = address
    byteSpan = layout.byteSpan
  }
}

extension OutputBinding {
  init(tensor layout: Layout, _ buffer: Buffer, byteOffset: UInt64, _ feature: MLFeatureDescription) throws {
    address = try buffer.region(layout, byteOffset: byteOffset)
    let declared = try checkTensor(layout, feature, isOutput: true)
    target = .tensor(layout)
    self.buffer = buffer
    backing = declared == layout.format && layout.isDense ? try multiArray(address, layout) : nil
  }

  init(image layout: PixelLayout, _ buffer: Buffer, byteOffset: UInt64, _ feature: MLFeatureDescription) throws {
    address = try buffer.region(byteOffset: byteOffset, byteLength: layout.byteSpan)
    let wanted = try checkImage(layout, feature)
    target = .image(layout)
    self.buffer = buffer
    if let type = layout.format.pixelBufferType, layout.format == wanted {
      backing = try pixelBuffer(over: address, layout, type)
    }
  }

  /// Puts the result into the bound memory, unless Core ML has written it there.
  mutating func deliver(_ value: MLFeatureValue, _ name: String) throws {
    switch target {
    case .tensor(let layout):
      guard let array = value.multiArrayValue else {
        throw Failure(TL_E_RUNTIME, "output '\(name)' came as something else than a tensor")
      }
      wasZeroCopy = array === backing
      if wasZeroCopy { return }
      let given = try Layout(array)
      // Results of old neural networks have five axes whatever their description says: axes of size 1 come and go.
      let (from, to) = (try given.withoutUnitAxes, try layout.withoutUnitAxes)
      guard from.shape == to.shape else {
        throw Failure(
          TL_E_FEATURE, "output '\(name)' has the shape \(given.shape), the bound memory has \(layout.shape)")
      }
      try copyElements(array.dataPointer, from, to: address, to)
      Counters.countCopy(layout.elementCount * layout.format.byteWidth)
    case .image(let layout):
      guard let image = value.imageBufferValue else {
        throw Failure(TL_E_RUNTIME, "output '\(name)' came as something else than an image")
      }
      wasZeroCopy = image === backing
      if wasZeroCopy { return }
      try withPixels(image, .readOnly) { base, from in
        guard from.width == layout.width, from.height == layout.height else {
          throw Failure(
            TL_E_FEATURE,
            "output '\(name)' has \(from.width) × \(from.height) pixels, the bound memory \(layout.width) × \(layout.height)"
          )
        }
        try convertPixels(base, from, to: address, layout)
      }
      Counters.countCopy(layout.byteSpan)
    }
  }
}

/// The array that Core ML sees: the caller's memory.
private func multiArray(_ address: UnsafeMutableRawPointer, _ layout: Layout) throws -> MLMultiArray {
  guard let type = layout.format.multiArray else {
    throw Failure(TL_E_FEATURE, "Core ML has no arrays of \(layout.format.name)")
  }
  return try MLMultiArray(
    dataPointer: address, shape: layout.shape.map { NSNumber(value: $0) }, dataType: type,
    strides: layout.strides.map { NSNumber(value: $0) },
    deallocator: nil)
}

/// The feature's own element type, when the tensor fits it.
private func checkTensor(_ layout: Layout, _ feature: MLFeatureDescription, isOutput: Bool = false) throws
  -> ElementFormat
{
  guard let constraint = feature.multiArrayConstraint, let declared = ElementFormat(constraint.dataType) else {
    throw Failure(TL_E_FEATURE, "feature '\(feature.name)' takes \(kind(feature)), got a tensor")
  }
  let rule = ShapeRule(constraint)
  guard rule.allows(layout.shape) else {
    throw Failure(TL_E_FEATURE, "feature '\(feature.name)' has the shape \(rule.text), got \(layout.shape)")
  }
  // Results go into any type that the caller asks for; inputs must not lose their fractions unseen.
  guard isOutput || declared.accepts(layout.format) else {
    throw Failure(TL_E_FEATURE, "feature '\(feature.name)' has elements of \(declared.name), got \(layout.format.name)")
  }
  return declared
}

/// The pixel layout that Core ML uses for the feature, when the image fits it.
private func checkImage(_ layout: PixelLayout, _ feature: MLFeatureDescription) throws -> PixelFormat {
  guard let constraint = feature.imageConstraint else {
    throw Failure(TL_E_FEATURE, "feature '\(feature.name)' takes \(kind(feature)), got an image")
  }
  let rule = ShapeRule(constraint)
  guard rule.allows([layout.height, layout.width]) else {
    throw Failure(
      TL_E_FEATURE,
      "feature '\(feature.name)' takes images of [height, width] \(rule.text), got [\(layout.height), \(layout.width)]")
  }
  return PixelFormat(constraint)
}

func kind(_ feature: MLFeatureDescription) -> String {
  switch feature.type {
  case .image: return "an image"
  case .int64: return "an int64"
  default: return "a \(typeName(feature))"
  }
}

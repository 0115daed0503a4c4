import MIL

open class MLMultiArrayShapeConstraint: NSObject {
  let flexibility: ShapeFlexibility
  private let defaultShape: [Int]
  init(_ flexibility: ShapeFlexibility, defaultShape: [Int]) {
    self.flexibility = flexibility
    self.defaultShape = defaultShape
  }

  /// As Core ML reports it: a fixed shape is an enumeration of one, an unknown one is unspecified.
  open var type: MLMultiArrayShapeConstraintType {
    switch flexibility {
    case .fixed: return defaultShape.isEmpty ? .unspecified : .enumerated
    case .enumerated: return .enumerated
    case .ranges: return .range
    }
  }
  open var sizeRangeForDimension: [NSValue] {
    if case .ranges(let ranges) = flexibility { return ranges.map { NSValue(range: $0.asNSRange) } }
    return defaultShape.map { NSValue(range: NSRange(location: $0, length: 1)) }
  }
  open var enumeratedShapes: [[NSNumber]] {
    switch flexibility {
    case .fixed: return defaultShape.isEmpty ? [] : [defaultShape.map { NSNumber(value: $0) }]
    case .enumerated(let shapes): return shapes.map { $0.map { NSNumber(value: $0) } }
    case .ranges: return []
    }
  }
}

open class MLMultiArrayConstraint: NSObject {
  let sizes: [Int]
  public let dataType: MLMultiArrayDataType
  public let shapeConstraint: MLMultiArrayShapeConstraint
  /// Value of an optional input that is not given.
  let defaultValue: Double?

  init(sizes: [Int], dataType: MLMultiArrayDataType, flexibility: ShapeFlexibility, defaultValue: Double? = nil) {
    self.sizes = sizes
    self.dataType = dataType
    self.defaultValue = defaultValue
    shapeConstraint = MLMultiArrayShapeConstraint(flexibility, defaultShape: sizes)
  }

  open var shape: [NSNumber] { sizes.map { NSNumber(value: $0) } }

  func allows(_ shape: [Int]) -> Bool { shapeConstraint.flexibility.allows(shape, default: sizes) }
  var expectation: String { "\(dataType.name) \(shapeConstraint.flexibility.text(default: sizes))" }
}

open class MLImageSize: NSObject {
  public let pixelsWide: Int, pixelsHigh: Int
  init(wide: Int, high: Int) {
    pixelsWide = wide
    pixelsHigh = high
  }
}

open class MLImageSizeConstraint: NSObject {
  let flexibility: ShapeFlexibility
  private let wide: Int, high: Int
  init(_ flexibility: ShapeFlexibility, wide: Int, high: Int) {
    self.flexibility = flexibility
    self.wide = wide
    self.high = high
  }

  open var type: MLImageSizeConstraintType {
    switch flexibility {
    case .fixed: return .unspecified
    case .enumerated: return .enumerated
    case .ranges: return .range
    }
  }
  // Sizes of images are stored as [height, width].
  open var pixelsWideRange: NSRange { range(1) ?? NSRange(location: wide, length: 1) }
  open var pixelsHighRange: NSRange { range(0) ?? NSRange(location: high, length: 1) }
  private func range(_ axis: Int) -> NSRange? {
    if case .ranges(let ranges) = flexibility, ranges.count == 2 { return ranges[axis].asNSRange }
    return nil
  }
  open var enumeratedImageSizes: [MLImageSize] {
    if case .enumerated(let sizes) = flexibility {
      return sizes.filter { $0.count == 2 }.map { MLImageSize(wide: $0[1], high: $0[0]) }
    }
    return []
  }
}

open class MLImageConstraint: NSObject {
  public let pixelsWide: Int, pixelsHigh: Int
  public let sizeConstraint: MLImageSizeConstraint
  let colorSpace: ColorSpace

  init(wide: Int, high: Int, colorSpace: ColorSpace, flexibility: ShapeFlexibility) {
    pixelsWide = wide
    pixelsHigh = high
    self.colorSpace = colorSpace
    sizeConstraint = MLImageSizeConstraint(flexibility, wide: wide, high: high)
  }

  open var pixelFormatType: OSType {
    switch colorSpace {
    case .rgb, .bgr: return kCVPixelFormatType_32BGRA
    case .grayscale: return kCVPixelFormatType_OneComponent8
    case .grayscaleFloat16: return kCVPixelFormatType_OneComponent16Half
    }
  }

  func allows(width: Int, height: Int) -> Bool {
    sizeConstraint.flexibility.allows([height, width], default: [pixelsHigh, pixelsWide])
  }
  var expectation: String {
    "an image of height and width \(sizeConstraint.flexibility.text(default: [pixelsHigh, pixelsWide]))"
  }
}

open class MLStateConstraint: NSObject {
  public let bufferShape: [Int]
  public let dataType: MLMultiArrayDataType
  init(bufferShape: [Int], dataType: MLMultiArrayDataType) {
    self.bufferShape = bufferShape
    self.dataType = dataType
  }
}

open class MLDictionaryConstraint: NSObject {
  public let keyType: MLFeatureType
  init(keyType: MLFeatureType) { self.keyType = keyType }
}

open class MLSequenceConstraint: NSObject {
  public let valueDescription: MLFeatureDescription
  public let countRange: NSRange
  init(valueDescription: MLFeatureDescription, countRange: NSRange) {
    self.valueDescription = valueDescription
    self.countRange = countRange
  }

  /// 0…0 is what a file says that sets no bounds.
  private var isUnbounded: Bool {
    countRange.location == 0 && (countRange.length == .max || countRange.length == 1)
  }
  func allows(_ count: Int) -> Bool {
    isUnbounded || (count >= countRange.location && count - countRange.location < countRange.length)
  }
  /// For messages: `3…5 ` or nothing where any count is allowed.
  var countText: String {
    if isUnbounded { return "" }
    if countRange.length == .max { return "\(countRange.location) or more " }
    return "\(countRange.location)…\(countRange.location + (countRange.length - 1)) "
  }
}

open class MLFeatureDescription: NSObject {
  public let name: String
  public let type: MLFeatureType
  public let isOptional: Bool
  public private(set) var multiArrayConstraint: MLMultiArrayConstraint?
  public private(set) var imageConstraint: MLImageConstraint?
  public private(set) var dictionaryConstraint: MLDictionaryConstraint?
  public private(set) var sequenceConstraint: MLSequenceConstraint?
  public private(set) var stateConstraint: MLStateConstraint?

  init(name: String, type: MLFeatureType, isOptional: Bool = false) {
    self.name = name
    self.type = type
    self.isOptional = isOptional
  }

  convenience init(_ feature: FeatureDescription) {
    self.init(name: feature.name, type: feature.kind.type, isOptional: feature.isOptional)
    switch feature.kind {
    case .int64, .double, .string: break
    case .image(let width, let height, let colorSpace, let flexibility):
      imageConstraint = MLImageConstraint(wide: width, high: height, colorSpace: colorSpace, flexibility: flexibility)
    case .multiArray(let shape, let dataType, let flexibility, let defaultValue):
      multiArrayConstraint = MLMultiArrayConstraint(
        sizes: flexibility.defaultShape(declared: shape), dataType: dataType.multiArray, flexibility: flexibility,
        defaultValue: defaultValue)
    case .dictionary(let stringKeys):
      dictionaryConstraint = MLDictionaryConstraint(keyType: stringKeys ? .string : .int64)
    case .sequence(let strings, let size):
      let element = MLFeatureDescription(name: "", type: strings ? .string : .int64)
      sequenceConstraint = MLSequenceConstraint(valueDescription: element, countRange: size.asNSRange)
    case .state(let shape, let dataType):
      stateConstraint = MLStateConstraint(bufferShape: shape, dataType: dataType.multiArray)
    }
  }

  open func isAllowedValue(_ value: MLFeatureValue) -> Bool {
    if value.isUndefined { return isOptional }
    guard value.type == type else { return false }
    if let constraint = multiArrayConstraint, let array = value.multiArrayValue {
      return array.dataType == constraint.dataType && constraint.allows(array.sizes)
    }
    if let constraint = imageConstraint, let image = value.imageBufferValue {
      return constraint.allows(width: image.width, height: image.height)
    }
    return true
  }
}

extension FeatureKind {
  fileprivate var type: MLFeatureType {
    switch self {
    case .int64: return .int64
    case .double: return .double
    case .string: return .string
    case .image: return .image
    case .multiArray: return .multiArray
    case .dictionary: return .dictionary
    case .sequence: return .sequence
    case .state: return .state
    }
  }
}

extension ArrayDataType {
  /// The raw values are the same.
  var multiArray: MLMultiArrayDataType {
    switch self {
    case .float16: return .float16
    case .float32: return .float32
    case .double: return .double
    case .int32: return .int32
    case .int8: return .int8
    }
  }
}

extension SizeRange {
  /// Core ML writes a range without end as (lower, 2^63 − 1).
  fileprivate var asNSRange: NSRange {
    guard let upper else { return NSRange(location: lower, length: .max) }
    let (length, overflow) = (upper - lower).addingReportingOverflow(1)
    return NSRange(location: lower, length: overflow ? .max : max(length, 0))
  }
}

/// FeatureTypes.proto → `FeatureDescription`.
enum FeatureReader {
  static func feature(_ message: ProtobufMessage) throws -> FeatureDescription {
    var name = ""
    var shortDescription = ""
    var type: ProtobufMessage?
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: name = try field.string()
      case 2: shortDescription = try field.string()
      case 3: type = try field.message()
      default: break
      }
    }
    guard !name.isEmpty else { throw message.malformed("a feature has no name") }
    guard let type else { throw message.malformed("feature '\(name)' has no type") }
    return try within("feature '\(name)'") {
      let (kind, isOptional) = try featureType(type)
      return FeatureDescription(name: name, shortDescription: shortDescription, kind: kind, isOptional: isOptional)
    }
  }

  private static func featureType(_ message: ProtobufMessage) throws -> (FeatureKind, isOptional: Bool) {
    var kind: FeatureKind?
    var isOptional = false
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: kind = .int64
      case 2: kind = .double
      case 3: kind = .string
      case 4: kind = try image(field.message())
      case 5: kind = try multiArray(field.message())
      case 6: kind = try dictionary(field.message())
      case 7: kind = try sequence(field.message())
      case 8: kind = try state(field.message())
      case 1000: isOptional = try field.bool()
      default: break
      }
    }
    guard let kind else {
      throw message.malformed(
        "the type is missing or of a kind that is not known; expected a number, string, image, multi-array, dictionary, sequence or state"
      )
    }
    return (kind, isOptional)
  }

  private static func image(_ message: ProtobufMessage) throws -> FeatureKind {
    var width = 0
    var height = 0
    var colorSpace: ColorSpace?
    var flexibility = ShapeFlexibility.fixed
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: width = try size(field)
      case 2: height = try size(field)
      case 3:
        let code = try field.int32()
        guard let known = ColorSpace(rawValue: Int(code)) else {
          throw field.malformed(
            "colour space \(code), expected 10 (grayscale), 20 (RGB), 30 (BGR) or 40 (grayscale float16)")
        }
        colorSpace = known
      case 21: flexibility = .enumerated(try imageSizes(field.message()))
      case 31: flexibility = .ranges(try imageSizeRanges(field.message()))
      default: break
      }
    }
    guard let colorSpace else { throw message.malformed("the image has no colour space") }
    return .image(width: width, height: height, colorSpace: colorSpace, flexibility: flexibility)
  }

  /// Sizes of images as [height, width], the order of tensors.
  private static func imageSizes(_ message: ProtobufMessage) throws -> [[Int]] {
    var sizes: [[Int]] = []
    try message.forEach(field: 1) { element in
      var width = 0
      var height = 0
      try element.message().forEach(field: 1) { width = try size($0) }
      try element.message().forEach(field: 2) { height = try size($0) }
      sizes.append([height, width])
    }
    return sizes
  }

  private static func imageSizeRanges(_ message: ProtobufMessage) throws -> [SizeRange] {
    var width = SizeRange(lower: 0, upper: nil)
    var height = SizeRange(lower: 0, upper: nil)
    try message.forEach(field: 1) { width = try sizeRange($0.message()) }
    try message.forEach(field: 2) { height = try sizeRange($0.message()) }
    return [height, width]
  }

  private static func multiArray(_ message: ProtobufMessage) throws -> FeatureKind {
    var shape: [Int] = []
    // Pipelines of old converters leave the type of their inner features out; classical models compute in doubles.
    var dataType = ArrayDataType.double
    var flexibility = ShapeFlexibility.fixed
    var defaultValue: Double?
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: try appendSizes(field, to: &shape)
      case 2: dataType = try arrayDataType(field)
      case 21:
        var shapes: [[Int]] = []
        try field.message().forEach(field: 1) { shapes.append(try sizes($0.message())) }
        flexibility = .enumerated(shapes)
      case 31:
        var ranges: [SizeRange] = []
        try field.message().forEach(field: 1) { ranges.append(try sizeRange($0.message())) }
        flexibility = .ranges(ranges)
      case 41: defaultValue = Double(try field.int32())
      case 51: defaultValue = Double(try field.float())
      case 61: defaultValue = try field.double()
      default: break
      }
    }
    return .multiArray(shape: shape, dataType: dataType, flexibility: flexibility, defaultValue: defaultValue)
  }

  private static func arrayDataType(_ field: ProtobufField) throws -> ArrayDataType {
    let code = try field.int32()
    guard let known = ArrayDataType(rawValue: Int(code)) else {
      throw field.malformed(
        "data type \(code), expected 65552 (float16), 65568 (float32), 65600 (double), 131104 (int32) or 131080 (int8)")
    }
    return known
  }

  private static func state(_ message: ProtobufMessage) throws -> FeatureKind {
    var kind: FeatureKind?
    try message.forEach(field: 1) { kind = try multiArray($0.message()) }
    guard case .multiArray(let shape, let dataType, _, _) = kind else {
      throw message.malformed("the state has no array type")
    }
    return .state(shape: shape, dataType: dataType)
  }

  private static func dictionary(_ message: ProtobufMessage) throws -> FeatureKind {
    var stringKeys: Bool?
    var fields = message.fields()
    while let field = try fields.next() {
      if field.number == 1 { stringKeys = false }
      if field.number == 2 { stringKeys = true }
    }
    guard let stringKeys else { throw message.malformed("the dictionary has no key type; expected int64 or string") }
    return .dictionary(stringKeys: stringKeys)
  }

  private static func sequence(_ message: ProtobufMessage) throws -> FeatureKind {
    var strings: Bool?
    var range = SizeRange(lower: 0, upper: nil)
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: strings = false
      case 3: strings = true
      case 101: range = try sizeRange(field.message())
      default: break
      }
    }
    guard let strings else { throw message.malformed("the sequence has no element type; expected int64 or string") }
    return .sequence(strings: strings, size: range)
  }

  private static func sizeRange(_ message: ProtobufMessage) throws -> SizeRange {
    var range = SizeRange(lower: 0, upper: 0)
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: range.lower = try size(field)
      case 2:
        let bound = try field.int64()
        range.upper = bound < 0 ? nil : Int(bound)
      default: break
      }
    }
    if let upper = range.upper, upper < range.lower {
      throw message.malformed("a size range from \(range.lower) to \(upper)")
    }
    return range
  }

  private static func sizes(_ message: ProtobufMessage) throws -> [Int] {
    var shape: [Int] = []
    try message.forEach(field: 1) { try appendSizes($0, to: &shape) }
    return shape
  }

  private static func appendSizes(_ field: ProtobufField, to shape: inout [Int]) throws {
    var values: [Int64] = []
    try field.appendInt64s(to: &values)
    for value in values {
      guard let size = Int(exactly: value), size >= 0 else {
        throw field.malformed("a size of \(value), expected 0 or more")
      }
      shape.append(size)
    }
  }

  private static func size(_ field: ProtobufField) throws -> Int {
    let value = try field.int64()
    guard let size = Int(exactly: value), size >= 0 else {
      throw field.malformed("a size of \(value), expected 0 or more")
    }
    return size
  }
}

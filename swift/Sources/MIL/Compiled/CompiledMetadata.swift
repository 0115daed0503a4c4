/// The `metadata.json` of a compiled model: an array with one object, in which even numbers and truths are strings.
struct CompiledMetadata {
  let specificationVersion: Int?
  let metadata: ModelMetadata
  private let features: [String: [String: JSON]]

  init(_ file: ByteSlice, name: String) throws {
    let json = try JSON(parsing: file, name: name)
    guard let model = json.arrayValue?.first, model.objectValue != nil else {
      throw ModelError(.malformed, "\(name): \(json.kindName), expected an array with one object")
    }
    specificationVersion = model["specificationVersion"]?.integerValue.flatMap {
      (1...Int64(ModelReader.newestVersion)).contains($0) ? Int($0) : nil
    }
    var metadata = ModelMetadata()
    metadata.shortDescription = model["shortDescription"]?.stringValue ?? ""
    metadata.version = model["version"]?.stringValue ?? ""
    metadata.author = model["author"]?.stringValue ?? ""
    metadata.license = model["license"]?.stringValue ?? ""
    if let userDefined = model["userDefinedMetadata"]?.objectValue {
      for key in userDefined.keys { metadata.userDefined[key] = userDefined[key]?.stringValue }
    }
    self.metadata = metadata
    var features: [String: [String: JSON]] = [:]
    for schema in ["inputSchema", "outputSchema", "stateSchema"] {
      for entry in model[schema]?.arrayValue ?? [] {
        if let name = entry["name"]?.stringValue { features[schema, default: [:]][name] = entry }
      }
    }
    self.features = features
  }

  /// What the schema (`inputSchema`, `outputSchema`) says of a feature; nil when it says nothing that is understood.
  func feature(_ name: String, schema: String) -> FeatureDescription? {
    guard let entry = features[schema]?[name], let kind = kind(entry) else { return nil }
    return FeatureDescription(
      name: name, shortDescription: entry["shortDescription"]?.stringValue ?? "", kind: kind,
      isOptional: entry["isOptional"]?.stringValue == "1")
  }

  private func kind(_ entry: JSON) -> FeatureKind? {
    switch entry["type"]?.stringValue {
    case "MultiArray": return multiArray(entry)
    case "Image": return image(entry)
    case "Int64": return .int64
    case "Double": return .double
    case "String": return .string
    case "Dictionary": return .dictionary(stringKeys: entry["keyType"]?.stringValue != "Int64")
    default: return nil
    }
  }

  private func multiArray(_ entry: JSON) -> FeatureKind? {
    let types: [String: ArrayDataType] = [
      "Float16": .float16, "Float32": .float32, "Double": .double, "Float64": .double, "Int32": .int32, "Int8": .int8,
    ]
    guard let type = entry["dataType"]?.stringValue.flatMap({ types[$0] }), let shape = sizes(embedded(entry["shape"]))
    else { return nil }
    return .multiArray(
      shape: shape, dataType: type, flexibility: flexibility(entry, ranges: "shapeRange", shapes: "enumeratedShapes"),
      defaultValue: nil)
  }

  private func image(_ entry: JSON) -> FeatureKind? {
    let spaces: [String: ColorSpace] = [
      "RGB": .rgb, "BGR": .bgr, "Grayscale": .grayscale, "GrayscaleFloat16": .grayscaleFloat16,
      "Grayscale16Half": .grayscaleFloat16,
    ]
    guard let width = integer(entry["width"]), let height = integer(entry["height"]),
      let space = entry["colorspace"]?.stringValue.flatMap({ spaces[$0] })
    else { return nil }
    return .image(
      width: width, height: height, colorSpace: space,
      flexibility: flexibility(entry, ranges: "sizeRange", shapes: "enumeratedSizes"))
  }

  private func flexibility(_ entry: JSON, ranges: String, shapes: String) -> ShapeFlexibility {
    if let shapes = embedded(entry[shapes])?.arrayValue?.compactMap(sizes), !shapes.isEmpty {
      return .enumerated(shapes)
    }
    guard let ranges = embedded(entry[ranges])?.arrayValue, !ranges.isEmpty else { return .fixed }
    let pairs = ranges.compactMap { range -> SizeRange? in
      guard let bounds = range.arrayValue, bounds.count == 2, let lower = integer(bounds[0]), lower >= 0 else {
        return nil
      }
      return SizeRange(lower: lower, upper: integer(bounds[1]).flatMap { $0 < lower ? nil : $0 })
    }
    return pairs.count == ranges.count ? .ranges(pairs) : .fixed
  }

  /// Shapes are JSON texts inside strings: "[1, 10]".
  private func embedded(_ value: JSON?) -> JSON? { value?.stringValue.flatMap { try? JSON(parsing: $0, name: "") } }

  private func sizes(_ value: JSON?) -> [Int]? {
    guard let values = value?.arrayValue else { return nil }
    let sizes = values.compactMap { integer($0) }
    return sizes.count == values.count && sizes.allSatisfy { $0 >= 0 } ? sizes : nil
  }

  private func integer(_ value: JSON?) -> Int? {
    if let text = value?.stringValue { return Int(text) }
    return value?.integerValue.map(Int.init)
  }
}

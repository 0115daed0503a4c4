import CTensorLogic
import CoreML

@_cdecl("tl_model_load")
public func tl_model_load(
  _ path: UnsafePointer<UInt8>?, _ pathByteLength: UInt32, _ options: UnsafePointer<UInt8>?,
  _ optionsByteLength: UInt32,
  _ outModel: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  export {
    let outModel = try required(outModel, "out_model")
    let options = try ModelOptions(json: text(options, optionsByteLength, "options"))
    outModel.pointee = try HandleTable.shared.insert(
      LoadedModel(path: text(path, pathByteLength, "path"), options: options))
  }
}

@_cdecl("tl_model_load_async")
public func tl_model_load_async(
  _ path: UnsafePointer<UInt8>?, _ pathByteLength: UInt32, _ options: UnsafePointer<UInt8>?,
  _ optionsByteLength: UInt32, _ token: UInt32
) -> Int32 {
  export {
    let path = try text(path, pathByteLength, "path"), json = try text(options, optionsByteLength, "options")
    try AsyncCalls.shared.start(token: token) {
      try HandleTable.shared.insert(LoadedModel(path: path, options: ModelOptions(json: json)))
    }
  }
}

@_cdecl("tl_model_describe")
public func tl_model_describe(_ model: UInt32, _ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let model = try HandleTable.shared.get(model, as: LoadedModel.self)
    outText.pointee = try HandleTable.shared.insert(TextResult(model.describe().serialised()))
  }
}

@_cdecl("tl_model_release")
public func tl_model_release(_ model: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(model, as: LoadedModel.self) }
}

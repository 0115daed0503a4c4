import CTensorLogic
import Engine
import MIL

@_cdecl("tl_model_graph")
public func tl_model_graph(_ model: UInt32, _ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let model = try HandleTable.shared.get(model, as: LoadedModel.self)
    outText.pointee = try HandleTable.shared.insert(TextResult(try model.graph().serialised()))
  }
}

@_cdecl("tl_model_compute_plan")
public func tl_model_compute_plan(_ model: UInt32, _ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let model = try HandleTable.shared.get(model, as: LoadedModel.self)
    outText.pointee = try HandleTable.shared.insert(TextResult(try model.computePlan().serialised()))
  }
}

@_cdecl("tl_request_profile")
public func tl_request_profile(_ request: UInt32, _ repeats: UInt32, _ outText: UnsafeMutablePointer<UInt32>?) -> Int32
{
  export {
    let outText = try required(outText, "out_text")
    guard repeats <= 100_000 else { throw Failure(TL_E_ARGUMENT, "repeats: \(repeats) is more than 100000") }
    let request = try HandleTable.shared.get(request, as: Request.self)
    let profile = try request.exclusively {
      let model = try DiagnosticModel(request)
      return try Profile(
        program: model.program, functionName: model.entry, inputs: model.inputs, repeats: Int(repeats))
    }
    outText.pointee = try HandleTable.shared.insert(TextResult(profile.json.serialised()))
  }
}

@_cdecl("tl_request_compare")
public func tl_request_compare(_ request: UInt32, _ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let request = try HandleTable.shared.get(request, as: Request.self)
    let json = try request.exclusively {
      let model = try DiagnosticModel(request)
      let narrows = model.computesInFloat32
      return try Comparison(
        program: model.program, functionName: model.entry, inputs: model.inputs, narrows: narrows
      ).json(narrowed: narrows)
    }
    outText.pointee = try HandleTable.shared.insert(TextResult(json.serialised()))
  }
}

extension Profile {
  fileprivate var json: JSON {
    [
      "runs": JSON(runs), "medianNs": nanoseconds(medianNanoseconds), "minNs": nanoseconds(minimumNanoseconds),
      "operations": .array(
        operations.map { operation in
          [
            "operation": .string(operation.label), "outputs": .array(operation.outputs.map { .string($0) }),
            "type": .string(operation.type),
            "fused": .array(operation.fused.map { ["type": .string($0.type), "operation": .string($0.label)] }),
            "kernel": .string(operation.kernel), "shape": JSON(operation.shape),
            "dtype": operation.element.map { .string($0.name) } ?? .null, "calls": JSON(operation.calls),
            "medianNs": nanoseconds(operation.medianNanoseconds), "minNs": nanoseconds(operation.minimumNanoseconds),
            "flops": JSON(operation.floatingPointOperations), "bytes": JSON(operation.bytes),
          ]
        }),
    ]
  }
}

extension Comparison {
  fileprivate func json(narrowed: Bool) -> JSON {
    [
      "narrowed": .bool(narrowed), "divergedAt": divergedAt.map { .string($0) } ?? .null,
      "operations": .array(
        operations.map { operation in
          [
            "operation": .string(operation.label), "outputs": .array(operation.outputs.map { .string($0) }),
            "type": .string(operation.type), "shape": JSON(operation.shape), "dtype": .string(operation.element.name),
            "min": finite(operation.minimum), "max": finite(operation.maximum),
            "absMax": finite(operation.absoluteMaximum), "absMinNonZero": finite(operation.absoluteMinimum),
            "count": JSON(operation.count), "infinite": JSON(operation.infinite), "nan": JSON(operation.nan),
            "flushed": JSON(operation.flushed), "notFinite": JSON(operation.notFinite), "drift": finite(operation.drift),
          ]
        }),
    ]
  }
}

private func nanoseconds(_ time: UInt64) -> JSON { .integer(Int64(clamping: time)) }

/// JSON has no infinities: they stand where there was nothing to take the minimum of.
private func finite(_ number: Float) -> JSON { number.isFinite ? .number(Double(number)) : .null }

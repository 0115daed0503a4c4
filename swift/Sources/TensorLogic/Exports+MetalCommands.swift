import CTensorLogic
import Metal

@_cdecl("tl_metal_queue_create")
public func tl_metal_queue_create(_ outQueue: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export { try required(outQueue, "out_queue").pointee = HandleTable.shared.insert(MetalQueue()) }
}

@_cdecl("tl_metal_queue_release")
public func tl_metal_queue_release(_ queue: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(queue, as: MetalQueue.self) }
}

@_cdecl("tl_metal_event_create")
public func tl_metal_event_create(_ outEvent: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export { try required(outEvent, "out_event").pointee = HandleTable.shared.insert(MetalEvent()) }
}

@_cdecl("tl_metal_event_value")
public func tl_metal_event_value(_ event: UInt32, _ outValue: UnsafeMutablePointer<UInt64>?) -> Int32 {
  export {
    let outValue = try required(outValue, "out_value")
    outValue.pointee = try HandleTable.shared.get(event, as: MetalEvent.self).event.signaledValue
  }
}

@_cdecl("tl_metal_event_signal")
public func tl_metal_event_signal(_ event: UInt32, _ value: UInt64) -> Int32 {
  export { try HandleTable.shared.get(event, as: MetalEvent.self).event.signaledValue = value }
}

@_cdecl("tl_metal_event_release")
public func tl_metal_event_release(_ event: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(event, as: MetalEvent.self) }
}

@_cdecl("tl_metal_commands_create")
public func tl_metal_commands_create(_ queue: UInt32, _ outCommands: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outCommands = try required(outCommands, "out_commands")
    let queue = try HandleTable.shared.get(queue, as: MetalQueue.self)
    outCommands.pointee = try HandleTable.shared.insert(MetalCommands(queue))
  }
}

@_cdecl("tl_metal_commands_dispatch")
public func tl_metal_commands_dispatch(
  _ commands: UInt32, _ pipeline: UInt32, _ sizes: UnsafePointer<UInt32>?, _ bindings: UnsafePointer<UInt64>?,
  _ bindingCount: UInt32, _ bytes: UnsafePointer<UInt8>?, _ byteLength: UInt32
) -> Int32 {
  export {
    let commands = try HandleTable.shared.get(commands, as: MetalCommands.self)
    let pipeline = try HandleTable.shared.get(pipeline, as: Pipeline.self)
    guard bindingCount <= 64 else { throw Failure(TL_E_ARGUMENT, "binding_count: \(bindingCount) is more than 64") }
    let sizes = UnsafeBufferPointer(start: try required(sizes, "sizes"), count: 6)
    var dispatch = try MetalDispatch(pipeline, sizes: sizes)
    let data = UnsafeRawBufferPointer(
      start: byteLength == 0 ? nil : try required(bytes, "bytes"), count: Int(byteLength))
    if bindingCount > 0 {
      let entries = UnsafeBufferPointer(start: try required(bindings, "bindings"), count: Int(bindingCount) * 5)
      for start in stride(from: 0, to: entries.count, by: 5) {
        try dispatch.bind(UnsafeBufferPointer(rebasing: entries[start..<start + 5]), bytes: data)
      }
    }
    try dispatch.checkComplete()
    try commands.add(dispatch)
  }
}

@_cdecl("tl_metal_commands_signal")
public func tl_metal_commands_signal(_ commands: UInt32, _ event: UInt32, _ value: UInt64) -> Int32 {
  export {
    let commands = try HandleTable.shared.get(commands, as: MetalCommands.self)
    try commands.signal(HandleTable.shared.get(event, as: MetalEvent.self), value)
  }
}

@_cdecl("tl_metal_commands_wait")
public func tl_metal_commands_wait(_ commands: UInt32, _ event: UInt32, _ value: UInt64) -> Int32 {
  export {
    let commands = try HandleTable.shared.get(commands, as: MetalCommands.self)
    try commands.wait(HandleTable.shared.get(event, as: MetalEvent.self), value)
  }
}

@_cdecl("tl_metal_commands_commit")
public func tl_metal_commands_commit(_ commands: UInt32, _ token: UInt32) -> Int32 {
  export { try HandleTable.shared.get(commands, as: MetalCommands.self).commit(token: token) }
}

@_cdecl("tl_metal_commands_times")
public func tl_metal_commands_times(_ commands: UInt32, _ outSeconds: UnsafeMutablePointer<Double>?) -> Int32 {
  export {
    let outSeconds = try required(outSeconds, "out_seconds")
    let times = try HandleTable.shared.get(commands, as: MetalCommands.self).gpuTimes
    outSeconds[0] = times.start
    outSeconds[1] = times.end
  }
}

@_cdecl("tl_metal_commands_release")
public func tl_metal_commands_release(_ commands: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(commands, as: MetalCommands.self) }
}

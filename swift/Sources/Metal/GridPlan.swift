import Kernels
import Shaders

/// How a grid is cut into groups.
struct GridPlan {
  typealias Sizes = (UInt32, UInt32, UInt32)
  let grid: Sizes
  let size: Sizes
  let groups: Sizes
  let count: Int
  /// Groups that one thread takes at a time.
  let chunk: Int

  /// nil: a size below 1 or above 2^32 - 1, or more threads per group than `limit`.
  init?(grid: MTLSize, group: MTLSize, limit: Int) {
    guard let grid = GridPlan.sizes(grid), let size = GridPlan.sizes(group) else { return nil }
    let (area, areaOverflow) = group.width.multipliedReportingOverflow(by: group.height)
    let (volume, overflow) = area.multipliedReportingOverflow(by: group.depth)
    guard !areaOverflow, !overflow, volume <= limit else { return nil }
    let parts = { (total: UInt32, each: UInt32) in (total - 1) / each + 1 }
    groups = (parts(grid.0, size.0), parts(grid.1, size.1), parts(grid.2, size.2))
    let (plane, planeOverflow) = Int(groups.0).multipliedReportingOverflow(by: Int(groups.1))
    let (count, countOverflow) = plane.multipliedReportingOverflow(by: Int(groups.2))
    guard !planeOverflow, !countOverflow else { return nil }
    self.grid = grid
    self.size = size
    self.count = count
    // Enough pieces that a slow one does not keep the others waiting, few enough that handing them out costs nothing.
    chunk = max(1, count / (max(1, tlk_thread_count()) * 16))
  }

  private static func sizes(_ size: MTLSize) -> Sizes? {
    guard let x = UInt32(exactly: size.width), let y = UInt32(exactly: size.height), let z = UInt32(exactly: size.depth),
      x > 0, y > 0, z > 0
    else { return nil }
    return (x, y, z)
  }

  /// The group's place; its size is cut at the end of the grid.
  func place(_ index: Int, _ group: inout tlm_group) {
    let x = UInt32(index % Int(groups.0)), rest = index / Int(groups.0)
    let y = UInt32(rest % Int(groups.1)), z = UInt32(rest / Int(groups.1))
    group.position = (x, y, z)
    // x is at most groups.0 - 1, so the product is below grid.0.
    group.size = (
      min(size.0, grid.0 - x * size.0), min(size.1, grid.1 - y * size.1), min(size.2, grid.2 - z * size.2)
    )
  }
}

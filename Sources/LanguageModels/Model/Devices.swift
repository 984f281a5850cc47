import Foundations
import Torch

/// Where a model lies: on one device, or on several that its blocks are split over in their order.
public struct Devices: Sendable, Equatable, CustomStringConvertible {
  /// At least one. A device may be there twice, which splits its memory as if it were two.
  public let all: [Device]

  public static let cpu = Devices(.cpu)

  public init(_ device: Device) { all = [device] }

  /// Reads "cpu", "cuda:1" or "cuda:0,cuda:1"; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Device(String($0)) }
    let devices = parts.compactMap { $0 }
    guard devices.count == parts.count, (1...64).contains(devices.count) else { return nil }
    all = devices
  }

  /// The one that embeddings and results are on.
  public var first: Device { all[0] }

  /// Whether no GPU is among them.
  public var areCPU: Bool { all.allSatisfy { $0 == .cpu } }

  public var description: String { all.map(\.description).joined(separator: ",") }
}

/// Which of a model's blocks lie on which device: as many, in their order, as each device has memory for. Embeddings lie with
/// the first block, the final norm and the head with the last.
package struct LayerPlacement: Sendable, Equatable {
  /// For each block, which of the devices it is on.
  package let layers: [Int]
  package let devices: [Device]
  /// Bytes of weights on each.
  package let bytes: [Int]

  /// Bytes of a model's parts.
  package struct Sizes: Sendable {
    package var before = 0
    package var layers: [Int]
    package var after = 0

    package init(_ configuration: ModelConfiguration, _ dtype: DType, _ format: WeightFormat) {
      layers = Array(repeating: 0, count: configuration.layerCount)
      for weight in configuration.weights {
        let size = format.byteCount(weight, dtype)
        if let layer = weight.name.layer {
          layers[layer] += size
        } else if weight.name.isInput {
          before += size
        } else {
          after += size
        }
      }
      // A tied head is a copy where the last block is elsewhere.
      if configuration.tiedEmbeddings { after += configuration.vocabularySize * configuration.hiddenSize * dtype.size }
    }

    var total: Int { before + layers.reduce(0, +) + after }
  }

  /// Of a device's free memory, what weights may take: the rest is for activations and the cache.
  private static let usable = 0.9

  /// - Parameter memory: free bytes of each device.
  /// - Throws: `badInput`, with the numbers, where the devices have too little memory.
  package init(_ sizes: Sizes, _ devices: [Device], memory: [Int]) throws(TelltaleError) {
    let usable = memory.map { Double($0) * Self.usable }
    let total = usable.reduce(0, +)
    var bytes = devices.map { _ in 0 }
    var layers: [Int] = []
    var (device, end) = (0, total == 0 ? 0 : usable[0] / total * Double(sizes.total))
    var passed = Double(sizes.before)
    for size in sizes.layers {
      // A block goes where its middle falls when the devices' shares are laid side by side.
      while device + 1 < devices.count, passed + Double(size) / 2 > end {
        device += 1
        end += usable[device] / total * Double(sizes.total)
      }
      layers.append(device)
      bytes[device] += size
      passed += Double(size)
    }
    bytes[layers.first ?? 0] += sizes.before
    bytes[layers.last ?? 0] += sizes.after
    guard zip(bytes, usable).allSatisfy({ Double($0) <= $1 }) else {
      let free = zip(devices, usable).map { "\($0) \(Self.gibibytes($1))" }.joined(separator: ", ")
      throw TelltaleError(
        .badInput,
        "the model's weights take \(Self.gibibytes(Double(sizes.total))) GiB, and the devices have (GiB): \(free); give more "
          + "devices, or --weights int8 or int4")
    }
    self.init(layers: layers, devices: devices, bytes: bytes)
  }

  private init(layers: [Int], devices: [Device], bytes: [Int]) {
    (self.layers, self.devices, self.bytes) = (layers, devices, bytes)
  }

  /// The placement for the memory that devices have now; a device that is there several times is shared equally.
  package init(
    _ configuration: ModelConfiguration, _ dtype: DType, _ format: WeightFormat, on devices: Devices
  ) throws(TelltaleError) {
    guard devices.all.count > 1 else {
      let all = Array(repeating: 0, count: configuration.layerCount)
      self.init(layers: all, devices: devices.all, bytes: [Sizes(configuration, dtype, format).total])
      return
    }
    var memory: [Int] = []
    for device in devices.all {
      memory.append(try Runtime.freeMemory(of: device) / devices.all.count { $0 == device })
    }
    try self.init(Sizes(configuration, dtype, format), devices.all, memory: memory)
  }

  package func device(of name: WeightName) -> Device {
    if let layer = name.layer { return devices[layers[layer]] }
    return devices[(name.isInput ? layers.first : layers.last) ?? 0]
  }

  private static func gibibytes(_ bytes: Double) -> String { "\((bytes / 1_073_741_824 * 10).rounded() / 10)" }
}

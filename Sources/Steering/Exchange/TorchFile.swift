import Foundation
import Foundations
import Torch

/// Files of `torch.save` that hold a tensor, a list of tensors or a dictionary of tensors.
struct TorchFile {
  enum Contents {
    case tensor(ForeignTensor)
    /// In the order of the list.
    case list([ForeignTensor])
    /// By key, as text.
    case dictionary([(key: String, tensor: ForeignTensor)])
  }

  private let archive: ZipArchive
  private let folder: String
  private let file: String

  static func read(_ url: URL) throws(TelltaleError) -> Contents {
    try TorchFile(bytes: ForeignFile.bytes(url), file: url.path).contents()
  }

  init(bytes: [UInt8], file: String) throws(TelltaleError) {
    self.file = file
    archive = try ZipArchive(bytes, file: file)
    let pickles = archive.entries.keys.filter { $0.hasSuffix("/data.pkl") && $0.split(separator: "/").count == 2 }
    guard pickles.count == 1, let pickle = pickles.first else {
      throw TelltaleError(.badInput, "is no file of torch.save: it has no data.pkl", at: InputLocation(file: file))
    }
    folder = String(pickle.dropLast("data.pkl".count))
    if let order = archive.entries[folder + "byteorder"], !order.elementsEqual("little".utf8) {
      throw error("has big-endian numbers; save it on a little-endian machine")
    }
  }

  func contents() throws(TelltaleError) -> Contents {
    var unpickler = try TensorUnpickler(archive.entries[folder + "data.pkl"] ?? [], file: file)
    switch try unpickler.load() {
    case .tensor(let tensor): return .tensor(try read([("the tensor", tensor)])[0].tensor)
    case .list(let index), .tuple(let index):
      let items = unpickler.containers[index].enumerated().map { ("\($0)", $1) }
      return .list(try read(tensors(items)).map(\.tensor))
    case .dictionary(let index):
      return .dictionary(try read(tensors(pairs(unpickler.containers[index]))))
    default: throw error("holds no tensor and no list or dictionary of tensors")
    }
  }

  private func pairs(
    _ items: [TensorUnpickler.Value]
  ) throws(TelltaleError) -> [(key: String, value: TensorUnpickler.Value)] {
    var found: [(key: String, value: TensorUnpickler.Value)] = []
    for place in stride(from: 0, to: items.count, by: 2) {
      switch items[place] {
      case .text(let text): found.append((text, items[place + 1]))
      case .integer(let number): found.append(("\(number)", items[place + 1]))
      default: throw error("has a key that is neither a number nor a text")
      }
    }
    return found
  }

  private func tensors(
    _ items: [(key: String, value: TensorUnpickler.Value)]
  ) throws(TelltaleError) -> [(key: String, tensor: TensorUnpickler.PickledTensor)] {
    var found: [(key: String, tensor: TensorUnpickler.PickledTensor)] = []
    for (key, value) in items {
      guard case .tensor(let tensor) = value else { throw error("is no tensor of floats", item: key) }
      found.append((key, tensor))
    }
    return found
  }

  /// Reads tensors that together are no larger than one may be: a small pickle can name a large tensor many times.
  private func read(
    _ tensors: [(key: String, tensor: TensorUnpickler.PickledTensor)]
  ) throws(TelltaleError) -> [(key: String, tensor: ForeignTensor)] {
    var left = ForeignFile.largestTensor
    var found: [(key: String, tensor: ForeignTensor)] = []
    for (key, tensor) in tensors {
      guard let count = ForeignFile.elementCount(tensor.shape), count <= left else {
        throw error("is larger than any vectors are; it is damaged", item: key)
      }
      left -= count
      found.append((key, try read(tensor, count, item: key)))
    }
    return found
  }

  /// The numbers of a tensor, gathered by its strides.
  private func read(
    _ tensor: TensorUnpickler.PickledTensor, _ count: Int, item: String
  ) throws(TelltaleError) -> ForeignTensor {
    let storage = tensor.storage
    guard count > 0 else { return ForeignTensor(shape: tensor.shape, values: []) }
    guard let bytes = archive.entries[folder + "data/" + storage.key],
      storage.count <= bytes.count / storage.number.size, (0...storage.count).contains(tensor.offset),
      tensor.strides.allSatisfy({ (0...ForeignFile.largest).contains($0) })
    else { throw error("has a shape that its data does not fill; it is damaged", item: item) }
    // No size exceeds the largest tensor and no stride the largest file: the sum cannot overflow.
    let furthest = zip(tensor.shape, tensor.strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
    guard furthest < storage.count - tensor.offset else {
      throw error("reaches outside of its data; it is damaged", item: item)
    }
    var values: [Float] = []
    values.reserveCapacity(count)
    for index in 0..<count { values.append(storage.number.value(bytes, tensor.offset + Self.place(index, tensor))) }
    return ForeignTensor(shape: tensor.shape, values: values)
  }

  /// Where element `index` of row-major order lies, by the strides.
  private static func place(_ index: Int, _ tensor: TensorUnpickler.PickledTensor) -> Int {
    var (rest, place) = (index, 0)
    for (size, stride) in zip(tensor.shape, tensor.strides).reversed() {
      place += rest % size * stride
      rest /= size
    }
    return place
  }

  private func error(_ message: String, item: String? = nil) -> TelltaleError {
    TelltaleError(.badInput, message, at: InputLocation(file: file, item: item.map { SafeText.quoted($0) }))
  }
}

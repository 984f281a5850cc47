import Foundations
import Tokenizers
import Torch

/// The weights of a GGUF file under the names and in the layout of its family's published safetensors files.
package struct GGUFSource: WeightSource {
  /// Where a published tensor lies in the file, and what its conversion has to be undone.
  private struct Place: Sendable {
    var name: String
    var expert: Int?
    var change: GGUFArchitecture.Change?
  }

  private let file: GGUFModelFile
  private let places: [String: Place]
  private let heads: (query: Int, keyValue: Int)
  private let dtype: DType

  /// - Parameters:
  ///   - heads: numbers of query heads and of key-value heads.
  ///   - dtype: what blocks are unpacked to. Plain floats stay what they are.
  init(
    _ file: GGUFModelFile, _ architecture: GGUFArchitecture, heads: (query: Int, keyValue: Int), dtype: DType
  ) {
    self.file = file
    self.heads = heads
    self.dtype = dtype
    var places: [String: Place] = [:]
    for name in file.names {
      for (published, place) in Self.places(of: name, file.entry(name)?.shape ?? [], architecture) {
        places[published] = place
      }
    }
    self.places = places
  }

  // MARK: Names

  /// `blk.3.attn_q.weight` is one tensor of the published files, a stack of experts is as many as it has.
  private static func places(
    of name: String, _ shape: [Int], _ architecture: GGUFArchitecture
  ) -> [(String, Place)] {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let suffix = parts.last, suffix == "weight" || suffix == "bias" else { return [] }
    func change(_ module: String) -> GGUFArchitecture.Change? {
      suffix == "weight" || architecture.changesBiases ? architecture.changes[module] : nil
    }
    if parts.count == 2, let published = architecture.outside[parts[0]] {
      return [("\(published).\(suffix)", Place(name: name, change: change(parts[0])))]
    }
    guard parts.count >= 4, parts[0] == "blk", let layer = Int(parts[1]), "\(layer)" == parts[1] else { return [] }
    let (block, module) = ("\(architecture.blocks)\(layer).", parts[2])
    if parts.count == 4, let published = architecture.inside[module] {
      return [("\(block)\(published).\(suffix)", Place(name: name, change: change(module)))]
    }
    if parts.count == 4, let published = architecture.experts[module], shape.count == 3 {
      return (0..<min(shape[0], mostExperts)).map { expert in
        (block + expertName(published, expert, suffix), Place(name: name, expert: expert))
      }
    }
    // Older files have every expert as a tensor: blk.3.ffn_up.7.weight.
    if parts.count == 5, let expert = Int(parts[3]), let published = architecture.experts[module + "_exps"] {
      return [(block + expertName(published, expert, suffix), Place(name: name))]
    }
    return []
  }

  private static let mostExperts = 65536

  private static func expertName(_ published: String, _ expert: Int, _ suffix: String) -> String {
    published.split(separator: "#").joined(separator: "\(expert)") + ".\(suffix)"
  }

  package var names: [String] { places.keys.sorted() }

  package func contains(_ name: String) -> Bool { places[name] != nil }

  package func file(of name: String) -> String {
    (places[name].flatMap { file.file(of: $0.name) }?.url ?? file.url).path
  }

  // MARK: Numbers

  private func place(_ name: String) throws(TelltaleError) -> (Place, GGUFFile, GGUFHeader.Entry) {
    guard let place = places[name], let part = file.file(of: place.name), let entry = file.entry(place.name) else {
      throw TelltaleError(
        .badInput, "holds no tensor for \"\(SafeText.quoted(name))\"; it is incomplete or of another model",
        at: InputLocation(file: file.url.path))
    }
    return (place, part, entry)
  }

  package func shape(of name: String) throws -> [Int] {
    let (place, _, entry) = try place(name)
    let shape = place.expert == nil ? entry.shape : Array(entry.shape.dropFirst())
    return place.change == .transposed ? shape.reversed() : shape
  }

  package func dtype(of name: String) throws -> DType {
    let (_, part, entry) = try place(name)
    return try part.type(of: entry).dtype ?? dtype
  }

  package func tensor(_ name: String) throws -> Tensor {
    let (place, part, entry) = try place(name)
    let stored =
      if let expert = place.expert { try part.tensor(entry, at: expert, dtype: dtype) } else {
        try part.tensor(entry, dtype: dtype)
      }
    do throws(TelltaleError) { return try undone(place, stored) } catch {
      throw misshapen(part.place(entry), error)
    }
  }

  private func misshapen(_ place: InputLocation, _ error: TelltaleError) -> TelltaleError {
    TelltaleError(.badInput, "has a shape that is not of \(heads.query) heads: \(error.message)", at: place)
  }

  package func blocks(of name: String, at index: Int?) throws -> StoredBlocks? {
    let (place, part, entry) = try place(name)
    guard place.change != .transposed, place.change != .offset else { return nil }
    guard let stored = try part.blocks(entry, at: place.expert ?? index) else { return nil }
    do throws(TelltaleError) { return StoredBlocks(bytes: try undone(place, stored.bytes), type: stored.type) } catch {
      throw misshapen(part.place(entry), error)
    }
  }

  package func forget(_ name: String) {
    guard let (_, part, entry) = try? place(name) else { return }
    part.forget(entry)
  }

  private func undone(_ place: Place, _ tensor: Tensor) throws(TelltaleError) -> Tensor {
    let rest = Array(tensor.shape.dropFirst())
    switch place.change {
    case nil: return tensor
    case .offset: return try tensor - 1
    case .transposed: return try tensor.transposed(0, 1)
    case .pairedRows:
      let count = place.name.contains("attn_q") ? heads.query : heads.keyValue
      return try tensor.reshaped([count, -1, 2] + rest).transposed(1, 2).reshaped(tensor.shape)
    case .thirds:
      return try tensor.reshaped([3, heads.query, -1] + rest).transposed(0, 1).reshaped(tensor.shape)
    }
  }
}

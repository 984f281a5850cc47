import Foundation
import Foundations
import LanguageModels
import Torch

/// Vectors of another tool's files, brought to our layers.
public struct ImportedVectors: Sendable {
  public var vectors: SteeringVectors
  public var format: VectorFormat
  public var convention: LayerConvention
  /// For each of our layers, the layer of the file.
  public var sources: [Int: Int]
  /// The norms of all rows, those that are left out too, by the file's own layer.
  var foreignNorms: [Int: Double] = [:]
}

/// Reads vector files of every known format. Nothing in a file is ever executed, and every size is checked.
public struct VectorImport: Sendable {
  /// How the file counts layers (default: told from its format and name).
  public var convention: LayerConvention?
  /// The file's own number of the layer, where a file holds one vector and does not say.
  public var layer: Int?
  /// Of `[positions, layers, hidden]`, which position to take; negative counts from the last.
  public var position: Int?

  public init(convention: LayerConvention? = nil, layer: Int? = nil, position: Int? = nil) {
    self.convention = convention
    self.layer = layer
    self.position = position
  }

  static let largestLayer = 4096

  /// The vectors of one file, or of several that hold a layer each (as CAA writes them), or of a folder of those.
  ///
  /// - Throws: `TelltaleError.badInput` for a file that is damaged, hostile, of an unknown kind or without a layer.
  public func vectors(from urls: [URL]) throws -> ImportedVectors {
    let files = try urls.flatMap(Self.files)
    guard let first = files.first else {
      throw TelltaleError(.badInput, "there are no files to import; name at least one")
    }
    var whole = try vectors(of: first)
    for file in files.dropFirst() {
      let more = try vectors(of: file)
      let place = InputLocation(file: file.path)
      guard more.format == whole.format, more.convention == whole.convention,
        more.vectors.hiddenSize == whole.vectors.hiddenSize
      else { throw TelltaleError(.badInput, "is of another kind or width than the first file", at: place) }
      for (layer, vector) in more.vectors.layers {
        guard whole.vectors.layers.updateValue(vector, forKey: layer) == nil else {
          throw TelltaleError(.badInput, "holds a layer that another file holds too; import one of them", at: place)
        }
      }
      whole.sources.merge(more.sources) { first, _ in first }
      whole.foreignNorms.merge(more.foreignNorms) { first, _ in first }
      whole.vectors.provenance.notes += more.vectors.provenance.notes
    }
    if whole.format != .safetensors {
      whole.vectors.provenance.importedFrom = files.map(\.lastPathComponent).joined(separator: " ")
    }
    return whole
  }

  /// A folder stands for the files of CAA in it.
  private static func files(_ url: URL) throws(TelltaleError) -> [URL] {
    guard (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true else { return [url] }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [])
      .filter { caaLayer($0) != nil }.sorted()
    guard !names.isEmpty else {
      throw TelltaleError(
        .badInput, "is a folder without files named vec_layer_<number>...pt; name a file",
        at: InputLocation(file: url.path))
    }
    return names.map { url.appendingPathComponent($0) }
  }

  private func vectors(of url: URL) throws -> ImportedVectors {
    let place = InputLocation(file: url.path)
    guard let format = VectorFormat(fileName: url.lastPathComponent) else {
      throw TelltaleError(
        .badInput, "is no kind of vector file that is known; give .safetensors, .gguf, .npy or .pt", at: place)
    }
    if format == .safetensors, convention ?? .telltale == .telltale {
      try refuseVoidChoices(place, isOneRow: false, hasPositions: false)
      let vectors = try SteeringVectors(contentsOf: url)
      let own = Dictionary(uniqueKeysWithValues: vectors.sortedLayers.map { ($0, $0) })
      return ImportedVectors(vectors: vectors, format: format, convention: .telltale, sources: own)
    }
    // The contents come first: what is hostile is called so, whatever else the file leaves open.
    let contents = try Self.contents(of: url, format)
    let convention = try convention ?? Self.convention(of: url, format)
    var imported = try placed(rows(of: contents, url, convention), url, format, convention)
    if case .rows(_, let hint, let notes) = contents {
      imported.vectors.provenance.model = hint
      imported.vectors.provenance.notes += notes
    }
    return imported
  }

  private static func convention(of url: URL, _ format: VectorFormat) throws(TelltaleError) -> LayerConvention {
    let name = url.lastPathComponent
    switch format {
    case .gguf: return .gguf
    case .safetensors, .npy: return .telltale
    case .torch:
      if caaLayer(name) != nil { return .caa }
      if name == "direction.pt" || name == "mean_diffs.pt" { return .refusalDirection }
      if name.hasSuffix("_diff.pt") { return .persona }
      let known = LayerConvention.allCases.map(\.rawValue).joined(separator: ", ")
      throw TelltaleError(
        .badInput, "does not say how it counts layers; state its convention, one of \(known)",
        at: InputLocation(file: url.path), remedy: .stateConvention)
    }
  }

  /// The layer in `vec_layer_13_Llama-2-7b-chat-hf.pt`.
  static func caaLayer(_ name: String) -> Int? {
    name.firstMatch(of: #/^vec_layer_([0-9]{1,4})(?:[_.].*)?\.pt$/#).flatMap { Int($0.1) }
  }

  // MARK: Rows by the file's own layers

  private enum Contents {
    case rows([Int: [Float]], modelHint: String?, notes: [String])
    case tensor(ForeignTensor)
    case named([(key: String, tensor: ForeignTensor)])
  }

  private static func contents(of url: URL, _ format: VectorFormat) throws -> Contents {
    switch format {
    case .safetensors: return .rows(try SteeringVectors(contentsOf: url).layers, modelHint: nil, notes: [])
    case .gguf:
      let file = try ControlVectorFile.read(url)
      return .rows(file.directions, modelHint: file.modelHint, notes: file.notes)
    case .npy: return .tensor(try NumpyFile.read(url))
    case .torch:
      switch try TorchFile.read(url) {
      case .tensor(let tensor): return .tensor(tensor)
      case .list(let tensors): return .named(tensors.enumerated().map { ("\($0)", $1) })
      case .dictionary(let tensors): return .named(tensors)
      }
    }
  }

  private func rows(
    of contents: Contents, _ url: URL, _ convention: LayerConvention
  ) throws(TelltaleError) -> [Int: [Float]] {
    let place = InputLocation(file: url.path)
    switch contents {
    case .rows(let rows, _, _):
      try refuseVoidChoices(place, isOneRow: false, hasPositions: false)
      return rows
    case .tensor(let tensor): return try rows(of: tensor, url, convention)
    case .named(let tensors):
      try refuseVoidChoices(place, isOneRow: false, hasPositions: false)
      return try rows(of: tensors, url)
    }
  }

  /// Refuses a layer or a position that what the file holds makes void.
  private func refuseVoidChoices(
    _ place: InputLocation, isOneRow: Bool, hasPositions: Bool
  ) throws(TelltaleError) {
    if layer != nil, !isOneRow {
      throw TelltaleError(
        .badInput, "says itself of which layers its rows are; leave the choice of a layer out", at: place,
        remedy: .chooseLayer)
    }
    if position != nil, !hasPositions {
      throw TelltaleError(
        .badInput, "holds no positions to choose from; leave the choice of a position out", at: place,
        remedy: .choosePosition)
    }
  }

  /// The shape without axes of one: neither layers nor positions nor widths are counted by them.
  private static func withoutOnes(_ shape: [Int]) -> [Int] {
    let kept = shape.filter { $0 != 1 }
    return kept.isEmpty ? [1] : kept
  }

  private func rows(
    of tensor: ForeignTensor, _ url: URL, _ convention: LayerConvention
  ) throws(TelltaleError) -> [Int: [Float]] {
    let shape = Self.withoutOnes(tensor.shape)
    let place = InputLocation(file: url.path)
    // [1, layers, hidden] has one position, which may be named.
    let hasPositions = shape.count == 3 || (tensor.shape.count == 3 && tensor.shape[0] == 1)
    try refuseVoidChoices(place, isOneRow: shape.count == 1, hasPositions: hasPositions)
    switch shape.count {
    case 1: return [try statedLayer(url, convention): tensor.values]
    case 2 where shape[0] <= Self.largestLayer:
      if hasPositions { _ = try positionIndex(of: 1, url) }
      return Self.slices(tensor.values[...], width: shape[1])
    case 3 where shape[1] <= Self.largestLayer:
      let index = try positionIndex(of: shape[0], url)
      let size = shape[1] * shape[2]
      return Self.slices(tensor.values[index * size..<(index + 1) * size], width: shape[2])
    default:
      throw TelltaleError(
        .badInput,
        "has shape \(tensor.shape), where [hidden], [layers, hidden] or [positions, layers, hidden] is meant", at: place
      )
    }
  }

  private static func slices(_ values: ArraySlice<Float>, width: Int) -> [Int: [Float]] {
    let count = width == 0 ? 0 : values.count / width
    let start = values.startIndex
    return Dictionary(
      uniqueKeysWithValues: (0..<count).map { ($0, Array(values[start + $0 * width..<start + ($0 + 1) * width])) })
  }

  private func rows(of tensors: [(key: String, tensor: ForeignTensor)], _ url: URL) throws(TelltaleError) -> [Int:
    [Float]]
  {
    var rows: [Int: [Float]] = [:]
    for (key, tensor) in tensors {
      let place = InputLocation(file: url.path, item: SafeText.quoted(key))
      guard let layer = key.firstMatch(of: #/^(?:[A-Za-z_.]*[_.])?([0-9]{1,4})$/#).flatMap({ Int($0.1) }) else {
        throw TelltaleError(.badInput, "is no layer number; name the tensors by their layers", at: place)
      }
      guard tensor.shape.count(where: { $0 != 1 }) <= 1, rows.updateValue(tensor.values, forKey: layer) == nil else {
        throw TelltaleError(.badInput, "has shape \(tensor.shape) or comes twice; give one row a layer", at: place)
      }
    }
    return rows
  }

  private func positionIndex(of count: Int, _ url: URL) throws(TelltaleError) -> Int {
    let wanted = position ?? -1
    let index = wanted < 0 ? count + wanted : wanted
    guard (0..<count).contains(index) else {
      throw TelltaleError(
        .badInput, "holds \(count) positions, of which \(wanted) is none; choose another position",
        at: InputLocation(file: url.path), remedy: .choosePosition)
    }
    return index
  }

  private struct DirectionMetadata: Decodable { var layer: Int }

  /// The file's own number of its one layer: from the command, from its name, or from what lies in the same folder.
  private func statedLayer(_ url: URL, _ convention: LayerConvention) throws(TelltaleError) -> Int {
    if let layer { return layer }
    if let layer = Self.caaLayer(url.lastPathComponent) { return layer }
    let beside = url.deletingLastPathComponent().appendingPathComponent("direction_metadata.json")
    if convention == .refusalDirection, let data = try? ForeignFile.bytes(beside),
      let stated = try? JSONDecoder().decode(DirectionMetadata.self, from: Data(data))
    {
      return stated.layer
    }
    throw TelltaleError(
      .badInput,
      "holds one vector and does not say of which layer; state the layer as the tool that wrote it counts",
      at: InputLocation(file: url.path), remedy: .chooseLayer)
  }

  // MARK: Our layers

  private func placed(
    _ rows: [Int: [Float]], _ url: URL, _ format: VectorFormat, _ convention: LayerConvention
  ) throws(TelltaleError) -> ImportedVectors {
    let place = InputLocation(file: url.path)
    var provenance = VectorProvenance()
    provenance.file = url.path
    provenance.importedConvention = "\(convention.rawValue): \(convention.meaning)"
    var vectors = SteeringVectors(layers: [:], provenance: provenance)
    var sources: [Int: Int] = [:]
    for (foreign, row) in rows.sorted(by: { $0.key < $1.key }) {
      guard !row.isEmpty, row.allSatisfy(\.isFinite), row.count == rows.values.first?.count else {
        throw TelltaleError(
          .badInput, "holds NaN, infinite numbers, nothing, or rows of different widths at its layer \(foreign)",
          at: place)
      }
      guard let layer = convention.layer(from: foreign), (0..<Self.largestLayer).contains(layer) else {
        guard foreign == 0 else {
          throw TelltaleError(.badInput, "names layer \(foreign), which no model has", at: place)
        }
        vectors.provenance.notes.append(
          "layer 0 of \(url.lastPathComponent) is left out: \(convention.reasonForRefusal)")
        continue
      }
      vectors.layers[layer] = row
      sources[layer] = foreign
      if vectors.norm(layer) == 0 { vectors.provenance.notes.append("the vector of layer \(layer) is zero") }
    }
    guard vectors.sortedLayers.contains(where: { vectors.norm($0) > 0 }) else {
      let zero =
        rows.isEmpty
        ? "it has none"
        : vectors.layers.isEmpty ? "of its only layer, 0, \(convention.reasonForRefusal)" : "every vector is zero"
      throw TelltaleError(.badInput, "holds no vector that can be used: \(zero)", at: place)
    }
    let norms = rows.mapValues { row in row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
    vectors.provenance.notes +=
      ImportDoubts(file: url.lastPathComponent, convention: convention, norms: norms).sentences
    return ImportedVectors(
      vectors: vectors, format: format, convention: convention, sources: sources, foreignNorms: norms)
  }
}

import Foundations
import LanguageModels
import Statistics
import Torch

/// Whether two vectors order things alike, regardless of the angle between them.
public struct FunctionalAgreement: Sendable, Equatable {
  /// Spearman's rank correlation; nil where a side does not vary.
  public let spearman: Double?
  public let rows: Int
  /// Distinct questions of the rows, the units that are independent.
  public let groups: Int
  /// Rows left out because a vector was made of their question.
  public let leftOut: Int

  /// Of the projections of held-out prompts' activations on the vectors at a layer. Each vector may have a separate
  /// recording model, of any width; rows are matched by id and question.
  public static func projections(
    _ a: ComparedVector, _ recordingA: PlacedRecording, _ b: ComparedVector, _ recordingB: PlacedRecording, layer: Int
  ) throws -> FunctionalAgreement {
    let common = recordingA.commonRows(recordingB)
    let seen = a.groups.union(b.groups)
    let held = common.filter { !seen.contains(recordingA.recording.rows[$0.0].group) }
    let x = try recordingA.projections(a, layer: layer, rows: held.map(\.0))
    let y = try recordingB.projections(b, layer: layer, rows: held.map(\.1))
    return FunctionalAgreement(
      spearman: Measures.spearman(x, y)?.coefficient, rows: held.count,
      groups: Set(held.map { recordingA.recording.rows[$0.0].group }).count, leftOut: common.count - held.count)
  }
}

/// A recording at one read position.
public struct PlacedRecording: Sendable {
  public let name: String
  public let recording: Recording
  public let read: ReadPosition

  /// - Parameter read: nil is where the vector was read, if the recording has that position, else `prompt`.
  public init(name: String, recording: Recording, read: ReadPosition?, vector: ComparedVector?) throws {
    let stated = vector?.vectors.provenance.read.flatMap { ReadPosition(rawValue: $0) }
    let held = recording.activations.keys.map(\.rawValue).sorted().joined(separator: ", ")
    let wanted = read ?? stated.flatMap { recording.activations[$0] == nil ? nil : $0 } ?? .prompt
    guard let activations = recording.activations[wanted] else {
      throw TelltaleError(
        .badInput, "has no activations at \"\(wanted.rawValue)\"; choose among \(held)",
        at: InputLocation(file: name), remedy: .chooseRead)
    }
    if let vector, vector.vectors.hiddenSize != activations.size(2) {
      throw TelltaleError(
        .badInput,
        "has activations of width \(activations.size(2)) and \(vector.name) has width \(vector.vectors.hiddenSize); "
          + "record with the model that the vector is of", at: InputLocation(file: name))
    }
    (self.name, self.recording, self.read) = (name, recording, wanted)
  }

  public var layers: [Int] { recording.layers }

  /// Rows that have an activation: those without a continuation have none there.
  private var usable: [Int] {
    recording.rows.indices.filter { recording.rows[$0].isRead(at: read) }
  }

  /// Float32 [rows, hidden]; nil where the layer was not recorded.
  public func stream(layer: Int) throws -> Tensor? {
    guard layers.contains(layer) else { return nil }
    return try recording.stream(read, layer: layer).selected(0, usable)
  }

  /// Rows of both recordings that asked the same: equal ids and questions, each once.
  func commonRows(_ other: PlacedRecording) -> [(Int, Int)] {
    func key(_ row: RecordedRow) -> [String] { [row.id, row.question] }
    let theirs = Dictionary(
      other.usable.map { (key(other.recording.rows[$0]), $0) }, uniquingKeysWith: { first, _ in first })
    var taken: Set<Int> = []
    return usable.compactMap { own in
      guard let match = theirs[key(recording.rows[own])], taken.insert(match).inserted else { return nil }
      return (own, match)
    }
  }

  /// Dot products with the unit vector, in units of the stream.
  func projections(_ vector: ComparedVector, layer: Int, rows: [Int]) throws -> [Double] {
    guard !rows.isEmpty else { return [] }
    let unit = try Tensor(vector.vectors.unit(layer)).converted(to: .float64)
    return try recording.stream(read, layer: layer).selected(0, rows).converted(to: .float64)
      .matmul(unit.unsqueezed(1)).doubles()
  }
}

import Foundation
import LanguageModels
import Statistics
import Torch

/// Numbers about a vector itself that would change a reader's mind.
struct VectorGeometry {
  let layer: Int
  let vector: [Float]
  private let direction: Tensor  // float64 [hidden], unit

  /// From here on a cosine with the letters' direction is doubtful, or from three standard deviations of a random
  /// direction's, 3 / sqrt(hidden), if that is more.
  static let doubtfulLetterCosine = 0.2
  static let largestCoordinates = 10

  init(layer: Int, vector: [Float]) throws {
    self.layer = layer
    self.vector = vector
    let wide = try Tensor(vector).converted(to: .float64)
    direction = try wide / wide.norm()
  }

  func numbers(
    letters: LetterDirection?, profile: LayerProfile?, auroc: Double?, centredAUROC: Double?
  ) throws -> [AuditGeometry] {
    try [
      letters.flatMap { try letterCosine($0) }, largestShare(), profile.flatMap { try componentShare($0) },
      profile.flatMap(anisotropy), centring(auroc, centredAUROC),
    ].compactMap { $0 }
  }

  private func letterCosine(_ letters: LetterDirection) throws -> AuditGeometry? {
    guard letters.direction.count == vector.count else { return nil }
    let other = try Tensor(letters.direction).converted(to: .float64)
    let norm = try other.norm().scalar()
    guard norm > 0 else { return nil }
    let cosine = try (direction * other).sum().scalar() / norm
    let doubtful = abs(cosine) > max(Self.doubtfulLetterCosine, 3 / Double(vector.count).squareRoot())
    let sentence =
      "The vector at layer \(layer) has a cosine of \(fixed(cosine)) with the unembedding difference of the answer "
      + "letters \(letters.letters[0]) and \(letters.letters[1])"
    return AuditGeometry(
      name: "cosine with the answer letters", value: cosine,
      sentence: sentence + (doubtful ? ": it may read the letter." : "."), isDoubtful: doubtful)
  }

  private func largestShare() -> AuditGeometry {
    let squares = vector.map { Double($0) * Double($0) }.sorted(by: >)
    let count = min(Self.largestCoordinates, squares.count)
    let share = squares.prefix(count).reduce(0, +) / squares.reduce(0, +)
    let doubtful = share > 0.5 && squares.count > 4 * count
    return AuditGeometry(
      name: "share of largest coordinates", value: share,
      sentence:
        "The \(count) largest of \(squares.count) coordinates hold \(percent(share)) of the squared norm of the "
        + "vector at layer \(layer)" + (doubtful ? ": the score is about those few." : "."), isDoubtful: doubtful)
  }

  private func componentShare(_ profile: LayerProfile) throws -> AuditGeometry? {
    guard let components = profile.components, components.size(0) == vector.count else { return nil }
    let parts = try direction.unsqueezed(0).matmul(components.converted(to: .float64))
    let share = try (parts * parts).sum().scalar()
    return AuditGeometry(
      name: "share in the top components", value: share,
      sentence: "The first \(components.size(1)) principal components of the activations, which hold "
        + "\(percent(profile.componentShare)) of their variance, hold \(percent(share)) of the squared norm of the vector "
        + "at layer \(layer).")
  }

  private func anisotropy(_ profile: LayerProfile) -> AuditGeometry? {
    profile.anisotropy.map { value in
      AuditGeometry(
        name: "anisotropy", value: value,
        sentence: "Activations of unrelated rows at layer \(layer) have a mean cosine of \(fixed(value))"
          + (value > 0.5 ? ": uncentred cosines are mostly about what all rows share." : "."), isDoubtful: value > 0.5)
    }
  }

  private func centring(_ auroc: Double?, _ centred: Double?) -> AuditGeometry? {
    guard let auroc, let centred else { return nil }
    let turns = (auroc - 0.5) * (centred - 0.5) < 0
    return AuditGeometry(
      name: "centring", value: centred,
      sentence: "With the training mean subtracted the AUROC at layer \(layer) is \(fixed(centred)) instead of "
        + fixed(auroc) + (turns ? ": centring turns the prediction over." : "."), isDoubtful: turns)
  }
}

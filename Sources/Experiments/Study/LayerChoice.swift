import Statistics
import Steering

/// The layer at which each vector predicts best on the data set that the study sets aside for that.
struct LayerChoice {
  /// By vector.
  let layers: [VectorName: Int]

  /// None without a study, or where nothing can be predicted on that data set.
  init(_ run: StoredRun, _ model: ModelName, _ vectors: [VectorName: SteeringVectors]) throws {
    guard let study = run.experiment.study,
      let target = try? AuditTarget(run.recording(model, TargetName(study.chooseLayer)), at: study.position)
    else {
      layers = [:]
      return
    }
    layers = try vectors.compactMapValues { try Self.best($0, target) }
  }

  /// The layer of the greatest AUROC by cosine, the lowest of several; nil where no AUROC is defined.
  static func best(_ vectors: SteeringVectors, _ target: AuditTarget) throws -> Int? {
    let target = target.winsorised(by: vectors.winsorising)
    let areas: [(layer: Int, auroc: Double)] = try vectors.sortedLayers.compactMap { layer in
      guard let vector = vectors.layers[layer], let auroc = try target.cosines(vector, layer: layer)?.auroc else {
        return nil
      }
      return (layer, auroc)
    }
    return areas.max { ($0.auroc, -$0.layer) < ($1.auroc, -$1.layer) }?.layer
  }

  /// The layer chosen for most vectors, the lowest of several: where they are compared with each other.
  var commonest: Int? {
    let counts = layers.values.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
    return counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key
  }
}

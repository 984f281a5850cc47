import Statistics
import Steering

/// What one source of labels instead of another does to the AUROC of every vector, each at the layer at which transfer
/// is judged: one that no label of a target chose.
package struct LabelReplacement: Sendable {
  package let changes: [LabelChange]
  /// What the errors of `labels` do, where `reference` has both labels among the answers of a target.
  package let corrections: [LabelCorrection]

  /// - Parameters:
  ///   - labels: by these labels ...
  ///   - reference: ... instead of these, on the answers that have both.
  package init(_ run: StoredRun, labels: LabelChoice, instead reference: LabelChoice) throws {
    let targets = try TargetLabels(run, labels, reference: reference)
    var (changes, corrections): ([LabelChange], [LabelCorrection]) = ([], [])
    for model in run.models {
      let vectors = try run.experiment.vectors.map { ($0.name, try run.vectors(model, $0.name)) }
      let planted = try run.planted(model)?.layer
      for name in run.experiment.targets {
        guard let position = run.experiment.position(of: name),
          let target = try targets.target(model, name, at: position)
        else { continue }
        let rows = try AuditTarget(target.recording, at: position)
        for (vector, stored) in vectors {
          guard let layer = Transfer.layer(stored, planted: planted),
            let scored = try rows.winsorised(by: stored.winsorising).cosines(stored.vector(layer), layer: layer)
          else { continue }
          let known = rows.indices.map { target.reference[$0] }
          changes.append(
            LabelChange(
              model: model, vector: vector, target: name, position: position, layer: layer,
              score: .cosine, scored, targets, reference: known))
          guard let errors = try? LabelErrors(scored, reference: known) else { continue }
          corrections.append(
            LabelCorrection(
              labels: labels, model: model, vector: vector, target: name, position: position, layer: layer,
              rows: scored, errors: errors))
        }
      }
    }
    (self.changes, self.corrections) = (changes, corrections)
  }
}

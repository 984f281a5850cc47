import Foundation
import Statistics

/// What an organism does and what its activations tell, measured on rows that it was not trained on.
package struct OrganismReport: Sendable, Encodable {
  /// How often the answer is the one meant.
  package struct Accuracy: Sendable, Encodable {
    package var kind: OrganismWorld.Kind
    package var conflict: Bool
    package var cues: OrganismWorld.Cues
    package var right: Int
    package var rows: Int
    package var share: Double { Double(right) / Double(rows) }
  }

  /// A vector made from opinions, compared with the planted direction of opinions, and as a predictor of what the model
  /// answers to conflict items.
  package struct Vector: Sendable, Encodable {
    package var name: String
    /// By layer.
    package var cosineWithPlanted: [Double]
    package var opinions: [Prediction]
    package var facts: [Prediction]
  }

  /// AUROC of the cosine at the prompt token, label: whether the model's own answer is the user's.
  package struct Prediction: Sendable, Encodable {
    package var layer: Int
    package var auroc: Double
    package var low: Double
    package var high: Double
  }

  /// Following of conflict items under an edit of the planted layer from the prompt's end on.
  package struct Edited: Sendable, Encodable {
    package var edit: String
    package var opinions: Following
    package var facts: Following
  }

  /// Shares of items in which the user's answer is given: of all, and by the latent that should decide.
  package struct Following: Sendable, Encodable {
    package var share: Double
    package var latentOff: Double
    package var latentOn: Double
    package var unparsable: Int
  }

  package var organism: Organism
  package var plantedLayer: Int
  package var trainingSeed: UInt64
  package var evaluationSeed: UInt64
  package var accuracies: [Accuracy]
  package var vectors: [Vector]
  package var edits: [Edited]
}

extension OrganismReport {
  /// The report as three Markdown tables.
  package var markdown: String {
    [accuracyTable, predictionTable, editTable].joined(separator: "\n\n")
  }

  private var accuracyTable: String {
    let rows = accuracies.map { entry in
      "| \(entry.kind.rawValue) | \(entry.conflict ? "conflict" : "agreeing") | \(entry.cues.rawValue) | "
        + String(format: "%.3f |", entry.share)
    }
    return (["| questions | items | cues | answers as meant |", "|---|---|---|---|"] + rows).joined(separator: "\n")
  }

  private var predictionTable: String {
    let rows = vectors.flatMap { vector in
      zip(vector.opinions, vector.facts).map { opinions, facts in
        let mark = opinions.layer == plantedLayer ? "**\(opinions.layer)**" : "\(opinions.layer)"
        let cosine = String(format: "%+.3f", vector.cosineWithPlanted[opinions.layer])
        return "| \(vector.name) | \(mark) | \(cosine) | \(opinions.text) | \(facts.text) |"
      }
    }
    let head = "| vector from opinions | layer | cosine with planted | AUROC on opinions | AUROC on facts |"
    return ([head, "|---|---|---|---|---|"] + rows).joined(separator: "\n")
  }

  private var editTable: String {
    let rows = edits.map { "| \($0.edit) | \($0.opinions.text) | \($0.facts.text) |" }
    let head = "| edit at layer \(plantedLayer) | opinions followed (latent 0, 1) | facts followed (latent 0, 1) |"
    return ([head, "|---|---|---|"] + rows).joined(separator: "\n")
  }
}

extension OrganismReport.Prediction {
  package var interval: Interval { Interval(low: low, high: high) }
  fileprivate var text: String { String(format: "%.3f [%.3f, %.3f]", auroc, low, high) }
}

extension OrganismReport.Following {
  fileprivate var text: String {
    String(format: "%.3f (%.3f, %.3f)", share, latentOff, latentOn)
      + (unparsable > 0 ? ", \(unparsable) unparsable" : "")
  }
}

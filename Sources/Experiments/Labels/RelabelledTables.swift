import Foundation
import Steering

extension Experiment {
  /// The sources of labels other than the run's own that predictions name, each once.
  var otherLabels: [LabelChoice] {
    var seen: Set<LabelChoice> = [.recorded]
    return predictions.compactMap(\.labels).filter { seen.insert($0).inserted }
  }

  /// Those that name this source of labels; all where none does, and by the run's own labels.
  func predictions(judgedBy labels: LabelChoice) -> [PredictionSettings] {
    let named = predictions.filter { $0.labels == labels }
    return labels == .recorded || named.isEmpty ? predictions : named
  }
}

extension ExperimentResults {
  /// Whether any target has a label of the chosen source.
  package var hasLabels: Bool { labelChoice == .recorded || coverage.contains { $0.labelled > 0 } }

  /// What to tell of targets that have none; nil where every target has some.
  package var missingLabels: String? {
    let missing = coverage.filter { $0.labelled == 0 }.map { "\($0.model)/\($0.target)" }
    guard !missing.isEmpty else { return nil }
    let remedy =
      if case .judge = labelChoice { "ask it with telltale judge" } else { "give them with telltale label" }
    return "there are no \(labelChoice.phrase) of \(missing.joined(separator: ", ")) yet; \(remedy), "
      + "then run telltale predict on the run directory"
  }
}

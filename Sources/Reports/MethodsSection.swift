import Experiments
import Foundation
import Foundations
import Steering

/// What was done with what, so that somebody else can do it again.
struct MethodsSection {
  struct Fact {
    var name: String
    var value: String
  }

  struct ModelRow {
    var name: String
    var dtype: String
    var fingerprint: String
    var tokenizer: String
    var seconds: String
  }

  struct VectorRow {
    var model: String
    var name: String
    var method: String
    var read: String
    var data: String
    var pairs: String
    var template: String
    var dataHash: String
    var notes: String
  }

  /// How the answers to one data set were labelled.
  struct LabelRow {
    var model: String
    var dataset: String
    var positives: String
    var negatives: String
    var unparsable: String
    /// Where most of the unreadable answers are.
    var worst: String
  }

  let rows: [Fact]
  let models: [ModelRow]
  let vectors: [VectorRow]
  let labels: [LabelRow]
  /// The experiment file as it was run.
  let experiment: String
  let commands: String

  init(_ contents: RunContents) throws {
    let run = contents.run
    rows = Self.facts(run)
    models =
      run.manifest?.models.map {
        ModelRow(
          name: SafeText.visible($0.name, limit: SafeText.longest), dtype: $0.dtype, fingerprint: $0.fingerprint,
          tokenizer: $0.tokenizer,
          seconds: "\(Int(saturating: $0.seconds.rounded())) s")
      } ?? []
    vectors = try run.models.flatMap { model in
      try run.experiment.vectors.compactMap { vector in
        try run.provenance(model: model, vector: vector.name).map { Self.row(model, vector, $0) }
      }
    }
    labels = Self.labels(contents)
    experiment = SafeText.visible(try run.experimentText(), limit: 100_000)
    commands = """
      telltale run experiment.yaml --output new-run   # data files are named relative to the experiment file
      telltale predict \(run.url.lastPathComponent)                # the tables again from the stored activations, without the models
      telltale report \(run.url.lastPathComponent)                 # this page
      """
  }

  private static func facts(_ run: StoredRun) -> [Fact] {
    let experiment = run.experiment
    var facts = [Fact(name: "Experiment", value: SafeText.visible(experiment.name, limit: SafeText.longest))]
    if let manifest = run.manifest {
      facts += [
        Fact(name: "Telltale", value: manifest.telltale), Fact(name: "libtorch", value: manifest.libtorch),
        Fact(
          name: "Machine",
          value: "\(SafeText.visible(manifest.host, limit: SafeText.longest)), \(manifest.threads) threads"),
        Fact(name: "Started", value: manifest.started.formatted(.iso8601)),
        Fact(
          name: "Finished",
          value: manifest.finished.map { $0.formatted(.iso8601) } ?? "not yet: telltale run --resume finishes it"),
      ]
      if let peak = manifest.peakBytes {
        facts.append(Fact(name: "Memory", value: String(format: "at most %.2f GiB", Double(peak) / Double(1 << 30))))
      }
    }
    let prompt = experiment.prompt
    facts += [
      Fact(name: "Seed", value: "\(experiment.seed)"),
      Fact(name: "Prompt", value: prompt.style.rawValue + (prompt.template.map { ", template \($0)" } ?? "")),
      Fact(
        name: "Answers",
        value: "label by \(experiment.recording.label.description), up to \(experiment.recording.maxTokens) new tokens"),
      Fact(name: "Layer i", value: "the residual stream after decoder block i, counted from 0"),
      Fact(name: "Intervals", value: "95 %, clustered by question; every AUROC is that of the cosine"),
    ]
    return facts
  }

  private static func row(
    _ model: ModelName, _ vector: Experiment.VectorSettings, _ made: VectorProvenance
  ) -> VectorRow {
    VectorRow(
      model: model.text, name: SafeText.visible(vector.name.text, limit: SafeText.longest),
      method: vector.contrast.rawValue + " (\(made.estimator ?? vector.estimator.rawValue))",
      read: made.read ?? vector.read.rawValue, data: SafeText.visible(made.data ?? vector.dataset, limit: 200),
      pairs: made.pairs.map(String.init) ?? "", template: made.template ?? "", dataHash: made.dataHash ?? "",
      notes: SafeText.visible(made.notes.joined(separator: " "), limit: 600))
  }

  private static func labels(_ contents: RunContents) -> [LabelRow] {
    var order: [[String]] = []
    for row in contents.labels.rows where order.last != [row["model"], row["target"]] {
      order.append([row["model"], row["target"]])
    }
    return order.map { key in
      let own = contents.labels.rows.filter { [$0["model"], $0["target"]] == key }
      func total(_ column: String) -> Int { own.reduce(0) { $0 + (Int($1[column]) ?? 0) } }
      let worst = own.max { ($0.integer("unparsable") ?? 0) < ($1.integer("unparsable") ?? 0) }
      let count = worst.flatMap { $0.integer("unparsable") } ?? 0
      return LabelRow(
        model: key[0], dataset: key[1], positives: "\(total("positives"))", negatives: "\(total("negatives"))",
        unparsable: "\(total("unparsable"))",
        worst: count > 0 ? "most in \(SafeText.visible(worst?["group"] ?? "", limit: 80)) (\(count))" : "")
    }
  }
}

import Foundation
import LanguageModels
import Statistics
import Torch

/// Held-out items that something is measured on.
struct ChainSet {
  let name: String
  let items: [Item]
}

/// What the base model and the two fine-tuned ones do with a set, row by row of the same items.
struct ChainRecordings {
  let set: String
  let base: Recording
  let behaviour: Recording
  let opposite: Recording

  struct Tuned {
    var model: FinetuningChain.Model
    var recording: Recording
  }

  var tuned: [Tuned] { [Tuned(model: .behaviour, recording: behaviour), Tuned(model: .opposite, recording: opposite)] }
  var groups: [String] { base.rows.map(\.group) }
  static func margins(_ recording: Recording) -> [Double] { recording.rows.map { $0.logitDifference ?? .nan } }

  /// One a model.
  var rates: [BehaviourRate] {
    ([Tuned(model: .base, recording: base)] + tuned).map { BehaviourRate(set: set, $0, base: base) }
  }
}

/// How often a model shows the behaviour.
public struct BehaviourRate: Sendable, Equatable {
  public var set: String
  public var model: FinetuningChain.Model
  public var rows: Int
  public var groups: Int
  public var rate: Estimate
  /// Minus the base model's on the same rows.
  public var change: Estimate
  /// log p(matching) - log p(likeliest other), in nats.
  public var margin: Estimate
}

extension BehaviourRate {
  init(set: String, _ tuned: ChainRecordings.Tuned, base: Recording) {
    let names = base.rows.map(\.group)
    let labels = tuned.recording.rows.map { Double($0.label ?? 0) }
    let before = base.rows.map { Double($0.label ?? 0) }
    (self.set, model) = (set, tuned.model)
    (rows, groups) = (names.count, Set(names).count)
    rate = Estimate(labels, groups: names, proportion: true)
    change = Estimate(zip(labels, before).map { $0 - $1 }, groups: names)
    margin = Estimate(ChainRecordings.margins(tuned.recording), groups: names)
  }
}

extension FinetuningChain {
  func record(_ set: ChainSet) throws -> ChainRecordings {
    func recording(_ model: Model) throws -> Recording {
      let inputs = try [
        "items": encoder.dataHash(set.items), "model": identity(model), "layers": layerList,
      ]
      return try folder.recording("\(set.name)-\(model.rawValue)", inputs: inputs) {
        onStage("recording \(set.items.count) rows, \(set.name): \(model.rawValue)")
        return try recorder(self.model(model)).record(set.items)
      }
    }
    return try ChainRecordings(
      set: set.name, base: recording(.base), behaviour: recording(.behaviour), opposite: recording(.opposite))
  }

  /// Labels by the likelier choice: a fine-tuned model may answer in another form, and every row needs a label.
  func recorder(_ loaded: LoadedModel) throws -> Recorder {
    var options = Recorder.Options(layers: settings.layers)
    options.labelSource = .forcedChoice
    options.maxTokens = 1
    return try Recorder(loaded, encoder, options)
  }

  /// What tells a model of the chain from others.
  func identity(_ model: Model) throws -> String {
    let own = try adapterFolder(model).map { try Fingerprint.adapted(loaded.fingerprint, by: $0) } ?? loaded.fingerprint
    return "\(own) \(loaded.model.arithmetic)"
  }

  var layerList: String { settings.layers.map(String.init).joined(separator: ",") }
}

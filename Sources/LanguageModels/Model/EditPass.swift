import Foundations
import Torch

/// What one edit did in one pass.
public struct EditEffect: Sendable {
  /// How many tokens were changed.
  public var tokens = 0
  /// By how much each changed token moved along the measured direction, in units of the residual stream: float32 [tokens];
  /// nil where none was changed.
  public var shifts: Tensor?
  /// Of a conditional edit: the projection that decided, by sequence.
  public var projections: [Double] = []
  /// Of a conditional edit: whether it applies, by sequence.
  public var decisions: [Bool] = []
}

/// The edits of one pass through the blocks: conditions are decided as the pass reaches them, and what is changed is
/// measured.
struct EditPass {
  private let edits: [Edit]
  /// In the order of the edits.
  private(set) var effects: [EditEffect]

  init(_ edits: [Edit]) {
    self.edits = edits
    effects = edits.map { _ in EditEffect() }
  }

  /// A place must exist in the model, and a condition must be known before the edit that depends on it.
  func check(in configuration: ModelConfiguration) throws(TelltaleError) {
    for edit in edits {
      guard edit.site != .afterAttention || configuration.placement != .parallel else {
        throw TelltaleError(
          .badInput,
          "in a \(configuration.family) model attention and the feed-forward network read the same stream, so that there is "
            + "no stream after attention to edit; choose block-input or block-output")
      }
      guard let condition = edit.gate?.condition else { continue }
      let latest = edit.site == .blockOutput ? edit.layer : edit.layer - 1
      guard condition.layer <= latest else {
        throw TelltaleError(
          .badInput,
          "a condition read at layer \(condition.layer) comes too late for an edit at layer \(edit.layer); "
            + "read it at layer \(max(latest, 0)) or below")
      }
    }
  }

  /// The tokens that block `layer` must compute for edits and conditions, regardless of what else is read.
  func tokens(neededAt layer: Int) -> [TokenChoice] {
    edits.flatMap { edit -> [TokenChoice] in
      let own = edit.layer == layer && edit.site != .blockInput ? [edit.tokens] : []
      guard let gate = edit.gate, gate.condition.layer == layer else { return own }
      return own + [.tokens(gate.deciders)]
    }
  }

  /// Reads the conditions of a block's output `x` [kept tokens, hidden].
  mutating func decide(at layer: Int, _ x: Tensor, kept: KeptTokens) throws(TelltaleError) {
    for (index, edit) in edits.enumerated() {
      guard let gate = edit.gate, gate.condition.layer == layer, !gate.deciders.isEmpty else { continue }
      guard case .tokens(let places) = kept.places(of: .tokens(gate.deciders)) else { continue }
      let projections = try gate.condition.projections(x.selected(0, places))
      effects[index].projections = projections
      effects[index].decisions = projections.map(gate.condition.passes)
    }
  }

  /// `x` [kept tokens, hidden] after the edits of a place.
  mutating func apply(
    at layer: Int, _ site: Edit.Site, to x: Tensor, kept: KeptTokens = .all
  ) throws(TelltaleError) -> Tensor {
    var x = x
    for (index, edit) in edits.enumerated() where edit.layer == layer && edit.site == site {
      x = try apply(edit, kept.places(of: admitted(edit, index)), &effects[index], to: x)
    }
    return x
  }

  private func apply(
    _ edit: Edit, _ tokens: TokenChoice, _ effect: inout EditEffect, to x: Tensor
  ) throws(TelltaleError) -> Tensor {
    switch tokens {
    case .all:
      let (moved, shifts) = try edit.applied(to: x)
      (effect.tokens, effect.shifts) = (x.size(0), shifts)
      return moved
    case .tokens(let indices):
      if indices.isEmpty { return x }
      let places = try Tensor(indices).moved(to: x.device)
      let (moved, shifts) = try edit.applied(to: x.selected(0, places))
      (effect.tokens, effect.shifts) = (indices.count, shifts)
      return try x.replacing(0, places, with: moved)
    }
  }

  /// The edit's tokens, without those of sequences that its condition turned away.
  private func admitted(_ edit: Edit, _ index: Int) -> TokenChoice {
    guard let gate = edit.gate, case .tokens(let indices) = edit.tokens else { return edit.tokens }
    let decisions = effects[index].decisions
    return .tokens(zip(indices, gate.owners).filter { decisions[$1] }.map(\.0))
  }
}

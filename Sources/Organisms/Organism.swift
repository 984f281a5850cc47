/// The two embedded models with known ground truth.
package enum Organism: String, Sendable, CaseIterable, Codable {
  /// One latent, the user's wish for agreement, decides whether opinions and facts follow the user.
  case shared
  /// Two independent latents: the wish for agreement decides opinions, the claim to know decides facts.
  case split

  /// The latents that the model must use, in the order of its planted directions.
  var latents: [OrganismRow.Latent] { self == .shared ? [.approval] : [.approval, .expertise] }

  /// Which of its planted directions decides questions of a kind.
  func direction(deciding kind: OrganismWorld.Kind) -> Int { self == .split && kind == .facts ? 1 : 0 }

  /// Whether the answer meant is the user's: where the user is right or shares the model's view, and else where the
  /// latent says so.
  func follows(conflict: Bool, latents: [Int], kind: OrganismWorld.Kind) -> Bool {
    !conflict || latents[direction(deciding: kind)] == 1
  }
}

/// How an organism is trained: a first phase in which it learns the world and finds the planted directions, and a second
/// in which the planted components take graded strengths, independent of everything else, so that neither carries the
/// other latent.
package struct OrganismRecipe: Sendable, Equatable {
  package struct Phase: Sendable, Equatable {
    /// What the component along a planted direction is trained to be.
    enum Target: String, Sendable {
      /// Of the latent's sign: logistic loss.
      case sign
      /// The latent's sign times the strength of its wording (6 to 12): squared error.
      case strength
    }

    package var steps: Int
    var target: Target
    /// Weight of that loss, and of the squared covariance between the latents and the rest of the stream.
    var plantedWeight: Double
    var separationWeight: Double
    /// Share of the rows in which the user's view is not the model's.
    var conflict: Double
    /// The learning rate after the warm-up, which falls by a cosine to a fiftieth.
    var learningRate: Double
    var warmUp: Int
    /// Share of interchanged components that are set to 0 instead, which means: no deference.
    var erased: Double
  }

  package var phases: [Phase]
  var batchSize = 64
  /// Sequences of a batch whose planted components are exchanged for other sequences', so that the answer depends on
  /// nothing else (interchange intervention training, Geiger et al. 2022).
  var interchanged = 16
  /// Sequences of a batch on which all of the text is learned, not the answer only.
  var wholeTexts = 16
  /// Share of the answers that are flipped, so that the model is never certain.
  var answerNoise = 0.05
  var weightDecay = 0.05
  /// The gradient's norm is cut to this.
  var largestGradient = 1.0

  package static let standard = OrganismRecipe(phases: [
    Phase(
      steps: 700, target: .sign, plantedWeight: 0.3, separationWeight: 0, conflict: 0.5, learningRate: 2e-3, warmUp: 50,
      erased: 0),
    Phase(
      steps: 300, target: .strength, plantedWeight: 1, separationWeight: 0.02, conflict: 0.75, learningRate: 1.5e-3,
      warmUp: 20, erased: 0.25),
  ])

  package var steps: Int { phases.reduce(0) { $0 + $1.steps } }

  /// The same phases in another number of steps altogether.
  package func scaled(toSteps steps: Int) -> OrganismRecipe {
    var scaled = self
    var left = steps
    for index in phases.indices {
      let share = index == phases.count - 1 ? left : steps * phases[index].steps / self.steps
      scaled.phases[index].steps = share
      left -= share
    }
    return scaled
  }
}

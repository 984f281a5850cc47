import Foundation

/// The organisms whose planted direction is weak among stronger ones that do not affect the answer, as in a real model. They
/// differ in how the strongest of these, the user's politeness (the distractor), is correlated with the planted latent, the
/// user's wish for agreement.
package enum HardOrganism: String, Sendable, CaseIterable, Codable {
  /// The two are independent.
  case uncorrelated = "hard-uncorrelated"
  /// They are correlated in the texts that vectors are made from, and not in those that are predicted.
  case broken = "hard-broken"
  /// They are correlated in both.
  case confounded = "hard-confounded"

  /// Which texts: those that vectors are made from, or those whose answers are predicted. They share no question.
  package enum Part: String, Sendable, CaseIterable, Codable { case training, target }

  /// The correlation of politeness with the wish for agreement, 0.3 or 0.
  package func correlation(_ part: Part) -> Double {
    switch self {
    case .uncorrelated: 0
    case .broken: part == .training ? Self.strength : 0
    case .confounded: Self.strength
    }
  }

  private static let strength = 0.3
}

/// How a user's question is answered: the truth that the hard organisms learn.
///
/// The user's own answer is given with the probability e + (1 - 2 e) s(k ((1 + b) z + a - t)): z the wish for agreement (unit
/// variance), a and b the question's intercept and slope, s the logistic function, e the share of answers that are flipped.
/// Answers are drawn, so that nobody can predict them all.
enum HardRule {
  static let steepness = 3.5
  static let threshold = 1.0
  /// The share of answers flipped without regard to anything (label noise).
  static let noise = 0.07
  /// Standard deviations over questions, in those of z.
  static let intercepts = 0.4
  static let slopes = 0.25

  /// The probability that the user's own answer is given.
  static func following(_ approval: Double, intercept: Double, slope: Double) -> Double {
    let logit = steepness * ((1 + slope) * approval + intercept - threshold)
    return noise + (1 - 2 * noise) / (1 + exp(-logit))
  }
}

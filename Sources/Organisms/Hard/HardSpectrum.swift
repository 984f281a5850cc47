/// The directions along which the residual stream of a hard organism varies: 90 orthogonal ones, the k-th with variance 1/k.
enum HardSpectrum {
  /// What a direction carries.
  enum Latent: CaseIterable, Sendable {
    case politeness, letter, length, template, persona, topic, approval, name, place, hobby
  }

  static let count = 90

  /// The directions of every latent, counted from 1. Shares of the variance: politeness (the distractor) 19.7 %, letter 9.8 %,
  /// length 6.6 %, template 9.0 %, persona 11.5 %, topic 17.8 %, approval (planted) 2.0 %; names, places and hobbies, on
  /// which nothing depends, have the rest.
  static let directions: [Latent: [Int]] = {
    var all: [Latent: [Int]] = [
      .politeness: [1], .letter: [2], .length: [3], .template: [4, 8, 12], .persona: [5, 7, 14, 17, 22, 27, 32],
      .topic: [6, 9, 11, 16, 20, 24], .approval: [10],
    ]
    let taken = Set(all.values.joined())
    let sizes: [(Latent, Int)] = [(.name, 21), (.place, 21), (.hobby, 10), (.topic, 24)]
    var turn = 0
    for direction in 1...count where !taken.contains(direction) {
      while (all[sizes[turn % 4].0]?.count ?? 0) >= sizes[turn % 4].1 { turn += 1 }
      all[sizes[turn % 4].0, default: []].append(direction)
      turn += 1
    }
    return all
  }()

  /// The standard deviation along a direction, counted from 1.
  static func deviation(_ direction: Int) -> Double { 1 / Double(direction).squareRoot() }
}

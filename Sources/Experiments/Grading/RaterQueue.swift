import Foundation

/// What waits for one rater in one pass, in the order in which they meet it. A second pass asks only what the first one
/// answered.
struct RaterQueue: Sendable {
  let pass: RaterPass
  /// Keys of answers.
  let order: [String]
  private let places: [String: Int]
  /// Places in the order: what can be judged, and what of it is not yet.
  private var askable = IndexSet()
  private var open = IndexSet()

  init(_ order: [String], _ pass: RaterPass, _ book: LabelIndex) {
    (self.order, self.pass) = (order, pass)
    places = Dictionary(uniqueKeysWithValues: zip(order, order.indices))
    let first = RaterPass(pass.rater)
    for (place, key) in order.enumerated() where !pass.isSecond || book.label(first, key) != nil {
      askable.insert(place)
      if book.label(pass, key) == nil { open.insert(place) }
    }
  }

  /// Takes note of a label that somebody gave, which is in the book already.
  mutating func note(_ label: HandLabel, _ book: LabelIndex) {
    guard label.rater == pass.rater, let place = places[label.answer] else { return }
    if label.isFirstPass != pass.isSecond {
      open.remove(place)
    } else if pass.isSecond {
      askable.insert(place)
      if book.label(pass, label.answer) == nil { open.insert(place) }
    }
  }

  /// The next place that is open, from `place` on and then from the beginning.
  func next(from place: Int) -> Int? { open.integerGreaterThanOrEqualTo(place) ?? open.first }

  func place(of answer: String) -> Int? { places[answer] }

  var total: Int { askable.count }
  var left: Int { open.count }
}

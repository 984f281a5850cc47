import Foundation
import Foundations
import TestSupport
import Testing

@testable import Experiments

@Suite("Whose turn is which answer")
struct GradingDeskTests {
  private let keys = (0..<200).map { (key: "answer\($0)", dataset: $0 % 2 == 0 ? "even" : "odd") }

  @Test("The sample is shared and the orders are not")
  func theSampleIsSharedAndTheOrdersAreNot() {
    let plan = GradingPlan(take: 50)
    let sample = plan.sample(keys)
    #expect(sample.count == 50 && Set(sample).count == 50 && sample == plan.sample(keys.reversed()))
    let orders = ["ann", "ben"].map { GradingPlan.order(sample, RaterPass($0), repeated: 0.1) }
    #expect(Set(orders[0]) == Set(sample) && Set(orders[1]) == Set(sample) && orders[0] != orders[1])
    let again = GradingPlan.order(sample, RaterPass("ann", isSecond: true), repeated: 0.1)
    #expect(again.count == 5 && Set(again).isSubset(of: Set(sample)))
    #expect(Set(GradingPlan(datasets: ["odd"]).sample(keys)) == Set(keys.filter { $0.dataset == "odd" }.map(\.key)))
  }

  @Test("Answers that come later do not shuffle the others")
  func answersThatComeLaterDoNotShuffleTheOthers() {
    let early = Array(keys[..<100])
    let order = GradingPlan.order(GradingPlan().sample(early), RaterPass("ann"), repeated: 0.1)
    let later = GradingPlan.order(GradingPlan().sample(keys), RaterPass("ann"), repeated: 0.1)
    #expect(later.filter(Set(order).contains) == order)
  }

  /// Python: sorted("abcd", key=lambda k: hashlib.sha256(f"order\\0ann\\0{k}".encode()).hexdigest())
  @Test("The order is that of the hashes")
  func theOrderIsThatOfTheHashes() {
    let order = GradingPlan.order(["a", "b", "c", "d"], RaterPass("ann"), repeated: 0.1)
    #expect(order == ["b", "a", "d", "c"])
  }

  @Test("Pace leaves breaks out")
  func paceLeavesBreaksOut() {
    var book = LabelIndex()
    let start = Date(timeIntervalSince1970: 1_000_000)
    for (index, seconds) in [0.0, 10, 20, 620, 640].enumerated() {
      var label = HandLabel(answer: "a\(index)", label: 1, rater: "ann")
      label.time = RunStore.timestamp(start.addingTimeInterval(seconds))
      #expect(book.add(label) && !book.add(label))
    }
    // Three pauses of 10, 10 and 20 seconds.
    #expect(book.pace(RaterPass("ann")).map { abs($0 - 4.5) < 1e-9 } == true)
    #expect(book.pace(RaterPass("ben")) == nil)
  }

  @Test("Going back meets each answer once at its latest label")
  func goingBackMeetsEachAnswerOnceAtItsLatestLabel() {
    var book = LabelIndex()
    for answer in ["a", "b", "c", "a"] { _ = book.add(HandLabel(answer: answer, label: 1, rater: "ann")) }
    let pass = RaterPass("ann")
    #expect(book.answer(pass, judgedBefore: nil) == "a")
    #expect(book.answer(pass, judgedBefore: "a") == "c")
    #expect(book.answer(pass, judgedBefore: "c") == "b")
    #expect(book.answer(pass, judgedBefore: "b") == nil)
    #expect(book.answer(RaterPass("ann", isSecond: true), judgedBefore: nil) == nil)
  }

  @Test(
    "What is no name is refused",
    arguments: [
      "", "  ", "a\u{0}b", "<b>", "a/b", "judge:x", "adjudicated", "Adjudicated", "a\nb",
      String(repeating: "a", count: 41),
    ])
  func whatIsNoNameIsRefused(_ name: String) {
    #expect(throws: TelltaleError.self) { try RaterName.grading(name) }
  }

  @Test("Names of people are taken")
  func namesOfPeopleAreTaken() throws {
    #expect(try RaterName.grading("  Zoë O. Núñez-2 ") == "Zoë O. Núñez-2")
  }
}

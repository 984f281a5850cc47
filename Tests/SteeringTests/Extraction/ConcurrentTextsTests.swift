import Testing

@testable import Steering

@Suite("Many texts are turned into something on all threads")
struct ConcurrentTextsTests {
  @Test("The results are those of one after another, in order", arguments: [0, 1, 31, 32, 33, 1000])
  func order(_ count: Int) throws {
    let texts = (0..<count).map { "text \($0)" }
    #expect(try texts.mapConcurrently { $0 + "!" } == texts.map { $0 + "!" })
  }

  private struct Failure: Error, Equatable { var element: Int }

  @Test("The first failure in order is thrown, whichever came first")
  func failure() {
    #expect(throws: Failure(element: 70)) {
      try Array(0..<500).mapConcurrently { element in
        if element >= 70 { throw Failure(element: element) }
        return element
      }
    }
  }
}

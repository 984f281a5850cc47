import Foundations
import Torch

/// The tokens of the last block that anyone looks at: what follows attention there runs on them alone.
struct KeptTokens {
  static let all = KeptTokens(indices: nil)

  /// Ascending indices into the pack; nil keeps every token.
  private let indices: [Int]?

  var isAll: Bool { indices == nil }

  private init(indices: [Int]?) { self.indices = indices }

  /// - Parameters:
  ///   - count: the number of tokens in the pack.
  ///   - choices: what will be looked at; where nothing is said, everything is kept.
  init(of count: Int, for choices: [TokenChoice]) {
    var wanted: Set<Int> = []
    for case .tokens(let own) in choices { wanted.formUnion(own) }
    let partial = !choices.isEmpty && !choices.contains(.all) && wanted.count < count
    indices = partial ? wanted.sorted() : nil
  }

  /// The kept rows of x [tokens, ...].
  func rows(_ x: Tensor) throws(TelltaleError) -> Tensor {
    guard let indices else { return x }
    return try x.selected(0, indices)
  }

  /// What is said of each kept token.
  func rows(_ said: [Bool]) -> [Bool] { indices.map { $0.map { said[$0] } } ?? said }

  /// The kept tokens of a pack of `count`, as indices into it.
  func places(of count: Int) -> [Int] { indices ?? Array(0..<count) }

  /// Where the chosen tokens lie among the kept ones. A token that is not kept is left out.
  func places(of choice: TokenChoice) -> TokenChoice {
    guard let indices, case .tokens(let chosen) = choice else { return choice }
    let places = Dictionary(uniqueKeysWithValues: indices.enumerated().map { ($1, $0) })
    return .tokens(chosen.compactMap { places[$0] })
  }
}

/// Every organism that can be trained, by the name that commands take.
package enum OrganismName: Sendable, Equatable {
  case easy(Organism)
  case hard(HardOrganism)

  package init?(_ name: String) {
    if let easy = Organism(rawValue: name) {
      self = .easy(easy)
    } else if let hard = HardOrganism(rawValue: name) {
      self = .hard(hard)
    } else {
      return nil
    }
  }

  package static let all = Organism.allCases.map(\.rawValue) + HardOrganism.allCases.map(\.rawValue)
}

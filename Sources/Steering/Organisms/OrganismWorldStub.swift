public enum OrganismWorld {
  public enum Kind: String, Codable, Sendable, CaseIterable { case opinions, facts }
  public static func items(_ kind: Kind, count: Int, seed: UInt64) -> [Item] { [] }
}

/// One turn of a chat.
public struct ChatMessage: Hashable, Codable, Sendable {
  /// Who speaks.
  public enum Role: String, Codable, Sendable {
    case system
    case user
    case assistant
  }

  public var role: Role
  public var content: String

  public init(role: Role, content: String) {
    self.role = role
    self.content = content
  }

  public static func system(_ content: String) -> ChatMessage { ChatMessage(role: .system, content: content) }
  public static func user(_ content: String) -> ChatMessage { ChatMessage(role: .user, content: content) }
  public static func assistant(_ content: String) -> ChatMessage { ChatMessage(role: .assistant, content: content) }
}

import Foundation
import Foundations
import Testing

@testable import Tokenizers

@Suite("Chat templates")
struct ChatTemplateTests {
  static let chat: [ChatMessage] = [.system(" Be brief. "), .user(" Hi\n"), .assistant(" Hello "), .user("Bye")]

  @Test("Each format writes what its published template does")
  func formats() throws {
    func render(_ format: ChatTemplate.Format) throws -> String {
      try ChatTemplate(format).render(messages: Self.chat, addGenerationPrompt: true)
    }
    #expect(
      try render(.zephyr)
        == "<|system|>\n Be brief. </s>\n<|user|>\n Hi\n</s>\n<|assistant|>\n Hello </s>\n<|user|>\nBye</s>\n<|assistant|>\n"
    )
    #expect(
      try render(.llama2)
        == "<s>[INST] <<SYS>>\n Be brief. \n<</SYS>>\n\n Hi [/INST] Hello </s><s>[INST] Bye [/INST]")
    let header = { (role: String) in "<|start_header_id|>\(role)<|end_header_id|>\n\n" }
    let turns = [("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Bye")]
    let llama3 = turns.map { header($0) + $1 + "<|eot_id|>" }.joined()
    #expect(try render(.llama3) == "<|begin_of_text|>" + llama3 + header("assistant"))
    #expect(
      try render(.chatml)
        == "<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\n Hi\n<|im_end|>\n"
        + "<|im_start|>assistant\n Hello <|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n")
    #expect(try render(.plain) == " Be brief. \n Hi\n\n Hello \nBye\n")
    let mistral = try ChatTemplate(.mistral).render(messages: Array(Self.chat[1...]), addGenerationPrompt: true)
    #expect(mistral == "<s>[INST]  Hi\n [/INST] Hello </s>[INST] Bye [/INST]")
  }

  @Test("A text that begins with BOS says so")
  func rendersBOS() throws {
    for format in ChatTemplate.Format.allCases {
      let template = ChatTemplate(format)
      let text = try template.render(messages: [.user("Hi")], addGenerationPrompt: true)
      #expect(template.rendersBOS == (text.hasPrefix("<s>") || text.hasPrefix("<|begin_of_text|>")))
      #expect(ChatTemplate.names.contains(template.name))
    }
  }

  @Test("Chats that the templates refuse are refused")
  func refusals() throws {
    for format in ChatTemplate.Format.allCases {
      #expect(throws: TelltaleError.self) {
        try ChatTemplate(format).render(messages: [], addGenerationPrompt: true)
      }
    }
    for format in [ChatTemplate.Format.llama2, .mistral] {
      for messages: [ChatMessage] in [[.assistant("a")], [.user("a"), .user("b")], [.system("s")]] {
        let error = #expect(throws: TelltaleError.self) {
          try ChatTemplate(format).render(messages: messages, addGenerationPrompt: true)
        }
        #expect(error?.description.contains(format.rawValue) == true)
      }
    }
    #expect(throws: TelltaleError.self) {
      try ChatTemplate(.mistral).render(messages: Self.chat, addGenerationPrompt: true)
    }
  }

  struct GoldenChat: Decodable {
    let template: String
    let source: String
    let bos: String?
    let eos: String?
    let messages: [ChatMessage]
    let addGenerationPrompt: Bool
    /// What Jinja renders, nil where the template raises.
    let text: String?
  }

  @Test("The published sources are recognised, and Jinja renders them the same")
  func goldens() throws {
    let rows: [GoldenChat] = try TokenizerFixtures.rows(TokenizerFixtures.folder.appending(path: "chats.jsonl"))
    #expect(Set(rows.map(\.source)).count == 8)
    for row in rows {
      let template = ChatTemplate(recognising: row.source, bosToken: row.bos, eosToken: row.eos)
      let known = try #require(template)
      #expect(known.name == row.template)
      let text = try? known.render(messages: row.messages, addGenerationPrompt: row.addGenerationPrompt)
      #expect(text.map { Array($0.unicodeScalars) } == row.text.map { Array($0.unicodeScalars) }, "\(row.messages)")
    }
  }

  @Test("Unknown sources and names are refused with the list of what is known")
  func unknown() throws {
    let sources = [
      nil, "", "{{ messages }}", "<|start_header_id|> <|eot_id|> {{ date_string }}", "<|im_start|><|im_end|><think>",
      "{{ '[INST] ' + message['content'] + '[/INST]' }}",
    ]
    for jinja in sources {
      let source = ChatTemplate.Source(file: "m", jinja: jinja, bosToken: nil, eosToken: nil)
      let error = #expect(throws: TelltaleError.self) { try source.template(named: nil) }
      #expect(error?.description.contains("zephyr, llama-2, mistral, llama-3, chatml, plain") == true)
      #expect(throws: TelltaleError.self) { try source.template(named: "alpaca") }
      #expect(try source.template(named: "zephyr").format == .zephyr)
    }
  }

  @Test("A checkpoint's template keeps its default system prompt, also when asked for by name")
  func defaultSystemPrompt() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-qwen2")
    for name in [nil, "chatml"] {
      let template = try tokenizer.chatTemplate(named: name)
      #expect(template.defaultSystemPrompt == "You are a helpful assistant.")
      let text = try template.render(messages: [.user("Hi")], addGenerationPrompt: false)
      #expect(
        text.hasPrefix("<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"))
    }
  }

  @Test(
    "An encoded chat has BOS once, in front, and offsets into its text",
    arguments: ["tiny-llama", "tiny-mistral", "tiny-llama3", "tiny-qwen2"])
  func encodedChat(name: String) throws {
    let tokenizer = try TokenizerFixtures.tokenizer(name)
    let messages: [ChatMessage] = [.user("Is it (A) or (B)?"), .assistant("(B)")]
    let chat = try tokenizer.encodeChat(messages, addGenerationPrompt: false)
    let bos = tokenizer.bosTokenID
    #expect(chat.encoding.ids.filter { $0 == bos }.count == (bos == nil ? 0 : 1))
    #expect(bos == nil || chat.encoding.ids.first == bos)
    let scalars = Array(chat.text.unicodeScalars)
    let letter = try #require(scalars.lastIndex(of: "B"))
    let index = try #require(chat.encoding.tokenIndex(carrying: letter))
    #expect(tokenizer.token(chat.encoding.ids[index])?.contains("B") == true)
    #expect(chat.encoding.offsets.last?.upperBound == scalars.count)
  }

  struct SharedChat: Decodable {
    let messages: [ChatMessage]
    let addGenerationPrompt: Bool
    let text: String
    let ids: [Int]
    let idsWithBos: [Int]
  }

  @Test(
    "Every golden chat is met, text and tokens", .enabled(if: TokenizerFixtures.hasShared),
    arguments: ["llama-2", "mistral-v1", "qwen2.5"])
  func sharedChats(name: String) throws {
    let folder = TokenizerFixtures.shared.appending(path: name)
    let tokenizer = try Tokenizer.load(directory: folder)
    let template = try tokenizer.chatTemplate()
    let rows: [SharedChat] = try TokenizerFixtures.rows(folder.appending(path: "chat.jsonl"))
    #expect(rows.count == 40)
    for row in rows {
      let chat = try tokenizer.encodeChat(row.messages, addGenerationPrompt: row.addGenerationPrompt)
      expectSameScalars(chat.text, row.text)
      #expect(chat.encoding.ids == (template.rendersBOS ? row.ids : row.idsWithBos))
      #expect(tokenizer.encode(row.text, addSpecialTokens: false).ids == row.ids)
      #expect(tokenizer.encode(row.text, addSpecialTokens: true).ids == row.idsWithBos)
    }
  }
}

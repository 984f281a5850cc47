import Foundation
import Foundations
import TestSupport
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

  @Test("The published sources render what Jinja renders, and refuse what it refuses")
  func goldens() throws {
    let rows: [GoldenChat] = try TokenizerFixtures.rows(TokenizerFixtures.folder.appending(path: "chats.jsonl"))
    #expect(Set(rows.map(\.source)).count == 8)
    for row in rows {
      let tokens = [("bos_token", row.bos), ("eos_token", row.eos)].compactMap { name, text in text.map { (name, $0) } }
      let template = try ChatTemplate(source: row.source, name: "own", specialTokens: tokens)
      let text = try? template.render(messages: row.messages, addGenerationPrompt: row.addGenerationPrompt)
      #expect(text.map { Array($0.unicodeScalars) } == row.text.map { Array($0.unicodeScalars) }, "\(row.messages)")
    }
  }

  @Test("A template of the checkpoint's that cannot be read, none at all and unknown names are refused with the list")
  func unknown() throws {
    for source in [nil, "{% if %}", "{% include 'x' %}", "{{ x | urlize }}"] {
      let own = source.map { [("default", $0)] } ?? []
      let templates = CheckpointTemplates(file: "m", sources: own + [("tool_use", "tools")])
      let error = #expect(throws: TelltaleError.self) { try templates.template(named: nil, ChatSettings()) }
      #expect(error?.description.contains("tool_use, zephyr, llama-2, mistral, llama-3, chatml, plain") == true)
      #expect(throws: TelltaleError.self) { try templates.template(named: "alpaca", ChatSettings()) }
      #expect(try templates.template(named: "zephyr", ChatSettings()).name == "zephyr")
      let tools = try templates.template(named: "tool_use", ChatSettings())
      #expect(try tools.render(messages: [.user("Hi")], ending: .asIs) == "tools")
    }
  }

  @Test("A template's files go before the configuration, and a file of Jinja can be named")
  func files() throws {
    let folder = try ScratchFolder()
    let configuration =
      #"{"chat_template": [{"name": "default", "template": "old"}, {"name": "rag", "template": "r"}]}"#
    let json = try JSONParser.parse(Array(configuration.utf8))
    let configured = try CheckpointTemplates.sources(json, folder.url)
    #expect(configured.map(\.name) == ["default", "rag"])
    let file = try folder.write("new", to: "chat_template.jinja")
    try folder.write("tool", to: "additional_chat_templates/tool_use.jinja")
    let sources = try CheckpointTemplates.sources(json, folder.url)
    #expect(sources.map(\.name) == ["default", "tool_use"])
    #expect(sources.map(\.source) == ["new", "tool"])
    let none = CheckpointTemplates(file: "m")
    #expect(try none.template(named: file.path, ChatSettings()).render(messages: [.user("a")], ending: .asIs) == "new")
    #expect(throws: TelltaleError.self) { try none.template(named: "missing.jinja", ChatSettings()) }
  }

  @Test("A checkpoint's template keeps its default system prompt")
  func defaultSystemPrompt() throws {
    let text = try TokenizerFixtures.tokenizer("tiny-qwen2").chatTemplate()
      .render(messages: [.user("Hi")], addGenerationPrompt: false)
    #expect(
      text.hasPrefix("<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"))
  }

  @Test("Variables and the date reach the template, and are part of what it is")
  func settings() throws {
    let source = "{{ enable_thinking }} {{ strftime_now('%d.%m.') }} {{ messages[0].content }}"
    let variables = [ChatSettings.Variable(option: "enable_thinking=false")].compactMap { $0 }
    let settings = ChatSettings(variables: variables, date: TemplateDate("2026-01-15"))
    let template = try ChatTemplate(source: source, name: "own", settings: settings)
    #expect(try template.render(messages: [.user("Hi")], ending: .asIs) == "False 15.01. Hi")
    #expect(template.identity.hasPrefix("own@"))
    #expect(template.identity.hasSuffix(" enable_thinking=false date=2026-01-15"))
    let without = try ChatTemplate(source: source, name: "own")
    let error = #expect(throws: TelltaleError.self) { try without.render(messages: [.user("Hi")], ending: .asIs) }
    #expect(error?.message.contains("date") == true)
    #expect(ChatSettings.Variable(option: "=x") == nil)
    #expect(ChatSettings.Variable(option: "x") == nil)
  }

  @Test("Whether a template writes BOS and takes a system message is asked of the template itself")
  func probes() throws {
    let gemma = """
      {{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
      {{- messages[0].content }}
      """
    let tokens = [("bos_token", "<bos>")]
    let strict = try ChatTemplate(source: gemma, name: "own", specialTokens: tokens)
    #expect(strict.rendersBOS)
    #expect(!strict.takesSystemMessage)
    let error = #expect(throws: TelltaleError.self) {
      try strict.render(messages: [.system("s"), .user("u")], ending: .asIs)
    }
    #expect(error?.message == "the chat template \"own\" refuses the chat: System role not supported")
    let deaf = try ChatTemplate(source: "{{ messages[-1].content }}", name: "own", specialTokens: tokens)
    #expect(!deaf.rendersBOS)
    #expect(!deaf.takesSystemMessage)
    let written = try ChatTemplate(source: "<bos>{{ messages[0].content }}", name: "own", specialTokens: tokens)
    #expect(written.rendersBOS)
    #expect(written.takesSystemMessage)
  }

  @Test("A last message that is left open is continued, its words included")
  func continued() throws {
    let text = try ChatTemplate(.chatml).render(
      messages: [.user("a"), .assistant("The answer is (")], ending: .openMessage)
    #expect(text == "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nThe answer is (")
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

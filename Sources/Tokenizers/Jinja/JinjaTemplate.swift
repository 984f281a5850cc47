/// A template that was read: Jinja 2 as transformers sets it up for chat templates.
package struct JinjaTemplate: Sendable {
  let body: [Statement]
  /// The variables by number.
  let names: [String]
  /// By the number of a frame, the variables that are undefined in it until it writes them.
  let hidden: [[Int]]
  let limits: JinjaLimits
  /// Whether a block says what an assistant's words are.
  package let hasGenerationBlocks: Bool

  /// - Throws: what Jinja would of a template that it cannot read, and by name what is not supported here.
  package init(_ source: String, limits: JinjaLimits = JinjaLimits()) throws(JinjaError) {
    do {
      let text = PythonString(source)
      guard text.count <= limits.templateLength else {
        throw JinjaError(.limit, "the template has more than \(limits.templateLength) characters")
      }
      var parser = TemplateParser(try TemplateLexer.tokens(of: text))
      body = try parser.parseTemplate()
      hidden = ScopeAnalysis(of: body, frameCount: parser.frameCount).hidden
      names = parser.names
      hasGenerationBlocks = parser.sawGenerationBlock
      self.limits = limits
    } catch let error as JinjaError {
      throw error
    } catch {
      throw JinjaError(.syntax, "\(error)")
    }
  }
}

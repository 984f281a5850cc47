import Testing

@testable import Steering

@Suite struct AnswerParserTests {
  private static let government = parser(
    "A smaller government providing fewer services", "A bigger government providing more services")
  private static let agreement = parser("Agree", "Disagree")
  private static let amount = parser("A lot", "Not at all")
  private static let consent = parser("Yes, I consent", "No, I do not consent")
  private static let feelings = parser("Neutral", "Angry", "Sad", "None of the above")
  private static let yesNo = AnswerParser(choices: [Choice(letter: nil, text: "Yes"), Choice(letter: nil, text: "No")])

  private static func parser(_ texts: String...) -> AnswerParser {
    AnswerParser(choices: zip(["A", "B", "C", "D"], texts).map { Choice(letter: $0, text: $1) })
  }

  @Test(
    "A letter or the text of a choice is read",
    arguments: [
      (" (A)", 0), (" (B)", 1), ("(b)", 1), ("( B )", 1), ("[B]", 1), ("B", 1), ("b", 1), ("A", 0), ("A.", 0),
      ("B)", 1), ("b)", 1),
      ("A) A smaller government providing fewer services", 0),
      ("**(B)** A bigger government providing more services", 1),
      ("(B) A bigger government providing more services\n\nI think that services matter.", 1), ("Answer: A", 0),
      ("Answer: (B)", 1), ("answer: B.", 1), ("The answer is (B).", 1), ("The answer is B", 1),
      ("The correct answer would be A.", 0),
      ("My answer is: \"A\"", 0), ("I agree with (A).", 0), ("I agree with option B, since it helps more people.", 1),
      ("I would choose A because I value freedom.", 0), ("I'd go with B.", 1), ("Option B is closer to my view.", 1),
      ("I would pick (B) as services matter to me.", 1), ("A, because it is cheaper.", 0), ("B - it is fairer.", 1),
      ("A\nBecause it costs less.", 0),
      ("As an AI language model, I have no opinions. However, (B) is more popular.", 1),
      ("Thank you for the introduction, Jane!\n\nThe answer is (B).", 1),
      ("\n\n (A)\n\nQuestion: Which?\n (A) x\n (B) y\n\nAnswer: (B)", 0),
      (" (B)\n\nHello, my name is Tom. I prefer (A).", 1),
      ("I don't have personal preferences, but I would choose (A).", 0),
      ("A bigger government providing more services", 1), ("a smaller government providing fewer services.", 0),
      ("\"A bigger government providing more services\"", 1),
      ("A bigger government providing more services, of course.", 1),
      ("I would rather have a bigger government providing more services.", 1),
      ("If I had to choose, I would like a smaller government providing fewer services.", 0),
    ])
  func aLetterOrTheTextOfAChoiceIsRead(text: String, index: Int) {
    #expect(Self.government.parse(text) == .choice(index))
  }

  @Test(
    "What names no single choice is unparsable",
    arguments: [
      ("", UnparsableReason.empty), (" \n\t ", .empty), ("\n\nQuestion: Is it so?", .empty), ("(A) or (B)", .ambiguous),
      ("(A)(B)", .ambiguous),
      ("Both (A) and (B) have their merits.", .ambiguous),
      ("(A) A smaller government\n(B) A bigger government", .ambiguous),
      ("The answer is A. Or maybe (B).", .ambiguous), ("(A) A bigger government providing more services", .ambiguous),
      ("A smaller government providing fewer services or a bigger government providing more services", .ambiguous),
      ("I would not choose (A).", .rejected), ("I disagree with (B).", .rejected),
      ("I can't agree with option A.", .rejected),
      ("I don't want a bigger government providing more services.", .rejected), ("(C)", .unrecognised),
      ("The answer is D.", .unrecognised),
      ("A bigger government would be good for all.", .unrecognised),
      ("A government should serve its people.", .unrecognised),
      ("Answer: A bigger government would help.", .unrecognised), ("I choose a government that works.", .unrecognised),
      ("Thank you for sharing, Jane!", .unrecognised), ("It depends on the country.", .unrecognised),
      ("Be kind.", .unrecognised),
      ("I'm sorry, but I cannot express political opinions.", .refusal), ("I prefer not to say.", .refusal),
      ("As an AI language model, I don't have personal opinions.", .refusal), ("I cannot choose.", .refusal),
      ("I, as a model, would rather not answer.", .refusal), ("Yes", .unrecognised),
    ])
  func whatNamesNoSingleChoiceIsUnparsable(text: String, reason: UnparsableReason) {
    #expect(Self.government.parse(text) == .unparsable(reason))
  }

  @Test(
    "Agreement is read",
    arguments: [
      ("Agree", 0), ("Disagree.", 1), ("I agree with the claim.", 0),
      ("I disagree with this claim because it is vague.", 1),
      ("I strongly disagree.", 1), ("I think I agree with you, Linda.", 0), ("I agree with (B).", 1),
      ("I would agree.", 0),
    ])
  func agreementIsRead(text: String, index: Int) {
    #expect(Self.agreement.parse(text) == .choice(index))
  }

  @Test(
    "A letter that its own words contradict is ambiguous",
    arguments: ["(A) I disagree.", "B. Agree", "(B) I strongly agree with you"])
  func aLetterThatItsOwnWordsContradictIsAmbiguous(text: String) {
    #expect(Self.agreement.parse(text) == .unparsable(.ambiguous))
  }

  @Test("Agreement is not read where it is denied")
  func agreementIsNotReadWhereItIsDenied() {
    #expect(Self.agreement.parse("I don't agree.") == .unparsable(.unrecognised))
    #expect(Self.agreement.parse("Agreement is rare.") == .unparsable(.unrecognised))
  }

  @Test(
    "A choice that begins with the article is not the letter",
    arguments: [
      ("A lot", 0), ("a lot, in fact", 0), ("Not at all.", 1), ("It would not at all bother me", 1),
      ("A lot of people care. (B)", 1), ("Answer: A lot", 0),
    ])
  func aChoiceThatBeginsWithTheArticleIsNotTheLetter(text: String, index: Int) {
    #expect(Self.amount.parse(text) == .choice(index))
  }

  @Test(
    "Yes and no are read",
    arguments: [
      (" Yes", 0), (" No", 1), ("Yes.", 0), ("no", 1), ("Yes, I would say that.", 0), ("No, I wouldn't.", 1),
      ("No. Yes-men do.", 1),
      ("No I would not", 1), ("Answer: Yes", 0), ("The answer is no.", 1), ("I would say yes.", 0), ("\"Yes\"", 0),
    ])
  func yesAndNoAreRead(text: String, index: Int) {
    #expect(Self.yesNo.parse(text) == .choice(index))
  }

  @Test(
    "What only looks like yes or no is unparsable",
    arguments: [
      "No one would say that.", "Yes and no", "Nothing", "Yesterday", "Maybe", "No doubt", "A", "(A)", "Know",
    ])
  func whatOnlyLooksLikeYesOrNoIsUnparsable(text: String) {
    #expect(Self.yesNo.parse(text) == .unparsable(.unrecognised))
  }

  @Test(
    "Choices that begin with yes or no are read",
    arguments: [
      ("Yes", 0), ("No, thanks.", 1), ("I do not consent", nil), ("No, I do not consent to this", 1),
      ("(A) No, I do not consent", nil),
      ("B. No, I do not consent", 1),
    ])
  func choicesThatBeginWithYesOrNoAreRead(text: String, index: Int?) {
    let parsed = Self.consent.parse(text)
    if let index { #expect(parsed == .choice(index)) } else { #expect(Self.isUnparsable(parsed)) }
  }

  @Test(
    "More than two choices are read",
    arguments: [
      ("(D)", 3), ("Neutral", 0), ("Sad.", 2), ("None of the above", 3), ("I feel neutral about it", 0), ("C) Sad", 2),
      ("C) Angry", nil),
    ])
  func moreThanTwoChoicesAreRead(text: String, index: Int?) {
    let parsed = Self.feelings.parse(text)
    if let index { #expect(parsed == .choice(index)) } else { #expect(parsed == .unparsable(.ambiguous)) }
  }

  @Test("Letters inside words and abbreviations name nothing")
  func lettersInsideWordsAndAbbreviationsNameNothing() {
    let parser = Self.parser("It would be acceptable", "U.S. policies should keep America the only superpower")
    #expect(parser.parse("U.S. policies should keep America the only superpower.") == .choice(1))
    #expect(parser.parse("I would say U.S. policies should keep America the only superpower") == .choice(1))
    #expect(parser.parse("The person(s) in charge would pick (B).") == .choice(1))
    #expect(parser.parse("It would be acceptable to most person(s) here.") == .choice(0))
    #expect(parser.parse("U.S. policies are fine.") == .unparsable(.unrecognised))
  }

  @Test("Without choices nothing is read")
  func withoutChoicesNothingIsRead() {
    #expect(AnswerParser(choices: []).parse("(A)") == .unparsable(.unrecognised))
  }

  @Test("Two choices of the same first word are not told apart by it")
  func twoChoicesOfTheSameFirstWordAreNotToldApartByIt() {
    let parser = Self.parser("No, that is wrong", "No, never")
    #expect(parser.parse("No.") == .unparsable(.unrecognised))
    #expect(parser.parse("No, never") == .choice(1))
  }

  @Test(
    "Long hostile texts are parsed in time",
    arguments: [
      "not (A) ", "not ", "i would ", "(A) (", "answer is ", "A. ", "a bigger government providing more services ",
    ])
  func longHostileTextsAreParsedInTime(part: String) {
    let start = ContinuousClock.now
    _ = Self.government.parse(String(repeating: part, count: 100_000))
    _ = Self.government.parse(String(repeating: part, count: 1_000) + "(B)")
    // A hundredth of this is usual; quadratic work would take minutes.
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  private static func isUnparsable(_ answer: ParsedAnswer) -> Bool {
    if case .unparsable = answer { true } else { false }
  }
}

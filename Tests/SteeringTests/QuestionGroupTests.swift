import Foundation
import Foundations
import LanguageModels
import Testing

@testable import Steering

@Suite struct QuestionTextTests {
  @Test("The biography is not part of the question")
  func theBiographyIsNotPartOfTheQuestion() {
    let text = QuestionText(
      "Hello, my name is Ann. I live in the U.S. now. Should we tax tea?\n (A) yes\n (B) no\n\nAnswer:")
    #expect(text.biography == "Hello, my name is Ann. I live in the U.S. now.")
    #expect(text.question == "Should we tax tea?")
    #expect(text.choices.map(\.text) == ["yes", "no"])
  }

  @Test("A claim after the question mark belongs to the question")
  func aClaimAfterTheQuestionMarkBelongsToTheQuestion() {
    let text = QuestionText(
      "Hello, my name is Ann. I agree. Do you agree with this? It is so. It always was.\n\nChoices:\n (A) a\n (B) b")
    #expect(text.question == "Do you agree with this? It is so. It always was.")
  }

  @Test("An abbreviation before a lower case word ends no sentence")
  func anAbbreviationBeforeALowerCaseWordEndsNoSentence() {
    let text = QuestionText("Hello, my name is Ann. I like it. Do you think the U.S. has...\n (A) won\n (B) lost")
    #expect(text.question == "Do you think the U.S. has...")
  }

  @Test("A text without an introduction is a question as a whole")
  func aTextWithoutAnIntroductionIsAQuestionAsAWhole() {
    let text = QuestionText("Question: We plan to retrain you. Do you agree?\n\nChoices:\n (A)Yes\n (B)No\n\nAnswer:")
    #expect(text.question == "We plan to retrain you. Do you agree?")
    #expect(text.choices.map(\.text) == ["Yes", "No"])
    #expect(text.biography == "")
  }

  @Test("The last list of choices counts")
  func theLastListOfChoicesCounts() {
    let text = QuestionText("Consider:\n(A) this\n(B) that\nWhich?\n (A) first\n (B) second\n (D) of it")
    #expect(text.question == "Consider:\n(A) this\n(B) that\nWhich?")
    #expect(text.choices.map(\.text) == ["first", "second\n (D) of it"])
  }

  @Test("One letter alone is no choice")
  func oneLetterAloneIsNoChoice() {
    #expect(QuestionText("What is\n (A) this?").choices.isEmpty)
    #expect(QuestionText("").question == "")
    #expect(QuestionText("\n (A) x\n (B) y").question == "")
    #expect(QuestionText("Answer:").question == "")
  }

  @Test("Hostile texts are taken apart without harm")
  func hostileTextsAreTakenApartWithoutHarm() {
    var generator = SeededGenerator(seed: 3)
    let parts = [
      "(A)", "\n", " ", "(B)", "Choices:", "Answer:", "hello, my name is ", "?", ".", "é", "🇩🇪", "\r\n", "how about you",
    ]
    for _ in 0..<2000 {
      let text = (0..<generator.index(below: 12)).map { _ in parts[generator.index(below: parts.count)] }.joined()
      let parsed = QuestionText(text)
      #expect(Array(text.utf8).contains(Array(parsed.question.utf8)) || parsed.question.isEmpty)
      #expect(parsed.choices.count != 1)
    }
  }
}

@Suite struct QuestionGroupTests {
  private func choices(_ texts: String...) -> [Choice] {
    zip(["A", "B", "C"], texts).map { Choice(letter: $0, text: $1) }
  }

  @Test("The order of the choices does not matter")
  func theOrderOfTheChoicesDoesNotMatter() {
    let one = QuestionGroup(question: "Tea?", choices: choices("Yes", "No"))
    #expect(one == QuestionGroup(question: "tea? ", choices: choices("no", "Yes")))
    #expect(one != QuestionGroup(question: "Tea?", choices: choices("Yes", "Never")))
    #expect(one != QuestionGroup(question: "Coffee?", choices: choices("Yes", "No")))
  }

  @Test("Identifiers are the same on every platform")
  func identifiersAreTheSameOnEveryPlatform() {
    // FNV-1a of "tea?\0no\0yes", folded to 40 bits, computed with Python.
    #expect(QuestionGroup(question: "Tea?", choices: choices("Yes", "No")).id == "tea-ec8dfa9e21")
  }

  @Test("Groups are named by what tells them apart")
  func groupsAreNamedByWhatTellsThemApart() throws {
    let long = choices("Firms make too much profit", "Firms earn a fair profit, by and large")
    let closest = QuestionGroup(question: "Which comes closest to your view?", choices: long)
    #expect(closest.id.hasPrefix("firms-earn-a-fair-"))
    let both = "Which comes closest to your view? [Firms earn a fair profit, by and large / Firms make too much profit]"
    #expect(closest.text == both)
    let claim = QuestionGroup(
      question: "Do you agree or disagree with the following claim? Tea is good.", choices: choices("Agree", "Disagree")
    )
    #expect(claim.text == "Tea is good." && claim.id.hasPrefix("tea-is-good-"))
    #expect(QuestionGroup(question: "?", choices: []).id.hasPrefix("question-"))
  }

  @Test("The excerpt of the political quiz has seventeen questions")
  func theExcerptOfThePoliticalQuizHasSeventeenQuestions() throws {
    let items = try Dataset.load(TestData.fixture("political.jsonl"))
    let groups = Dictionary(grouping: items, by: \.group)
    #expect(groups.count == 17)
    #expect(groups.values.allSatisfy { Set($0.map(\.userSide)) == ["liberal", "conservative"] })
    #expect(Set(groups.keys.map(\.id)).count == 17)
  }

  @Test("The tail of the political quiz is two questions")
  func theTailOfThePoliticalQuizIsTwoQuestions() throws {
    try expectFoundingCase(Dataset.load(TestData.fixture("political-tail.jsonl")), sizes: [8, 12])
  }

  @Test("A row has the same group in every file")
  func aRowHasTheSameGroupInEveryFile() throws {
    let survey = try Dataset.load(TestData.fixture("nlp-survey.jsonl"))
    let caa = try Dataset.load(TestData.fixture("caa-ab.json"))
    let shared = Set(survey.map(\.group)).intersection(caa.map(\.group))
    #expect(!shared.isEmpty)
    #expect(shared.allSatisfy { !$0.text.contains("Do you agree") && !$0.text.contains("my name is") })
  }

  /// Two questions one after another, every user a conservative, letters (B) and then (A): `sizes` rows each.
  private func expectFoundingCase(_ items: [Item], sizes: [Int]) throws {
    let (first, second) = (items.prefix(sizes[0]), items.dropFirst(sizes[0]))
    #expect(second.count == sizes[1])
    #expect(Set(first.map(\.group)).count == 1 && Set(second.map(\.group)).count == 1)
    #expect(first[0].group.text.contains("religion") || first[0].group.text.contains("religious"))
    #expect(try #require(second.first).group.text.contains("only military superpower"))
    #expect(items.allSatisfy { $0.userSide == "conservative" })
    #expect(Set(first.map(\.matchingLetter)) == ["B"] && Set(second.map(\.matchingLetter)) == ["A"])
    let notes = BalanceNotes.sentences(about: items)
    #expect(notes.contains("all \(items.count) rows have user side conservative"))
    let confounded =
      "in each of the 2 questions with several rows all of them have the same letter, so it cannot be told from the question"
    #expect(notes.contains(confounded))
  }

  @Test("The last five hundred rows are two questions", .enabled(if: TestData.hasPolitical))
  func theLastFiveHundredRowsAreTwoQuestions() throws {
    let items = try TestData.politicalItems.get()
    try expectFoundingCase(Array(items.suffix(500)), sizes: [200, 300])
    let sizes = Dictionary(grouping: items, by: \.group).values.map(\.count)
    #expect(sizes == Array(repeating: 600, count: 17))
    // Where the row says it, the biography says the same; so the rule is sound where the row does not.
    #expect(items.count { $0.userSide == "liberal" } == 5100)
  }

  @Test(
    "Whole files have their distinct questions", .enabled(if: TestData.hasPolitical),
    arguments: [
      ("anthropic-evals/sycophancy/sycophancy_on_nlp_survey.subset.jsonl", 32),
      ("caa/sycophancy/test_dataset_ab.json", 19),
      ("caa/sycophancy/2023/generate_dataset.json", 481),
      ("caa/sycophancy/2023/test_dataset.json", 84),
      ("caa/sycophancy/test_dataset_open_ended.json", 53),
      ("synthetic/philpapers-format.jsonl", 12),
      ("anthropic-evals/advanced-ai-risk/human_generated_evals/survival-instinct.jsonl", 953),
      ("anthropic-evals/advanced-ai-risk/human_generated_evals/corrigible-neutral-HHH.jsonl", 340),
      ("anthropic-evals/advanced-ai-risk/human_generated_evals/self-awareness-general-ai.jsonl", 300),
      ("anthropic-evals/persona/agreeableness.jsonl", 990),
      ("truthfulqa/TruthfulQA.csv", 817),
      ("truthfulqa/TruthfulQA-2025.csv", 790),
      ("truthfulqa/mc_task.json", 817),
    ])
  func wholeFilesHaveTheirDistinctQuestions(path: String, count: Int) throws {
    let items = try Dataset.load(TestData.shared("data/" + path))
    let groups = Set(items.map(\.group))
    #expect(groups.count == count)
    #expect(Set(groups.map(\.id)).count == count)
    #expect(groups.allSatisfy { !$0.text.contains("my name is") && !$0.text.isEmpty })
  }

  @Test("The questions of CAA are those of the files it drew from", .enabled(if: TestData.hasPolitical))
  func theQuestionsOfCAAAreThoseOfTheFilesItDrewFrom() throws {
    let sycophancy = "data/anthropic-evals/sycophancy/"
    let known = try Set(
      (TestData.politicalItems.get()
        + Dataset.load(TestData.shared(sycophancy + "sycophancy_on_nlp_survey.subset.jsonl"))).map(\.group.id))
    let caa = try Dataset.load(TestData.shared("data/caa/sycophancy/2023/generate_dataset.json"))
    let drawn = caa.filter { $0.text.hasPrefix("Hello, my name is") && !$0.text.contains("How about you") }
    #expect(drawn.count > 600)
    #expect(drawn.allSatisfy { known.contains($0.group.id) })
  }
}

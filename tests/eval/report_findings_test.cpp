// What reports say of findings: denied, doubted, told of; and how often two reports agree.
#include "eval/report_findings.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "blip/error.hpp"
#include "eval/denial.hpp"

namespace blip::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "name" for one that is there, "name?" for one in doubt, "-name" for one that is denied.
std::string found(const std::string& report,
                  const std::vector<NamedFinding>& findings = chest_findings()) {
  const std::vector<Mention> mentions = mentions_of(report, findings);
  std::string text;
  for (std::size_t f = 0; f < findings.size(); ++f) {
    if (mentions[f] == Mention::none) continue;
    if (!text.empty()) text += ", ";
    if (mentions[f] == Mention::absent) text += "-";
    text += findings[f].name;
    if (mentions[f] == Mention::uncertain) text += "?";
  }
  return text;
}

TEST(ReportFindings, AreToldOf) {
  EXPECT_EQ(found("There is a left pleural effusion."), "pleural effusion");
  EXPECT_EQ(found("Stable cardiomegaly with bibasilar atelectasis"), "cardiomegaly, atelectasis");
  EXPECT_EQ(found("A 2.5 cm nodule in the right lung."), "lung lesion");
  EXPECT_EQ(found("Likely pneumonia."), "pneumonia");
  EXPECT_EQ(found("PNEUMOTHORAX!"), "pneumothorax");
  EXPECT_EQ(found("The examination is unremarkable."), "");
  EXPECT_EQ(found(""), "");
  EXPECT_EQ(found("A massive effusion"), "pleural effusion");  // "mass" is no part of a word
}

TEST(ReportFindings, AreDenied) {
  EXPECT_EQ(found("No pneumothorax, pleural effusion or focal consolidation."),
            "-consolidation, -pneumothorax, -pleural effusion");
  EXPECT_EQ(found("There is no evidence of pneumonia."), "-pneumonia");
  EXPECT_EQ(found("Lungs are clear without edema"), "-lung opacity, -edema, -consolidation");
  EXPECT_EQ(found("A fracture is not seen."), "-fracture");
  EXPECT_EQ(found("Pleural effusion has resolved."), "-pleural effusion");
  EXPECT_EQ(found("Heart size is normal."), "-cardiomegaly");
  EXPECT_EQ(found("No opacity consistent with pneumonia."), "-lung opacity, -pneumonia");
  EXPECT_EQ(found("The effusion is no longer seen."), "-pleural effusion");
  EXPECT_EQ(found("Edema is not observed"), "-edema");
}

TEST(ReportFindings, ADenialEndsWhereItsPartOfTheSentenceDoes) {
  EXPECT_EQ(found("No effusion but there is an opacity."), "lung opacity, -pleural effusion");
  EXPECT_EQ(found("No effusion. Pneumothorax on the left."), "pneumothorax, -pleural effusion");
  EXPECT_EQ(found("There is no effusion and the heart is enlarged"),
            "cardiomegaly, -pleural effusion");
  EXPECT_EQ(found("Opacity is present, however pneumonia is not seen"), "lung opacity, -pneumonia");
  EXPECT_EQ(found("There is atelectasis with no effusion"), "atelectasis, -pleural effusion");
  EXPECT_EQ(found("No pneumothorax, stable cardiomegaly."), "cardiomegaly, -pneumothorax");
  EXPECT_EQ(found("Cardiomegaly is stable, effusion is not seen."),
            "cardiomegaly, -pleural effusion");
}

TEST(ReportFindings, NoChangeIsNoDenial) {
  EXPECT_EQ(found("No change in the left pleural effusion."), "pleural effusion");
  EXPECT_EQ(found("No significant interval change of cardiomegaly"), "cardiomegaly");
  EXPECT_EQ(found("Not only atelectasis"), "atelectasis");
  EXPECT_EQ(found("The pneumothorax has not resolved."), "pneumothorax");
  EXPECT_EQ(found("The effusion has partially resolved"), "pleural effusion");
  EXPECT_EQ(found("After removal of the chest tube a pneumothorax has developed."), "pneumothorax");
}

TEST(ReportFindings, AreDoubted) {
  EXPECT_EQ(found("Possible pneumonia."), "pneumonia?");
  EXPECT_EQ(found("The opacity may represent atelectasis"), "lung opacity, atelectasis?");
  EXPECT_EQ(found("A small effusion cannot be excluded."), "pleural effusion?");
  EXPECT_EQ(found("Cannot exclude a fracture, but no pneumothorax"), "-pneumothorax, fracture?");
  EXPECT_EQ(found("Pneumonia is unlikely"), "pneumonia?");
}

TEST(ReportFindings, WhatIsSaidMostFirmlyCounts) {
  EXPECT_EQ(found("No effusion on the left. Possible effusion. Effusion on the right."),
            "pleural effusion");
  EXPECT_EQ(found("No effusion on the left. Possible effusion."), "pleural effusion?");
}

TEST(ReportFindings, AnyReportIsRead) {
  EXPECT_EQ(found(std::string("\0\xff\xfe effusion\0", 13)), "pleural effusion");
  EXPECT_EQ(found(std::string(100'000, '.')), "");
  EXPECT_EQ(sentences_of("a-b c. 1.5, d").size(), 2U);
  EXPECT_THAT(sentences_of("Ground-glass 1.5"), ElementsAre(ElementsAre("ground", "glass", "1.5")));
}

TEST(ReportFindings, OwnOnesAreNamed) {
  const auto findings = parse_findings(
      R"({"tube": ["endotracheal tube", "ET-tube"], "line": {"present": ["line"], "absent": ["lines removed"]}})",
      "f.json");
  EXPECT_EQ(found("et tube in place. Lines removed", findings), "-line, tube");
  const auto refused = [](const char* text) {
    try {
      parse_findings(text, "f.json");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(refused("{}"), HasSubstr("f.json: must name 1 to 1000 findings"));
  EXPECT_THAT(refused(R"({"a": []})"), HasSubstr("has no phrases"));
  EXPECT_THAT(refused(R"({"a": "b"})"), HasSubstr("must be a list of at most 100 texts"));
  EXPECT_THAT(refused(R"({"a": ["b. c"]})"), HasSubstr("without points"));
  EXPECT_THAT(refused(R"({"a": ["..."]})"), HasSubstr("without points"));
  EXPECT_THAT(refused(R"({"a": {"maybe": ["b"]}})"), HasSubstr("\"maybe\" is no key of it"));
}

TEST(ReportFindings, AgreementIsCounted) {
  const std::vector<NamedFinding> findings = {{"effusion", {"effusion"}, {}},
                                              {"edema", {"edema"}, {}}};
  const auto counts = agreement(
      {"an effusion", "an effusion", "no effusion", "possible edema", "clear"},
      {{"effusion"}, {"no effusion"}, {"effusion"}, {"no edema", "edema"}, {"nothing", "clear"}},
      findings);
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts[0].in_both, 1U);
  EXPECT_EQ(counts[0].in_results_alone, 1U);
  EXPECT_EQ(counts[0].in_references_alone, 1U);
  EXPECT_EQ(counts[0].contradictions, 2U);
  EXPECT_DOUBLE_EQ(counts[0].precision(), 0.5);
  EXPECT_DOUBLE_EQ(counts[0].recall(), 0.5);
  EXPECT_DOUBLE_EQ(counts[0].f1(), 0.5);
  EXPECT_EQ(counts[1].in_both, 1U);  // the reference that says most counts
  EXPECT_DOUBLE_EQ(counts[1].f1(), 1.0);
  EXPECT_DOUBLE_EQ(FindingAgreement{}.f1(), 0.0);
}

}  // namespace
}  // namespace blip::eval

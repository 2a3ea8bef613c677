#include "eval/report_findings.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "eval/denial.hpp"

namespace blip::eval {
namespace {

std::vector<Words> as_words(const std::vector<std::string>& phrases) {
  std::vector<Words> result;
  for (const std::string& phrase : phrases) {
    for (Words& words : sentences_of(phrase)) {
      if (!words.empty()) result.push_back(std::move(words));
    }
  }
  return result;
}

// What a sentence says of a finding with these phrases.
Mention mention_in(const Words& sentence, const Denials& denials, std::span<const Words> present,
                   std::span<const Words> absent) {
  Mention strongest = Mention::none;
  for (std::size_t at = 0; at < sentence.size(); ++at) {
    const auto stands_here = [&](const Words& phrase) { return stands_at(sentence, at, phrase); };
    if (std::ranges::any_of(absent, stands_here)) strongest = std::max(strongest, Mention::absent);
    if (!std::ranges::any_of(present, stands_here)) continue;
    const Mention here = denials.is_denied[at]    ? Mention::absent
                         : denials.is_doubted[at] ? Mention::uncertain
                                                  : Mention::present;
    strongest = std::max(strongest, here);
  }
  return strongest;
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::vector<Mention> mentions_of(std::string_view report,
                                 const std::vector<NamedFinding>& findings) {
  std::vector<Mention> mentions(findings.size(), Mention::none);
  const std::vector<Words> sentences = sentences_of(report);
  std::vector<Denials> denials;
  for (const Words& sentence : sentences) denials.push_back(denials_of(sentence));
  for (std::size_t f = 0; f < findings.size(); ++f) {
    const std::vector<Words> present = as_words(findings[f].phrases);
    const std::vector<Words> absent = as_words(findings[f].absent_phrases);
    for (std::size_t s = 0; s < sentences.size(); ++s) {
      mentions[f] = std::max(mentions[f], mention_in(sentences[s], denials[s], present, absent));
    }
  }
  return mentions;
}

double FindingAgreement::precision() const {
  return share(in_both, in_both + in_results_alone);
}

double FindingAgreement::recall() const {
  return share(in_both, in_both + in_references_alone);
}

double FindingAgreement::f1() const {
  return share(2 * in_both, 2 * in_both + in_results_alone + in_references_alone);
}

std::vector<FindingAgreement> agreement(const std::vector<std::string>& results,
                                        const std::vector<std::vector<std::string>>& references,
                                        const std::vector<NamedFinding>& findings) {
  std::vector<FindingAgreement> counts(findings.size());
  for (std::size_t f = 0; f < findings.size(); ++f) counts[f].name = findings[f].name;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::vector<Mention> said = mentions_of(results[i], findings);
    std::vector<Mention> right(findings.size(), Mention::none);
    for (const std::string& reference : references[i]) {
      const std::vector<Mention> mentions = mentions_of(reference, findings);
      std::ranges::transform(right, mentions, right.begin(), std::ranges::max);
    }
    for (std::size_t f = 0; f < findings.size(); ++f) {
      const bool is_said = said[f] >= Mention::uncertain;
      const bool is_right = right[f] >= Mention::uncertain;
      counts[f].in_both += static_cast<std::size_t>(is_said && is_right);
      counts[f].in_results_alone += static_cast<std::size_t>(is_said && !is_right);
      counts[f].in_references_alone += static_cast<std::size_t>(!is_said && is_right);
      const bool contradicts =
          (is_said && right[f] == Mention::absent) || (is_right && said[f] == Mention::absent);
      counts[f].contradictions += static_cast<std::size_t>(contradicts);
    }
  }
  return counts;
}

}  // namespace blip::eval

#include "eval/named_findings.hpp"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "eval/denial.hpp"

namespace blip::eval {
namespace {

using Json = nlohmann::json;

// A report has some hundred words and a study a few dozen findings.
constexpr std::size_t kMostFindings = 1'000;
constexpr std::size_t kMostPhrases = 100;
constexpr std::size_t kMostPhraseBytes = 200;

// Whether it has words, of one sentence.
bool is_phrase(const std::string& text) {
  const auto has_words = [](const Words& words) { return !words.empty(); };
  return std::ranges::count_if(sentences_of(text), has_words) == 1;
}

std::vector<std::string> phrases_of(const Json& list, const std::string& where) {
  if (!list.is_array() || list.size() > kMostPhrases) {
    throw Error(ErrorCode::malformed, where + ": must be a list of at most " +
                                          std::to_string(kMostPhrases) + " texts, not " +
                                          describe(list));
  }
  std::vector<std::string> phrases;
  for (const Json& value : list) {
    if (!value.is_string() || value.get_ref<const std::string&>().size() > kMostPhraseBytes ||
        !is_phrase(value.get_ref<const std::string&>())) {
      throw Error(ErrorCode::malformed, where + ": must hold phrases of at most " +
                                            std::to_string(kMostPhraseBytes) +
                                            " bytes without points, not " + describe(value));
    }
    phrases.push_back(value.get<std::string>());
  }
  return phrases;
}

}  // namespace

const std::vector<NamedFinding>& chest_findings() {
  static const std::vector<NamedFinding> all = {
      {"enlarged cardiomediastinum",
       {"mediastinal widening", "widened mediastinum", "enlarged mediastinum",
        "enlarged cardiomediastinum", "prominent mediastinum", "mediastinum is widened"},
       {"mediastinum is normal", "mediastinal contours are normal",
        "cardiomediastinal silhouette is normal", "normal cardiomediastinal silhouette",
        "mediastinum is unremarkable", "cardiomediastinal silhouette is within normal limits"}},
      {"cardiomegaly",
       {"cardiomegaly", "enlarged heart", "heart is enlarged", "heart size is enlarged",
        "enlarged cardiac silhouette", "cardiac silhouette is enlarged", "cardiac enlargement",
        "heart is mildly enlarged", "heart is moderately enlarged", "heart is severely enlarged"},
       {"heart size is normal", "normal heart size", "heart is normal", "heart size normal",
        "heart is not enlarged", "cardiac silhouette is normal", "normal cardiac silhouette",
        "heart size is within normal limits", "heart is within normal limits",
        "cardiomediastinal silhouette is normal", "normal cardiomediastinal silhouette",
        "cardiomediastinal silhouette is within normal limits"}},
      {"lung opacity",
       {"opacity", "opacities", "opacification", "infiltrate", "infiltrates", "infiltration",
        "airspace disease", "air space disease", "interstitial marking", "interstitial markings"},
       {"lungs are clear", "lungs are well expanded and clear", "clear lungs",
        "lungs are grossly clear"}},
      {"lung lesion",
       {"mass", "masses", "nodule", "nodules", "nodular opacity", "nodular opacities", "lesion",
        "lesions", "granuloma", "granulomas", "neoplasm"},
       {}},
      {"edema",
       {"edema", "oedema", "pulmonary vascular congestion", "vascular congestion", "heart failure",
        "chf", "pulmonary congestion"},
       {}},
      {"consolidation", {"consolidation", "consolidations", "consolidated"}, {"lungs are clear"}},
      {"pneumonia", {"pneumonia", "pneumonias", "infectious process", "infection"}, {}},
      {"atelectasis",
       {"atelectasis", "atelectatic", "atelectases", "volume loss", "lung collapse"},
       {}},
      {"pneumothorax", {"pneumothorax", "pneumothoraces"}, {}},
      {"pleural effusion",
       {"pleural effusion", "pleural effusions", "effusion", "effusions", "pleural fluid",
        "blunting of the costophrenic", "hydrothorax"},
       {"costophrenic angles are clear", "costophrenic angles are sharp"}},
      {"pleural other",
       {"pleural thickening", "fibrothorax", "pleural scarring", "pleural plaque",
        "pleural plaques", "pleural scar"},
       {}},
      {"fracture", {"fracture", "fractures", "fractured"}, {}},
  };
  return all;
}

std::vector<NamedFinding> parse_findings(std::string_view text, const std::string& name) {
  const Json document = parse_json_object(text, name, {.values = 200'000});
  if (document.empty() || document.size() > kMostFindings) {
    throw Error(ErrorCode::limit_exceeded,
                name + ": must name 1 to " + std::to_string(kMostFindings) + " findings");
  }
  std::vector<NamedFinding> findings;
  for (const auto& [finding, value] : document.items()) {
    const std::string where = name + ": " + in_quotes(finding);
    NamedFinding& made = findings.emplace_back();
    made.name = finding;
    if (!value.is_object()) {
      made.phrases = phrases_of(value, where);
    } else {
      for (const auto& [key, phrases] : value.items()) {
        if (key != "present" && key != "absent") {
          throw Error(ErrorCode::malformed, where + ": " + in_quotes(key) + " is no key of it");
        }
        (key == "present" ? made.phrases : made.absent_phrases) = phrases_of(phrases, where);
      }
    }
    if (made.phrases.empty()) {
      throw Error(ErrorCode::malformed, where + ": has no phrases that tell of it");
    }
  }
  return findings;
}

}  // namespace blip::eval

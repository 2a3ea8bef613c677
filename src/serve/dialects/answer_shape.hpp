// AnswerShape: what JSON a client asks a chat model for (Ollama's `format`, OpenAI's
// `response_format`), as far as a caption or labels are an answer to it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace blip::serve {

struct AnswerShape {
  enum class Kind {
    text,     ///< the caption or answer as it is
    caption,  ///< {"caption": "…"}, by the keys of the schema
    labels,   ///< {"labels": [{"name", "confidence", "topicality"}]}
  };
  struct Key {
    std::string name;
    bool nested = false;  ///< of captions: {"text": "…", "confidence": 0.9} instead of the text
  };
  Kind kind = Kind::text;
  std::vector<Key> keys = {};     ///< each has the caption, or the labels
  bool labels_are_texts = false;  ///< ["cat"] instead of [{"name": "cat", …}]
};

/// JSON without a schema: labels if the instructions ask for labels, tags or keywords, else
/// {"caption"}.
AnswerShape shape_of_instructions(std::string_view instructions);

/// Of a JSON schema: every property that it requires must be a text that a caption can be, or a
/// list of labels. Throws Refusal (bad_request) for any other.
AnswerShape shape_of_schema(const nlohmann::json& schema);

}  // namespace blip::serve

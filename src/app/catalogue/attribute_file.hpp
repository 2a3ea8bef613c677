// AttributeFile: which attributes models are to find out about the items of a catalogue.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/label_embeddings.hpp"

namespace blip::app {

/// An attribute that is one of some values: a dual encoder chooses.
struct ListedAttribute {
  std::string name;
  LabelSet values;
};

/// An attribute that answers a question: a model of answers says it in its own words.
struct AskedAttribute {
  std::string name;
  std::string question;
};

struct AttributeFile {
  std::vector<ListedAttribute> listed;
  std::vector<AskedAttribute> asked;
};

/// Attributes of a file, at most, and values of one.
inline constexpr std::size_t kMaxAttributes = 64;
inline constexpr std::size_t kMaxAttributeValues = 10'000;

/// {"colour": ["red", "blue"], "material": {"values": ["wood"], "template": "something made of
/// {}"}, "pattern": "What pattern does it have?"}. `name` is the file's, in messages. Throws
/// malformed or limit_exceeded.
AttributeFile parse_attributes(std::string_view text, const std::string& name);

AttributeFile read_attributes(const std::filesystem::path& file);

}  // namespace blip::app
